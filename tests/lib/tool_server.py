"""Kafka's own tools without a JVM each: `ToolServer` keeps one running and hands it a command at a time (java/ToolServer.java)."""

import struct
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib.broker import REPOSITORY, TOOLS

CLASSES = TOOLS / "java" / "classes"


@dataclass(frozen=True)
class Ran:
    status: int
    output: str
    errors: str


class ToolServer:
    """The tools of one version of Kafka; `home` is where setup/kafka or setup/kafka37 put its jars."""

    def __init__(self, home: Path = TOOLS / "kafka", table: Path = REPOSITORY / "tests/setup/kafka/tools.txt"):
        rows = (line.split() for line in table.read_text().splitlines() if line and not line.startswith("#"))
        self.classes = {row[0]: row[1] for row in rows}
        jars = (home / "classpath").read_text().strip().removeprefix('-cp "').removesuffix('"')
        archive = [f"-XX:SharedArchiveFile={home}/tools.jsa"] if (home / "tools.jsa").exists() else []
        self.log = (home / "tool-server.log").open("ab")
        self.process = subprocess.Popen(
            [
                "java", "-Xmx512M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", *archive, "-Xlog:cds=off", "-Xlog:class+path=off",
                "-Djava.security.manager=allow", f"-Dlog4j2.configurationFile={TOOLS}/kafka/log4j2.properties", "-cp", f"{jars}:{CLASSES}",
                "ToolServer",
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log,
        )  # fmt: skip

    def run(self, tool: str, *arguments: str, stdin: str = "") -> Ran:
        """`run("kafka-topics", "--list", ...)`. A tool that hangs is ended by the test's own limit."""
        fields = [text.encode() for text in (self.classes[tool], stdin, *arguments)]
        request = struct.pack(">i", len(fields)) + b"".join(struct.pack(">i", len(field)) + field for field in fields)
        self.process.stdin.write(request)
        self.process.stdin.flush()
        status = self._integer()
        return Ran(status, self._text(), self._text())

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self.log.close()

    def _integer(self) -> int:
        return struct.unpack(">i", self._bytes(4))[0]

    def _text(self) -> str:
        return self._bytes(self._integer()).decode(errors="replace")

    def _bytes(self, count: int) -> bytes:
        read = self.process.stdout.read(count)
        assert len(read) == count, f"the JVM of the tools ended with {self.process.wait(10)}"
        return read
