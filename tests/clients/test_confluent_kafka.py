"""confluent-kafka (librdkafka 2.12): producer, assigned consumer, offsets by time, and the admin client."""

import pytest
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from lib.broker import wait_for
from lib.events import Event, Generator
from lib.topics import REGISTRY

SECONDS = 20


class Refused(list):
    """Errors that librdkafka reports in the background; none is expected in a test that does not say so."""


@pytest.fixture
def configuration(bootstrap):
    errors = Refused()
    yield {"bootstrap.servers": bootstrap, "error_cb": errors.append}
    assert not errors


@pytest.fixture
def admin(configuration) -> AdminClient:
    return AdminClient(configuration)


@pytest.fixture
def topic(admin, topic_name) -> str:
    name = topic_name()
    # The events' own time lies in the past: retention must not take them.
    create(admin, NewTopic(name, num_partitions=4, replication_factor=1, config={"retention.ms": "-1"}))
    return name


def create(admin: AdminClient, *topics: NewTopic) -> None:
    for done in admin.create_topics(list(topics), operation_timeout=SECONDS).values():
        done.result(SECONDS)
    # Kafka's broker may learn of its own topic a moment after it said so.
    wait_for(lambda: {topic.topic for topic in topics} <= set(admin.list_topics(timeout=SECONDS).topics), 5, "the new topics in Metadata")


def produce(configuration: dict, events: list[Event], topic: str, **settings) -> list:
    """Sends events in order and returns the delivered messages, in the order of their delivery."""
    delivered = []

    def on_delivery(error, message):
        assert error is None, error
        delivered.append(message)

    producer = Producer(configuration | {"linger.ms": 5} | settings)
    for event in events:
        producer.produce(topic, event.value, event.key, headers=list(event.headers), timestamp=event.timestamp_ms, on_delivery=on_delivery)
        producer.poll(0)
    assert producer.flush(SECONDS) == 0
    assert len(delivered) == len(events)
    return delivered


def consume(configuration: dict, assignment: list[TopicPartition], count: int, **settings) -> list:
    consumer = Consumer(configuration | {"group.id": "unused", "enable.auto.commit": False, "auto.offset.reset": "error"} | settings)
    try:
        consumer.assign(assignment)
        messages = []
        while len(messages) < count:
            batch = consumer.consume(count - len(messages), timeout=SECONDS)
            assert batch, f"{len(messages)} of {count} records after {SECONDS} s"
            for message in batch:
                assert message.error() is None, message.error()
                messages.append(message)
        return messages
    finally:
        consumer.close()


def everywhere(topic: str) -> list[TopicPartition]:
    return [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(4)]


def same_event(message, event: Event) -> bool:
    return (
        (message.key(), message.value()) == (event.key, event.value)
        and message.headers() == list(event.headers)
        and message.timestamp()[1] == event.timestamp_ms
    )


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_round_trip_with_codec(configuration, topic, codec):
    events = Generator(seed=3).many("llm_usage", 2000)
    delivered = produce(configuration, events, topic, **{"compression.type": codec, "acks": "all", "partitioner": "murmur2"})
    by_place = {(message.partition(), message.offset()): message for message in consume(configuration, everywhere(topic), len(events))}
    assert len(by_place) == len(events)

    sent = {event.value: event for event in events}
    for message in delivered:
        assert same_event(by_place[message.partition(), message.offset()], sent[message.value()])


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acknowledgement_modes_keep_the_order(configuration, topic, acks):
    events = Generator(seed=4, teams=1).many("llm_usage", 1000)
    delivered = produce(configuration, events, topic, acks=acks)
    assert len({message.partition() for message in delivered}) == 1, "one team, one partition"
    place = TopicPartition(topic, delivered[0].partition(), OFFSET_BEGINNING)
    messages = consume(configuration, [place], len(events))
    assert [message.offset() for message in messages] == list(range(len(events)))
    assert [message.value() for message in messages] == [event.value for event in events]


