"""Produce: what is stored, what is refused and with which code, and what acks=0 means."""

import time

import pytest

from lib.batch import Batch, read_batches
from lib.broker import wait_for
from lib.wire import Connection

CORRUPT_MESSAGE, UNKNOWN_TOPIC_OR_PARTITION, MESSAGE_TOO_LARGE = 2, 3, 10
INVALID_REQUIRED_ACKS, INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT = 21, 32, 43
UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD, UNKNOWN_TOPIC_ID = 76, 87, 100
LATEST, EARLIEST = -1, -2


def topic_data(topic: str, records: bytes | None, partition: int = 0) -> list[dict]:
    return [{"name": topic, "partition_data": [{"index": partition, "records": records}]}]


def produce(connection: Connection, topic: str, records: bytes | None, version: int = 9, acks: int = -1, partition: int = 0):
    answer = connection.ask("Produce", version, acks=acks, timeout_ms=10_000, topic_data=topic_data(topic, records, partition))
    ((partition_answer,),) = [response.partition_responses for response in answer.responses]
    return partition_answer


def end_offset(connection: Connection, topic: str) -> int:
    wanted = [{"name": topic, "partitions": [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": LATEST}]}]
    ((partition,),) = [entry.partitions for entry in connection.ask("ListOffsets", 6, replica_id=-1, isolation_level=0, topics=wanted).topics]
    assert partition.error_code == 0
    return partition.offset


def fetch(connection: Connection, topic: str, offset: int = 0, version: int = 12, **fields):
    wanted = [{"topic": topic, "partitions": [{"partition": 0, "current_leader_epoch": -1, "fetch_offset": offset, "last_fetched_epoch": -1, "log_start_offset": -1, "partition_max_bytes": 1 << 20}]}]
    request = {"replica_id": -1, "max_wait_ms": 500, "min_bytes": 1, "max_bytes": 1 << 20, "isolation_level": 0, "session_id": 0, "session_epoch": -1, "topics": wanted, "forgotten_topics_data": [], "rack_id": ""}
    answer = connection.ask("Fetch", version, **(request | fields))
    ((partition,),) = [response.partitions for response in answer.responses]
    return partition


@pytest.mark.parametrize("version", range(3, 13))
def test_every_version_appends(connection, make_topic, version):
    topic = make_topic()
    for number in range(3):
        answer = produce(connection, topic, Batch([b"a", b"b"]).encode(), version)
        assert (answer.error_code, answer.base_offset, answer.log_append_time_ms) == (0, 2 * number, -1)
        if version >= 5:
            assert answer.log_start_offset == 0
    assert end_offset(connection, topic) == 6


def test_version_13_names_topics_by_id(connection, make_topic):
    name = make_topic()
    (topic,) = connection.ask("Metadata", 12, topics=[{"name": name}]).topics

    def by_id(topic_id):
        data = [{"topic_id": topic_id, "partition_data": [{"index": 0, "records": Batch([b"a"]).encode()}]}]
        answer = connection.ask("Produce", 13, acks=-1, timeout_ms=10_000, topic_data=data)
        ((partition,),) = [response.partition_responses for response in answer.responses]
        return partition.error_code

    assert by_id(topic.topic_id) == 0
    assert by_id(type(topic.topic_id)(int=12345)) == UNKNOWN_TOPIC_ID


def test_the_stored_batch_is_the_sent_one(connection, make_topic):
    topic = make_topic()
    produce(connection, topic, Batch([b"first"]).encode())
    sent = Batch([b"one", None, b""], keys=[b"k", None, b""], headers=[(b"h", b"1"), (b"h", b"2"), (b"n", None)])
    answer = produce(connection, topic, sent.encode())
    assert answer.error_code == 0, answer

    second = read_batches(fetch(connection, topic).records)[1]
    assert second.crc_is_right
    assert (second.base_offset, second.leader_epoch, second.count) == (1, 0, 3)
    assert second.records == sent.encode()[61:], "records pass through byte for byte"


def test_log_append_time_is_the_brokers(connection, make_topic):
    topic = make_topic(message_timestamp_type="LogAppendTime")
    before = time.time_ns() // 1_000_000
    answer = produce(connection, topic, Batch([b"a", b"b"], timestamp_ms=1000).encode())
    (batch,) = read_batches(fetch(connection, topic).records)
    assert answer.error_code == 0
    assert before <= answer.log_append_time_ms <= before + 60_000
    assert batch.max_timestamp == answer.log_append_time_ms
    assert batch.attributes & 0b1000, "the attribute says whose time it is"
    assert batch.crc_is_right


BAD_BATCHES = {
    "crc": (Batch([b"a"], crc=1), {CORRUPT_MESSAGE}),
    "magic 0": (Batch([b"a"], magic=0), {CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "magic 1": (Batch([b"a"], magic=1), {CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "magic 3": (Batch([b"a"], magic=3), {CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "count too high": (Batch([b"a"], count=2), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "count negative": (Batch([b"a"], count=-1), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "count zero": (Batch([], count=0, last_offset_delta=0), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "count lies with the delta": (Batch([b"a"], count=1000, last_offset_delta=999), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "delta too high": (Batch([b"a"], last_offset_delta=5), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "control bit": (Batch([b"a"], attributes=0b100000), {INVALID_RECORD}),
    "base offset not zero": (Batch([b"a"], base_offset=77), {INVALID_RECORD}),
    "length too long": (Batch([b"a"], length=10_000), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "length too short": (Batch([b"a"], length=10), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "far future": (Batch([b"a"], timestamp_ms=4_102_444_800_000), {INVALID_TIMESTAMP}),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_BATCHES)
def test_a_bad_batch_is_refused_and_not_stored(connection, make_topic, name):
    batch, codes = BAD_BATCHES[name]
    topic = make_topic()
    answer = produce(connection, topic, batch.encode())
    assert answer.error_code in codes
    assert answer.base_offset == -1
    assert end_offset(connection, topic) == 0
    assert produce(connection, topic, Batch([b"good"]).encode()).base_offset == 0, "the partition and the connection live on"


def test_two_batches_in_one_partition_are_refused(connection, make_topic):
    topic = make_topic()
    answer = produce(connection, topic, Batch([b"a"]).encode() + Batch([b"b"]).encode())
    assert answer.error_code == INVALID_RECORD
    assert end_offset(connection, topic) == 0


def test_the_limit_is_the_topics(connection, make_topic):
    topic = make_topic(max_message_bytes="1000")
    assert produce(connection, topic, Batch([b"x" * 2000]).encode()).error_code == MESSAGE_TOO_LARGE
    assert produce(connection, topic, Batch([b"x" * 500]).encode()).error_code == 0


def test_zstd_needs_version_7(connection, make_topic):
    """The codec is named in the attributes; an old client could not have known it."""
    topic = make_topic()
    assert produce(connection, topic, Batch([b"a"], attributes=4).encode(), version=3).error_code == UNSUPPORTED_COMPRESSION_TYPE


def test_unknown_topics_and_partitions(connection, make_topic, topic_name):
    topic = make_topic()
    assert produce(connection, topic, Batch([b"a"]).encode(), partition=1).error_code == UNKNOWN_TOPIC_OR_PARTITION
    assert produce(connection, topic, Batch([b"a"]).encode(), partition=-1).error_code == UNKNOWN_TOPIC_OR_PARTITION
    assert produce(connection, topic_name(), Batch([b"a"]).encode()).error_code == UNKNOWN_TOPIC_OR_PARTITION


def test_strange_acks_are_refused(connection, make_topic):
    topic = make_topic()
    assert produce(connection, topic, Batch([b"a"]).encode(), acks=2).error_code == INVALID_REQUIRED_ACKS
    assert end_offset(connection, topic) == 0


def test_acks_0_has_no_answer(connection, make_topic):
    topic = make_topic()
    for number in range(5):
        connection.send("Produce", 9, acks=0, timeout_ms=1000, topic_data=topic_data(topic, Batch([b"%d" % number]).encode()))
    # The next answer on the wire is the next request's.
    wait_for(lambda: end_offset(connection, topic) == 5, 5, "the five records")


def test_acks_0_closes_on_error(bootstrap, connection, make_topic):
    """Silence would make the client believe; Kafka's way to tell it is to close."""
    topic = make_topic()
    with Connection(bootstrap) as other:
        other.send("Produce", 9, acks=0, timeout_ms=1000, topic_data=topic_data(topic, Batch([b"a"], crc=1).encode()))
        assert other.is_closed_by_peer()
    assert end_offset(connection, topic) == 0


def test_pipelined_produces_are_stored_and_answered_in_order(connection, make_topic):
    """Forty requests with acks=all before the first answer is read."""
    topic = make_topic()
    sent = [
        connection.send("Produce", 9, acks=-1, timeout_ms=10_000, topic_data=topic_data(topic, Batch([b"%d" % number]).encode()))
        for number in range(40)
    ]  # fmt: skip
    for number, correlation_id in enumerate(sent):
        answer = connection.receive("Produce", 9, correlation_id)
        ((partition,),) = [response.partition_responses for response in answer.responses]
        assert (partition.error_code, partition.base_offset) == (0, number)


def test_several_topics_and_partitions_at_once(connection, make_topic):
    one, two = make_topic(partitions=2), make_topic()
    good = Batch([b"a"]).encode()
    data = [
        {"name": one, "partition_data": [{"index": 0, "records": good}, {"index": 1, "records": Batch([b"a"], crc=1).encode()}]},
        {"name": two, "partition_data": [{"index": 0, "records": good}]},
    ]
    answer = connection.ask("Produce", 9, acks=-1, timeout_ms=10_000, topic_data=data)
    codes = {(topic.name, partition.index): partition.error_code for topic in answer.responses for partition in topic.partition_responses}
    assert codes == {(one, 0): 0, (one, 1): CORRUPT_MESSAGE, (two, 0): 0}
