"""The same of every client: each codec, keys, headers and idempotence, a group through rebalances, committed offsets, seeking by time."""

import os
import time
from collections import defaultdict

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from lib import drivers
from lib.admin import create_topic
from lib.drivers import CLIENTS, Client, Member
from lib.events import Generator

PARTITIONS = 6
SECONDS = 60

# `TEST_CLIENTS=java,sarama` runs these only.
_wanted = os.environ.get("TEST_CLIENTS")
CHOSEN = [client for client in CLIENTS if not _wanted or client.name in _wanted.split(",")]


@pytest.fixture(params=CHOSEN, ids=lambda client: client.name)
def client(request) -> Client:
    return request.param


@pytest.fixture
def admin(bootstrap) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap})


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    # The events' own time lies in the past: retention must not take them.
    return create_topic(bootstrap, topic_name(), PARTITIONS, retention_ms="-1")


@pytest.fixture
def join(bootstrap, topic):
    """`join(client, group)` starts a member; those that are left at the end are killed."""
    members: list[Member] = []

    def start(client: Client, group: str) -> Member:
        members.append(Member(client, bootstrap, topic, group))
        return members[-1]

    yield start
    for member in members:
        if member.process.poll() is None:
            member.kill()


def end_offsets(admin: AdminClient, topic: str) -> dict[int, int]:
    asked = admin.list_offsets({TopicPartition(topic, partition): OffsetSpec.latest() for partition in range(PARTITIONS)})
    return {place.partition: answer.result(SECONDS).offset for place, answer in asked.items()}


def committed_offsets(admin: AdminClient, group: str) -> dict[int, int]:
    (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    return {place.partition: place.offset for place in answer.result(SECONDS).topic_partitions if place.offset >= 0}


def received(*members: Member) -> set[tuple[int, int]]:
    return set().union(*(member.places() for member in members))


@pytest.mark.parametrize("codec", drivers.EVERY_CODEC)
def test_codec(client, bootstrap, topic, join, codec):
    """Keys, values, headers and timestamps come back as they were sent; one key's events in order, in one partition."""
    if codec not in client.codecs:
        pytest.skip(f"{client.name} has no {codec}")
    events = Generator(seed=11, teams=40).many("llm_usage", 500)
    drivers.produce(client, bootstrap, topic, events, codec, client.idempotent)

    member = join(client, f"{topic}-readers")
    member.wait_until(lambda: len(member.places()) >= len(events), SECONDS, "all events")
    member.stop()
    assert len(member.records) == len(events)

    by_key = defaultdict(list)
    for record in sorted(member.records, key=lambda record: record.place):
        by_key[record.key].append(record)
    sent = defaultdict(list)
    for event in events:
        sent[event.key].append(event)
    assert by_key.keys() == sent.keys()
    for key, records in by_key.items():
        assert len({record.partition for record in records}) == 1
        assert all(record.holds(event) for record, event in zip(records, sent[key], strict=True)), key


WRITERS = [client for client in CLIENTS if client.name in ("java", "franz-go", "kafka-python", "confluent-kafka")]


@pytest.fixture(scope="module")
def everybodys_records(shared_broker):
    """One topic with records of several clients in every codec, and those records by value."""
    topic = create_topic(shared_broker.bootstrap, f"everybody-{time.time_ns()}", retention_ms="-1")
    generator = Generator(seed=14)
    sent = {}
    for writer in WRITERS:
        for codec in writer.codecs:
            events = generator.many("audit_log", 20)
            drivers.produce(writer, shared_broker.bootstrap, topic, events, codec)
            sent |= {event.value: (event, writer.name, codec) for event in events}
    return topic, sent


@pytest.mark.timeout(300)
def test_reads_what_others_wrote(client, bootstrap, everybodys_records):
    topic, sent = everybodys_records
    if "zstd" not in client.codecs:
        pytest.skip(f"{client.name} has no zstd, and a consumer cannot choose")
    records = drivers.seek(client, bootstrap, topic, 0, 0, len(sent))
    assert len(records) == len(sent)
    for record in records:
        event, writer, codec = sent[record.value]
        assert record.holds(event), f"written by {writer} with {codec}"


@pytest.mark.timeout(300)
def test_group(client, bootstrap, admin, topic, join):
    """One member, then two, then three; everything is read; what is committed is where the next one begins."""
    group = f"{topic}-group"
    generator = Generator(seed=12, teams=60)
    everywhere = set(range(PARTITIONS))
    drivers.produce(client, bootstrap, topic, generator.many("llm_usage", 300))

    first = join(client, group)
    first.wait_until(lambda: first.owns == everywhere, SECONDS, "the whole topic for one member")
    first.wait_until(lambda: len(first.places()) == 300, SECONDS, "all records at one member")

    members = [first]
    for _ in range(2):
        member = join(client, group)
        members.append(member)
        member.wait_until(
            lambda: all(one.owns for one in members) and sorted(sum((list(one.owns) for one in members), [])) == sorted(everywhere),
            SECONDS, lambda: f"partitions shared out among {len(members)}: {[one.state() for one in members]}",
        )  # fmt: skip

    drivers.produce(client, bootstrap, topic, generator.many("llm_usage", 300))
    first.wait_until(lambda: len(received(*members)) == 600, SECONDS, "all records at three members")
    assert all(member.places() for member in members[1:]), "each of the three has something to do"
    for member in members:
        member.commit()
    assert committed_offsets(admin, group) == {partition: end for partition, end in end_offsets(admin, topic).items() if end}

    for member in members:
        member.stop()
    committed = committed_offsets(admin, group)
    assert committed == {partition: end for partition, end in end_offsets(admin, topic).items() if end}, "leaving changes nothing"

    drivers.produce(client, bootstrap, topic, generator.many("llm_usage", 50))
    fresh = join(client, group)
    fresh.wait_until(lambda: len(fresh.places()) >= 50, SECONDS, "the new records")
    assert all(record.offset >= committed.get(record.partition, 0) for record in fresh.records), "nothing is read twice"
    assert len(fresh.records) == 50
    fresh.stop()


def test_seek_by_time(client, bootstrap, admin, topic, join):
    events = Generator(seed=13, teams=40).many("llm_usage", 400)
    drivers.produce(client, bootstrap, topic, events, "gzip")
    partition, end = max(end_offsets(admin, topic).items(), key=lambda item: item[1])
    stored = drivers.seek(client, bootstrap, topic, partition, 0, end)
    assert [record.offset for record in stored] == list(range(end))

    for wanted in (stored[0], stored[end // 2], stored[-1]):
        first = next(record for record in stored if record.timestamp >= wanted.timestamp)
        (found,) = drivers.seek(client, bootstrap, topic, partition, wanted.timestamp, 1)
        assert found == first
    assert drivers.seek(client, bootstrap, topic, partition, max(record.timestamp for record in stored) + 1, 1) == []
