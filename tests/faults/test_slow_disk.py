"""A disk that takes half a second for everything, and one without space: who notices, and what is promised meanwhile.

A disk that fails is in test_failed_directory.py.
"""

import contextlib
import statistics
import threading
import time

import pytest

from lib import strace
from lib.batch import Batch, read_batches
from lib.broker import wait_for

from lib.produce import end_offset, fetch, produce
from lib.prometheus import scrape
from lib.vitals import LATENCY_FACTOR, Repeating
from lib.wire import Connection
from .conftest import create_topic

KAFKA_STORAGE_ERROR, REQUEST_TIMED_OUT = 56, 7
DELAY_US = 500_000
SLOW = [f"{call}:delay_enter={DELAY_US}" for call in ("pwrite64", "pwritev", "pwritev2", "fdatasync", "fsync", "syncfs")]
FIND_COORDINATOR, HEARTBEAT = 10, 12
GOOD = Batch([b"good"]).encode()


@pytest.fixture(autouse=True)
def traceable(request, tmp_path):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("injects faults into this repository's binary")
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)


@pytest.fixture
def broker(own_broker):
    broker = own_broker()
    broker.start()
    return broker


def is_offered(connection: Connection, api_key: int) -> bool:
    return any(row.api_key == api_key for row in connection.ask("ApiVersions", 0).api_keys)


def join(connection: Connection, group: str) -> tuple[int, str]:
    """Makes this connection the only member of a group; generation and member id."""
    fields = {
        "group_id": group, "session_timeout_ms": 30_000, "rebalance_timeout_ms": 30_000, "member_id": "", "group_instance_id": None,
        "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": b""}],
    }  # fmt: skip
    wait_for(
        lambda: connection.ask("FindCoordinator", 3, key=group, key_type=0).error_code == 0, 20, "the group's coordinator"
    )
    answer = connection.ask("JoinGroup", 5, **fields)
    answer = connection.ask("JoinGroup", 5, **(fields | {"member_id": answer.member_id}))
    assert answer.error_code == 0, answer
    synced = connection.ask(
        "SyncGroup", 3, group_id=group, generation_id=answer.generation_id, member_id=answer.member_id, group_instance_id=None,
        assignments=[{"member_id": answer.member_id, "assignment": b"all"}],
    )  # fmt: skip
    assert synced.error_code == 0, synced
    return answer.generation_id, answer.member_id


def questions(broker, connection: Connection, topic: str) -> dict:
    """Requests that have nothing to do with the disk."""
    asked = {
        "ApiVersions": lambda: connection.ask("ApiVersions", 0),
        "Metadata": lambda: connection.ask("Metadata", 9, topics=[{"name": topic}], allow_auto_topic_creation=False),
        "Fetch": lambda: fetch(connection, topic, 0),
        "ListOffsets": lambda: end_offset(connection, topic),
        "a scrape": lambda: scrape(broker.http_port),
    }
    if is_offered(connection, FIND_COORDINATOR) and is_offered(connection, HEARTBEAT):
        generation, member = join(connection, "slow-disk")

        def heartbeat() -> None:
            answer = connection.ask("Heartbeat", 3, group_id="slow-disk", generation_id=generation, member_id=member, group_instance_id=None)
            assert answer.error_code == 0, answer

        asked["Heartbeat"] = heartbeat
    return asked


def seconds_of(question, seconds: float) -> list[float]:
    took = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.perf_counter()
        question()
        took.append(time.perf_counter() - started)
        time.sleep(0.005)
    return took


PRODUCERS = 8


