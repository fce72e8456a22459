"""An answer as one line: its error codes, the names that they belong to, and nothing that two brokers may differ in."""

import uuid

import kafka.errors

from security.grants import OPERATIONS

# What is in them has nothing to do with rights.
_LEFT_OUT = ("record_errors", "node_endpoints", "aborted_transactions")
_NAMES = (
    "name", "topic", "topic_name", "group_id", "resource_name", "transactional_id", "key", "user", "principal", "entity_name",
)  # fmt: skip


def error_name(code: int) -> str:
    return kafka.errors.for_code(code).message if code else "NONE"


def reduced(message, opaque: tuple[str, ...] = ()) -> str:
    return _struct(type(message)._struct, message, opaque)


def _struct(struct, value, opaque: tuple[str, ...]) -> str:
    fields = struct.fields.values() if isinstance(struct.fields, dict) else struct.fields
    parts = [part for field in fields if (part := _field(field, getattr(value, field.name, None), opaque)) is not None]
    return "{" + " ".join(parts) + "}"


def _field(field, value, opaque: tuple[str, ...]) -> str | None:
    name = field.name
    if name in _LEFT_OUT:
        return None
    if name.endswith("error_code"):
        code = error_name(value or 0)
        return code if name == "error_code" else f"{name}={code}"
    if name.endswith("authorized_operations"):
        return None if value is None else _operations(value)
    if name in opaque:
        return f"{name}={'some' if value else 'none'}"
    if isinstance(value, uuid.UUID):
        return "id" if value.int else None
    if name in _NAMES and (value is None or isinstance(value, str)):
        return value or ("''" if value == "" else None)
    if field.is_struct_array():
        return _array(field, value, opaque)
    return None


def _array(field, values, opaque: tuple[str, ...]) -> str | None:
    if values is None:
        return None
    elements = sorted(_struct(field.array_of, value, opaque) for value in values if not _is_internal(value))
    if elements and set(elements) == {"{}"}:
        # Nothing in them says more than that they are there.
        return f"{field.name}={len(elements)}"
    return f"{field.name}=[{' '.join(elements)}]"


def _is_internal(value) -> bool:
    """A topic of the broker's own: when it is made, and with how many partitions, is another matter."""
    return any(str(getattr(value, name, "")).startswith(("__consumer", "__transaction")) for name in ("name", "resource_name"))


def _operations(bits: set[int] | int) -> str:
    """kafka-python reads the bits as a set of numbers, of most messages; "not asked for" is the highest one alone."""
    if isinstance(bits, int):
        bits = {number for number in range(32) if bits & 1 << number}
    if bits == {31}:
        return "operations=?"
    names = [name for name, number in OPERATIONS.items() if number in bits]
    return f"operations={','.join(names) or 'none'}"
