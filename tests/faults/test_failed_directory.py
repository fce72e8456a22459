"""One of two log directories fails: it is offline as a whole until restart, and the other one serves as if nothing had happened."""

import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib import strace
from lib.batch import Batch, read_batches
from lib.broker import Broker, wait_for
from lib.produce import end_offset, fetch, offset_for, produce
from lib.wire import Connection
from .conftest import create_topic

LEADER_NOT_AVAILABLE, COORDINATOR_NOT_AVAILABLE, NOT_COORDINATOR, KAFKA_STORAGE_ERROR = 5, 15, 16, 56
ELECTION_NOT_NEEDED, PREFERRED_LEADER_NOT_AVAILABLE, ELIGIBLE_LEADERS_NOT_AVAILABLE = 84, 80, 83
GOOD = Batch([b"good"]).encode()
NO_SYNC = ("fdatasync:error=EIO:when=1+", "fsync:error=EIO:when=1+", "syncfs:error=EIO:when=1+")
NO_WRITE = ("pwritev:error=EIO:when=1+", "pwrite64:error=EIO:when=1+")
SEGMENT = "00000000000000000000.log"


@pytest.fixture(autouse=True)
def traceable(request, tmp_path):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("injects faults into this repository's binary")
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)


@pytest.fixture
def dirs(tmp_path) -> list[Path]:
    """The first also holds the metadata log."""
    return [tmp_path / "first", tmp_path / "second"]


@pytest.fixture
def broker(own_broker, dirs):
    broker = own_broker({"offsets.topic.num.partitions": "4"}, data=Path(",".join(map(str, dirs))))
    broker.expect_complaint(f"log directory {dirs[1]} failed and is offline until restart")
    broker.start()
    return broker


def placed(dirs: list[Path], topic: str, partitions: int) -> tuple[list[int], list[int]]:
    """The partitions that are in the first directory, and those in the second."""
    numbers = range(partitions)
    return [n for n in numbers if (dirs[0] / f"{topic}-{n}").is_dir()], [n for n in numbers if (dirs[1] / f"{topic}-{n}").is_dir()]


def commit(connection: Connection, group: str, topic: str, offset: int) -> int:
    rows = [{"partition_index": 0, "committed_offset": offset, "committed_leader_epoch": -1, "committed_metadata": ""}]
    answer = connection.ask(
        "OffsetCommit", 7, group_id=group, generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
        topics=[{"name": topic, "partitions": rows}],
    )  # fmt: skip
    return answer.topics[0].partitions[0].error_code


def committed(connection: Connection, group: str, topic: str) -> tuple[int, int]:
    answer = connection.ask("OffsetFetch", 5, group_id=group, topics=[{"name": topic, "partition_indexes": [0]}])
    if answer.error_code:
        return answer.error_code, -1
    (partition,) = answer.topics[0].partitions
    return partition.error_code, partition.committed_offset


def coordinator_error(connection: Connection, group: str) -> int:
    return connection.ask("FindCoordinator", 3, key=group, key_type=0).error_code


def groups_of(connection: Connection, dirs: list[Path], topic: str) -> tuple[str, str]:
    """A group whose offsets are in the first directory, and one whose are in the second."""
    wait_for(lambda: coordinator_error(connection, "any") == 0, 20, "the groups' coordinator")
    found = {}
    for number in range(100):
        group = f"group-{number}"
        sizes = {path: path.stat().st_size for directory in dirs for path in directory.glob(f"__consumer_offsets-*/{SEGMENT}")}
        wait_for(lambda: commit(connection, group, topic, 7) == 0, 20, "a commit")
        (grown,) = [path for path, size in sizes.items() if path.stat().st_size > size]
        found.setdefault(grown.parents[1], group)
        if len(found) == 2:
            return found[dirs[0]], found[dirs[1]]
    raise AssertionError("every group's offsets are in one directory")


def metric(broker: Broker, name: str) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{broker.http_port}/metrics", timeout=10) as answer:
        (line,) = [line for line in answer.read().decode().splitlines() if line.startswith(f"{name} ")]
    return float(line.split()[1])


@dataclass
class Led:
    """What Metadata says of a partition."""

    error: int
    leader: int
    epoch: int
    offline: list[int]


def metadata(connection: Connection, topic: str) -> list[Led]:
    """The same of Metadata and DescribeTopicPartitions, but that the second never has an error for a partition."""
    flags = {"allow_auto_topic_creation": False, "include_cluster_authorized_operations": False, "include_topic_authorized_operations": False}
    (known,) = connection.ask("Metadata", 9, topics=[{"name": topic}], **flags).topics
    (described,) = connection.ask("DescribeTopicPartitions", 0, topics=[{"name": topic}], response_partition_limit=100, cursor=None).topics
    found = []
    for one, other in zip(*(sorted(rows, key=lambda row: row.partition_index) for rows in (known.partitions, described.partitions)), strict=True):
        led = Led(one.error_code, one.leader_id, one.leader_epoch, one.offline_replicas)
        assert Led(0, other.leader_id, other.leader_epoch, other.offline_replicas) == Led(0, led.leader, led.epoch, led.offline)
        assert other.error_code == 0
        found.append(led)
    return found


