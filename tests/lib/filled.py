"""Valid requests of every API and version, with something in every field: the material that hostile tests bend."""

import uuid

from lib.wire import CLIENT_ID, MESSAGES, build

REQUESTS = {message.API_KEY: message for message in MESSAGES.values() if message.is_request()}

_VALUES = {
    "int8": 1, "int16": 1, "uint16": 1, "int32": 1, "int64": 1, "float64": 1.0, "bool": False, "string": "text",
    "bytes": b"bytes", "records": b"records",
}  # fmt: skip


def _value(field, version: int, depth: int):
    if field.is_struct_array():
        return [fields(field.array_of, version, depth + 1)]
    if field.is_array():
        return [_value(field.array_of, version, depth + 1)]
    if field.is_struct():
        return fields(field, version, depth + 1)
    if field.type_str == "uuid":
        return uuid.UUID(int=4711)
    return _VALUES[field.type_str]


def fields(struct, version: int, depth: int = 0) -> dict:
    """A value for every field that `struct` has in `version`; tagged ones are left out."""
    inner = struct.fields.values() if isinstance(struct.fields, dict) else struct.fields
    return {field.name: _value(field, version, depth) for field in inner if field.for_version_q(version) and not field.tagged_field_q(version)}


def request(api_key: int, version: int, correlation_id: int = 7) -> bytes:
    """Header and body, without the size in front."""
    message = REQUESTS[api_key]
    filled = build(message, fields(message._struct, version), version)
    filled.with_header(correlation_id=correlation_id, client_id=CLIENT_ID)
    return filled.encode(header=True, framed=False)


def header_size(api_key: int, version: int) -> int:
    """Where the body begins in what `request` returns."""
    return 10 + len(CLIENT_ID) + (1 if REQUESTS[api_key].flexible_version_q(version) else 0)
