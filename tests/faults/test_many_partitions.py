"""Thousands of partitions on one node: what they cost in memory and open files, and how soon they are there again."""

import os
import time
import urllib.request
from pathlib import Path

import pytest

from lib.batch import Batch
from lib.broker import Broker
from lib.produce import end_offset
from lib.vitals import MIB
from lib.wire import Connection

TOPICS, PARTITIONS = 4, 500
# The goals are for 5,000 partitions: 70 MiB, and one second after kill -9. A shared machine and other builds get room.
RESIDENT_MIB = 2 * 70
SECONDS = 10
# Listeners, metadata log, epoll, and what the standard library opens.
OTHER_FILES = 60


@pytest.mark.timeout(300)
def test_they_cost_little_and_come_back(request, own_broker, topic_name):
    if request.config.getoption("--kafka"):
        pytest.skip("about this repository's binary")
    broker = own_broker()
    broker.start()
    topics = [topic_name(str(number)) for number in range(TOPICS)]
    batch = Batch([b"v" * 100] * 3).encode()
    with Connection(broker.bootstrap, 120) as connection:
        for topic in topics:
            wanted = {"name": topic, "num_partitions": PARTITIONS, "replication_factor": 1, "assignments": [], "configs": []}
            (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=60_000, validate_only=False).topics
            assert created.error_code == 0
            rows = [{"index": number, "records": batch} for number in range(PARTITIONS)]
            data = [{"name": topic, "partition_data": rows}]
            (answer,) = connection.ask("Produce", 9, transactional_id=None, acks=-1, timeout_ms=60_000, topic_data=data).responses
            assert {row.error_code for row in answer.partition_responses} == {0}
    check_costs(broker)
    for how in ("kill", "stop"):
        broker.kill() if how == "kill" else broker.stop(120)
        started = time.monotonic()
        broker.start()
        assert is_ready(broker)
        took = time.monotonic() - started
        print(f"ready {took:.2f} s after {how}, {open_files(broker)} files, {broker.resident_bytes() // MIB} MiB")
        assert took < SECONDS
        check_costs(broker)
        with Connection(broker.bootstrap, 60) as connection:
            for topic in topics:
                assert [end_offset(connection, topic, number) for number in (0, PARTITIONS - 1)] == [3, 3]


def is_ready(broker: Broker) -> bool:
    with urllib.request.urlopen(f"http://127.0.0.1:{broker.http_port}/readyz", timeout=10) as answer:
        return answer.status == 200


def check_costs(broker: Broker) -> None:
    assert open_files(broker) <= TOPICS * PARTITIONS + OTHER_FILES, "at most one file a partition"
    assert broker.resident_bytes() <= RESIDENT_MIB * MIB


def open_files(broker: Broker) -> int:
    return len(os.listdir(Path(f"/proc/{broker.pid}/fd")))
