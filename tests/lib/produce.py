"""Produce, Fetch and ListOffsets of one partition on a bare connection."""

import struct

from lib.wire import Connection, framed, request_header

LATEST, EARLIEST = -1, -2


class Produced:
    """What a Produce answer says of its only partition."""

    def __init__(self, error_code: int, base_offset: int):
        self.error_code, self.base_offset = error_code, base_offset


def produce_request(topic: str, records: bytes | None, acks: int = -1, partition: int = 0, timeout_ms: int = 30_000, correlation_id: int = 1) -> bytes:
    """A whole Produce v7, with its size in front. Built by hand: kafka-python's encoder stumbles over large records."""
    name = topic.encode()
    body = struct.pack(">hhiih", -1, acks, timeout_ms, 1, len(name)) + name + struct.pack(">ii", 1, partition)
    body += struct.pack(">i", -1) if records is None else struct.pack(">i", len(records)) + records
    return framed(request_header(0, 7, correlation_id) + body)


def receive_produced(connection: Connection) -> Produced:
    """Reads the answer to one `produce_request`."""
    body = connection.receive_frame()
    (name_length,) = struct.unpack_from(">h", body, 8)
    _, _, error_code, base_offset = struct.unpack_from(">iihq", body, 10 + name_length)
    return Produced(error_code, base_offset)


def produce(connection: Connection, topic: str, records: bytes | None, acks: int = -1, partition: int = 0, timeout_ms: int = 30_000) -> Produced:
    connection.send_raw(produce_request(topic, records, acks, partition, timeout_ms))
    return receive_produced(connection)


def fetch(connection: Connection, topic: str, offset: int, partition: int = 0, bytes_max: int = 1 << 20, wait_ms: int = 500):
    correlation_id = send_fetch(connection, topic, offset, partition, bytes_max, wait_ms)
    answer = connection.receive("Fetch", 12, correlation_id)
    ((result,),) = [response.partitions for response in answer.responses]
    return result


def send_fetch(connection: Connection, topic: str, offset: int, partition: int = 0, bytes_max: int = 1 << 20, wait_ms: int = 500) -> int:
    row = {
        "partition": partition, "current_leader_epoch": -1, "fetch_offset": offset, "last_fetched_epoch": -1,
        "log_start_offset": -1, "partition_max_bytes": bytes_max,
    }  # fmt: skip
    return connection.send(
        "Fetch", 12, replica_id=-1, max_wait_ms=wait_ms, min_bytes=1, max_bytes=bytes_max, isolation_level=0, session_id=0,
        session_epoch=-1, topics=[{"topic": topic, "partitions": [row]}], forgotten_topics_data=[], rack_id="",
    )  # fmt: skip


def offset_for(connection: Connection, topic: str, timestamp: int, partition: int = 0):
    wanted = [{"name": topic, "partitions": [{"partition_index": partition, "current_leader_epoch": -1, "timestamp": timestamp}]}]
    answer = connection.ask("ListOffsets", 7, replica_id=-1, isolation_level=0, topics=wanted, timeout_ms=30_000)
    ((result,),) = [entry.partitions for entry in answer.topics]
    return result


def end_offset(connection: Connection, topic: str, partition: int = 0) -> int:
    result = offset_for(connection, topic, LATEST, partition)
    assert result.error_code == 0, result
    return result.offset
