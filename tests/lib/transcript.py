"""Sessions with Kafka's tools as text: the commands, and what Apache Kafka's broker made them print.

A line that begins with `$ ` is a command, `< ` a line of its standard input, `! ` a line of its standard error, `[exit 1]` its status when
that is not 0, `#` a comment for who reads; everything else is what it prints. Where this broker answers in another way on purpose, its answer
follows with `~ ` before each line, in which `...` is anything. `BROKER`, `DIR` and `DATA` stand for the broker's address, a
directory for files, and the broker's data directory. What differs from run to run (ids, ports, times) has a name instead. A command may end
in `| sort`, `| grep PATTERN`, `| numbers` (all are N) or `| names` (the first word of each line); the commands that are not tools are methods of
`Session`.
"""

import re
import shlex
import time
from dataclasses import dataclass, field
from pathlib import Path

from confluent_kafka import Consumer, Producer

from lib.broker import Broker, wait_for
from lib.tool_server import Ran, ToolServer

_SAME = [
    (re.compile(r"[ \t]+"), " "),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID"),
    # An id where it is said to be one; elsewhere 22 characters that look like one: by chance they may be letters alone.
    (re.compile(r'([Ii]d"?: ?"?)[A-Za-z0-9_-]{22}(?![\w-])'), r"\1ID"),
    (re.compile(r"(?<![\w.-])(?=\S*[0-9_A])(?=\S*[A-Z])[A-Za-z0-9_-]{22}(?![\w-])"), "ID"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,:]\d{3}\b"), "DATE"),
    (re.compile(r"\b\d+(\.\d+)? ms\b"), "N ms"),
    (re.compile(r"CreateTime: ?1(7[5-9]|[89]\d)\d{10}\b"), "CreateTime:NOW"),
    (re.compile(r"\bEpoch: \d+"), "Epoch: N"),
    # Java's immutable sets have another order in each JVM.
    (re.compile(r"(?<=assignment=\(topicPartitions=)[^)]*"), "PARTITIONS"),
    # Kafka's feature eligible.leader.replicas.version writes this default into the cluster's configuration, where tools list it.
    (re.compile(r"(?<=Configs: )min\.insync\.replicas=1,?"), ""),
]
# Stack traces are the client's own, and log lines are for people.
_NOISE = re.compile(r"^\s+at |^\s*\.\.\. \d+ more|^\[\d{4}-\d\d-\d\d |^Caused by: |^\s*\((org\.apache\.)?kafka\.[\w.$]+\)$")


@dataclass
class Step:
    command: str
    stdin: list[str] = field(default_factory=list)
    answer: list[str] = field(default_factory=list)
    ours: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def is_answered_by(self, lines: list[str], kafka: bool) -> bool:
        if kafka or not self.ours:
            return lines == self.answer
        pattern = ".*".join(re.escape(part) for part in "\n".join(self.ours).split("..."))
        return re.fullmatch(pattern, "\n".join(lines)) is not None

    def text(self) -> str:
        return "\n".join([*self.comments, f"$ {self.command}", *(f"< {line}".rstrip() for line in self.stdin), *self.answer, *(f"~ {line}" for line in self.ours)]) + "\n"


def read(path: Path) -> list[Step]:
    """The steps of a transcript. What it was recorded with is in its first lines, which are comments."""
    steps, comments = [], []
    for line in path.read_text().splitlines():
        if line.startswith("#"):
            comments.append(line)
        elif line.startswith("$ "):
            steps.append(Step(line[2:], comments=comments))
            comments = []
        elif line.startswith("~ "):
            steps[-1].ours.append(line[2:])
        elif line.startswith("<"):
            steps[-1].stdin.append(line[2:])
        elif line:
            steps[-1].answer.append(line)
    return steps


