"""Records that are not what they say: each gets Kafka's error, and nothing of it is stored."""

import gzip
import os
import random
import struct
import zlib
from pathlib import Path

import lz4.frame
import pytest
import snappy
import zstandard

from lib.batch import Batch, read_batches
from lib.broker import wait_for
from lib.produce import end_offset, fetch, offset_for, produce, produce_request, receive_produced
from lib.vitals import MIB, Vitals, assert_usual
from lib.wire import Connection
from .conftest import create_topic

CORRUPT_MESSAGE, UNKNOWN_TOPIC, MESSAGE_TOO_LARGE, INVALID_TOPIC = 2, 3, 10, 17
INVALID_REQUIRED_ACKS, INVALID_TIMESTAMP, UNSUPPORTED_FOR_MESSAGE_FORMAT = 21, 32, 43
UNSUPPORTED_COMPRESSION_TYPE, INVALID_RECORD = 76, 87
CONTROL, TRANSACTIONAL = 0b100000, 0b10000
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4


def encode_with(records: bytes, count: int = 1, attributes: int = 0, **fields) -> bytes:
    """A sealed batch around bytes that need not be records."""
    return _Around(values=[None] * count, attributes=attributes, body=records, **fields).encode()


class _Around(Batch):
    def __init__(self, body: bytes, **fields):
        super().__init__(**fields)
        self.body = body

    def _record(self, index: int, value: bytes | None) -> bytes:
        return self.body if index == 0 else b""


def old_message_set(magic: int) -> bytes:
    """One message as clients sent it before Kafka 0.11, with its own right checksum."""
    timestamp = struct.pack(">q", 1) if magic == 1 else b""
    checked = struct.pack(">bb", magic, 0) + timestamp + struct.pack(">i", 1) + b"k" + struct.pack(">i", 1) + b"v"
    message = struct.pack(">I", zlib.crc32(checked)) + checked
    return struct.pack(">qi", 0, len(message)) + message


GOOD = Batch([b"good"]).encode()
RECORD = Batch([b"good"]).encode()[61:]

