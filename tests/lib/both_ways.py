"""One command both ways: Kafka's tool in its JVM, and our binary called by the same name; what they say is compared."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from lib.broker import TOOLS, release_binary

SECONDS = 60

# Stack traces, what the JVM's client logs, what its options mean, and advice about options that will be gone in Kafka 5.
_NOISE = re.compile(
    r"^\s+at |^Caused by|^\s*\.\.\. \d+ more|^[\w.$]+(Exception|Error)\b|^Exception in thread|^\[\d{4}-|deprecated and will be removed|^The consumer rebalance protocol"
)
_HELP = re.compile(r"^Option +Description", re.MULTILINE)


@dataclass
class Answer:
    status: int
    out: str
    errors: str

    def lines(self) -> list[str]:
        """Of stdout; what is deprecated is said there by Kafka's tools."""
        return [line.rstrip() for line in self.out.splitlines() if not _NOISE.search(line)]

    def complaints(self) -> list[str]:
        """What a person is told on stderr."""
        said = _HELP.split(self.errors)[0]
        return [line.strip() for line in said.splitlines() if line.strip() and not _NOISE.search(line)]


def run(program: Path, arguments: list[str], stdin: bytes = b"") -> Answer:
    done = subprocess.run([program, *arguments], input=stdin, capture_output=True, timeout=SECONDS)
    return Answer(done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))


def links(directory: Path, *names: str) -> Path:
    """A directory with our binary under the names of Kafka's tools."""
    directory.mkdir(exist_ok=True)
    for name in names:
        os.symlink(release_binary().resolve(), directory / f"kafka-{name}.sh")
    return directory


@dataclass
class Pair:
    """The same command, answered by Kafka's tool and by ours."""

    kafka: Answer
    ours: Answer

    def check(self, in_order: bool = True) -> None:
        """Kafka's tools print rows in the order of a hash; `in_order=False` compares them sorted."""
        kafka, ours = self.kafka.lines(), self.ours.lines()
        if not in_order:
            kafka, ours = sorted(kafka), sorted(ours)
        assert ours == kafka
        assert self.ours.status == self.kafka.status, self.ours.errors
        self.check_complaints()

    def check_complaints(self) -> None:
        """Each of our lines on stderr is one that Kafka's tool has too, perhaps with more after it; and none is missing."""
        said = {_words(line) for line in self.kafka.complaints()}
        for line in self.ours.complaints():
            # Usage names its tool first.
            line = re.sub(r"^kafka-[a-z-]+: ", "", line)
            assert line in self.kafka.errors or _words(line) in said, f"only we say: {line}\n{self.kafka.errors[:2000]}"
        assert bool(self.ours.complaints()) >= bool(self.kafka.complaints()), f"only Kafka says: {self.kafka.complaints()}"


def _words(line: str) -> tuple[str, ...]:
    """Kafka's tools list options in the order of a hash."""
    return tuple(sorted(line.replace(",", "").split()))


def all_pairs(directory: Path, commands: list[tuple[str, list[str], list[str], bytes]]) -> list[Pair]:
    """Runs commands (tool, arguments for Kafka's, arguments for ours, stdin), two at a time, because a JVM takes its time."""

    def pair(command: tuple[str, list[str], list[str], bytes]) -> Pair:
        name, kafka, ours, stdin = command
        return Pair(run(TOOLS / "kafka" / "bin" / f"kafka-{name}.sh", kafka, stdin), run(directory / f"kafka-{name}.sh", ours, stdin))

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(pair, commands))
