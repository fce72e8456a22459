"""kafka-console-producer.sh and kafka-console-consumer.sh: the Java client 4.x at both ends."""

import pytest

from lib.admin import create_topic
from lib.commands import kafka_tool
from lib.events import Generator
from lib.partitioner import java_partition

PARTITIONS = 3


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    return create_topic(bootstrap, topic_name(), PARTITIONS)


def produce(bootstrap: str, topic: str, stdin: str, *arguments: str) -> None:
    kafka_tool("console-producer", "--bootstrap-server", bootstrap, "--topic", topic, *arguments, stdin=stdin)


def consume(bootstrap: str, topic: str, partition: int, count: int, *arguments: str) -> list[str]:
    """Exactly `count` lines; when there are fewer, the consumer's time-out fails the test."""
    output = kafka_tool(
        "console-consumer", "--bootstrap-server", bootstrap, "--topic", topic, "--partition", str(partition),
        "--max-messages", str(count), "--timeout-ms", "20000", *arguments,
    )  # fmt: skip
    return output.splitlines()


def produce_events(bootstrap: str, topic: str, count: int, *arguments: str) -> dict[int, list[str]]:
    """Sends keyed events and returns the values that each partition must hold."""
    expected: dict[int, list[str]] = {partition: [] for partition in range(PARTITIONS)}
    lines = []
    for event in Generator(seed=2, teams=20).many("events_plugin_ingestion", count):
        lines.append(f"{event.key.decode()}\t{event.value.decode()}\n")
        expected[java_partition(event.key, PARTITIONS)].append(event.value.decode())
    produce(bootstrap, topic, "".join(lines), "--reader-property", "parse.key=true", *arguments)
    assert all(expected.values()), "the events must reach every partition"
    return expected


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_round_trip_with_codec(bootstrap, topic, codec):
    expected = produce_events(bootstrap, topic, 300, "--compression-codec", codec)
    partition, values = max(expected.items(), key=lambda item: len(item[1]))
    assert consume(bootstrap, topic, partition, len(values), "--offset", "earliest") == values


def test_keys_choose_the_partition(bootstrap, topic):
    expected = produce_events(bootstrap, topic, 200)
    for partition, values in expected.items():
        assert consume(bootstrap, topic, partition, len(values), "--offset", "earliest") == values


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acknowledgement_modes(bootstrap, topic, acks):
    """Anything but `all` switches the producer's idempotence off."""
    produce(bootstrap, topic, "a:one\na:two\n", "--reader-property", "parse.key=true", "--reader-property", "key.separator=:", "--command-property", f"acks={acks}")
    assert consume(bootstrap, topic, java_partition(b"a", PARTITIONS), 2, "--offset", "earliest") == ["one", "two"]


def test_keys_headers_offsets_and_time_are_printed(bootstrap, topic):
    reader = ["--reader-property", "parse.key=true", "--reader-property", "parse.headers=true"]
    produce(bootstrap, topic, "source:gateway,kind:test\tteam_1\tfirst\nsource:gateway\tteam_1\tsecond\n", *reader)
    shown = ["key", "headers", "offset", "partition", "timestamp"]
    properties = [word for field in shown for word in ("--formatter-property", f"print.{field}=true")]
    partition = java_partition(b"team_1", PARTITIONS)
    lines = consume(bootstrap, topic, partition, 2, "--offset", "earliest", *properties)

    fields = [line.split("\t") for line in lines]
    assert [(row[0].split(":")[0], *row[1:]) for row in fields] == [
        ("CreateTime", f"Partition:{partition}", "Offset:0", "source:gateway,kind:test", "team_1", "first"),
        ("CreateTime", f"Partition:{partition}", "Offset:1", "source:gateway", "team_1", "second"),
    ]


def test_consumes_from_an_offset(bootstrap, topic):
    values = produce_events(bootstrap, topic, 100)
    partition, values = max(values.items(), key=lambda item: len(item[1]))
    assert consume(bootstrap, topic, partition, len(values) - 7, "--offset", "7") == values[7:]