BAD = {
    "crc": (Batch([b"a"], crc=1).encode(), {CORRUPT_MESSAGE}),
    "a flipped bit in the value": (GOOD[:-3] + bytes([GOOD[-3] ^ 1]) + GOOD[-2:], {CORRUPT_MESSAGE}),
    "nothing at all": (b"", {INVALID_RECORD, CORRUPT_MESSAGE}),
    "null": (None, {INVALID_RECORD, CORRUPT_MESSAGE}),
    "one byte": (b"\0", {CORRUPT_MESSAGE, INVALID_RECORD}),
    "half a header": (GOOD[:40], {CORRUPT_MESSAGE, INVALID_RECORD}),
    "without its last byte": (GOOD[:-1], {CORRUPT_MESSAGE, INVALID_RECORD}),
    "with a byte too many": (GOOD + b"\0", {CORRUPT_MESSAGE, INVALID_RECORD}),
    "magic 0": (old_message_set(0), {UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "magic 1": (old_message_set(1), {UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "magic 3": (Batch([b"a"], magic=3).encode(), {CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "magic -1": (Batch([b"a"], magic=-1).encode(), {CORRUPT_MESSAGE, UNSUPPORTED_FOR_MESSAGE_FORMAT, INVALID_RECORD}),
    "two batches": (GOOD + GOOD, {INVALID_RECORD}),
    "control bit": (Batch([b"a"], attributes=CONTROL).encode(), {INVALID_RECORD}),
    "an unknown codec": (Batch([b"a"], attributes=5).encode(), {UNSUPPORTED_COMPRESSION_TYPE, CORRUPT_MESSAGE, INVALID_RECORD}),
    "one record more than there is": (Batch([b"a"], count=2).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "two billion records": (Batch([b"a"], count=2**31 - 1, last_offset_delta=2**31 - 2).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a million records, offsets too": (Batch([b"a"], count=10**6, last_offset_delta=10**6 - 1).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "one record fewer than there are": (Batch([b"a", b"b"], count=1, last_offset_delta=0).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a count of -1": (Batch([b"a"], count=-1).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a count of -2^31": (Batch([b"a"], count=-(2**31)).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "no record": (Batch([], count=0).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a last offset before the first": (Batch([b"a"], last_offset_delta=-1).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a last offset delta of 2^31-1": (Batch([b"a"], last_offset_delta=2**31 - 1).encode(), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "length 0": (Batch([b"a"], length=0).encode(), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "length -1": (Batch([b"a"], length=-1).encode(), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "length 48": (Batch([b"a"], length=48).encode(), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "length 2^31-1": (Batch([b"a"], length=2**31 - 1).encode(), {CORRUPT_MESSAGE, INVALID_RECORD}),
    "base offset 7": (Batch([b"a"], base_offset=7).encode(), {INVALID_RECORD}),
    "a record longer than its batch": (encode_with(b"\xfe\x7f" + RECORD[1:]), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a record of length 0": (encode_with(b"\0"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a record of length -1": (encode_with(b"\x01"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a record of length 2^31-1": (encode_with(b"\xfe\xff\xff\xff\x0f"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a varint cut short": (encode_with(b"\x80"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a varint without end": (encode_with(b"\xff" * 30), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a key longer than its record": (encode_with(b"\x0e\0\0\0\xfe\x7f\0\0"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "a key of length -2": (encode_with(b"\x0c\0\0\0\x03\x01\0"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "two billion headers": (encode_with(b"\x14\0\0\0\x01\x01\xfe\xff\xff\xff\x0f"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "-1 headers": (encode_with(b"\x0c\0\0\0\x01\x01\x01"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "offset deltas from 5": (encode_with(b"\x0c\0\0\x0a\x01\x01\0"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "bytes after the last record": (encode_with(RECORD + b"\0\0\0"), {INVALID_RECORD, CORRUPT_MESSAGE}),
    "next century": (Batch([b"a"], timestamp_ms=4_102_444_800_000).encode(), {INVALID_TIMESTAMP}),
    "an idempotent batch without a sequence": (Batch([b"a"], producer_id=1, producer_epoch=0).encode(), {INVALID_RECORD}),
}  # fmt: skip


# What Apache Kafka 4.3.1 says where it says something else: 0 takes the batch, -1 is UNKNOWN_SERVER_ERROR, None no answer at all.
KAFKA_SAYS = {
    "null": None, "with a byte too many": 0, "an unknown codec": -1, "length 2^31-1": -1, "a varint without end": -1, "a key of length -2": 0,
    "offset deltas from 5": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_batch_is_refused_and_nothing_is_stored(request, vitals, connection, make_topic, name):
    records, codes = BAD[name]
    topic = make_topic()
    if request.config.getoption("--kafka") and name in KAFKA_SAYS:
        if KAFKA_SAYS[name] is not None:
            assert produce(connection, topic, records).error_code == KAFKA_SAYS[name]
        return
    answer = produce(connection, topic, records)
    assert answer.error_code in codes
    assert answer.base_offset == -1
    assert end_offset(connection, topic) == 0
    assert produce(connection, topic, GOOD).base_offset == 0, "the partition and the connection live on"
    vitals.check_growth(16)


def test_random_damage_is_never_stored(vitals, connection, make_topic, seed, long_run):
    """Flipped bits and cut ends: the checksum knows. What it does not cover, base offset and leader epoch, is the broker's own."""
    chance = random.Random(seed)
    topic = make_topic()
    good = Batch([chance.randbytes(20) for _ in range(5)], headers=[(b"h", b"v")]).encode()
    for _ in range(20_000 if long_run else 1_000):
        bad = bytearray(good)
        # Bits 64 to 96 are the length, from bit 136 on everything is checked.
        bit = chance.choice((chance.randrange(64, 96), chance.randrange(128, len(good) * 8)))
        bad[bit // 8] ^= 1 << bit % 8
        if chance.random() < 0.2:
            bad = bad[: chance.randrange(len(bad))]
        answer = produce(connection, topic, bytes(bad))
        assert answer.error_code in (CORRUPT_MESSAGE, INVALID_RECORD, UNSUPPORTED_FOR_MESSAGE_FORMAT, MESSAGE_TOO_LARGE), bit
    assert end_offset(connection, topic) == 0
    vitals.check_growth(16)


@pytest.mark.parametrize("acks", [2, -2, 100, 32767])
def test_strange_acks_are_refused(vitals, connection, make_topic, acks):
    topic = make_topic()
    assert produce(connection, topic, GOOD, acks=acks).error_code == INVALID_REQUIRED_ACKS
    assert end_offset(connection, topic) == 0


@pytest.mark.parametrize("name", ["crc", "two batches", "half a header"])
def test_an_error_without_acknowledgement_closes(broker, vitals, connection, make_topic, name):
    topic = make_topic()
    with Connection(broker.bootstrap) as silent:
        silent.send_raw(produce_request(topic, BAD[name][0], acks=0))
        assert silent.is_closed_by_peer(), "acks=0 has no other way to learn of an error"
    assert end_offset(connection, topic) == 0


# --- names


NAMES = {
    "parent": "../etc/passwd", "far parent": "../../../../tmp/hanzo-was-here", "slash": "a/b", "absolute": "/tmp/x", "nul": "a\0b",
    "dot": ".", "two dots": "..", "empty": "", "250 characters": "x" * 250, "space": "a b", "newline": "a\nb", "escape": "\x1b[31mred",
    "unicode": "naïve", "right to left": "\u202etxt", "colon": "a:b", "backslash": "a\\b", "percent": "a%2fb", "tilde": "~root", "comma": "a,b",
}  # fmt: skip


@pytest.fixture(scope="module")
def outside(shared_broker):
    """Everything beside the data directory that a name could reach, before and after."""
    def listing() -> set[str]:
        beside = shared_broker.data.parent
        return {str(path) for path in beside.rglob("*") if shared_broker.data not in path.parents}

    return listing, listing()


@pytest.mark.parametrize("name", NAMES)
def test_a_bad_topic_name_is_refused_everywhere(broker, vitals, connection, outside, name):
    topic, (listing, before) = NAMES[name], outside
    wanted = {"name": topic, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
    for validate_only in (True, False):
        (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=validate_only).topics
        assert created.error_code == INVALID_TOPIC, created
    (described,) = connection.ask("Metadata", 9, topics=[{"name": topic}], allow_auto_topic_creation=True).topics
    assert described.error_code == INVALID_TOPIC, described
    assert produce(connection, topic, GOOD).error_code in (UNKNOWN_TOPIC, INVALID_TOPIC)
    assert fetch(connection, topic, 0).error_code in (UNKNOWN_TOPIC, INVALID_TOPIC)
    assert offset_for(connection, topic, -1).error_code in (UNKNOWN_TOPIC, INVALID_TOPIC)
    if hasattr(broker, "data"):
        assert listing() == before, "something was written beside the data directory"
        # Kafka's layout is flat: a log directory holds partitions, and nothing is nested deeper.
        assert all(len(path.relative_to(broker.data).parts) <= 2 for path in broker.data.rglob("*"))


# --- bodies that grow


ZEROS_MIB = 512
# A record of a GiB begins: who looks for a later one has to go through all that the codec makes of it.
RECORD = b"\x80\x80\x80\x80\x08" + b"\0\0\0"


def _gzip_bomb() -> bytes:
    return gzip.compress(RECORD + b"\0" * (ZEROS_MIB * MIB), 9)


def _lz4_bomb() -> bytes:
    with lz4.frame.LZ4FrameCompressor(block_size=lz4.frame.BLOCKSIZE_MAX4MB) as compressor:
        parts = [compressor.begin(), compressor.compress(RECORD)] + [compressor.compress(b"\0" * MIB) for _ in range(200)] + [compressor.flush()]
    return b"".join(parts)


def _zstd_bomb() -> bytes:
    return zstandard.ZstdCompressor(level=3).compress(RECORD + b"\0" * (ZEROS_MIB * MIB))


def _zstd_window_31() -> bytes:
    """A frame that wants a window of 2 GiB: 4 bytes of magic, a descriptor, the window, and one block that repeats a byte."""
    block = (MIB // 8) << 3 | 1 << 1  # run-length block of 128 KiB, not the last
    blocks = b"".join(struct.pack("<I", block)[:3] + b"\0" for _ in range(4096))
    return struct.pack("<I", 0xFD2FB528) + bytes([0x00, 31 - 10 << 3]) + blocks + struct.pack("<I", 1)[:3]


def _snappy_bomb() -> bytes:
    return snappy.compress(RECORD + b"\0" * (20 * MIB))


def _snappy_lie() -> bytes:
    return b"\xff\xff\xff\xff\x0f" + b"\0" * 64


def _xerial_bomb() -> bytes:
    block = snappy.compress(RECORD + b"\0" * (8 * MIB))
    return b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1) + 2 * (struct.pack(">i", len(block)) + block)


BOMBS = {
    "gzip": (GZIP, _gzip_bomb), "lz4": (LZ4, _lz4_bomb), "zstd": (ZSTD, _zstd_bomb), "zstd with a window of 2 GiB": (ZSTD, _zstd_window_31),
    "snappy": (SNAPPY, _snappy_bomb), "snappy that lies": (SNAPPY, _snappy_lie), "xerial snappy": (SNAPPY, _xerial_bomb),
    "gzip that is none": (GZIP, lambda: b"\x1f\x8b" + b"\xff" * 100), "lz4 that is none": (LZ4, lambda: b"\x04\x22\x4d\x18" + b"\xff" * 100),
    "zstd that is none": (ZSTD, lambda: b"\x28\xb5\x2f\xfd" + b"\xff" * 100),
}  # fmt: skip
_CODES = {CORRUPT_MESSAGE, MESSAGE_TOO_LARGE, INVALID_RECORD}
# Whether the oracle is asked: it opens every batch when it is produced, and has no code for a body that cannot be opened.
REFUSED = {False: _CODES, True: _CODES | {-1}}
# A lookup by time reads a batch piece by piece; two are under way at a time.
LOOKUP_MIB = 64
# A batch is opened and written anew piece by piece.
OPENED_MIB = 64


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_looked_into_with_a_limit(request, vitals, bystander, connection, make_topic, name):
    """Accepted or refused when produced; a lookup by time has to open it."""
    codec, make = BOMBS[name]
    usual = bystander.median()
    topic = make_topic(max_message_bytes=str(8 * MIB))
    bomb = encode_with(make(), count=2, attributes=codec, timestamp_ms=1_000_000)
    vitals.restart()
    answer = produce(connection, topic, bomb)
    if answer.error_code == 0:
        vitals.broker.expect_complaint("corrupt|malformed|decompress|invalid")
        correlation_id = connection.send(
            "ListOffsets", 7, replica_id=-1, isolation_level=0, timeout_ms=30_000,
            topics=[{"name": topic, "partitions": [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": 1_000_001}]}],
        )  # fmt: skip
        during = bystander.median(10)
        answer = connection.receive("ListOffsets", 7, correlation_id)
        assert_usual(during, usual, "a round trip beside the bomb")
    else:
        assert answer.error_code in REFUSED[request.config.getoption("--kafka")]
        assert end_offset(connection, topic) == 0
    assert produce(connection, topic, GOOD).error_code == 0
    vitals.check_growth(LOOKUP_MIB)


@pytest.mark.parametrize("name", ["gzip", "zstd", "lz4", "snappy"])
def test_a_bomb_for_a_topic_that_recompresses(request, vitals, bystander, connection, make_topic, name):
    """`compression.type` makes the broker open every batch when it is produced."""
    codec, make = BOMBS[name]
    usual = bystander.median()
    topic = make_topic(max_message_bytes=str(8 * MIB), compression_type="uncompressed")
    bomb = encode_with(make(), count=2, attributes=codec)
    vitals.restart()
    connection.send_raw(produce_request(topic, bomb))
    during = bystander.median(10)
    with_error = receive_produced(connection)
    assert with_error.error_code in REFUSED[request.config.getoption("--kafka")]
    assert end_offset(connection, topic) == 0
    assert_usual(during, usual, "a round trip beside the bomb")
    vitals.check_growth(OPENED_MIB)


def test_a_bomb_is_compacted_with_a_limit(request, own_broker):
    """Batches of valid records that open to 100 MiB: the key check and compaction read them record by record."""
    if request.config.getoption("--kafka"):
        pytest.skip("about the memory of this repository's binary")
    broker = own_broker({"log.cleaner.backoff.ms": "100", "log.cleaner.min.cleanable.ratio": "0"})
    broker.start()
    usual = Vitals(broker)
    with Connection(broker.bootstrap, 60) as client:
        topic = create_topic(client, "bombs", cleanup_policy="compact", segment_bytes=str(MIB), delete_retention_ms="0")
        usual.restart()
        for key in (b"a", b"b", b"a"):
            values = [b"\0" * (15 * MIB)] * 7
            records = Batch(values, [key, b"c", b"d", b"e", b"f", b"g", b"h"]).encode()[61:]
            packed = zstandard.ZstdCompressor(level=3).compress(records)
            assert produce(client, topic, encode_with(packed, count=7, attributes=ZSTD)).error_code == 0
        del records, values
        usual.check_growth(OPENED_MIB)
        usual.restart()
        # Enough to close the segment that they are in.
        for _ in range(3):
            assert produce(client, topic, Batch([random.randbytes(MIB // 2)], [b"filler"]).encode()).error_code == 0
        wait_for(lambda: any("INFO  compacted " in line for line in broker.log_lines()), 30, "the compaction")
        kept = [batch.count for batch in read_batches(fetch(client, topic, 0).records)[:2]]
    assert kept == [1, 7], "of the second batch its own key stays, of the third all; the first is gone"
    usual.check_growth(OPENED_MIB)


def test_many_lookups_of_bombs_at_once(broker, vitals, bystander, connection, make_topic):
    """Thirty clients make the broker open the same batch at the same time: memory for a few of them, not for all."""
    usual = bystander.median()
    topic = make_topic(max_message_bytes=str(8 * MIB))
    answer = produce(connection, topic, encode_with(_zstd_bomb(), count=2, attributes=ZSTD, timestamp_ms=1_000_000))
    if answer.error_code != 0:
        pytest.skip("the bomb was refused when it was produced")
    broker.expect_complaint("corrupt|malformed|decompress|invalid")
    vitals.restart()
    rows = [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": 1_000_001}]
    clients = [Connection(broker.bootstrap, timeout=60) for _ in range(30)]
    sent = [
        client.send("ListOffsets", 7, replica_id=-1, isolation_level=0, timeout_ms=30_000, topics=[{"name": topic, "partitions": rows}])
        for client in clients
    ]  # fmt: skip
    during = bystander.median(10)
    for client, correlation_id in zip(clients, sent, strict=True):
        client.receive("ListOffsets", 7, correlation_id)
        client.socket.close()
    print(f"peak {vitals.peak_growth() / MIB:.0f} MiB, a round trip {during * 1000:.1f} ms, usually {usual * 1000:.1f} ms")
    vitals.check_growth(LOOKUP_MIB)


def test_one_request_cannot_ask_for_the_same_work_a_thousand_times(broker, vitals, bystander, connection, make_topic):
    """ListOffsets by time, of one partition with a batch that is dear to open, named 500 times."""
    topic = make_topic(max_message_bytes=str(8 * MIB))
    answer = produce(connection, topic, encode_with(_zstd_bomb(), count=2, attributes=ZSTD, timestamp_ms=1_000_000))
    if answer.error_code != 0:
        pytest.skip("the bomb was refused when it was produced")
    broker.expect_complaint("corrupt|malformed|decompress|invalid")
    rows = [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": 1_000_001 - number % 2} for number in range(500)]
    before = cpu_seconds(vitals.pid)
    with Connection(broker.bootstrap, timeout=60) as client:
        client.ask("ListOffsets", 7, replica_id=-1, isolation_level=0, timeout_ms=30_000, topics=[{"name": topic, "partitions": rows}])
    spent = cpu_seconds(vitals.pid) - before
    assert spent < 5, f"{spent:.1f} s of processor time for one request"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_what_is_stored_of_a_lying_compressed_batch_harms_no_reader(vitals, connection, make_topic):
    """A compressed body is the producer's own business until somebody opens it: offsets stay right for everybody else."""
    topic = make_topic()
    lying = encode_with(gzip.compress(RECORD), count=1000, attributes=GZIP, last_offset_delta=999)
    answer = produce(connection, topic, lying)
    end = end_offset(connection, topic)
    assert (answer.error_code, end) in [(INVALID_RECORD, 0), (CORRUPT_MESSAGE, 0), (0, 1000)]
    assert produce(connection, topic, GOOD).base_offset == end
    (batch,) = read_batches(fetch(connection, topic, end).records)
    assert (batch.base_offset, batch.count) == (end, 1)