def test_latencies_of_single_records(configuration, topic):
    """One acknowledged record after the other: nothing waits for a batch, a tick or a time-out."""
    producer = Producer(configuration | {"linger.ms": 0, "acks": "all"})
    latencies = []
    for event in Generator(seed=5).many("audit_log", 200):
        producer.produce(topic, event.value, event.key, partition=0, on_delivery=lambda error, message: latencies.append(message.latency()))
        assert producer.flush(SECONDS) == 0
    assert sorted(latencies)[100] < 0.05, "the median is far above what a disk costs"


def test_null_and_empty_keys_and_values(configuration, topic):
    producer = Producer(configuration)
    for key in (None, b"", b"key"):
        for value in (None, b"", b"value"):
            producer.produce(topic, value, key, partition=1)
    assert producer.flush(SECONDS) == 0
    messages = consume(configuration, [TopicPartition(topic, 1, 0)], 9)
    assert [(message.key(), message.value()) for message in messages] == [
        (key, value) for key in (None, b"", b"key") for value in (None, b"", b"value")
    ]  # fmt: skip


def test_large_records(configuration, topic):
    """Each nearly as large as the broker allows: one record a batch, and fetches that hold one batch."""
    values = [bytes([number]) * 999_000 for number in range(8)]
    producer = Producer(configuration)
    for value in values:
        producer.produce(topic, value, partition=0)
    assert producer.flush(SECONDS) == 0
    messages = consume(configuration, [TopicPartition(topic, 0, 0)], 8, **{"fetch.message.max.bytes": 1000})
    assert [message.value() for message in messages] == values


def test_waiting_fetch_returns_with_the_record(configuration, topic):
    """A consumer at the end of the log waits at the broker, and is answered when a record arrives: not before, not late."""
    consumer = Consumer(configuration | {"group.id": "unused", "enable.auto.commit": False, "fetch.wait.max.ms": 10_000})
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        assert consumer.poll(1.0) is None
        producer = Producer(configuration | {"linger.ms": 0})
        producer.produce(topic, b"late", partition=0)
        assert producer.flush(SECONDS) == 0
        message = consumer.poll(5.0)
        assert message is not None, "the waiting fetch was not woken"
        assert message.value() == b"late"
    finally:
        consumer.close()


