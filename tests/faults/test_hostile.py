"""Clients that mean harm and need no password for it: frames, floods, and connections that never let go.

After each test the broker is the same process, answers ApiVersions within two seconds, has not panicked or complained, and has not
grown by more than the test allows: memory follows the bytes that came, never those that were announced. Other clients go on
meanwhile as if nothing happened; their median is compared with what it was before.
"""

import random
import re
import select
import socket
import struct
import time

import pytest

from lib import filled
from lib.batch import Batch
from lib.broker import HanzoStream, wait_for
from lib.produce import end_offset, produce, send_fetch
from lib.vitals import MIB, Bystander, Repeating, assert_usual
from lib.wire import Connection, framed, request_header

UNSUPPORTED_VERSION = 35
API_VERSIONS, METADATA, PRODUCE = 18, 3, 0
INT_MAX = 2**31 - 1
# What one allocator and a few buffers may keep; a leak or an announced length shows far above it.
SLACK_MIB = 24


def address(bootstrap: str) -> tuple[str, int]:
    host, port = bootstrap.rsplit(":", 1)
    return host, int(port)


def throw(bootstrap: str, data: bytes, seconds: float = 5) -> bytes:
    """Sends `data` and the end of the stream; returns what the broker says until it closes, which it must."""
    with socket.create_connection(address(bootstrap), timeout=seconds) as connection:
        # Thousands of these a second: no TIME_WAIT left behind.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        said = bytearray()
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(1 << 16):
                said += piece
        except (ConnectionResetError, BrokenPipeError):
            pass
        return bytes(said)


def advertised(connection: Connection) -> list[tuple[int, int, int]]:
    """Key, first and last version of what the broker answers and our copy of the schemas knows."""
    rows = []
    for row in connection.ask("ApiVersions", 0).api_keys:
        if row.api_key in filled.REQUESTS:
            known = filled.REQUESTS[row.api_key]
            rows.append((row.api_key, max(row.min_version, known.min_version), min(row.max_version, known.max_version)))
    return rows


# --- one frame


NOT_KAFKA = {
    "http": b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "http 2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "tls client hello": bytes.fromhex("16030100c8010000c40303") + b"\x55" * 197,
    "ssh": b"SSH-2.0-OpenSSH_9.6\r\n",
    "size -1": struct.pack(">i", -1) + b"x" * 64,
    "size -2^31": struct.pack(">i", -(2**31)) + b"x" * 64,
    "size 2^31-1": struct.pack(">i", INT_MAX) + b"x" * 64,
    "size one above the limit": struct.pack(">i", 100 * MIB + 1) + b"x" * 64,
    "size 0": struct.pack(">i", 0),
    "size 3": struct.pack(">i", 3) + b"abc",
    "size 7, half a header": struct.pack(">i", 7) + b"\0\x12\0\0\0\0\0",
    "client id of -2": framed(struct.pack(">hhih", API_VERSIONS, 0, 1, -2)),
    "client id of 32767": framed(struct.pack(">hhih", API_VERSIONS, 0, 1, 32767) + b"abc"),
    "client id that is not UTF-8": framed(struct.pack(">hhih", METADATA, 1, 1, 4) + b"\xff\xfe\xfd\xfc" + struct.pack(">i", INT_MAX)),
    "unknown API": framed(request_header(32000, 0) + b"\0" * 20),
    "API -1": framed(request_header(-1, 0) + b"\0" * 20),
    "version of the future": framed(request_header(METADATA, 99, flexible=True) + b"\0" * 20),
    "version -1": framed(request_header(METADATA, -1) + b"\0" * 20),
    "version that is gone": framed(request_header(PRODUCE, 2) + b"\0" * 20),
    "an API of the controller's listener": framed(request_header(62, 0, flexible=True) + b"\0" * 40),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_KAFKA)
def test_what_is_not_a_request_closes_the_connection(broker, vitals, name):
    with Connection(broker.bootstrap) as connection:
        connection.send_raw(NOT_KAFKA[name])
        assert connection.is_closed_by_peer(), "the broker neither answers nor closes"
    vitals.check_growth(SLACK_MIB)


def test_a_frame_cut_off_anywhere_is_no_request(broker, vitals):
    whole = framed(filled.request(METADATA, 9))
    for length in range(len(whole)):
        assert throw(broker.bootstrap, whole[:length]) == b""
    vitals.check_growth(SLACK_MIB)


