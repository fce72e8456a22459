"""A million commits of ten keys leave less than two segments of `__consumer_offsets`, and a restart replays only what is left."""

import re
import struct

import pytest

from lib.broker import Broker, wait_for
from lib.probe import read_exactly
from lib.wire import MESSAGES, Connection, build, framed

KEYS = 10
# Of each key in one request; what an OffsetCommit names several times is a record each time.
REPEATS = 100
IN_FLIGHT = 5
COMMITS = 1_000_000
SEGMENT_BYTES = 1 << 20
LOADED = re.compile(r"loaded the groups of (\d+) records, (\d+) bytes .*partition=__consumer_offsets-0")


@pytest.mark.timeout(600)
def test_a_million_commits_of_ten_keys(request, own_broker, topic_name):
    if request.config.getoption("--kafka"):
        pytest.skip("reads this broker's log lines")
    broker = own_broker({
        "offsets.topic.num.partitions": "1", "offsets.topic.segment.bytes": str(SEGMENT_BYTES), "log.cleaner.backoff.ms": "100",
    })  # fmt: skip
    broker.start()
    with Connection(broker.bootstrap, 60) as connection:
        topic = topic_name()
        wanted = {"name": topic, "num_partitions": KEYS, "replication_factor": 1, "assignments": [], "configs": []}
        (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False).topics
        assert created.error_code == 0
        wait_for(lambda: connection.ask("FindCoordinator", 3, key="readers", key_type=0).error_code == 0, 20, "the coordinator")
        wait_for(lambda: set(committed(connection, topic)) == {-1}, 20, "the empty coordinator")
        last = commit_again_and_again(connection, topic, COMMITS // (KEYS * REPEATS))
        assert committed(connection, topic) == [last - 1] * KEYS
    # The thread that compacts looks for compacted topics every ten seconds until there is one.
    wait_for(lambda: read_by_compaction(broker) > 10 * SEGMENT_BYTES, 60, "a compaction with much to read")
    wait_for(lambda: left(broker) < 2 * SEGMENT_BYTES, 60, lambda: f"{left(broker)} bytes are left")

    for end in (broker.stop, broker.kill):
        end()
        remaining, before = left(broker), len(broker.log_lines())
        broker.start()
        records, replayed = wait_for(lambda: loaded(broker, before), 20, "the line that says what was replayed")  # noqa: B023
        print(f"{COMMITS} commits; {end.__name__}: {records} records, {replayed} of {remaining} bytes were replayed")
        assert replayed <= remaining < 2 * SEGMENT_BYTES
        assert KEYS <= records < COMMITS / 10
        with Connection(broker.bootstrap, 60) as connection:
            assert committed(connection, topic) == [last - 1] * KEYS


def commit_again_and_again(connection: Connection, topic: str, requests: int) -> int:
    """Sends the same bytes with growing offsets, some at a time; returns how many offsets each key had."""
    places = [(partition, repeat) for repeat in range(REPEATS) for partition in range(KEYS)]
    rows = [
        {"partition_index": partition, "committed_offset": repeat, "committed_leader_epoch": -1, "committed_metadata": ""}
        for partition, repeat in places
    ]
    message = build(MESSAGES["OffsetCommitRequest"], {
        "group_id": "readers", "generation_id_or_member_epoch": -1, "member_id": "", "group_instance_id": None,
        "topics": [{"name": topic, "partitions": rows}],
    }, 7)  # fmt: skip
    message.with_header(correlation_id=1, client_id="many-commits")
    template = bytearray(framed(message.encode(header=True, framed=False)))
    # Partition, offset, epoch and an empty string; the offsets are written over.
    row = struct.Struct(">iqih")
    first = template.index(b"".join(row.pack(partition, repeat, -1, 0) for partition, repeat in places))
    answers = set()
    for number in range(requests + IN_FLIGHT):
        if number < requests:
            for index, (_, repeat) in enumerate(places):
                struct.pack_into(">q", template, first + index * row.size + 4, number * REPEATS + repeat)
            connection.send_raw(bytes(template))
        if number >= IN_FLIGHT:
            (size,) = struct.unpack(">i", read_exactly(connection.socket, 4))
            answers.add(read_exactly(connection.socket, size))
    (answer,) = answers
    errors = [struct.unpack_from(">ih", answer, len(answer) - 6 * (index + 1))[1] for index in range(len(places))]
    assert set(errors) == {0}
    return requests * REPEATS


def committed(connection: Connection, topic: str) -> list[int]:
    answer = connection.ask("OffsetFetch", 5, group_id="readers", topics=[{"name": topic, "partition_indexes": list(range(KEYS))}])
    if answer.error_code:
        return []
    return [partition.committed_offset for partition in answer.topics[0].partitions]


def read_by_compaction(broker: Broker) -> int:
    found = (re.search(r"compacted \d+ segments, (\d+) bytes, .*partition=__consumer_offsets-0", line) for line in broker.log_lines())
    return sum(int(line[1]) for line in found if line)


def left(broker: Broker) -> int:
    """Bytes of the log, as they count for a reader."""
    return sum(path.stat().st_size for path in (broker.data / "__consumer_offsets-0").glob("*.log"))


def loaded(broker: Broker, before: int) -> tuple[int, int] | None:
    for line in broker.log_lines()[before:]:
        if found := LOADED.search(line):
            return int(found[1]), int(found[2])
    return None
