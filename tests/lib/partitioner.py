"""Where Kafka's Java producer puts a key: the positive murmur2 hash, modulo the partitions."""

_MASK = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """The 32-bit murmur2 with the seed that Kafka uses."""
    multiplier, length = 0x5BD1E995, len(data)
    state = (0x9747B28C ^ length) & _MASK
    for start in range(0, length - length % 4, 4):
        word = int.from_bytes(data[start : start + 4], "little") * multiplier & _MASK
        word = (word ^ word >> 24) * multiplier & _MASK
        state = (state * multiplier & _MASK) ^ word
    if rest := data[length - length % 4 :]:
        state = (state ^ int.from_bytes(rest, "little")) * multiplier & _MASK
    state = (state ^ state >> 13) * multiplier & _MASK
    return state ^ state >> 15


def java_partition(key: bytes, partitions: int) -> int:
    return (murmur2(key) & 0x7FFFFFFF) % partitions
