"""Produce, Fetch and ListOffsets of one partition on a bare connection."""

from lib.wire import Connection

LATEST, EARLIEST = -1, -2


def produce(connection: Connection, topic: str, records: bytes | None, acks: int = -1, partition: int = 0, version: int = 9, timeout_ms: int = 30_000):
    data = [{"name": topic, "partition_data": [{"index": partition, "records": records}]}]
    answer = connection.ask("Produce", version, acks=acks, timeout_ms=timeout_ms, topic_data=data)
    ((result,),) = [response.partition_responses for response in answer.responses]
    return result


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