def test_nonsense_fills_no_log(broker, vitals):
    """A few lines a second of each kind, and then how many were left out."""
    if not isinstance(broker, HanzoStream):
        pytest.skip("the log of this repository's binary")
    before, started = len(broker.log_lines()), time.monotonic()
    for _ in range(500):
        throw(broker.bootstrap, NOT_KAFKA["http"])

    def left_out() -> int:
        counted = [re.search(r"(\d+) more lines like this one were left out: connection closed", line) for line in broker.log_lines()[before:]]
        return sum(int(found[1]) for found in counted if found)

    written = sum("connection closed" in line and "left out" not in line for line in broker.log_lines()[before:])
    assert written <= 20 + 5 * (time.monotonic() - started + 1), f"{written} lines"
    wait_for(lambda: left_out() >= 500 - written, 15, "the count of what was left out")


def test_an_unknown_version_of_api_versions_keeps_the_connection(broker, vitals, connection):
    """KIP-511: version 0 with error 35 and the whole list, and the next request is served."""
    for version in (99, 5, 32767):
        connection.send_raw(framed(request_header(API_VERSIONS, version, correlation_id=version, flexible=True) + b"\0\0\0"))
        body = connection.receive_frame()
        assert struct.unpack(">ih", body[:6]) == (version, UNSUPPORTED_VERSION)
        (count,) = struct.unpack(">i", body[6:10])
        assert len(body) == 10 + 6 * count
    assert connection.ask("ApiVersions", 3, client_software_name="x", client_software_version="1").error_code == 0


# --- many frames


def test_huge_lengths_at_every_place_of_every_request(broker, vitals, connection):
    """Each byte of each advertised request in turn becomes the largest array or string, in both encodings."""
    classic, compact = struct.pack(">i", INT_MAX), b"\xff\xff\xff\xff\x07"
    endless = b"\xff" * 12
    frames = 0
    for key, first, last in advertised(connection):
        for version in range(first, last + 1):
            good, start = filled.request(key, version), filled.header_size(key, version)
            for place in range(start, len(good)):
                for lie in (classic, compact, endless) if version in (first, last) else (classic, compact):
                    throw(broker.bootstrap, framed(good[:place] + lie + good[place + len(lie) :]))
                    frames += 1
    print(f"{frames} frames")
    vitals.check_growth(SLACK_MIB)


def test_24000_malformed_frames(broker, vitals, connection, seed, long_run):
    """Every API key from -2 to 93, known or not; odd versions, sizes that lie, bits that flip, bodies of noise."""
    chance = random.Random(seed)
    count = 240_000 if long_run else 24_000
    started = time.monotonic()
    for number in range(count):
        key = number % 96 - 2
        kind = chance.randrange(5)
        if kind == 0 or key not in filled.REQUESTS:
            body = chance.choice((chance.randbytes(chance.randint(0, 80)), bytes(chance.randint(0, 80)), b"\xff" * chance.randint(0, 80)))
            version = chance.choice((-32768, -1, 0, 1, 2, 5, 9, 12, 13, 18, 99, 32767))
            frame = framed(request_header(key, version, flexible=chance.random() < 0.5) + body)
        else:
            message = filled.REQUESTS[key]
            good = bytearray(filled.request(key, chance.randint(message.min_version, message.max_version)))
            if kind == 1:
                for _ in range(chance.randint(1, 4)):
                    good[chance.randrange(4, len(good))] ^= 1 << chance.randrange(8)
                frame = framed(bytes(good))
            elif kind == 2:
                frame = framed(bytes(good[: chance.randrange(len(good))]))
            elif kind == 3:
                frame = struct.pack(">i", chance.choice((-1, 0, len(good) - 1, len(good) + 1, 1 << 20, INT_MAX))) + good
            else:
                frame = framed(bytes(good) + chance.randbytes(chance.randint(1, 30)))
        throw(broker.bootstrap, frame)
        if number % 4000 == 0:
            vitals.check()
    print(f"{count} frames in {time.monotonic() - started:.1f} s")
    vitals.check_growth(2 * SLACK_MIB)


def test_a_flood_of_api_versions(broker, vitals, bystander, connection):
    """One connection sends them as fast as it can and never reads: it is held back, nobody else is."""
    usual = bystander.median()
    flood = framed(request_header(API_VERSIONS, 0)) * 500
    connection.socket.setblocking(False)
    sent = 0

    def pour() -> None:
        nonlocal sent
        try:
            sent += connection.socket.send(flood)
        except BlockingIOError:
            time.sleep(0.01)

    with Repeating(pour) as pouring:
        pouring.wait_for_rounds(50)
        assert_usual(bystander.median(), usual, "a round trip beside the flood")
    vitals.check_growth(SLACK_MIB)
    print(f"{sent} bytes were taken")
    assert sent < 64 * MIB, "somebody who never reads must be held back"


