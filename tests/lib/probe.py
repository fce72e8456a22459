"""Is a broker serving? Asked on a bare socket, because client libraries retry and thereby hide the answer."""

import socket
import struct
import time

API_VERSIONS, METADATA = 18, 3


def request(connection: socket.socket, api: int, version: int, body: bytes, correlation_id: int = 1) -> bytes:
    """Sends one request with a version 1 header and returns what follows the correlation id of its answer."""
    client_id = b"probe"
    header = struct.pack(">hhih", api, version, correlation_id, len(client_id)) + client_id
    connection.sendall(struct.pack(">i", len(header) + len(body)) + header + body)
    (size,) = struct.unpack(">i", read_exactly(connection, 4))
    answer = read_exactly(connection, size)
    (echoed,) = struct.unpack(">i", answer[:4])
    if echoed != correlation_id:
        raise ValueError(f"correlation id {echoed}, expected {correlation_id}")
    return answer[4:]


def read_exactly(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError(f"closed after {len(data)} of {count} bytes")
        data += piece
    return bytes(data)


def brokers_in_metadata(bootstrap: str, timeout: float = 1.0) -> int:
    """How many brokers a Metadata v1 answer lists."""
    host, port = bootstrap.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=timeout) as connection:
        no_topics = struct.pack(">i", 0)
        answer = request(connection, METADATA, 1, no_topics)
        return struct.unpack(">i", answer[:4])[0]


def wait_until_serving(bootstrap: str, seconds: float, is_alive=lambda: True) -> float:
    """Waits until the broker lists itself in Metadata; returns the seconds that took."""
    started = time.monotonic()
    last_error: Exception | str = "never tried"
    while time.monotonic() - started < seconds:
        if not is_alive():
            raise RuntimeError(f"the broker at {bootstrap} exited before it served")
        try:
            if brokers_in_metadata(bootstrap) >= 1:
                return time.monotonic() - started
            last_error = "Metadata lists no broker"
        except (OSError, ValueError, struct.error) as error:
            last_error = error
        time.sleep(0.005)
    raise TimeoutError(f"the broker at {bootstrap} does not serve after {seconds} s: {last_error}")
