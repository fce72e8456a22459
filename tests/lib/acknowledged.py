"""The account of a producer that is never told lies: what was acknowledged, and whether the log still holds it.

A worker sends numbered records with acks=all while somebody kills the broker. Every delivery report is written down; at the end the
whole log is read and compared.
"""

import threading
import time
from collections import defaultdict

from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from lib.events import Generator


class Ledger:
    """Numbered records of one producer on one topic."""

    def __init__(self, bootstrap: str, topic: str, partitions: int, seed: int, idempotent: bool):
        self.topic, self.partitions, self.idempotent = topic, partitions, idempotent
        self.bootstrap = bootstrap
        self.acknowledged: dict[int, tuple[int, int]] = {}  # number -> partition, offset
        self.sent = 0
        self.failed: list[str] = []
        self._events = Generator(seed)
        self._stopping = threading.Event()
        self._values: dict[int, bytes] = {}
        self._thread = threading.Thread(target=self._produce, name="producer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, seconds: float) -> None:
        self._stopping.set()
        self._thread.join(seconds)
        assert not self._thread.is_alive(), "the producer did not finish"
        assert not self.failed, f"delivery failed: {self.failed[:3]}"
        assert len(self.acknowledged) == self.sent

    def _produce(self) -> None:
        settings = {
            "bootstrap.servers": self.bootstrap, "log_level": 0, "acks": "all", "enable.idempotence": self.idempotent, "linger.ms": 1,
            "compression.type": "lz4", "message.timeout.ms": 170_000, "reconnect.backoff.max.ms": 200, "retry.backoff.max.ms": 200,
            "socket.timeout.ms": 10_000,
        }  # fmt: skip
        if not self.idempotent:
            settings["max.in.flight"] = 1  # the order survives retries only so
        producer = Producer(settings)
        while not self._stopping.is_set():
            event = self._events.of("llm_usage")
            number = self.sent
            value = b"%d " % number + event.value
            self._values[number] = value
            producer.produce(self.topic, value, event.key, number % self.partitions, on_delivery=self._on_delivery)
            self.sent += 1
            producer.poll(0.001 if self.sent - len(self.acknowledged) < 2000 else 0.1)
        producer.flush(170)

    def _on_delivery(self, error, message) -> None:
        if error is not None:
            self.failed.append(str(error))
        else:
            number = int(message.value().split(b" ", 1)[0])
            self.acknowledged[number] = (message.partition(), message.offset())

    def wait_for_progress(self, records: int, seconds: float) -> None:
        """Until that many more records are acknowledged."""
        goal, deadline = len(self.acknowledged) + records, time.monotonic() + seconds
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, f"no progress within {seconds} s at {len(self.acknowledged)} records"
            time.sleep(0.01)

    def check(self) -> dict[str, int]:
        """Reads the whole log; asserts the promises; returns counts."""
        stored = self._read_all()
        duplicates = 0
        positions: dict[int, list[int]] = defaultdict(list)  # number -> offsets, of its partition
        for partition, messages in stored.items():
            last_first_seen = -1
            for offset, value in messages:
                number = int(value.split(b" ", 1)[0])
                assert value == self._values[number], f"partition {partition} offset {offset} holds something never sent"
                assert number % self.partitions == partition
                if positions[number]:
                    duplicates += 1
                else:
                    assert number > last_first_seen, f"partition {partition}: {number} comes after {last_first_seen}"
                    last_first_seen = number
                positions[number].append(offset)

        lost = [number for number in self.acknowledged if number not in positions]
        assert not lost, f"{len(lost)} acknowledged records are lost, the first is number {lost[0]}"
        for number, (partition, offset) in self.acknowledged.items():
            # An idempotent retry may be told -1: the broker no longer knows the original's offset.
            assert offset in positions[number] or (self.idempotent and offset < 0), (
                f"record {number} was acknowledged at {partition}:{offset} and is at {positions[number]}"
            )
        if self.idempotent:
            assert duplicates == 0, f"{duplicates} duplicates from an idempotent producer"
        return {"acknowledged": len(self.acknowledged), "stored": sum(map(len, stored.values())), "duplicates": duplicates}

    def _read_all(self) -> dict[int, list[tuple[int, bytes]]]:
        consumer = Consumer({
            "bootstrap.servers": self.bootstrap, "group.id": "unused", "enable.auto.commit": False,
            "enable.partition.eof": True, "auto.offset.reset": "error",
        })  # fmt: skip
        stored: dict[int, list[tuple[int, bytes]]] = {partition: [] for partition in range(self.partitions)}
        try:
            consumer.assign([TopicPartition(self.topic, partition, OFFSET_BEGINNING) for partition in stored])
            unfinished = set(stored)
            while unfinished:
                message = consumer.poll(30)
                assert message is not None, f"partitions {unfinished} do not answer"
                if message.error() is None:
                    stored[message.partition()].append((message.offset(), message.value()))
                else:
                    assert message.error().code() == -191, message.error()  # the end of a partition
                    unfinished.discard(message.partition())
        finally:
            consumer.close()
        return stored
