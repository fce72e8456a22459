"""The broker under test as a process: start, stop, kill -9, restart on the same data, and a look at what it logged.

`HanzoStream` runs this repository's binary, `ApacheKafka` (in apache_kafka.py) the oracle; both are a `Broker`.
"""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

from lib import probe, secrets
from lib.ports import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
TOOLS = REPOSITORY / ".tools"

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_COMPLAINT = re.compile(r"\b(WARN|ERROR|FATAL)\b|panicked at")


def release_binary() -> Path:
    """`hanzo-stream` as `cargo build --release` leaves it; `HANZO_STREAM_BINARY` names another one."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return Path(os.environ.get("HANZO_STREAM_BINARY", target / "release" / "hanzo-stream"))


class Broker:
    """One broker process. A subclass says how it is started; data and ports stay the same over restarts."""

    seconds_to_start = 10.0

    def __init__(
        self, directory: Path, settings: dict[str, str] | None = None, data: Path | None = None, listeners: dict[str, str] | None = None
    ):
        """`listeners` are those beside PLAINTEXT, name and security protocol: `{"CLIENTS": "SASL_SSL"}`."""
        self.directory = directory
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = data or directory / "data"
        self.log_file = directory / "broker.log"
        self.port = free_port()
        self.controller_port = free_port()
        self.http_port = free_port()
        self.settings = dict(settings or {})
        self.protocols = {"PLAINTEXT": "PLAINTEXT", **(listeners or {})}
        self.ports = {name: self.port if name == "PLAINTEXT" else free_port() for name in self.protocols}
        self.process: subprocess.Popen | None = None
        self._expected_complaints: list[re.Pattern] = []

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def address(self, listener: str) -> str:
        """Where the listener of that name is."""
        return f"127.0.0.1:{self.ports[listener]}"

    def listener_settings(self) -> dict[str, str]:
        """The same of every broker: which listeners there are, and what each speaks."""
        clients = ",".join(f"{name}://{self.address(name)}" for name in self.ports)
        protocols = {**self.protocols, "CONTROLLER": "PLAINTEXT"}
        return {
            "listeners": f"{clients},CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": clients,
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": ",".join(f"{name}:{protocol}" for name, protocol in protocols.items()),
        }

    @property
    def pid(self) -> int:
        assert self.process is not None, "the broker was never started"
        return self.process.pid

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> float:
        """Starts the process and waits until it serves; returns the seconds from exec to the first good Metadata."""
        assert not self.is_alive(), "the broker runs already"
        secrets.plant(self.settings, dict(os.environ))
        with open(self.log_file, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), env=_environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=self.directory
            )  # fmt: skip
        try:
            return probe.wait_until_serving(self.bootstrap, self.seconds_to_start, self.is_alive)
        except Exception as error:
            self.kill()
            raise RuntimeError(f"{error}\n--- {self.log_file.name} ends with\n{self.log_tail()}") from error

    def stop(self, seconds: float = 30.0) -> None:
        """SIGTERM, and the clean exit that must follow."""
        if self.is_alive():
            self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(seconds)
            assert status in self.clean_exits(), f"exit status {status} after SIGTERM\n{self.log_tail()}"
        self.check_secrets()

    def clean_exits(self) -> tuple[int, ...]:
        return (0,)

    def kill(self) -> None:
        """SIGKILL: the process gets no chance to write anything."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def restart(self) -> float:
        self.stop()
        return self.start()

    def log_lines(self) -> list[str]:
        if not self.log_file.exists():
            return []
        return _ANSI.sub("", self.log_file.read_text(errors="replace")).splitlines()

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log_lines()[-lines:])

    def expect_complaint(self, pattern: str) -> None:
        """Allows log lines that match, for a test that provokes them."""
        self._expected_complaints.append(re.compile(pattern))

    def unexpected_complaints(self) -> list[str]:
        """WARN and ERROR lines (and panics) that no test announced."""
        return [
            line
            for line in self.log_lines()
            if _COMPLAINT.search(line) and not any(expected.search(line) for expected in self._expected_complaints)
        ]

    def check_secrets(self) -> None:
        """No password that any broker of this run was given stands in the log."""
        leaks = secrets.leaks(self.log_lines())
        assert not leaks, "the broker's log has passwords:\n" + "\n".join(leaks[:10])

    def resident_bytes(self) -> int:
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def _environment() -> dict[str, str]:
    """Without what a broker would take for its configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("KAFKA_")}


class HanzoStream(Broker):
    def command(self) -> list[str]:
        binary = release_binary()
        if not binary.exists():
            raise FileNotFoundError(f"{binary} is missing: run `cargo build --release` first")
        settings = {
            **self.listener_settings(),
            "hanzo.http.listener": f"127.0.0.1:{self.http_port}",
            # Every suite creates and joins many groups; three seconds for each would only be waiting.
            "group.initial.rebalance.delay.ms": "0",
            **self.settings,
        }
        flags = [flag for key, value in settings.items() for flag in ("--set", f"{key}={value}")]
        return [str(binary), "server", *flags, "--data-dir", str(self.data)]


class WithVariables(HanzoStream):
    """Started in an environment with more variables, whose passwords are looked for too."""

    variables: dict[str, str] = {}

    def command(self) -> list[str]:
        secrets.plant({}, self.variables)
        return ["env", *(f"{name}={text}" for name, text in self.variables.items()), *super().command()]


def wait_for(condition, seconds: float, what, every: float = 0.05):
    """Polls until `condition()` is true and returns its value. `what` is a text, or makes one when it is needed."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(every)
