"""Fetch and ListOffsets: what is returned, when, and what an offset outside the log brings."""

import threading
import time

import pytest

from lib.batch import Batch, read_batches
from lib.wire import Connection

OFFSET_OUT_OF_RANGE, UNKNOWN_TOPIC_OR_PARTITION = 1, 3
FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, UNKNOWN_TOPIC_ID = 74, 75, 100
LATEST, EARLIEST, MAX_TIMESTAMP = -1, -2, -3


def append(connection: Connection, topic: str, *batches: Batch, partition: int = 0) -> None:
    for batch in batches:
        data = [{"name": topic, "partition_data": [{"index": partition, "records": batch.encode()}]}]
        answer = connection.ask("Produce", 9, acks=-1, timeout_ms=10_000, topic_data=data)
        assert answer.responses[0].partition_responses[0].error_code == 0


def request(topic: str | dict, offset: int = 0, partitions: tuple[int, ...] = (0,), partition_max_bytes: int = 1 << 20, **fields) -> dict:
    """The fields of a Fetch; `current_leader_epoch` goes to the partition, other names to the request."""
    epoch = fields.pop("current_leader_epoch", -1)
    rows = [
        {
            "partition": partition, "current_leader_epoch": epoch, "fetch_offset": offset, "last_fetched_epoch": -1,
            "log_start_offset": -1, "partition_max_bytes": partition_max_bytes,
        }
        for partition in partitions
    ]  # fmt: skip
    named = {"topic": topic} if isinstance(topic, str) else topic
    return {
        "replica_id": -1, "max_wait_ms": 500, "min_bytes": 1, "max_bytes": 50 << 20, "isolation_level": 0, "session_id": 0,
        "session_epoch": -1, "topics": [{**named, "partitions": rows}], "forgotten_topics_data": [], "rack_id": "",
    } | fields  # fmt: skip


def fetch(connection: Connection, topic: str | dict, *arguments, version: int = 12, **fields):
    answer = connection.ask("Fetch", version, **request(topic, *arguments, **fields))
    ((partition,),) = [response.partitions for response in answer.responses]
    return partition


def offset_for(connection: Connection, topic: str, timestamp: int, version: int = 7, partition: int = 0, epoch: int = -1):
    wanted = [{"name": topic, "partitions": [{"partition_index": partition, "current_leader_epoch": epoch, "timestamp": timestamp}]}]
    answer = connection.ask("ListOffsets", version, replica_id=-1, isolation_level=0, topics=wanted, timeout_ms=5000)
    ((result,),) = [topic.partitions for topic in answer.topics]
    return result


@pytest.mark.parametrize("version", range(4, 13))
def test_every_version_returns_the_batch(connection, make_topic, version):
    topic = make_topic()
    append(connection, topic, Batch([b"a", b"b"]))
    partition = fetch(connection, topic, version=version)
    assert (partition.error_code, partition.high_watermark, partition.last_stable_offset) == (0, 2, 2)
    (batch,) = read_batches(partition.records)
    assert (batch.count, batch.crc_is_right) == (2, True)
    if version >= 5:
        assert partition.log_start_offset == 0
    if version >= 11:
        assert partition.preferred_read_replica == -1


@pytest.mark.parametrize("version", range(13, 19))
def test_later_versions_name_topics_by_id(connection, make_topic, version):
    name = make_topic()
    append(connection, name, Batch([b"a"]))
    (topic,) = connection.ask("Metadata", 12, topics=[{"name": name}]).topics
    partition = fetch(connection, {"topic_id": topic.topic_id}, version=version)
    assert partition.error_code == 0
    assert len(read_batches(partition.records)) == 1
    unknown = type(topic.topic_id)(int=4711)
    assert fetch(connection, {"topic_id": unknown}, version=version).error_code == UNKNOWN_TOPIC_ID


def test_an_offset_inside_a_batch_returns_the_whole_batch(connection, make_topic):
    topic = make_topic()
    append(connection, topic, Batch([b"a"] * 10), Batch([b"b"] * 10))
    batches = read_batches(fetch(connection, topic, 14).records)
    assert [batch.base_offset for batch in batches] == [10]
    batches = read_batches(fetch(connection, topic, 5).records)
    assert [batch.base_offset for batch in batches] == [0, 10]


def test_the_first_batch_comes_whole_whatever_the_limit(connection, make_topic):
    """KIP-74: a consumer with a small limit still gets on."""
    topic = make_topic()
    append(connection, topic, Batch([b"x" * 5000]), Batch([b"y" * 5000]))
    partition = fetch(connection, topic, 0, (0,), 100, max_bytes=100)
    assert [batch.base_offset for batch in read_batches(partition.records)] == [0]


def test_a_fetch_stays_within_its_limit(connection, make_topic):
    topic = make_topic(partitions=4)
    for partition in range(4):
        append(connection, topic, *(Batch([b"x" * 1000]) for _ in range(10)), partition=partition)
    answer = connection.ask("Fetch", 12, **request(topic, 0, (0, 1, 2, 3), 3000, max_bytes=6500))
    sizes = [len(partition.records or b"") for response in answer.responses for partition in response.partitions]
    assert all(size <= 3000 for size in sizes)
    assert 0 < sum(sizes) <= 6500


def test_an_empty_partition_has_empty_records_not_null(connection, make_topic):
    """librdkafka 2.0.2 throws the whole answer away at a null."""
    topic = make_topic()
    partition = fetch(connection, topic, max_wait_ms=10)
    assert (partition.error_code, partition.high_watermark) == (0, 0)
    assert partition.records is not None and len(partition.records) == 0