# --- connections that do not let go


@pytest.fixture
def crowd(broker):
    """`crowd(count, data)` opens connections that send `data` and stay."""
    opened: list[socket.socket] = []

    def open_many(count: int, data: bytes = b"") -> list[socket.socket]:
        for _ in range(count):
            connection = socket.create_connection(address(broker.bootstrap), timeout=10)
            opened.append(connection)
            if data:
                connection.sendall(data)
        return opened[-count:]

    yield open_many
    for connection in opened:
        connection.close()


def test_200_connections_that_announce_100_mib_each(broker, vitals, crowd, bystander):
    """Nineteen bytes sent by each. It is an OutOfMemoryError for Apache Kafka with a heap of 1 GiB."""
    usual = bystander.median()
    crowd(200, (struct.pack(">i", 100 * MIB) + request_header(PRODUCE, 9))[:19])
    assert_usual(bystander.median(), usual, "a round trip beside announcements")
    vitals.check_growth(8)
    vitals.check()


def test_1000_half_open_connections(broker, vitals, crowd, bystander):
    usual = bystander.median()
    crowd(1000)
    assert_usual(bystander.median(), usual, "a round trip beside silent connections")
    vitals.check_growth(SLACK_MIB)
    vitals.check()


def test_1000_connections_idle_after_a_request(broker, vitals, crowd, bystander):
    usual = bystander.median()
    for connection in crowd(1000, framed(request_header(API_VERSIONS, 0))):
        connection.recv(4096)
    assert_usual(bystander.median(), usual, "a round trip beside idle connections")
    vitals.check_growth(SLACK_MIB)


def test_100_connections_that_send_a_byte_in_100_ms(broker, vitals, crowd, bystander):
    usual = bystander.median()
    slow = crowd(100)
    frame = framed(filled.request(METADATA, 9))
    position = 0

    def one_byte_each() -> None:
        nonlocal position
        for connection in slow:
            connection.send(frame[position % len(frame) :][:1])
        position += 1

    with Repeating(one_byte_each, pause=0.1) as sending:
        assert_usual(bystander.median(100), usual, "a round trip beside slow senders")
        sending.wait_for_rounds(len(frame) + 5)
    readable, _, _ = select.select(slow, [], [], 5)
    assert len(readable) == len(slow), "a slow request is a request: each got its answer"
    vitals.check_growth(SLACK_MIB)


def test_large_frames_that_never_end_do_not_keep_out_large_requests(broker, vitals, crowd, bystander):
    """128 clients send 70 KiB of a frame of 100 MiB and stop; an honest producer sends 200 KiB at a time meanwhile."""
    size = 200 * 1024
    usual = max(bystander.round_trips(10, size))
    piece = struct.pack(">i", 100 * MIB) + request_header(PRODUCE, 9) + b"\0" * (70 * 1024)
    crowd(128, piece)
    assert_usual(max(bystander.round_trips(10, size)), usual, "the slowest large request beside unfinished ones")
    vitals.check_growth(128 * len(piece) / MIB * 4 + SLACK_MIB)


def test_bytes_that_really_came_are_bounded_too(broker, vitals, crowd, bystander):
    """Twelve clients send 99 of the 100 MiB they announced, as far as the broker takes them; small requests do not notice."""
    usual = bystander.median()
    senders = crowd(12, struct.pack(">i", 100 * MIB) + request_header(PRODUCE, 9))
    left = dict.fromkeys(senders, 99 * MIB)
    zeros = b"\0" * MIB
    deadline = time.monotonic() + 3
    while left and time.monotonic() < deadline:
        _, writable, _ = select.select([], list(left), [], 0.2)
        for sender in writable:
            sender.setblocking(False)
            try:
                left[sender] -= sender.send(zeros[: left[sender]])
            except BlockingIOError:
                continue
            except OSError:
                left[sender] = 0
            if left[sender] <= 0:
                del left[sender]
    assert_usual(bystander.median(), usual, "a round trip beside 12 unfinished frames")
    print(f"peak {vitals.peak_growth() / MIB:.0f} MiB")
    # 128 MiB for everybody, four that may finish, and a buffer that doubles as it grows.
    vitals.check_growth(1200)


