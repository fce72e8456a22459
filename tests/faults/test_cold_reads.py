"""Old records that are no longer in the page cache: who reads them waits for the disk, and nobody else does."""

import contextlib
import os
import re
import statistics
import time
from pathlib import Path

import pytest

from lib import strace
from lib.batch import Batch, read_batches
from lib.broker import wait_for
from lib.produce import fetch, produce
from lib.prometheus import scrape
from lib.vitals import LATENCY_FACTOR, Repeating
from lib.wire import Connection
from .conftest import create_topic

READERS = 8
BATCHES = 40
DELAY_US = 300_000
SLOW_READ = f"pread64:delay_enter={DELAY_US}"


@pytest.fixture(autouse=True)
def traceable(request, tmp_path):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("delays this repository's binary")
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)


def forget(file: Path) -> None:
    """Drops a file from the page cache."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        with contextlib.suppress(BlockingIOError, OSError):
            if os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT):
                pytest.skip("this file system keeps everything in memory")
    finally:
        os.close(descriptor)


def test_only_who_reads_old_records_waits_for_the_disk(own_broker, topic_name, tmp_path):
    broker = own_broker()
    broker.start()
    with Connection(broker.bootstrap, 60) as asking, contextlib.ExitStack() as block:
        topic = create_topic(asking, topic_name(), partitions=READERS)
        for partition in range(READERS):
            for number in range(BATCHES):
                records = Batch([b"%08d" % number + os.urandom(50_000)]).encode()
                assert produce(asking, topic, records, partition=partition).error_code == 0
        broker.restart()  # nothing is left in the tail cache
        asking = block.enter_context(Connection(broker.bootstrap, 60))
        for file in broker.data.glob(f"{topic}-*/*"):
            if file.is_file():
                forget(file)

        def question() -> float:
            started = time.perf_counter()
            assert asking.ask("ApiVersions", 0).error_code == 0
            return time.perf_counter() - started

        usual = statistics.median(question() for _ in range(100))
        waited = []

        def reader(partition: int):
            connection = block.enter_context(Connection(broker.bootstrap, 60))

            def read() -> None:
                for file in broker.data.glob(f"{topic}-{partition}/*.log"):
                    forget(file)
                started = time.perf_counter()
                answer = fetch(connection, topic, 10, partition, bytes_max=500_000)
                waited.append(time.perf_counter() - started)
                assert answer.error_code == 0
                batches = read_batches(answer.records)
                assert batches[0].base_offset == 10 and all(batch.crc_is_right for batch in batches)

            return read

        with strace.Injected(broker.pid, tmp_path, SLOW_READ, calls="pread64,sendfile"), contextlib.ExitStack() as repeating:
            for partition in range(READERS):
                repeating.enter_context(Repeating(reader(partition)))
            until = time.monotonic() + 3
            during = []
            while time.monotonic() < until:
                during.append(question())
                time.sleep(0.005)
        print(f"{statistics.median(during) * 1e3:.2f} ms, usually {usual * 1e3:.2f} ms, slowest {max(during) * 1e3:.0f} ms; readers {min(waited, default=0):.2f} s")
        assert len(waited) >= READERS and max(waited) >= DELAY_US / 1e6, "reading what is not in memory waits for the disk"
        assert statistics.median(during) < LATENCY_FACTOR * max(usual, 0.002)
        late = [seconds for seconds in during if seconds > DELAY_US / 1e6 / 2]
        assert len(late) <= 1, f"waited for the disk: {late}"


def test_a_scrape_reads_what_is_cold_after_its_answer(own_broker, topic_name, tmp_path):
    """The age of a group's lag is that of a record which nobody has read for long. Some kernels read it in when they are asked."""
    broker = own_broker()
    broker.start()
    with Connection(broker.bootstrap, 60) as connection:
        topic = create_topic(connection, topic_name())
        for number in range(BATCHES):
            assert produce(connection, topic, Batch([b"%08d" % number + os.urandom(50_000)]).encode()).error_code == 0
        wait_for(lambda: connection.ask("FindCoordinator", 3, key="old", key_type=0).error_code == 0, 20, "the group's coordinator")
        rows = [{"partition_index": 0, "committed_offset": BATCHES // 2, "committed_leader_epoch": -1, "committed_metadata": ""}]
        committed = connection.ask(
            "OffsetCommit", 7, group_id="old", generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
            topics=[{"name": topic, "partitions": rows}],
        )  # fmt: skip
        assert committed.topics[0].partitions[0].error_code == 0
    broker.restart()  # nothing is left in the tail cache

    def scraped(family: str) -> tuple[list[str], float]:
        started = time.perf_counter()
        text = scrape(broker.http_port)
        seconds = time.perf_counter() - started
        return re.findall(rf'^{family}{{group="old",topic="{topic}",partition="0"}} (\S+)$', text, re.M), seconds

    for file in broker.data.glob(f"{topic}-*/*"):
        if file.is_file():
            forget(file)
    with strace.Injected(broker.pid, tmp_path, SLOW_READ, calls="pread64"):
        age, first = scraped("kafka_consumer_group_lag_seconds")
        lag, second = scraped("kafka_consumer_group_lag")
        print(f"age {age}, lag {lag}, {first * 1e3:.0f} and {second * 1e3:.0f} ms")
        assert lag == [str(BATCHES // 2)], "the lag is known whatever the disk does"
        assert max(first, second) < DELAY_US / 1e6 / 2, "waited for the disk"
        wait_for(lambda: scraped("kafka_consumer_group_lag_seconds")[0], 20, "the age, at a later scrape if not at the first")