@pytest.mark.parametrize("offset", [-1, 4, 1 << 40])
def test_an_offset_outside_the_log(connection, make_topic, offset):
    topic = make_topic()
    append(connection, topic, Batch([b"a"] * 3))
    partition = fetch(connection, topic, offset)
    assert partition.error_code == OFFSET_OUT_OF_RANGE
    assert not partition.records


def test_the_end_of_the_log_is_valid_and_waits(connection, make_topic):
    topic = make_topic()
    append(connection, topic, Batch([b"a"] * 3))
    started = time.monotonic()
    partition = fetch(connection, topic, 3, max_wait_ms=400)
    assert partition.error_code == 0
    assert 0.35 < time.monotonic() - started < 3


def test_a_waiting_fetch_is_woken_by_a_record(bootstrap, connection, make_topic):
    topic = make_topic()
    append(connection, topic, Batch([b"a"]))

    def later():
        time.sleep(0.3)
        with Connection(bootstrap) as producer:
            append(producer, topic, Batch([b"b"]))

    thread = threading.Thread(target=later)
    started = time.monotonic()
    thread.start()
    partition = fetch(connection, topic, 1, max_wait_ms=8000)
    waited = time.monotonic() - started
    thread.join()
    assert [batch.base_offset for batch in read_batches(partition.records)] == [1]
    assert 0.2 < waited < 3


def test_minimum_bytes_are_waited_for(bootstrap, connection, make_topic):
    topic = make_topic()
    append(connection, topic, Batch([b"a"]))
    started = time.monotonic()
    partition = fetch(connection, topic, 0, min_bytes=10_000, max_wait_ms=400)
    assert time.monotonic() - started > 0.35
    assert len(read_batches(partition.records)) == 1, "after the wait there is what there is"


def test_leader_epochs_are_compared(connection, make_topic):
    topic = make_topic()
    append(connection, topic, Batch([b"a"]))
    assert fetch(connection, topic, current_leader_epoch=0).error_code == 0
    assert fetch(connection, topic, current_leader_epoch=1).error_code == UNKNOWN_LEADER_EPOCH
    assert offset_for(connection, topic, LATEST, epoch=1).error_code == UNKNOWN_LEADER_EPOCH


def test_unknown_topics_and_partitions(connection, make_topic, topic_name):
    topic = make_topic()
    assert fetch(connection, topic_name()).error_code == UNKNOWN_TOPIC_OR_PARTITION
    assert fetch(connection, topic, 0, (7,)).error_code == UNKNOWN_TOPIC_OR_PARTITION
    assert offset_for(connection, topic, LATEST, partition=7).error_code == UNKNOWN_TOPIC_OR_PARTITION


@pytest.mark.parametrize("version", range(1, 12))
def test_offsets_at_the_ends(connection, make_topic, version):
    topic = make_topic()
    empty = offset_for(connection, topic, LATEST, version)
    assert (empty.error_code, empty.offset, empty.timestamp) == (0, 0, -1)
    append(connection, topic, Batch([b"a"] * 3))
    latest, earliest = offset_for(connection, topic, LATEST, version), offset_for(connection, topic, EARLIEST, version)
    assert (latest.offset, latest.timestamp) == (3, -1)
    assert (earliest.offset, earliest.timestamp) == (0, -1)
    if version >= 4:
        assert latest.leader_epoch == 0


def test_offsets_by_time_are_exact_inside_a_batch(connection, make_topic):
    topic = make_topic()
    # 1000..1090 in steps of ten, a gap, then a batch that goes back in time.
    append(connection, topic, Batch([b"a"] * 10, timestamp_ms=1000, timestamp_step_ms=10))
    append(connection, topic, Batch([b"b"] * 10, timestamp_ms=2000, timestamp_step_ms=10))
    append(connection, topic, Batch([b"c"] * 10, timestamp_ms=1500, timestamp_step_ms=10))

    def found(timestamp: int) -> tuple[int, int]:
        result = offset_for(connection, topic, timestamp)
        assert result.error_code == 0
        return result.offset, result.timestamp

    assert found(0) == (0, 1000)
    assert found(1000) == (0, 1000)
    assert found(1001) == (1, 1010)
    assert found(1091) == (10, 2000)
    assert found(2055) == (16, 2060)
    assert found(2091) == (-1, -1)


def test_the_greatest_timestamp(connection, make_topic):
    topic = make_topic()
    assert offset_for(connection, topic, MAX_TIMESTAMP).offset == -1
    append(connection, topic, Batch([b"a"] * 3, timestamp_ms=2000), Batch([b"b"] * 3, timestamp_ms=1000))
    newest = offset_for(connection, topic, MAX_TIMESTAMP)
    assert (newest.offset, newest.timestamp) == (2, 2002)


@pytest.mark.parametrize("version", [4, 9, 10])
def test_zstd_is_given_to_every_version(connection, make_topic, version):
    """KIP-110 wants Fetch 10 for it; Kafka 4.3 no longer asks for that."""
    topic = make_topic(compression_type="zstd")
    append(connection, topic, Batch([b"packed"]))
    assert fetch(connection, topic, version=version).error_code == 0


@pytest.mark.parametrize("epoch", [1_000_000, -1])
def test_the_end_of_an_epoch_that_nobody_knows(connection, make_topic, epoch):
    topic = make_topic()
    append(connection, topic, Batch([b"a"]))
    rows = [{"partition": 0, "current_leader_epoch": -1, "leader_epoch": epoch}]
    answer = connection.ask("OffsetForLeaderEpoch", 3, replica_id=-1, topics=[{"topic": topic, "partitions": rows}])
    ((found,),) = [topic.partitions for topic in answer.topics]
    assert (found.error_code, found.leader_epoch, found.end_offset) == (0, -1, -1)
