"""Our own command line: its JSON is what docs/cli.md says, and completions and the manual page can be used."""

import json
import re
import shutil
import subprocess

import pytest

from lib.broker import REPOSITORY, release_binary


def run(*arguments: str, stdin: str = "") -> str:
    done = subprocess.run([release_binary(), *arguments], input=stdin, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def documented() -> dict[str, object]:
    """The table of docs/cli.md: shapes by command."""
    text = (REPOSITORY / "docs" / "cli.md").read_text()
    rows = re.findall(r"^\| `([a-z -]+)` \| `([\[{].*[\]}])` \|$", text, re.MULTILINE)
    return {command: json.loads(re.sub(r"[\w*?]+", r'"\g<0>"', shape)) for command, shape in rows}


TYPES = {"text": str, "number": (int, float), "boolean": bool}


def check(shape, value, place: str) -> None:
    """Fails unless a value has that shape, its fields and no others."""
    if isinstance(shape, list):
        assert isinstance(value, list), place
        for element in value:
            check(shape[0], element, f"{place}[]")
    elif isinstance(shape, dict):
        assert isinstance(value, dict), place
        if "*" in shape:
            shape = dict.fromkeys(value, shape["*"])
        needed = {name for name in shape if not name.endswith("?")}
        known = {name.rstrip("?"): shape[name] for name in shape}
        assert needed <= set(value) <= set(known), f"{place}: {sorted(set(value) ^ set(known))}"
        for name, element in value.items():
            check(known[name], element, f"{place}.{name}")
    elif value is None:
        assert shape.endswith("?"), f"{place} is null"
    else:
        kind = TYPES[shape.rstrip("?")]
        assert isinstance(value, kind) and (kind is bool or not isinstance(value, bool)), f"{place}: {value!r} is no {shape}"


# In the order in which they work; a command's row is called as it begins.
COMMANDS = [
    "topics create usage --partitions 2",
    "topics alter usage --config retention.ms=3600000",
    "produce usage --key-separator : --header source=test",
    "consume usage -n 1 --from-beginning --group billing --format json",
    "topics list",
    "topics describe usage",
    "topics offsets usage",
    "topics offsets usage --at 1h",
    "groups list",
    "groups describe billing",
    "groups reset-offsets billing --topic usage --to-earliest",
    "configs describe --topic usage --all",
    "configs describe --topic usage --all --docs",
    "configs alter --topic usage --set retention.ms=7200000",
    "acls add --principal User:a --operation read --topic t",
    "acls list",
    "acls remove --principal User:a",
    "users create ada --password-file {password}",
    "users list",
    "users delete ada",
    "configs alter --user ada --set producer_byte_rate=1024",
    "configs describe --quotas",
    "cluster status",
    "cluster brokers",
    "cluster quorum",
    "cluster elect-leaders --topic usage",
    "cluster log-dirs",
    "perf produce usage --records 100 --record-size 10",
    "perf consume usage --records 100",
    "perf latency usage --records 20",
    "groups delete billing",
    "topics delete usage",
]


def test_json_is_what_the_table_says(own_broker, tmp_path):
    authorizer = {"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer", "super.users": "User:ANONYMOUS"}
    broker = own_broker(authorizer)
    broker.start()
    shapes = documented()
    shown = set()
    password = tmp_path / "password"
    password.write_text("correct-horse")
    for command in COMMANDS:
        words = command.format(password=password).split()
        row = next(" ".join(words[:count]) for count in (3, 2, 1) if " ".join(words[:count]) in shapes)
        output = [] if "--format" in words else ["--output", "json"]
        stdin = "a:1\nb:2\n" if row == "produce" else ""
        value = json.loads(run(*words, *output, "--bootstrap-server", broker.bootstrap, stdin=stdin))
        assert value, f"{command} shows nothing"
        check(shapes[row], value, row)
        shown.add(row)
    assert shown == set(shapes), "a row that no command was compared with"
    broker.stop()


def test_a_field_too_many_or_of_another_type_is_found():
    shape = {"a": "number", "b?": "text?"}
    check(shape, {"a": 1}, "x")
    check(shape, {"a": 1, "b": None}, "x")
    for value in ({"a": True}, {"a": None}, {}, {"a": 1, "c": 1}, [], {"a": 1, "b": 2}):
        with pytest.raises(AssertionError):
            check(shape, value, "x")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_are_scripts(shell):
    script = run("completions", shell)
    assert "reset-offsets" in script and "elect-leaders" in script
    if program := shutil.which(shell):
        done = subprocess.run([program, "-n"], input=script, capture_output=True, text=True, timeout=30)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("command", [[], ["groups", "reset-offsets"], ["consume"]], ids=" ".join)
def test_manual_pages_render(command):
    page = run("man", *command)
    done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-Wbreak"], input=page, capture_output=True, text=True, timeout=30)
    assert (done.returncode, done.stderr) == (0, "")
    assert "hanzo-stream" in done.stdout
