"""Record batches made by hand, so that a test can bend any field of them."""

import struct
import time
from dataclasses import dataclass, field

import crc32c

_HEADER = struct.Struct(">qiibIhiqqqhii")  # 61 bytes


@dataclass
class Batch:
    """A batch of magic 2. What is left None is computed as an honest client would."""

    values: list[bytes | None]
    keys: list[bytes | None] = field(default_factory=list)
    headers: list[tuple[bytes, bytes | None]] = field(default_factory=list)
    timestamp_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    timestamp_step_ms: int = 1
    attributes: int = 0
    producer_id: int = -1
    producer_epoch: int = -1
    base_sequence: int = -1
    magic: int = 2
    base_offset: int = 0
    count: int | None = None
    last_offset_delta: int | None = None
    length: int | None = None
    crc: int | None = None

    def encode(self) -> bytes:
        records = b"".join(self._record(index, value) for index, value in enumerate(self.values))
        count = len(self.values) if self.count is None else self.count
        last = len(self.values) - 1 if self.last_offset_delta is None else self.last_offset_delta
        latest = self.timestamp_ms + self.timestamp_step_ms * max(0, len(self.values) - 1)
        checked = struct.pack(
            ">hiqqqhii", self.attributes, last, self.timestamp_ms, latest, self.producer_id, self.producer_epoch, self.base_sequence, count
        ) + records  # fmt: skip
        crc = crc32c.crc32c(checked) if self.crc is None else self.crc
        length = 9 + len(checked) if self.length is None else self.length
        return struct.pack(">qiibI", self.base_offset, length, -1, self.magic, crc) + checked

    def _record(self, index: int, value: bytes | None) -> bytes:
        key = self.keys[index] if self.keys else None
        body = b"\0" + _varint(self.timestamp_step_ms * index) + _varint(index) + _sized(key) + _sized(value)
        body += _varint(len(self.headers)) + b"".join(_sized(name) + _sized(content) for name, content in self.headers)
        return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    zigzag = (number << 1) ^ (number >> 63)
    encoded = bytearray()
    while zigzag > 0x7F:
        encoded.append(zigzag & 0x7F | 0x80)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)


def _sized(data: bytes | None) -> bytes:
    return _varint(-1) if data is None else _varint(len(data)) + data


@dataclass
class StoredBatch:
    """What a test wants to know of a batch that was fetched."""

    base_offset: int
    leader_epoch: int
    magic: int
    crc_is_right: bool
    attributes: int
    last_offset_delta: int
    base_timestamp: int
    max_timestamp: int
    producer_id: int
    producer_epoch: int
    base_sequence: int
    count: int
    records: bytes


def read_batches(data: bytes) -> list[StoredBatch]:
    """The whole batches of a fetched record set; a partial one at its end is legal and left out."""
    batches = []
    while len(data) >= 61:
        fields = _HEADER.unpack(data[:61])
        base_offset, length, epoch, magic, crc, attributes, last, base_time, max_time, producer, producer_epoch, sequence, count = fields
        whole = data[: 12 + length]
        if len(whole) < 12 + length:
            break
        right = crc32c.crc32c(whole[21:]) == crc
        batches.append(StoredBatch(
            base_offset, epoch, magic, right, attributes, last, base_time, max_time, producer, producer_epoch, sequence, count, whole[61:]
        ))  # fmt: skip
        data = data[12 + length :]
    return batches
