"""A disk of 64 MiB, filled until the broker refuses: it stays up, reads go on, and freed space is used again without anybody's help."""

import os
import signal

import pytest

from lib import small_disk
from lib.batch import Batch, read_batches
from lib.broker import wait_for
from lib.produce import end_offset, fetch, produce
from lib.vitals import MIB, Vitals
from lib.wire import Connection
from .conftest import create_topic

KAFKA_STORAGE_ERROR = 56
DELETE_RECORDS, OFFSET_COMMIT = 21, 8
COMPLAINTS = "(?i)no space|full|read-only|storage|os error 28|append failed"
# Retention is what frees the segments below a log's start.
RETENTION_OFTEN = {"log.retention.check.interval.ms": "500"}


@pytest.fixture
def disk(request, tmp_path):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("Apache Kafka halts when its disk is full")
    if reason := small_disk.why_not():
        pytest.skip(reason)
    disk = small_disk.SmallDisk(tmp_path)
    yield disk
    disk.remove()


@pytest.fixture(params=[0, 8 * MIB], ids=["without a reserve", "with a reserve"])
def broker(request, disk, own_broker):
    broker = own_broker({"hanzo.disk.reserve.bytes": str(request.param), "offsets.topic.num.partitions": "1"} | RETENTION_OFTEN, data=disk.mountpoint / "data")
    broker.expect_complaint(COMPLAINTS)
    broker.start()
    yield broker
    broker.kill()  # before its disk goes


def record(number: int) -> bytes:
    return Batch([b"%08d" % number + os.urandom(200_000)]).encode()


def fill(connection: Connection, topic: str, first: int = 0) -> int:
    """Produces until it is refused; returns how many records the topic has then."""
    for number in range(first, first + 1000):
        answer = produce(connection, topic, record(number))
        if answer.error_code != 0:
            assert answer.error_code == KAFKA_STORAGE_ERROR
            return number
        assert answer.base_offset == number
    raise AssertionError("200 MB fit on a disk of 64 MiB")


def assert_holds(connection: Connection, topic: str, count: int, start: int = 0) -> None:
    """Every acknowledged record, in order, and nothing between them."""
    offset = start
    while offset < count:
        fetched = fetch(connection, topic, offset, bytes_max=8 * MIB)
        assert fetched.error_code == 0, f"reading at {offset}: error {fetched.error_code}"
        batches = read_batches(fetched.records)
        assert batches, f"nothing at {offset}"
        for batch in batches:
            assert (batch.base_offset, batch.crc_is_right) == (offset, True)
            assert b"%08d" % offset in batch.records[:40]
            offset += 1
    assert end_offset(connection, topic) == count


def delete_topic(connection: Connection, topic: str) -> None:
    (answer,) = connection.ask("DeleteTopics", 5, topic_names=[topic], timeout_ms=10_000).responses
    assert answer.error_code == 0, answer


def is_offered(connection: Connection, api_key: int) -> bool:
    return any(row.api_key == api_key for row in connection.ask("ApiVersions", 0).api_keys)


def test_a_full_disk_refuses_reads_on_and_recovers(broker, disk, topic_name):
    vitals = Vitals(broker)
    with Connection(broker.bootstrap, 30) as connection:
        small = {"segment_bytes": str(2 * MIB)}
        kept, given_up = create_topic(connection, topic_name("kept"), **small), create_topic(connection, topic_name("given-up"), **small)
        for number in range(20):
            assert produce(connection, kept, record(number)).error_code == 0
        lost = fill(connection, given_up)
        assert lost > 50
        print(f"refused with {disk.free_bytes()} bytes free")

        # Again and again: refused, alive, readable, and no torn append in between.
        for _ in range(10):
            answer = produce(connection, kept, record(20))
            assert answer.error_code == KAFKA_STORAGE_ERROR
        vitals.check()
        assert_holds(connection, kept, 20)
        assert_holds(connection, given_up, lost)

        delete_topic(connection, given_up)
        wait_for(lambda: produce(connection, kept, record(20)).error_code == 0, 30, "writing to go on after the deletion", every=0.2)
        for number in range(21, 60):
            assert produce(connection, kept, record(number)).error_code == 0
        vitals.check()
        assert_holds(connection, kept, 60)

    for stop in (broker.kill, broker.stop):
        stop()
        broker.start()
        with Connection(broker.bootstrap, 30) as connection:
            assert_holds(connection, kept, 60)


def test_a_start_on_a_disk_that_the_broker_filled(broker, disk, topic_name):
    """kill -9 while the disk is full: the broker comes back, serves what it acknowledged, and takes more once there is room."""
    with Connection(broker.bootstrap, 30) as connection:
        kept, given_up = create_topic(connection, topic_name("kept")), create_topic(connection, topic_name("given-up"))
        for number in range(10):
            assert produce(connection, kept, record(number)).error_code == 0
        lost = fill(connection, given_up)
    for number in (signal.SIGKILL, signal.SIGTERM):
        broker.process.send_signal(number)
        # 4: an index found no space, so it was no clean stop, and the next start examines the logs.
        assert broker.process.wait(30) in (-9, 0, 4), broker.log_tail()
        broker.start()
        with Connection(broker.bootstrap, 30) as connection:
            assert_holds(connection, kept, 10)
            lost = fill(connection, given_up, lost)  # a start gives back what was reserved ahead
            assert_holds(connection, given_up, lost)
    with Connection(broker.bootstrap, 30) as connection:
        delete_topic(connection, given_up)
        wait_for(lambda: produce(connection, kept, record(10)).error_code == 0, 30, "writing to go on", every=0.2)
        assert_holds(connection, kept, 11)