def elect(connection: Connection, topic: str, partition: int, election_type: int) -> int:
    wanted = [{"topic": topic, "partitions": [partition]}]
    answer = connection.ask("ElectLeaders", 1, election_type=election_type, topic_partitions=wanted, timeout_ms=10_000)
    return answer.replica_election_results[0].partition_result[0].error_code


def log_dir_errors(connection: Connection) -> dict[str, int]:
    answer = connection.ask("DescribeLogDirs", 1, topics=None)
    return {result.log_dir: result.error_code for result in answer.results}


def fail_second(broker, connection, tmp_path, dirs, topic, partition, faults) -> None:
    with strace.Injected(broker.pid, tmp_path, *faults, path=dirs[1] / f"{topic}-{partition}" / SEGMENT):
        answer = produce(connection, topic, Batch([b"never acknowledged"]).encode(), partition=partition)
        assert answer.error_code == KAFKA_STORAGE_ERROR
    wait_for(lambda: "is offline until restart" in "\n".join(broker.log_lines()), 10, "the line that says so")


@pytest.mark.parametrize("faults", [NO_SYNC, NO_WRITE], ids=["sync", "write"])
def test_the_whole_directory_is_offline(broker, dirs, topic_name, tmp_path, faults):
    """EIO: the kernel has dropped the pages, so that later syncs which succeed would prove nothing, whichever file they are of."""
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name(), partitions=4)
        well, ill = placed(dirs, topic, 4)
        assert len(well) == len(ill) == 2
        for partition in range(4):
            for _ in range(3):
                assert produce(connection, topic, GOOD, partition=partition).error_code == 0
        group_well, group_ill = groups_of(connection, dirs, topic)
        before = metadata(connection, topic)
        assert all(led == Led(0, 1, led.epoch, []) for led in before)
        assert (metric(broker, "kafka_offline_log_directories"), metric(broker, "kafka_offline_partitions")) == (0, 0)

        fail_second(broker, connection, tmp_path, dirs, topic, ill[0], faults)

        # Clients are not sent here for what is in it, as with Kafka 4.3.
        wait_for(lambda: metadata(connection, topic)[ill[-1]].leader == -1, 10, "the controller to know")
        told = metadata(connection, topic)
        for partition in ill:
            assert told[partition] == Led(LEADER_NOT_AVAILABLE, -1, before[partition].epoch + 1, [1])
            assert elect(connection, topic, partition, 0) == PREFERRED_LEADER_NOT_AVAILABLE
            assert elect(connection, topic, partition, 1) == ELIGIBLE_LEADERS_NOT_AVAILABLE
        for partition in well:
            assert told[partition] == before[partition]
            assert elect(connection, topic, partition, 0) == ELECTION_NOT_NEEDED

        # The disk is well again, and still nothing of this directory is promised or shown.
        for _ in range(3):
            for partition in ill:
                for acks in (-1, 1):
                    assert produce(connection, topic, GOOD, acks=acks, partition=partition).error_code == KAFKA_STORAGE_ERROR
                assert fetch(connection, topic, 0, partition).error_code == KAFKA_STORAGE_ERROR
                for timestamp in (-1, -2, 0):
                    assert offset_for(connection, topic, timestamp, partition).error_code == KAFKA_STORAGE_ERROR
        assert commit(connection, group_ill, topic, 8) == NOT_COORDINATOR
        assert committed(connection, group_ill, topic)[0] == NOT_COORDINATOR
        assert coordinator_error(connection, group_ill) == COORDINATOR_NOT_AVAILABLE
        assert log_dir_errors(connection) == {str(dirs[0]): 0, str(dirs[1]): KAFKA_STORAGE_ERROR}
        assert metric(broker, "kafka_offline_log_directories") == 1
        assert metric(broker, "kafka_offline_partitions") == len(list(dirs[1].glob("*-[0-9]")))

        # The other directory serves, and takes what is new.
        for partition in well:
            assert produce(connection, topic, GOOD, partition=partition).base_offset == 3
            assert len(read_batches(fetch(connection, topic, 0, partition).records)) == 4
        assert commit(connection, group_well, topic, 8) == 0
        another = create_topic(connection, topic_name("another"), partitions=2)
        assert placed(dirs, another, 2) == ([0, 1], [])
        assert produce(connection, another, GOOD, partition=1).error_code == 0
    complaints = [line for line in broker.log_lines() if " ERROR " in line or " WARN " in line]
    assert len(complaints) == 1, "\n".join(complaints)

    broker.stop()
    marks = [(directory / ".kafka_cleanshutdown").exists() for directory in dirs]
    assert marks == [True, False], "what failed was not shut down cleanly, and what is well was"
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        for partition in ill:
            end = end_offset(connection, topic, partition)
            assert end in (3, 4), "three were acknowledged; the fourth may have survived"
            assert produce(connection, topic, GOOD, partition=partition).base_offset == end
        wait_for(lambda: committed(connection, group_ill, topic) == (0, 7), 20, "the offset committed before the failure")
        assert commit(connection, group_ill, topic, 9) == 0
        assert set(log_dir_errors(connection).values()) == {0}
        assert all(led == Led(0, 1, led.epoch, []) for led in metadata(connection, topic))
        assert metric(broker, "kafka_offline_log_directories") == 0


