"""Bare requests to a broker, at any version, with fields that no client library would send.

Messages are encoded and decoded by kafka-python's copy of Kafka's own definitions: none of this repository's code takes part.
"""

import importlib
import pkgutil
import socket
import ssl
import struct

import kafka.protocol
from kafka.protocol.api_message import ApiMessage

from lib import schemas
from lib.probe import read_exactly

CLIENT_ID = "wire-test"


def _messages() -> dict[str, type[ApiMessage]]:
    found: dict[str, type[ApiMessage]] = {}
    for module in pkgutil.walk_packages(kafka.protocol.__path__, "kafka.protocol."):
        if ".old" in module.name or module.name.endswith("generate_stubs"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, ApiMessage) and getattr(value, "_json", None):
                found[value.__name__] = value
    return found | schemas.messages()


MESSAGES = _messages()


def build(container: type, fields: dict, version: int | None = None):
    """A message or a part of one from plain dicts and lists."""
    values = {}
    for name, value in fields.items():
        field = container._struct.fields[name]
        if field.is_struct_array() and value is not None:
            value = [build(field.data_class, item) if isinstance(item, dict) else item for item in value]
        elif field.is_struct() and isinstance(value, dict):
            value = build(field.data_class, value)
        values[name] = value
    return container(version=version, **values) if version is not None else container(**values)


class Connection:
    """One TCP connection, in TLS when there is a context for it; requests may be pipelined."""

    def __init__(self, bootstrap: str, timeout: float = 10, tls: ssl.SSLContext | None = None):
        host, port = bootstrap.rsplit(":", 1)
        self.socket = socket.create_connection((host, int(port)), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname=host)
        self._next_correlation_id = 1

    def log_in(self, user: str, password: str, authorization_id: str = "") -> "Connection":
        """SASL/PLAIN; raises `PermissionError` when it is refused."""
        handshake = self.ask("SaslHandshake", 1, mechanism="PLAIN")
        if handshake.error_code != 0:
            raise PermissionError(f"no PLAIN: error {handshake.error_code}, {handshake.mechanisms} are offered")
        message = "\0".join((authorization_id, user, password)).encode()
        answer = self.ask("SaslAuthenticate", 2, auth_bytes=message)
        if answer.error_code != 0:
            raise PermissionError(f"error {answer.error_code}: {answer.error_message}")
        return self

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_) -> None:
        self.socket.close()

    def ask(self, api: str, version: int, **fields):
        """Sends `api`Request and returns the decoded `api`Response; both the whole answer and the id must match."""
        correlation_id = self.send(api, version, **fields)
        return self.receive(api, version, correlation_id)

    def send(self, api: str, version: int, **fields) -> int:
        request = build(MESSAGES[f"{api}Request"], fields, version)
        correlation_id = self._next_correlation_id
        self._next_correlation_id += 1
        request.with_header(correlation_id=correlation_id, client_id=CLIENT_ID)
        self.socket.sendall(request.encode(header=True, framed=True))
        return correlation_id

    def receive(self, api: str, version: int, correlation_id: int):
        body = self.receive_frame()
        response = MESSAGES[f"{api}Response"]
        (echoed,) = struct.unpack(">i", body[:4])
        assert echoed == correlation_id, f"answer to {echoed}, expected to {correlation_id}"
        flexible = response.flexible_version_q(version)
        # The header of a flexible answer carries tagged fields; that of ApiVersions never does (KIP-511).
        start = 4
        if flexible and api != "ApiVersions":
            assert body[4] == 0, "tagged fields in a response header"
            start = 5
        decode = response._struct.compiled_decode_from(version, compact=flexible, tagged=flexible, data_class=response)
        message, end = decode(memoryview(body), start)
        assert end == len(body), f"{len(body) - end} bytes are left over after {api} v{version}"
        return message

    def receive_frame(self) -> bytes:
        (size,) = struct.unpack(">i", read_exactly(self.socket, 4))
        return read_exactly(self.socket, size)

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def is_closed_by_peer(self, seconds: float = 5) -> bool:
        """Whether the broker closes without sending anything more."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False


def request_header(api_key: int, version: int, correlation_id: int = 7, flexible: bool = False) -> bytes:
    client_id = CLIENT_ID.encode()
    return struct.pack(">hhih", api_key, version, correlation_id, len(client_id)) + client_id + (b"\0" if flexible else b"")


def framed(payload: bytes) -> bytes:
    return struct.pack(">i", len(payload)) + payload