def test_nobody_but_the_producer_waits_for_a_slow_disk(broker, topic_name, tmp_path):
    """More producers than the broker has threads, a client that commits and one that creates topics wait; those who ask do not."""
    with Connection(broker.bootstrap, 30) as asking, contextlib.ExitStack() as block:
        topic = create_topic(asking, topic_name(), partitions=PRODUCERS)
        for partition in range(PRODUCERS):
            assert produce(asking, topic, GOOD, partition=partition).error_code == 0
        asked = questions(broker, asking, topic)
        with strace.Injected(broker.pid, tmp_path):
            usual = {name: seconds_of(question, 0.5) for name, question in asked.items()}

        waited = []
        stopping = threading.Event()

        def producer(partition: int):
            connection = block.enter_context(Connection(broker.bootstrap, 60))

            def produce_one() -> None:
                started = time.perf_counter()
                assert produce(connection, topic, GOOD, partition=partition).error_code == 0
                if not stopping.is_set() and slow.is_running():
                    waited.append(time.perf_counter() - started)

            return produce_one

        def creator():
            connection = block.enter_context(Connection(broker.bootstrap, 60))
            return lambda: create_topic(connection, topic_name("another"))

        def committer():
            connection = block.enter_context(Connection(broker.bootstrap, 60))
            rows = [{"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}]
            return lambda: connection.ask(
                "OffsetCommit", 7, group_id="others", generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
                topics=[{"name": topic, "partitions": rows}],
            )  # fmt: skip

        actions = [producer(partition) for partition in range(PRODUCERS)] + [creator()]
        if "Heartbeat" in asked:
            actions.append(committer())
        with strace.Injected(broker.pid, tmp_path, *SLOW) as slow, contextlib.ExitStack() as repeating:
            for action in actions:
                repeating.enter_context(Repeating(action))
            during = {name: seconds_of(question, 1.2) for name, question in asked.items()}
            stopping.set()
            slow.stop()  # what still waits need not wait for longer
        median = statistics.median
        for name in asked:
            print(f"{name}: {median(during[name]) * 1e3:.2f} ms, usually {median(usual[name]) * 1e3:.2f} ms, slowest {max(during[name]) * 1e3:.0f} ms")
        assert len(waited) >= PRODUCERS and min(waited) >= DELAY_US / 1e6, "a produce with acks=all waits for write and sync"
        for name in asked:
            assert median(during[name]) < LATENCY_FACTOR * max(median(usual[name]), 0.002), name
        late = [name for name in asked for seconds in during[name] if seconds > DELAY_US / 1e6 / 2]
        # Writes and syncs have threads of their own; one answer may be late because the machine was busy elsewhere.
        assert len(late) <= 1, f"have waited for the disk: {late}"


@pytest.mark.parametrize("fault", ["fallocate:error=ENOSPC", "pwritev:error=ENOSPC", "pwritev:error=EDQUOT"])
def test_no_space_is_refused_and_forgotten_when_there_is_some(broker, topic_name, tmp_path, fault):
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        assert produce(connection, topic, GOOD).base_offset == 0
        broker.expect_complaint("no space|No space|read-only|quota|os error 28|os error 122|append failed")
        big = Batch([b"x" * 400_000]).encode()  # more than is reserved ahead
        with strace.Injected(broker.pid, tmp_path, f"{fault}:when=1+"):
            for _ in range(3):
                assert produce(connection, topic, big).error_code == KAFKA_STORAGE_ERROR
            read = fetch(connection, topic, 0)
            assert (read.error_code, read.high_watermark) == (0, 1)
        wait_for(lambda: produce(connection, topic, big).error_code == 0, 15, "writing to go on by itself", every=0.3)
        end = end_offset(connection, topic)
        batches = read_batches(fetch(connection, topic, 0, bytes_max=10 << 20).records)
        assert [batch.base_offset for batch in batches] == list(range(end)), "no torn append in between"
    broker.kill()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert end_offset(connection, topic) == end


def test_a_short_write_is_finished(broker, topic_name, tmp_path):
    """The kernel takes three bytes and says so; the first bytes of a small base offset are zero anyway."""
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        assert produce(connection, topic, GOOD).base_offset == 0
        with strace.Injected(broker.pid, tmp_path, "pwritev:retval=3:when=1"):
            assert produce(connection, topic, Batch([b"second"]).encode()).base_offset == 1
        batches = read_batches(fetch(connection, topic, 0).records)
        assert [(batch.base_offset, batch.crc_is_right) for batch in batches] == [(0, True), (1, True)]
    broker.kill()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert end_offset(connection, topic) == 2
        batches = read_batches(fetch(connection, topic, 0).records)
        assert [(batch.base_offset, batch.crc_is_right) for batch in batches] == [(0, True), (1, True)]


def test_interrupted_calls_are_made_again(broker, topic_name, tmp_path):
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        with strace.Injected(broker.pid, tmp_path, "pwritev:error=EINTR:when=1+2", "fdatasync:error=EINTR:when=1+2"):
            for number in range(5):
                assert produce(connection, topic, GOOD).base_offset == number


def test_the_metadata_log_on_a_disk_that_fails(broker, topic_name, tmp_path):
    """A topic is not created, and the broker ends or refuses: it must not go on as if its metadata were stored."""
    with Connection(broker.bootstrap, 30) as connection:
        topic = create_topic(connection, topic_name())
        assert produce(connection, topic, GOOD).base_offset == 0
        broker.expect_complaint("controller|metadata|quorum|storage|os error 5|Input/output|offline|abort|panicked|closed|ended|fail")
        wanted = {"name": topic_name("refused"), "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
        with strace.Injected(broker.pid, tmp_path, "fdatasync:error=EIO:when=1+", "fsync:error=EIO:when=1+", "syncfs:error=EIO:when=1+"):
            try:
                (answer,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=5000, validate_only=False).topics
                assert answer.error_code != 0, "acknowledged, and not on the disk"
            except (ConnectionError, TimeoutError):
                pass
    if not broker.is_alive():
        assert broker.process.wait(1) == 4, f"storage failed is exit status 4\n{broker.log_tail()}"
    broker.kill()
    broker.start()
    with Connection(broker.bootstrap, 30) as connection:
        assert end_offset(connection, topic) == 1
