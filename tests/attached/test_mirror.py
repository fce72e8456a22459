"""MirrorMaker 2: a topic with partitions, keys and headers from one cluster to another and back, and a group's offsets with it.

Between two brokers of this repository; with `--kafka` the first is Apache Kafka, so that records go from there into hanzo-stream and back.
"""

from pathlib import Path

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from conftest import broker_class
from lib.admin import create_topic
from lib.broker import HanzoStream, wait_for
from lib.events import Generator
from lib.ports import free_port
from lib.process import KAFKA_JAVA, Process, properties

PARTITIONS = 3
COUNT = 300
LATER = 30
GROUP = "billing-agg"
TOPIC = "llm_usage"
# Alone on a machine with two cores: small topics, and no waiting for more.
SETTINGS = {
    "offsets.topic.num.partitions": "4",
    "group.initial.rebalance.delay.ms": "0",
}


@pytest.fixture
def clusters(request, tmp_path):
    """Two brokers: the one under test, which may be Apache Kafka, and one of this repository."""
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs brokers of its own")
    brokers = [broker_class(request.config)(tmp_path / "first", SETTINGS), HanzoStream(tmp_path / "second", SETTINGS)]
    for broker in brokers:
        broker.start()
    yield brokers
    for broker in brokers:
        broker.stop()
    complaints = [line for broker in brokers for line in broker.unexpected_complaints()]
    assert not complaints, "a broker complained:\n" + "\n".join(complaints)


def mirror(directory: Path, source, target, flow: str, topics: str) -> Process:
    """MirrorMaker 2 in one direction, quick enough for a test; `flow` is `source->target`."""
    name, other = flow.split("->")
    settings = properties(directory / f"{name}-{other}.properties", {
        "clusters": f"{name},{other}",
        f"{name}.bootstrap.servers": source.bootstrap,
        f"{other}.bootstrap.servers": target.bootstrap,
        f"{flow}.enabled": "true",
        f"{other}->{name}.enabled": "false",
        f"{flow}.topics": topics,
        f"{flow}.groups": GROUP,
        "replication.factor": "1",
        "checkpoints.topic.replication.factor": "1",
        "heartbeats.topic.replication.factor": "1",
        "offset-syncs.topic.replication.factor": "1",
        "config.storage.replication.factor": "1",
        "offset.storage.replication.factor": "1",
        "status.storage.replication.factor": "1",
        "offset.storage.partitions": "2",
        "status.storage.partitions": "2",
        "sync.group.offsets.enabled": "true",
        "sync.group.offsets.interval.seconds": "1",
        "emit.checkpoints.interval.seconds": "1",
        "refresh.groups.interval.seconds": "1",
        "refresh.topics.interval.seconds": "2",
        "offset.lag.max": "0",
        "emit.heartbeats.enabled": "false",
        "sync.topic.acls.enabled": "false",
        "consumer.auto.offset.reset": "earliest",
        "offset.flush.interval.ms": "1000",
        "plugin.discovery": "service_load",
        "listeners": f"http://127.0.0.1:{free_port()}",
    })  # fmt: skip
    return Process([*KAFKA_JAVA, "org.apache.kafka.connect.mirror.MirrorMaker", settings], directory / f"{name}-{other}.log")


def records(bootstrap: str, topic: str, count: int) -> dict[int, list[tuple]]:
    """Everything of a topic, partition by partition in its order: timestamp, key, value and headers."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    found: dict[int, list[tuple]] = {partition: [] for partition in range(PARTITIONS)}
    wait_for(lambda: _read(consumer, found) >= count, 30, lambda: f"{count} records of {topic}, not {sum(map(len, found.values()))}")
    consumer.close()
    return found


def _read(consumer: Consumer, found: dict[int, list[tuple]]) -> int:
    for message in consumer.consume(1000, timeout=0.3):
        assert message.error() is None, message.error()
        found[message.partition()].append((message.timestamp()[1], message.key(), message.value(), message.headers()))
    return sum(map(len, found.values()))


def committed(bootstrap: str, topic: str) -> dict[int, int]:
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(GROUP)])[GROUP].result(10)
    return {place.partition: place.offset for place in asked.topic_partitions if place.topic == topic and place.offset >= 0}


def ends(bootstrap: str, topic: str) -> int:
    """How many records the topic has; none as long as it is not there."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "log_level": 0})
    known = consumer.list_topics(timeout=10).topics
    total = sum(consumer.get_watermark_offsets(TopicPartition(topic, p), timeout=10)[1] for p in known[topic].partitions) if topic in known else 0
    consumer.close()
    return total


