"""After a clean stop nothing is read again: a start costs the same for a record and for a million."""

import re
from pathlib import Path

import pytest

from lib import strace
from lib.batch import Batch
from lib.produce import end_offset, produce
from lib.wire import Connection

RECORDS, PER_BATCH = 1_000_000, 10_000
# A header or two of the last segment; a body has more than a hundred times as much.
READ_BYTES_MAX = 16 * 1024


def read_of_segments(traces: Path, topic: str) -> int:
    """Bytes that were read of the topic's segments."""
    read = 0
    for trace in traces.glob("trace.*"):
        for line in trace.read_text(errors="replace").splitlines():
            found = re.search(rf"^(?:p?readv?2?|pread64)\(\d+<[^>]*/{re.escape(topic)}-\d+/\d+\.log>.* = (\d+)", line)
            read += int(found[1]) if found else 0
    return read


@pytest.mark.timeout(300)
def test_a_million_records_are_not_read_again(request, own_broker, topic_name, tmp_path):
    if request.config.getoption("--kafka"):
        pytest.skip("about this repository's binary")
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)
    broker = own_broker()
    broker.start()
    topic = topic_name()
    with Connection(broker.bootstrap, 60) as connection:
        configs = [{"name": "segment.bytes", "value": str(4 << 20)}]
        wanted = {"name": topic, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": configs}
        (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False).topics
        assert created.error_code == 0
        batch = Batch([b"record %03d" % (number % 1000) for number in range(PER_BATCH)]).encode()
        for _ in range(RECORDS // PER_BATCH):
            assert produce(connection, topic, batch).error_code == 0
    broker.stop()
    segments = list((broker.data / f"{topic}-0").glob("*.log"))
    assert len(segments) > 1

    command = broker.command()

    def start_traced(name: str) -> Path:
        traces = tmp_path / name
        traces.mkdir()
        tracer = ["strace", "-D", "-ff", "-y", "-o", str(traces / "trace"), "-e", "trace=read,readv,pread64,preadv,preadv2"]
        broker.command = lambda: [*tracer, *command]
        broker.start()
        return traces

    traces = start_traced("clean")
    with Connection(broker.bootstrap, 60) as connection:
        assert end_offset(connection, topic) == RECORDS
        read = read_of_segments(traces, topic)
        print(f"{read} bytes of {sum(path.stat().st_size for path in segments)} were read")
        assert read <= READ_BYTES_MAX
        assert produce(connection, topic, batch).base_offset == RECORDS
    broker.kill()
    traces = start_traced("killed")
    with Connection(broker.bootstrap, 60) as connection:
        assert end_offset(connection, topic) == RECORDS + PER_BATCH
        assert read_of_segments(traces, topic) > READ_BYTES_MAX, "after a kill the end is read, and this test can see it"
