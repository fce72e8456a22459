"""Runs command-line clients: Kafka's own tools and kcat. A warning on stderr fails the test, as a failing command does."""

import re
import subprocess
from pathlib import Path

from lib import secrets
from lib.broker import TOOLS

_WARNING = re.compile(r"\b(WARN|ERROR|FATAL)\b|Exception")


class CommandFailed(AssertionError):
    """The command's exit status, or what it complained of."""


def run(arguments: list[str | Path], stdin: bytes | str = b"", seconds: float = 60, status: int = 0, complaints: str | None = None) -> str:
    """Runs a command to its end and returns its stdout.

    `status` is the exit status it must have; `complaints` a pattern of the warnings it may print.
    """
    if isinstance(stdin, str):
        stdin = stdin.encode()
    shown = " ".join(Path(word).name if isinstance(word, Path) else word for word in arguments)
    try:
        done = subprocess.run(arguments, input=stdin, capture_output=True, timeout=seconds)
    except subprocess.TimeoutExpired as expired:
        raise CommandFailed(f"{shown}: not done after {seconds} s\n{_text(expired.stdout)}\n{_text(expired.stderr)}") from None
    output, errors = _text(done.stdout), _text(done.stderr)
    if leaks := secrets.leaks([*output.splitlines(), *errors.splitlines()]):
        raise CommandFailed(f"{shown}: it prints passwords\n" + "\n".join(leaks))
    if done.returncode != status:
        raise CommandFailed(f"{shown}: exit status {done.returncode}, expected {status}\n{output}\n{errors}")
    if status == 0:
        for line in errors.splitlines():
            if _WARNING.search(line) and not (complaints and re.search(complaints, line)):
                raise CommandFailed(f"{shown}: {line}")
    return output


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace")


def kafka_tool(name: str, *arguments: str, **options) -> str:
    """`kafka_tool("topics", "--list", ...)` runs Kafka's `kafka-topics.sh --list ...`."""
    return run([TOOLS / "kafka" / "bin" / f"kafka-{name}.sh", *arguments], **options)


def kcat(bootstrap: str, *arguments: str, **options) -> str:
    return run(["kcat", "-b", bootstrap, *arguments], **options)
