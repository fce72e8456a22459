"""What a consumer has seen stays true: over kill -9 and power loss, with an idempotent producer at work all the time.

- No acknowledged record is lost, none is there twice, each partition keeps the producer's order (`lib.acknowledged`).
- An offset that was read once holds the same record for ever: readers never see what a crash can take back.
- A consumer goes forward without a gap and without going back.
- A committed offset that was acknowledged never goes back.
"""

import random
import struct
import threading
import time

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from lib import power
from lib.acknowledged import Ledger
from lib.broker import wait_for
from lib.wire import Connection
from .conftest import create_topic

PARTITIONS = 4
OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR = 8, 9, 10
GROUP = "readers"


class Reader:
    """Reads every partition from its beginning, for as long as it is let, and remembers all of it."""

    def __init__(self, bootstrap: str, topic: str):
        self.seen: dict[tuple[int, int], int] = {}  # partition, offset -> what was there
        self.next_offset = dict.fromkeys(range(PARTITIONS), 0)
        self.wrong: list[str] = []
        self._stopping = threading.Event()
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "error", "log_level": 0,
            "reconnect.backoff.max.ms": 200, "fetch.wait.max.ms": 50, "socket.timeout.ms": 10_000,
        })  # fmt: skip
        self._consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(0.05)
            if message is None:
                continue
            if message.error() is not None:
                if message.error().code() == -142 or message.error().name() in ("OFFSET_OUT_OF_RANGE", "_AUTO_OFFSET_RESET"):
                    self.wrong.append(f"the log is shorter than it was: {message.error()}")
                continue  # the broker is down for a moment
            partition, offset = message.partition(), message.offset()
            if offset != self.next_offset[partition]:
                self.wrong.append(f"partition {partition}: offset {offset} after {self.next_offset[partition] - 1}")
            self.next_offset[partition] = offset + 1
            self.seen[partition, offset] = hash(message.value())

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)
        self._consumer.close()

    def check_against(self, stored: dict[int, list[tuple[int, bytes]]]) -> None:
        assert not self.wrong, self.wrong[:3]
        now = {(partition, offset): hash(value) for partition, rows in stored.items() for offset, value in rows}
        changed = [place for place, value in self.seen.items() if now.get(place) != value]
        assert not changed, f"{len(changed)} offsets hold another record than when they were read, or none: {sorted(changed)[:3]}"


class Committer:
    """Commits ever larger offsets, and after each crash asks what is left of them."""

    def __init__(self, bootstrap: str, topic: str):
        self._bootstrap, self._topic = bootstrap, topic
        self.acknowledged = dict.fromkeys(range(PARTITIONS), -1)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._offset = 0
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        connection = None
        while not self._stopping.is_set():
            try:
                connection = connection or Connection(self._bootstrap, 5)
                self._commit(connection)
            except (OSError, ConnectionError, AssertionError, struct.error):
                if connection is not None:
                    connection.socket.close()
                connection = None
                time.sleep(0.02)

    def _commit(self, connection: Connection) -> None:
        self._offset += 1
        offset = self._offset
        rows = [{"partition_index": partition, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": f"at {offset}"} for partition in range(PARTITIONS)]
        answer = connection.ask(
            "OffsetCommit", 7, group_id=GROUP, generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
            topics=[{"name": self._topic, "partitions": rows}],
        )  # fmt: skip
        with self._lock:
            for row in answer.topics[0].partitions:
                if row.error_code == 0:
                    self.acknowledged[row.partition_index] = offset
                else:
                    assert row.error_code in (14, 15, 16, 7), f"OffsetCommit answered {row.error_code}"
                    time.sleep(0.02)

    def check(self) -> None:
        """Asks for the committed offsets; none may be before what had been acknowledged when the question was put."""
        with self._lock:
            promised = dict(self.acknowledged)

        def ask() -> dict[int, int] | None:
            with Connection(self._bootstrap, 10) as connection:
                wanted = [{"name": self._topic, "partition_indexes": list(range(PARTITIONS))}]
                answer = connection.ask("OffsetFetch", 7, group_id=GROUP, topics=wanted, require_stable=False)
                if answer.error_code in (14, 15, 16):
                    return None
                assert answer.error_code == 0, answer
                return {row.partition_index: row.committed_offset for row in answer.topics[0].partitions}

        found = wait_for(ask, 20, "the group's offsets")
        back = {partition: (promised[partition], found[partition]) for partition in promised if found[partition] < promised[partition]}
        assert not back, f"committed offsets went back: {back}"

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)


class _Kill:
    """kill -9."""

    def __init__(self, broker):
        self._broker = broker

    def strike(self) -> None:
        self._broker.kill()

    def remove(self) -> None:
        self._broker.kill()


class _PowerLoss:
    """The disk forgets what was not synced, then the process dies."""

    def __init__(self, broker, disk: power.PowerCutDisk):
        self._broker, self._disk = broker, disk

    def strike(self) -> None:
        self._disk.cut_under(self._broker.pid)
        self._broker.kill()
        self._disk.power_on()

    def remove(self) -> None:
        self._broker.kill()
        self._disk.remove()


@pytest.fixture(params=["kill -9", "power loss"])
def crashing(request, own_broker, tmp_path):
    """A broker, and what happens to it."""
    settings = {"offsets.topic.num.partitions": "2"}
    if request.param == "kill -9":
        broker = own_broker(settings)
        fault = _Kill(broker)
    else:
        if not power.is_possible():
            pytest.skip("needs root, loop devices and ext4")
        disk = power.PowerCutDisk(tmp_path)
        broker = own_broker(settings, data=disk.mountpoint / "data")
        fault = _PowerLoss(broker, disk)
    broker.start()
    yield broker, fault
    fault.remove()


@pytest.mark.timeout(3600)
def test_what_was_read_stays_read(request, crashing, topic_name, seed, long_run):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka's high watermark is not what it synced: what its readers saw can be lost")
    broker, fault = crashing
    chance = random.Random(seed)
    rounds = 200 if long_run else 10
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name(), PARTITIONS)
        offered = {row.api_key for row in connection.ask("ApiVersions", 0).api_keys}
        has_groups = offered >= {OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR}
        if has_groups:
            wait_for(lambda: connection.ask("FindCoordinator", 3, key=GROUP, key_type=0).error_code == 0, 20, "the group's coordinator")
    ledger = Ledger(broker.bootstrap, topic, PARTITIONS, seed, idempotent=True)
    ledger.start()
    reader = Reader(broker.bootstrap, topic)
    committer = Committer(broker.bootstrap, topic) if has_groups else None
    starts = []
    for _ in range(rounds):
        ledger.wait_for_progress(chance.randint(1, 400), seconds=60)
        time.sleep(chance.random() * 0.1)
        fault.strike()
        starts.append(broker.start())
        if committer:
            committer.check()
    ledger.wait_for_progress(100, seconds=60)
    if committer:
        committer.stop()
        committer.check()
        assert min(committer.acknowledged.values()) > rounds, "commits were acknowledged all the time"
    ledger.stop(seconds=175)
    counts = ledger.check()
    stored = ledger._read_all()
    wait_for(lambda: all(reader.next_offset[partition] >= len(rows) for partition, rows in stored.items()) or reader.wrong, 30, "the reader to see everything")
    reader.stop()
    reader.check_against(stored)
    committed = min(committer.acknowledged.values()) if committer else "no groups yet"
    print(f"{rounds} crashes: {counts}, {len(reader.seen)} read, commits {committed}, slowest start {max(starts):.2f} s")
