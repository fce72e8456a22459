"""Passwords that brokers of the suites were given, and where they must not be: in anything that a broker or a tool prints.

Nobody registers them: they are found in the settings and the environment that a broker is started with.
"""

import re
from collections.abc import Iterable
from pathlib import Path

# Shorter ones, and plain words, stand in lines by chance.
LENGTH_MIN = 8

_IN_JAAS = re.compile(r"""(?:password|user_[^\s=]+)\s*=\s*["']([^"']+)["']""")
_KEY = re.compile(r"(?:\.password|\.secret|\.secret\.key|\.passphrase)$")
_VARIABLE = re.compile(r"_(?:PASSWORD|PASSWORDS|SECRET)$")

# Of every broker that this run started.
_planted: set[str] = set()


def plant(settings: dict[str, str], environment: dict[str, str]) -> None:
    """Remembers what is secret among these."""
    found: set[str] = set()
    for key, text in settings.items():
        if key.endswith("jaas.config"):
            found.update(_IN_JAAS.findall(text))
        elif _KEY.search(key):
            found.add(text)
    for name, text in environment.items():
        if name.endswith("_FILE") and Path(text).is_file():
            # A mounted secret.
            name, text = name.removesuffix("_FILE"), Path(text).read_text(errors="replace")
        if _VARIABLE.search(name):
            found.update(re.split(r"[,;\s]+", text))
    _planted.update(secret for secret in found if len(secret) >= LENGTH_MIN and not secret.isalpha())


def leaks(lines: Iterable[str]) -> list[str]:
    """The lines that show a secret."""
    return [line for line in lines if any(secret in line for secret in _planted)]