def test_who_waits_for_another_sync_is_told(broker, dirs, topic_name, tmp_path):
    """A produce whose own sync is slow, and a Fetch that waits for records, when another log of the directory fails."""
    with Connection(broker.bootstrap, 30) as connection, Connection(broker.bootstrap, 30) as waiting:
        topic = create_topic(connection, topic_name(), partitions=4)
        _, ill = placed(dirs, topic, 4)
        assert produce(connection, topic, GOOD, partition=ill[1]).error_code == 0
        row = {
            "partition": ill[1], "current_leader_epoch": -1, "fetch_offset": 1, "last_fetched_epoch": -1, "log_start_offset": -1,
            "partition_max_bytes": 1 << 20,
        }  # fmt: skip
        correlation_id = waiting.send(
            "Fetch", 12, replica_id=-1, max_wait_ms=25_000, min_bytes=1, max_bytes=1 << 20, isolation_level=0, session_id=0,
            session_epoch=-1, topics=[{"topic": topic, "partitions": [row]}], forgotten_topics_data=[], rack_id="",
        )  # fmt: skip
        waiting.socket.settimeout(10)
        fail_second(broker, connection, tmp_path, dirs, topic, ill[0], NO_SYNC)
        ((told,),) = [response.partitions for response in waiting.receive("Fetch", 12, correlation_id).responses]
        assert told.error_code == KAFKA_STORAGE_ERROR


def test_a_read_that_fails_fails_alone(own_broker, topic_name, tmp_path):
    """As with Kafka a read error takes nothing offline. The client is told KAFKA_STORAGE_ERROR, which it retries (Kafka: UNKNOWN_SERVER_ERROR)."""
    broker = own_broker()
    broker.expect_complaint("read failed: .*Input/output error")
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name(), partitions=2)
        for partition in range(2):
            for _ in range(3):
                assert produce(connection, topic, GOOD, partition=partition).error_code == 0
    # After a start nothing is in memory, and the position of an offset is looked up in the file.
    broker.restart()
    with Connection(broker.bootstrap, 30) as connection:
        calls = "pread64,preadv,preadv2"
        faults = [f"{call}:error=EIO:when=1+" for call in calls.split(",")]
        with strace.Injected(broker.pid, tmp_path, *faults, calls=calls, path=broker.data / f"{topic}-0" / SEGMENT):
            assert fetch(connection, topic, 2).error_code == KAFKA_STORAGE_ERROR
            assert len(read_batches(fetch(connection, topic, 2, 1).records)) == 1
        assert produce(connection, topic, GOOD).base_offset == 3
        assert len(read_batches(fetch(connection, topic, 2).records)) == 2
        assert metadata(connection, topic)[0].leader == 1
        assert metric(broker, "kafka_offline_log_directories") == 0


def test_without_the_metadata_logs_directory_the_process_ends(own_broker, topic_name, tmp_path):
    """As Kafka halts: status 4 and one line."""
    broker = own_broker()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        for _ in range(3):
            assert produce(connection, topic, GOOD).error_code == 0
        before = len(broker.log_lines())
        with strace.Injected(broker.pid, tmp_path, *NO_SYNC, path=broker.data / f"{topic}-0" / SEGMENT):
            try:
                assert produce(connection, topic, GOOD).error_code == KAFKA_STORAGE_ERROR
            except (ConnectionError, TimeoutError):
                pass
            assert broker.process.wait(20) == 4, broker.log_tail()
    (line,) = broker.log_lines()[before:]
    assert f"log directory {broker.data} failed" in line and "metadata log" in line and "os error 5" in line, line
    assert not (broker.data / ".kafka_cleanshutdown").exists()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert end_offset(connection, topic) in (3, 4)