def test_offsets_at_both_ends_and_by_time(configuration, admin, topic):
    events = Generator(seed=6).many("llm_usage", 500)
    produce(configuration, events, topic, **{"compression.type": "lz4", "partitioner": "consistent"})
    place = TopicPartition(topic, 2)
    stored = consume(configuration, everywhere(topic), len(events))
    stored = [message for message in stored if message.partition() == 2]

    def offset(spec: OffsetSpec) -> int:
        return admin.list_offsets({place: spec})[place].result(SECONDS).offset

    assert offset(OffsetSpec.earliest()) == 0
    assert offset(OffsetSpec.latest()) == len(stored)
    newest = max(message.timestamp()[1] for message in stored)
    assert offset(OffsetSpec.max_timestamp()) == next(message.offset() for message in stored if message.timestamp()[1] == newest)

    # By time, at the precision of a record inside a compressed batch.
    for wanted in (stored[0], stored[len(stored) // 2], stored[-1]):
        moment = wanted.timestamp()[1]
        first = next(message.offset() for message in stored if message.timestamp()[1] >= moment)
        assert offset(OffsetSpec.for_timestamp(moment)) == first
    assert offset(OffsetSpec.for_timestamp(newest + 1)) == -1


def test_watermarks(configuration, topic):
    produce(configuration, Generator(seed=7, teams=1).many("llm_usage", 10), topic, partitioner="consistent")
    consumer = Consumer(configuration | {"group.id": "unused"})
    try:
        marks = [consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=SECONDS) for partition in range(4)]
    finally:
        consumer.close()
    assert sorted(marks) == [(0, 0), (0, 0), (0, 0), (0, 10)]


def test_offset_out_of_range_is_an_error(configuration, topic):
    consumer = Consumer(configuration | {"group.id": "unused", "auto.offset.reset": "error"})
    try:
        consumer.assign([TopicPartition(topic, 0, 5)])
        message = consumer.poll(SECONDS)
    finally:
        consumer.close()
    assert message.error().code() == KafkaError._AUTO_OFFSET_RESET


def test_creates_the_registry(admin, topic_name):
    """The registry's partitions and retention, under names of this test."""
    names = {topic.name: topic_name(topic.name) for topic in REGISTRY}
    create(
        admin,
        *(NewTopic(names[topic.name], topic.partitions, 1, config={"retention.ms": str(topic.retention_ms)}) for topic in REGISTRY),
    )
    metadata = admin.list_topics(timeout=SECONDS).topics
    for topic in REGISTRY:
        assert sorted(metadata[names[topic.name]].partitions) == list(range(topic.partitions))


@pytest.mark.parametrize(
    "topic, code",
    [
        (NewTopic("bad/name", 1, 1), KafkaError.TOPIC_EXCEPTION),
        (NewTopic("..", 1, 1), KafkaError.TOPIC_EXCEPTION),
        (NewTopic("no_partitions", 0, 1), KafkaError.INVALID_PARTITIONS),
        (NewTopic("too_many_replicas", 1, 3), KafkaError.INVALID_REPLICATION_FACTOR),
        (NewTopic("bad_configuration", 1, 1, config={"retention.ms": "soon"}), KafkaError.INVALID_CONFIG),
        (NewTopic("unknown_configuration", 1, 1, config={"retention.msec": "1"}), KafkaError.INVALID_CONFIG),
    ],
    ids=lambda value: value.topic if isinstance(value, NewTopic) else "",
)
def test_bad_topics_are_refused(admin, topic, code):
    with pytest.raises(KafkaException) as refused:
        create(admin, topic)
    assert refused.value.args[0].code() == code


def test_default_partitions_and_replication(admin, topic_name):
    name = topic_name()
    create(admin, NewTopic(name, num_partitions=-1, replication_factor=-1))
    assert len(admin.list_topics(name, timeout=SECONDS).topics[name].partitions) == 1


def test_a_created_topic_is_known_at_once(request, admin, topic_name):
    """The answer comes from the broker that is asked next, so it must know its topic. (Kafka does not promise that.)"""
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka publishes the topic a moment later")
    for _ in range(20):
        name = topic_name()
        for done in admin.create_topics([NewTopic(name, 2, 1)]).values():
            done.result(SECONDS)
        assert len(admin.list_topics(name, timeout=SECONDS).topics[name].partitions) == 2


def test_validation_only_creates_nothing(admin, topic_name):
    name = topic_name()
    for done in admin.create_topics([NewTopic(name, 1, 1)], validate_only=True).values():
        done.result(SECONDS)
    assert name not in admin.list_topics(timeout=SECONDS).topics


def test_a_topic_exists_once(admin, topic):
    with pytest.raises(KafkaException) as refused:
        create(admin, NewTopic(topic, 1, 1))
    assert refused.value.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS


def test_restart_keeps_records_and_identity(own_broker, topic_name):
    broker = own_broker()
    broker.start()
    configuration = {"bootstrap.servers": broker.bootstrap}
    admin = AdminClient(configuration)
    topic = topic_name()
    create(admin, NewTopic(topic, 4, 1, config={"retention.ms": "-1"}))
    cluster_id = admin.list_topics(timeout=SECONDS).cluster_id
    events = Generator(seed=8).many("billing_events", 1000)
    produce(configuration, events, topic, **{"compression.type": "zstd"})
    before = consume(configuration, everywhere(topic), len(events))

    broker.restart()
    assert AdminClient(configuration).list_topics(timeout=SECONDS).cluster_id == cluster_id
    after = consume(configuration, everywhere(topic), len(events))
    place = lambda message: (message.partition(), message.offset(), message.key(), message.value())  # noqa: E731
    assert sorted(map(place, after)) == sorted(map(place, before))
    produce(configuration, events, topic)
    assert len(consume(configuration, everywhere(topic), 2 * len(events))) == 2 * len(events)