def test_connections_that_come_and_go(broker, vitals, bystander, long_run):
    usual = bystander.median()

    def come_and_go() -> None:
        for data in (b"", b"\0", framed(request_header(API_VERSIONS, 0))):
            with socket.create_connection(address(broker.bootstrap), timeout=10) as connection:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                connection.sendall(data)

    with Repeating(come_and_go) as coming:
        coming.wait_for_rounds(20_000 if long_run else 300, 120)
        assert_usual(bystander.median(), usual, "a round trip beside comers and goers")
    vitals.check_growth(SLACK_MIB)


# --- readers that do not read


def test_readers_that_never_read_cost_one_answer_each(broker, vitals, bystander, make_topic, connection):
    """Twenty clients ask for 100 MiB, sixty times over, and never take a byte."""
    topic = make_topic()
    megabyte = Batch([b"x" * (1000 * 1000)]).encode()
    for _ in range(100):
        assert produce(connection, topic, megabyte).error_code == 0
    usual = bystander.median()
    vitals.restart()
    readers = [Connection(broker.bootstrap) for _ in range(20)]
    try:
        for reader in readers:
            for _ in range(60):
                send_fetch(reader, topic, 0, bytes_max=100 * MIB, wait_ms=0)
        time.sleep(0.5)
        assert_usual(bystander.median(), usual, "a round trip beside readers that do not read")
        vitals.check_growth(SLACK_MIB)
    finally:
        for reader in readers:
            reader.socket.close()


def test_readers_that_never_read_do_not_pin_the_tail(broker, vitals, make_topic, connection):
    """The newest records are served from memory: those who ask for them and read nothing must not keep them there."""
    topic = make_topic()
    megabyte = Batch([b"x" * (1000 * 1000)]).encode()
    produce(connection, topic, megabyte)
    vitals.restart()
    readers = [Connection(broker.bootstrap) for _ in range(4)]
    try:
        for _ in range(50):
            for reader in readers:
                send_fetch(reader, topic, max(0, end_offset(connection, topic) - 4), bytes_max=100 * MIB, wait_ms=0)
            for _ in range(4):
                assert produce(connection, topic, megabyte).error_code == 0
        # 200 MB went by; the tail cache keeps 4 MiB, and each reader may have an answer or two before it.
        vitals.check_growth(64)
    finally:
        for reader in readers:
            reader.socket.close()


def test_a_reader_that_takes_nothing_for_a_minute_is_left(broker, vitals, make_topic, connection, long_run):
    if not long_run:
        pytest.skip("takes more than a minute: --long")
    topic = make_topic()
    megabyte = Batch([b"x" * (1000 * 1000)]).encode()
    for _ in range(20):
        assert produce(connection, topic, megabyte).error_code == 0
    with Connection(broker.bootstrap) as reader:
        send_fetch(reader, topic, 0, bytes_max=100 * MIB, wait_ms=0)
        # What the kernel took is there; then the end must come although much is missing.
        time.sleep(75)
        reader.socket.settimeout(10)
        received = 0
        try:
            while piece := reader.socket.recv(1 << 20):
                received += len(piece)
        except ConnectionResetError:
            pass
        assert received < 20_000_000


# --- more than was asked for


def test_small_elements_by_the_million(broker, vitals, bystander):
    """A Metadata request of 4 MiB that names two million topics: what it costs is bounded by what was sent."""
    usual = bystander.median()
    count = 2_000_000
    body = _uvarint(count + 1) + b"\x01\0" * count + b"\0\0\0\0"
    frame = framed(request_header(METADATA, 9, flexible=True) + body)
    with Connection(broker.bootstrap, timeout=30) as connection:
        with Repeating(lambda: bystander.round_trips(1)) as trips:
            connection.send_raw(frame)
            trips.wait_for_rounds(5)
            wait_for(lambda: select.select([connection.socket], [], [], 0)[0], 30, "an answer or the end of the connection")
    print(f"peak {vitals.peak_growth() / MIB:.0f} MiB for {len(frame) / MIB:.0f} MiB")
    assert_usual(bystander.median(), usual, "a round trip afterwards")
    vitals.check_growth(len(frame) / MIB * 64)


def _uvarint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def test_requests_of_the_dead_are_not_worked_on(broker, vitals, bystander, make_topic):
    """A thousand clients pipeline long waits and leave at once: nothing of theirs may stay."""
    topic = make_topic()
    usual = bystander.median()
    for _ in range(500):
        with Connection(broker.bootstrap) as connection:
            for _ in range(10):
                send_fetch(connection, topic, 0, wait_ms=INT_MAX)
    assert_usual(bystander.median(), usual, "a round trip after they left")
    vitals.check_growth(SLACK_MIB)
