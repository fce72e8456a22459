"""Is a broker still well? Its process, its memory, its log, and how soon it answers."""

import socket
import statistics
import struct
import threading
import time
from pathlib import Path

from lib import probe
from lib.batch import Batch
from lib.broker import Broker, wait_for
from lib.produce import fetch, produce
from lib.wire import Connection

MIB = 1024 * 1024


class Vitals:
    """Taken before something hostile happens; `check` says whether it left a mark."""

    def __init__(self, broker: Broker):
        self.broker = broker
        self.pid = broker.pid
        self.restart()

    def restart(self) -> None:
        """Memory counts from now. Looked at before the peak is reset: what is freed in between would count as grown otherwise."""
        self.resident = self.broker.resident_bytes()
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def peak_growth(self) -> int:
        """Most bytes that were resident at any time since the beginning, less those of then."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 - self.resident
        raise AssertionError("the kernel does not say how much was resident at most")

    def check(self, seconds: float = 2) -> None:
        """The same process, without a panic, and it answers within `seconds`."""
        assert self.broker.is_alive() and self.broker.pid == self.pid, f"the broker ended\n{self.broker.log_tail()}"
        panics = [line for line in self.broker.log_lines() if "panicked at" in line]
        assert not panics, panics
        host, port = self.broker.bootstrap.rsplit(":", 1)
        started = time.monotonic()
        with socket.create_connection((host, int(port)), timeout=seconds) as connection:
            connection.settimeout(seconds)
            answer = probe.request(connection, probe.API_VERSIONS, 0, b"")
        assert struct.unpack(">h", answer[:2]) == (0,)
        took = time.monotonic() - started
        assert took < seconds, f"ApiVersions took {took:.1f} s"

    def check_growth(self, megabytes: float) -> None:
        """At no time since the beginning more than that much more memory."""
        if self.broker.process.args[0] == "java":
            return  # the oracle's heap grows as it likes
        grown = self.peak_growth()
        assert grown <= megabytes * MIB, f"{grown / MIB:.1f} MiB more than before, {megabytes} are allowed"


class Bystander:
    """An honest client that produces a small record with acks=all, reads it back, and looks at the clock."""

    def __init__(self, bootstrap: str, topic: str, timeout: float = 30):
        self.topic = topic
        self._connection = Connection(bootstrap, timeout)
        self._offset = 0

    def close(self) -> None:
        self._connection.socket.close()

    def produce(self, size: int = 200) -> int:
        produced = produce(self._connection, self.topic, Batch([b"b" * size]).encode())
        assert produced.error_code == 0, f"error {produced.error_code}"
        return produced.base_offset

    def consume(self, offset: int) -> None:
        fetched = fetch(self._connection, self.topic, offset, wait_ms=5000)
        assert fetched.error_code == 0 and fetched.records, f"error {fetched.error_code}"

    def round_trips(self, count: int = 20, size: int = 200) -> list[float]:
        """Seconds of each round of producing and consuming."""
        took = []
        for _ in range(count):
            started = time.perf_counter()
            self.consume(self.produce(size))
            took.append(time.perf_counter() - started)
        return took

    def median(self, count: int = 20, size: int = 200) -> float:
        return statistics.median(self.round_trips(count, size))


# Shared machines stutter; what is looked for here is a broker that makes honest clients wait for hostile ones.
LATENCY_FACTOR = 10
_QUICKEST_BASELINE = 0.002


def assert_usual(during: float, before: float, what: str) -> None:
    """Compares two medians of one client on one machine."""
    limit = LATENCY_FACTOR * max(before, _QUICKEST_BASELINE)
    assert during < limit, f"{what}: {during * 1000:.1f} ms, usually {before * 1000:.1f} ms"


class Repeating:
    """Calls `action` again and again on a thread, until the block ends; what it raises fails the test."""

    def __init__(self, action, pause: float = 0):
        self._action, self._pause = action, pause
        self._stopping = threading.Event()
        self._error: BaseException | None = None
        self.rounds = 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Repeating":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._stopping.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "a repeated action does not end"
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._action()
                self.rounds += 1
                self._stopping.wait(self._pause)
        except BaseException as error:  # noqa: BLE001: handed to the test's thread
            self._error = error

    def wait_for_rounds(self, count: int, seconds: float = 30) -> None:
        wait_for(lambda: self._error or self.rounds >= count, seconds, f"{count} rounds of a repeated action")