def fill(bootstrap: str, numbers: range) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    events = Generator(3).many(TOPIC, numbers.stop)
    for number, event in enumerate(events):
        if number in numbers:
            headers = [("number", str(number).encode()), ("number", b"again"), ("empty", None)]
            key = event.key if number % 10 else None
            producer.produce(TOPIC, event.value, key, number % PARTITIONS, timestamp=1_700_000_000_000 + number, headers=headers)
    assert producer.flush(30) == 0


def read_on(bootstrap: str, topic: str, least: int) -> list[bytes]:
    """The group reads on where it was, at least so many records, and commits them."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": GROUP, "auto.offset.reset": "earliest", "enable.auto.commit": False})
    consumer.subscribe([topic])
    seen: list[bytes] = []

    def enough() -> bool:
        seen.extend(message.value() for message in consumer.consume(1000, timeout=0.3))
        return len(seen) >= least

    wait_for(enough, 30, lambda: f"{least} records of {topic} for the group, not {len(seen)}")
    consumer.commit(asynchronous=False)
    consumer.close()
    return seen


def test_a_topic_goes_there_and_back_with_its_group(clusters, tmp_path):
    first, second = clusters
    create_topic(first.bootstrap, TOPIC, PARTITIONS, retention_ms="-1")
    fill(first.bootstrap, range(COUNT))
    read_on(first.bootstrap, TOPIC, COUNT)
    read = committed(first.bootstrap, TOPIC)
    assert read == {partition: COUNT // PARTITIONS for partition in range(PARTITIONS)}
    copy, again = f"first.{TOPIC}", f"other.first.{TOPIC}"

    with mirror(tmp_path, first, second, "first->second", TOPIC) as maker:
        wait_for(lambda: ends(second.bootstrap, copy) == COUNT, 90, lambda: f"the records of {copy}\n{maker.tail()}", every=0.5)
        wait_for(lambda: committed(second.bootstrap, copy).keys() == read.keys(), 60, lambda: f"{committed(second.bootstrap, copy)}\n{maker.tail()}", every=0.5)
        # A translated offset may lie before what was read, never after it.
        translated = committed(second.bootstrap, copy)
        assert all(0 < translated[partition] <= read[partition] for partition in read), (read, translated)
        fill(first.bootstrap, range(COUNT, COUNT + LATER))
        wait_for(lambda: ends(second.bootstrap, copy) == COUNT + LATER, 60, lambda: f"later records\n{maker.tail()}", every=0.5)
    original = records(first.bootstrap, TOPIC, COUNT + LATER)
    assert records(second.bootstrap, copy, COUNT + LATER) == original

    # The group moves over: what it has not read is there for it, and hardly anything once more.
    missing = COUNT + LATER - sum(committed(second.bootstrap, copy).values())
    later = {event.value for event in list(Generator(3).many(TOPIC, COUNT + LATER))[COUNT:]}
    assert later <= set(read_on(second.bootstrap, copy, missing))
    assert missing < COUNT

    # By other names: what came from a cluster called `first` does not go to one, or it would go round for ever.
    with mirror(tmp_path, second, first, "other->home", copy) as maker:
        wait_for(lambda: ends(first.bootstrap, again) == COUNT + LATER, 90, lambda: f"the records of {again}\n{maker.tail()}", every=0.5)
        wait_for(lambda: committed(first.bootstrap, again), 60, lambda: f"offsets of {GROUP}\n{maker.tail()}", every=0.5)
    whole = (COUNT + LATER) // PARTITIONS
    assert all(0 < offset <= whole for offset in committed(first.bootstrap, again).values())
    assert records(first.bootstrap, again, COUNT + LATER) == original