@pytest.fixture
def stranger(disk):
    """Somebody else on the same disk: `stranger.take_all()` leaves no byte free."""

    class Stranger:
        file = disk.mountpoint / "ballast"

        def take_all(self) -> None:
            try:
                with open(self.file, "wb", buffering=0) as file:
                    for size in (MIB, 4096):
                        try:
                            while file.write(b"\0" * size):
                                pass
                        except OSError:
                            pass
            except OSError:
                pass

        def give_back(self) -> None:
            self.file.unlink(missing_ok=True)

    return Stranger()


def test_a_disk_that_somebody_else_fills_and_frees(broker, stranger, topic_name):
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        for number in range(10):
            assert produce(connection, topic, record(number)).error_code == 0
        vitals = Vitals(broker)
        stranger.take_all()
        end = fill(connection, topic, 10)  # what was reserved ahead
        for _ in range(5):
            assert produce(connection, topic, record(end)).error_code == KAFKA_STORAGE_ERROR
        assert_holds(connection, topic, end)
        vitals.check()
        stranger.give_back()
        wait_for(lambda: produce(connection, topic, record(end)).error_code == 0, 30, "writing to go on", every=0.2)
        assert_holds(connection, topic, end + 1)
        vitals.check()


def test_topics_created_on_a_full_disk_harm_nobody(broker, stranger, topic_name):
    """Refused or created; with space, what was created takes records."""
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        assert produce(connection, topic, record(0)).error_code == 0
        vitals = Vitals(broker)
        stranger.take_all()
        created = []
        for _ in range(5):
            name = topic_name("x" * 150)
            wanted = {"name": name, "num_partitions": 3, "replication_factor": 1, "assignments": [], "configs": []}
            (answer,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=5000, validate_only=False).topics
            if answer.error_code == 0:
                created.append(name)
        print(f"{len(created)} topics created without a byte of space")
        vitals.check()
        assert_holds(connection, topic, 1)
        stranger.give_back()
        wait_for(lambda: produce(connection, topic, record(1)).error_code == 0, 30, "writing to go on", every=0.2)

        def takes_records() -> bool:
            answers = [produce(connection, name, Batch([b"a"]).encode(), partition=partition) for name in created for partition in range(3)]
            return all(answer.error_code == 0 for answer in answers)

        wait_for(takes_records, 30, "the topics that were created without space", every=0.5)
    broker.stop()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert takes_records()
        assert_holds(connection, topic, 2)


def test_a_start_on_a_disk_without_a_byte(broker, stranger, topic_name):
    """It starts again and again: the metadata log has space of its own. With space for the others too it is as it was."""
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        end = fill(connection, topic)
    for _ in range(5):
        broker.kill()
        stranger.take_all()
        broker.start()
    broker.kill()
    stranger.give_back()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert_holds(connection, topic, end)


def test_deleted_records_make_room(broker, disk, topic_name):
    with Connection(broker.bootstrap, 30) as connection:
        if not is_offered(connection, DELETE_RECORDS):
            pytest.skip("DeleteRecords is not offered yet")
        topic = create_topic(connection, topic_name(), segment_bytes=str(2 * MIB))
        count = fill(connection, topic)
        start = count - 20
        rows = [{"partition_index": 0, "offset": start}]
        (answer,) = connection.ask("DeleteRecords", 2, topics=[{"name": topic, "partitions": rows}], timeout_ms=10_000).topics
        assert (answer.partitions[0].error_code, answer.partitions[0].low_watermark) == (0, start)
        wait_for(lambda: produce(connection, topic, record(count)).error_code == 0, 30, "writing to go on", every=0.2)
        assert_holds(connection, topic, count + 1, start)
    broker.kill()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert_holds(connection, topic, count + 1, start)


def test_groups_go_on_in_the_reserve(request, broker, disk, topic_name):
    """Producers are refused while the reserve is left, for those who only read and commit."""
    if "without" in request.node.name:
        pytest.skip("there is no reserve")
    with Connection(broker.bootstrap, 30) as connection:
        if not is_offered(connection, OFFSET_COMMIT):
            pytest.skip("OffsetCommit is not offered yet")
        topic = create_topic(connection, topic_name())
        count = fill(connection, topic)
        print(f"{disk.free_bytes()} bytes free")
        wait_for(lambda: connection.ask("FindCoordinator", 3, key="readers", key_type=0).error_code == 0, 20, "the group's coordinator")
        for offset in range(0, count, 10):
            rows = [{"partition_index": 0, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": ""}]
            answer = connection.ask(
                "OffsetCommit", 7, group_id="readers", generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
                topics=[{"name": topic, "partitions": rows}],
            )  # fmt: skip
            assert answer.topics[0].partitions[0].error_code == 0, answer
        assert produce(connection, topic, record(count)).error_code == KAFKA_STORAGE_ERROR
