"""Kafka's tools as our binary answers for them, compared with transcripts of Kafka's own.

A transcript is a text of commands and answers:

    $ kafka-topics $B --list          what is run; $B is the bootstrap option, $DIR the transcript's folder of files
    ~ kafka-acls $B --list            the same, where Kafka's order of lines is not defined
    | a line of stdout
    ! a part of the line on stderr
    = 1                               the exit status, if it is not 0

`pytest --record` runs the commands of every transcript with Kafka's own tools against this broker and writes their answers; without it our
binary runs them through links of the tools' names.
"""

import json
import re
import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from lib.broker import TOOLS, release_binary

FOLDER = Path(__file__).resolve().parent.parent / "tools" / "names"

# What differs from run to run.
_VOLATILE = [
    (re.compile(r"TopicId: \S{22}"), "TopicId: ID"),
    (re.compile(r'"size":\d+'), '"size":0'),
    (re.compile(r"(Cluster ID: |ClusterId: +|\"directoryId\": \")[\w-]{22}"), r"\1ID"),
    (re.compile(r"((?:HighWatermark|Epoch): +)\d+"), r"\1N"),
    (re.compile(r"CONTROLLER://[\w.]+:\d+"), "CONTROLLER://ADDRESS"),
    # A row of the quorum's table, and its heading, whose columns are as wide as the numbers below.
    (re.compile(r"^(\d+ *\t)\S{22}\t\d+ *\t(\d+ *\t).*\t(\w+ *\t)$"), r"\1ID\tN\t\2TIMES\t\3"),
    (re.compile(r"^NodeId\t.*"), lambda heading: " ".join(heading.group().split())),
    (re.compile(r"127\.0\.0\.1 \d+"), "127.0.0.1 PORT"),
]
# What only a JVM says: stack traces, and its log.
_JAVA = re.compile(r"^(\tat |java\.|Caused by: |\t\.\.\. |joptsimple\.| \(org\.apache|\[\d{4}-\d\d-\d\d )")
# Scala's failures name the exception of Java, of which only the message counts.
_EXCEPTION = re.compile(r"\b(?:java|org\.apache)\.[\w.$]*Exception: ")


@dataclass
class Step:
    command: str
    is_ordered: bool = True
    lines: list[str] = field(default_factory=list)
    complaint: str = ""
    status: int = 0

    def stdout(self) -> list[str]:
        return self.lines if self.is_ordered else sorted(line.strip() for line in self.lines)

    def text(self) -> str:
        lines = [f"{'$' if self.is_ordered else '~'} {self.command}"]
        lines += [f"| {line}".rstrip(" ") if line == "" else f"| {line}" for line in self.stdout()]
        lines += [f"! {self.complaint}"] if self.complaint else []
        lines += [f"= {self.status}"] if self.status else []
        return "\n".join(lines) + "\n"


def read(path: Path) -> tuple[str, list[Step]]:
    """The remarks at the top, and the steps."""
    remarks, steps = [], []
    for line in path.read_text().splitlines():
        mark, rest = line[:1], line[2:]
        if mark in ("$", "~"):
            steps.append(Step(rest, mark == "$"))
        elif mark == "|":
            steps[-1].lines.append(rest)
        elif mark == "!":
            steps[-1].complaint = rest
        elif mark == "=":
            steps[-1].status = int(rest)
        elif not steps:
            remarks.append(line)
    return "\n".join(remarks).strip(), steps


def _canonical(line: str) -> str:
    """A line of JSON with its lists in order; other lines as they are."""
    if not line.startswith("{"):
        return line

    def ordered(value):
        if isinstance(value, dict):
            return {key: ordered(inner) for key, inner in sorted(value.items())}
        if isinstance(value, list):
            return sorted((ordered(inner) for inner in value), key=json.dumps)
        return value

    return json.dumps(ordered(json.loads(line)))


class Runner:
    """Runs commands with our binary through links, or with Kafka's own tools."""

    def __init__(self, directory: Path, broker, is_java: bool):
        self.directory, self.broker, self.is_java = directory, broker, is_java

    def _program(self, name: str) -> Path:
        if self.is_java:
            return TOOLS / "kafka" / "bin" / f"{name.removesuffix('.sh')}.sh"
        link = self.directory / name
        if not link.is_symlink():
            link.symlink_to(release_binary().resolve())
        return link

    def _stable(self, line: str) -> str:
        for pattern, text in [*_VOLATILE, (re.compile(re.escape(self.broker.bootstrap)), "BROKER"), (re.compile(re.escape(str(self.broker.data))), "DATA")]:
            line = pattern.sub(text, line)
        return _EXCEPTION.sub("", line.replace(str(FOLDER), "$DIR"))

    def run(self, step: Step) -> Step:
        words = shlex.split(step.command.replace("$B", f"--bootstrap-server {self.broker.bootstrap}").replace("$DIR", str(FOLDER)))
        done = subprocess.run([self._program(words[0]), *words[1:]], input=b"", capture_output=True, timeout=100)
        lines = [_canonical(self._stable(line)) for line in done.stdout.decode().splitlines() if not _JAVA.match(line)]
        if self.is_java and done.returncode and lines[-1:] == [""]:
            lines.pop()
        errors = [line.strip() for line in done.stderr.decode().splitlines() if line.strip()]
        if not self.is_java and done.returncode:
            assert len(errors) <= 1, f"{step.command}: more than a line of complaint\n{done.stderr.decode()}"
        # Beneath Kafka's first line comes its help, or a stack trace that may hold the reason.
        reasons = [_EXCEPTION.split(line, maxsplit=1)[-1] for line in errors if _EXCEPTION.search(line) and not line.startswith(("[", "Caused"))]
        first = [line for line in errors if not _JAVA.match(line)][:1]
        complaint = "".join(reasons[:1] or first) if self.is_java else "".join(errors[:1])
        return Step(step.command, step.is_ordered, lines, self._stable(complaint) if done.returncode else "", done.returncode)


def check(name: str, runner: Runner) -> None:
    """Runs a transcript and compares; or writes it anew, with Kafka's tools."""
    path = FOLDER / f"{name}.txt"
    remarks, steps = read(path)
    if runner.is_java:
        path.write_text(remarks + "\n\n" + "\n".join(runner.run(step).text() for step in steps))
        return
    differences = []
    for expected in steps:
        found = runner.run(expected)
        is_same = found.stdout() == expected.stdout() and found.status == expected.status and expected.complaint in found.complaint
        if not is_same:
            differences.append(f"Kafka:\n{expected.text()}hanzo-stream:\n{found.text()}")
    assert not differences, f"{len(differences)} of {len(steps)} commands differ\n\n" + "\n".join(differences)
