"""A program that runs beside a test: its log, an orderly stop, and its end whatever happens."""

import signal
import subprocess
from pathlib import Path

from lib.broker import TOOLS

# Programs in a JVM start in half the time with the quick compiler and the class archive of Kafka's tools.
JAVA = ["java", "-Xmx512M", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-Xlog:cds=off", "-Xlog:class+path=off"]
KAFKA_JAVA = [
    *JAVA, f"-XX:SharedArchiveFile={TOOLS}/kafka/tools.jsa", f"-Dlog4j2.configurationFile={TOOLS}/kafka/log4j2.properties",
    f"@{TOOLS}/connect/classpath",
]  # fmt: skip


class Process:
    """`with Process(command, log):` starts a program, and ends it with SIGTERM."""

    def __init__(self, command: list[str | Path], log: Path, environment: dict[str, str] | None = None):
        self.log = log
        with open(log, "ab") as output:
            self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, seconds: float = 30) -> int:
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait(10)
                raise AssertionError(f"it does not stop\n{self.tail()}") from None
        return self.child.returncode

    def tail(self, lines: int = 40) -> str:
        """The end of its log, for the message of a failure."""
        ended = "" if self.child.poll() is None else f"ended with {self.child.returncode}\n"
        return ended + "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def properties(path: Path, settings: dict[str, str]) -> Path:
    """Writes a Java properties file."""
    path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    return path
