"""kill -9 while a group reads and commits: what a commit promised is what the next member finds, and it never goes back."""

import random
import threading
import time

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException
from confluent_kafka.admin import AdminClient

from lib.acknowledged import Ledger
from lib.admin import create_topic
from lib.broker import wait_for

PARTITIONS = 4


class Reader:
    """A member that commits what it has read again and again, and remembers what the broker confirmed."""

    def __init__(self, bootstrap: str, topic: str, group: str):
        self.confirmed: dict[int, int] = {}  # partition -> offset
        self.commits = 0
        self.failure: BaseException | None = None
        self._stopping = threading.Event()
        self._consumer = Consumer({
            "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
            "session.timeout.ms": 10_000, "heartbeat.interval.ms": 500, "reconnect.backoff.max.ms": 200, "log_level": 0,
        })  # fmt: skip
        self._consumer.subscribe([topic])
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._read_and_commit()
        except BaseException as failure:
            self.failure = failure
            raise

    def _read_and_commit(self) -> None:
        while not self._stopping.is_set():
            # Not by consume(): librdkafka 2.12 has crashed in it when a rebalance came with a commit on its way.
            for _ in range(50):
                message = self._consumer.poll(0.02)
                if message is None:
                    break
                # Errors of a broker that is away pass by themselves.
                assert message.error() is None or not message.error().fatal(), message.error()
            try:
                for place in self._consumer.commit(asynchronous=False):
                    if place.error is None and place.offset >= 0:
                        self.confirmed[place.partition] = place.offset
                        self.commits += 1
            except KafkaException:
                time.sleep(0.01)  # nothing read yet, or nobody there: not confirmed
        self._consumer.close()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(60)
        assert not self._thread.is_alive()


def committed(bootstrap: str, group: str) -> dict[int, int]:
    def ask():
        # A client for each question: after many restarts of a broker librdkafka 2.16 may stop dialling it.
        admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
        try:
            (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=10).values()
            return answer.result(20).topic_partitions
        except KafkaException:
            return None  # the coordinator is still loading

    return {place.partition: place.offset for place in wait_for(ask, 60, "the group's offsets")}


@pytest.mark.timeout(3600)
def test_committed_offsets_survive_kill_9(request, own_broker, topic_name, seed, long_run):
    rounds = 2 if request.config.getoption("--kafka") else 200 if long_run else 8
    chance = random.Random(seed)
    broker = own_broker()
    broker.start()
    topic = create_topic(broker.bootstrap, topic_name(), PARTITIONS)
    group = f"{topic}-readers"
    ledger = Ledger(broker.bootstrap, topic, PARTITIONS, seed, idempotent=True)
    ledger.start()
    reader = Reader(broker.bootstrap, topic, group)
    for _ in range(rounds):
        goal = reader.commits + chance.randint(1, 10)
        wait_for(lambda: reader.commits >= goal, 60, "commits")  # noqa: B023
        broker.kill()
        promised = dict(reader.confirmed)
        broker.start()
        found = committed(broker.bootstrap, group)
        for partition, offset in promised.items():
            assert found.get(partition, -1) >= offset, f"partition {partition}: {offset} was confirmed, {found.get(partition)} is left"
    ledger.wait_for_progress(100, seconds=60)
    ledger.stop(seconds=175)
    counts = ledger.check()
    try:
        wait_for(lambda: sum(reader.confirmed.values()) >= counts["stored"], 60, "the group reads to the end")
    except TimeoutError as late:
        raise AssertionError(f"{counts} stored, {reader.confirmed} confirmed, {reader.failure}") from late
    reader.stop()
    assert sum(committed(broker.bootstrap, group).values()) == counts["stored"]
    print(f"{rounds} kills, {reader.commits} commits, {counts}")
