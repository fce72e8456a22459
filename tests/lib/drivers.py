"""The client drivers (clients/drivers/README.md) as Python objects."""

import base64
import json
import os
import subprocess
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from lib.broker import TOOLS
from lib.events import Event

DRIVERS = Path(__file__).resolve().parents[1] / "clients" / "drivers"
PYTHON = TOOLS / "python" / "bin" / "python"
EVERY_CODEC = ("none", "gzip", "snappy", "lz4", "zstd")


@dataclass(frozen=True)
class Security:
    """How a driver connects, and as whom."""

    protocol: str
    mechanism: str
    username: str
    password: str
    authority: str


def _environment(security: Security | None) -> dict[str, str] | None:
    """None: as it is."""
    return None if security is None else {**os.environ, "DRIVER_SECURITY": json.dumps(asdict(security))}


@dataclass(frozen=True)
class Client:
    """A client library, and what it can do."""

    name: str
    command: tuple[str | Path, ...]
    codecs: tuple[str, ...] = EVERY_CODEC
    idempotent: bool = True


def _python(name: str) -> Client:
    return Client(name, (PYTHON, "-W", "ignore", DRIVERS / f"{name.replace('-', '_')}_driver.py"))


def _go(name: str, **abilities) -> Client:
    return Client(name, (TOOLS / "go" / "driver", name), **abilities)


CLIENTS = (
    _python("confluent-kafka"),
    _python("kafka-python"),
    _python("aiokafka"),
    Client("java", ("java", "-Xmx256M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j2.configurationFile={TOOLS}/kafka/log4j2.properties",
                    f"@{TOOLS}/java/classpath", "Driver")),
    _go("franz-go"),
    _go("sarama"),
    _go("kafka-go", idempotent=False),
    _go("confluent-kafka-go"),
    # zstd is none of kafkajs's codecs.
    Client("kafkajs", ("node", "--no-deprecation", DRIVERS / "node" / "driver.js"), codecs=("none", "gzip", "snappy", "lz4")),
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    timestamp: int

    @classmethod
    def of(cls, fields: dict) -> "Record":
        headers = tuple((name, _bytes(content)) for name, content in fields["headers"])
        return cls(fields["partition"], fields["offset"], _bytes(fields["key"]), _bytes(fields["value"]), headers, fields["timestamp"])

    @property
    def place(self) -> tuple[int, int]:
        return self.partition, self.offset

    def holds(self, event: Event) -> bool:
        return (self.key, self.value, self.headers, self.timestamp) == (event.key, event.value, event.headers, event.timestamp_ms)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _run(client: Client, *arguments: str, stdin: str = "", seconds: float = 90, security: Security | None = None) -> list[dict]:
    command = [*client.command, *arguments]
    done = subprocess.run(command, input=stdin.encode(), capture_output=True, timeout=seconds, env=_environment(security))
    assert done.returncode == 0, f"{client.name} {arguments[0]}: exit status {done.returncode}\n{done.stderr.decode(errors='replace')[-3000:]}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def produce(
    client: Client, bootstrap: str, topic: str, events: list[Event], codec: str = "none", idempotent: bool = False,
    security: Security | None = None,
) -> None:  # fmt: skip
    lines = [
        json.dumps({
            "key": _text(event.key), "value": _text(event.value), "timestamp": event.timestamp_ms,
            "headers": [[name, _text(content)] for name, content in event.headers],
        })
        for event in events
    ]  # fmt: skip
    stdin = "".join(line + "\n" for line in lines)
    answers = _run(client, "produce", bootstrap, topic, codec, "1" if idempotent else "0", stdin=stdin, security=security)
    assert answers == [{"produced": len(events)}]


def seek(client: Client, bootstrap: str, topic: str, partition: int, time_ms: int, count: int) -> list[Record]:
    """The records from that time on; an empty list when there is none."""
    answers = _run(client, "seek", bootstrap, topic, str(partition), str(time_ms), str(count))
    return [] if answers == [{"offset": -1}] else [Record.of(answer) for answer in answers]


class Member:
    """A member of a consumer group, in a process of its own."""

    def __init__(self, client: Client, bootstrap: str, topic: str, group: str, security: Security | None = None):
        self.client = client
        self.records: list[Record] = []
        self.owns: set[int] = set()
        self.assignments = 0
        self._commits = 0
        self._asked_commits = 0
        self._errors: list[str] = []
        self.process = subprocess.Popen(
            [*client.command, "member", bootstrap, topic, group], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=_environment(security),
        )  # fmt: skip
        threading.Thread(target=self._read_answers, daemon=True).start()
        threading.Thread(target=self._read_errors, daemon=True).start()

    def _read_answers(self) -> None:
        for line in self.process.stdout:
            fields = json.loads(line)
            if "owns" in fields:
                self.owns = set(fields["owns"])
                self.assignments += 1
            elif "committed" in fields:
                self._commits += 1
            else:
                self.records.append(Record.of(fields))

    def _read_errors(self) -> None:
        for line in self.process.stderr:
            self._errors.append(line.decode(errors="replace").rstrip())

    def places(self) -> set[tuple[int, int]]:
        return {record.place for record in self.records}

    def commit(self, seconds: float = 30) -> None:
        self._tell("commit")
        self._asked_commits += 1
        self.wait_until(lambda: self._commits >= self._asked_commits, seconds, "the commit")

    def stop(self, seconds: float = 30) -> None:
        """Leaves the group."""
        self._tell("stop")
        status = self.process.wait(seconds)
        assert status == 0, f"{self.client.name}: exit status {status}\n{self.errors()}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def _tell(self, command: str) -> None:
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()

    def errors(self) -> str:
        return "\n".join(self._errors[-40:])

    def state(self) -> str:
        running = "" if self.process.poll() is None else f", exit status {self.process.poll()}"
        return f"owns {self.owns} after {self.assignments} changes, {len(self.records)} records{running}"

    def wait_until(self, condition, seconds: float, what) -> None:
        """`what` is a text, or makes one when it is needed."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert self.process.poll() is None, f"{self.client.name} ended by itself\n{self.errors()}"
            if time.monotonic() > deadline:
                what = what() if callable(what) else what
                raise TimeoutError(f"{self.client.name}: not within {seconds} s: {what}; {self.state()}\n{self.errors()}")
            time.sleep(0.02)