class Session:
    """Runs the steps of one transcript against one broker."""

    def __init__(self, tools: ToolServer, broker: Broker, directory: Path):
        self.tools = tools
        self.broker = broker
        self.directory = directory
        self.consumers: list[Consumer] = []

    def close(self) -> None:
        for consumer in self.consumers:
            consumer.close()

    def run(self, step: Step) -> list[str]:
        """What the step answers now, as it stands in a transcript."""
        words = shlex.split(self._filled_in(step.command))
        command, *filters = _pipes(words)
        stdin = "".join(f"{self._filled_in(line)}\n" for line in step.stdin)
        if command[0].startswith("kafka-"):
            ran = self.tools.run(command[0], *command[1:], stdin=stdin)
        else:
            ran = Ran(0, getattr(self, command[0].replace("-", "_"))(stdin, *command[1:]) or "", "")
        output = self._same(ran.output)
        for name, *arguments in filters:
            output = _FILTERS[name](output, *arguments)
        status = [] if ran.status == 0 else [f"[exit {ran.status}]"]
        return [*output, *(f"! {line}" for line in self._same(ran.errors)), *status]

    def write(self, stdin: str, name: str) -> None:
        (self.directory / name).write_text(stdin)

    def records(self, stdin: str, topic: str) -> None:
        """Lines of `partition timestamp key value [header=value ...]`, each a batch of its own."""
        producer = Producer({"bootstrap.servers": self.broker.bootstrap, "linger.ms": 0, "log_level": 0})
        for line in stdin.splitlines():
            partition, timestamp, key, value, *headers = line.split(" ")
            producer.produce(
                topic, value.encode(), None if key == "-" else key.encode(), int(partition), timestamp=int(timestamp),
                headers=[(name, text.encode()) for name, _, text in (header.partition("=") for header in headers)],
            )  # fmt: skip
            assert producer.flush(30) == 0

    def join(self, _: str, group: str, topic: str) -> None:
        """A member that has read everything and committed it, and stays."""
        settings = {"group.id": group, "client.id": "member", "auto.offset.reset": "earliest", "enable.auto.commit": False, "log_level": 0}
        consumer = Consumer({"bootstrap.servers": self.broker.bootstrap, **settings})
        consumer.subscribe([topic])
        self.consumers.append(consumer)
        wait_for(lambda: consumer.poll(0.2) or consumer.assignment(), 30, f"the first record for a member of {group}")
        quiet = 0
        while quiet < 3:
            quiet = 0 if consumer.poll(0.2) else quiet + 1
        consumer.commit(asynchronous=False)

    def leave(self, _: str) -> None:
        self.close()
        self.consumers = []

    def stop(self, _: str) -> None:
        self.broker.stop()

    def wait(self, _: str, seconds: str) -> None:
        time.sleep(float(seconds))

    def _filled_in(self, text: str) -> str:
        for name, value in (("BROKER", self.broker.bootstrap), ("DIR", self.directory), ("DATA", self.broker.data)):
            text = re.sub(rf"\b{name}\b", str(value), text)
        return text

    def _same(self, text: str) -> list[str]:
        for name, value in (("BROKER", self.broker.bootstrap), ("CONTROLLER", f"127.0.0.1:{self.broker.controller_port}")):
            text = text.replace(value, name).replace(value.replace("127.0.0.1", "localhost"), name)
        text = re.sub(rf"(?<=127.0.0.1)(\s+){self.broker.port}\b", r"\1PORT", text)
        text = text.replace(str(self.broker.data), "DATA").replace(str(self.directory), "DIR")
        lines = []
        for line in text.splitlines():
            if _NOISE.search(line):
                continue
            for pattern, name in _SAME:
                line = pattern.sub(name, line)
            if line.strip():
                lines.append(line.strip())
        return lines


def _pipes(words: list[str]) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "|":
            commands.append([])
        else:
            commands[-1].append(word)
    return commands


_FILTERS = {
    "sort": sorted,
    "grep": lambda lines, pattern: [line for line in lines if re.search(pattern, line)],
    "numbers": lambda lines: [re.sub(r"\d+(\.\d+)?", "N", line) for line in lines],
    "names": lambda lines: [re.split(r"[\s=:]", line, maxsplit=1)[0] for line in lines],
    "count": lambda lines: [str(len(lines))],
}
