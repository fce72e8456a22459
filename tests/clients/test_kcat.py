"""kcat 1.7.1 on librdkafka 2.0.2, both as Debian ships them: the pickiest ApiVersions reader among living clients."""

import json

import pytest

from lib.admin import create_topic
from lib.commands import kcat
from lib.events import Generator

pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    """A topic of three partitions; one that kcat creates by itself has one."""
    return create_topic(bootstrap, topic_name(), 3)


def consume(bootstrap: str, topic: str, *arguments: str) -> list[dict]:
    """Records as kcat's JSON envelopes, until the end of the partitions."""
    output = kcat(bootstrap, "-C", "-t", topic, "-e", "-q", "-J", *arguments)
    return [json.loads(line) for line in output.splitlines()]


def produce_lines(bootstrap: str, topic: str, values: list[str], *arguments: str, partition: int = 0) -> None:
    kcat(bootstrap, "-P", "-t", topic, "-p", str(partition), *arguments, stdin="\n".join(values) + "\n")


def test_lists_metadata(bootstrap, topic):
    metadata = json.loads(kcat(bootstrap, "-L", "-J"))
    assert len(metadata["brokers"]) == 1
    broker = metadata["brokers"][0]
    assert broker["name"] == bootstrap
    assert metadata["controllerid"] == broker["id"]

    listed = {entry["topic"]: entry for entry in metadata["topics"]}[topic]
    assert [partition["partition"] for partition in listed["partitions"]] == [0, 1, 2]
    for partition in listed["partitions"]:
        assert partition["leader"] == broker["id"]
        assert partition["replicas"] == partition["isrs"] == [{"id": broker["id"]}]


def test_lists_one_topic_only(bootstrap, topic):
    metadata = json.loads(kcat(bootstrap, "-L", "-J", "-t", topic))
    assert [entry["topic"] for entry in metadata["topics"]] == [topic]


@pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
def test_round_trip_with_codec(bootstrap, topic, codec):
    values = [event.value.decode() for event in Generator(seed=1).many("llm_usage", 500)]
    produce_lines(bootstrap, topic, values, "-z", codec)
    records = consume(bootstrap, topic, "-p", "0", "-o", "beginning")
    assert [record["payload"] for record in records] == values
    assert [record["offset"] for record in records] == list(range(500))


def test_keys_and_headers(bootstrap, topic):
    kcat(bootstrap, "-P", "-t", topic, "-K", "\t", "-H", "source=llm-gateway", "-H", "source=twice", "-H", "empty=", stdin="team_a\tone\nteam_a\ttwo\n")
    records = consume(bootstrap, topic, "-o", "beginning")
    assert [(record["key"], record["payload"]) for record in records] == [("team_a", "one"), ("team_a", "two")]
    assert len({record["partition"] for record in records}) == 1, "one key goes to one partition"
    for record in records:
        assert record["headers"] == ["source", "llm-gateway", "source", "twice", "empty", ""]


def test_producing_creates_the_topic(bootstrap, topic_name):
    """auto.create.topics.enable is on by default, and the client asks for it."""
    topic = topic_name()
    kcat(bootstrap, "-P", "-t", topic, "-K:", stdin='ana:{"tokens":17}\nben:{"tokens":4}\n')
    assert {(record["key"], record["payload"]) for record in consume(bootstrap, topic, "-o", "beginning")} == {
        ("ana", '{"tokens":17}'), ("ben", '{"tokens":4}'),
    }  # fmt: skip


def test_null_values_and_empty_values_differ(bootstrap, topic):
    kcat(bootstrap, "-P", "-t", topic, "-p", "1", "-K", ":", "-Z", stdin="tombstone:\n")
    kcat(bootstrap, "-P", "-t", topic, "-p", "1", "-K", ":", stdin="empty:\n")
    payloads = {record["key"]: record["payload"] for record in consume(bootstrap, topic, "-p", "1", "-o", "beginning")}
    assert payloads == {"tombstone": None, "empty": ""}


@pytest.mark.parametrize("acks", ["0", "1", "all"])
def test_acknowledgement_modes(bootstrap, topic, acks):
    values = [f"{acks}-{number}" for number in range(200)]
    produce_lines(bootstrap, topic, values, "-X", f"acks={acks}", partition=2)
    # acks=0 promises nothing about when: ask by count, not until the end.
    output = kcat(bootstrap, "-C", "-t", topic, "-p", "2", "-o", "beginning", "-c", "200", "-q")
    assert output.split() == values


def test_consumes_by_offset(bootstrap, topic):
    values = [f"value-{number}" for number in range(100)]
    produce_lines(bootstrap, topic, values)

    def payloads(*arguments: str) -> list[str]:
        return [record["payload"] for record in consume(bootstrap, topic, "-p", "0", *arguments)]

    assert payloads("-o", "42") == values[42:], "an offset inside a batch starts at that record"
    assert payloads("-o", "-5") == values[-5:], "negative: that many from the end"
    assert payloads("-o", "97", "-c", "2") == values[97:99]
    assert payloads("-o", "end") == []


def test_queries_offsets(bootstrap, topic):
    produce_lines(bootstrap, topic, ["one", "two", "three"])
    assert f"{topic} [0] offset 3" in kcat(bootstrap, "-Q", "-t", f"{topic}:0:-1")
    assert f"{topic} [0] offset 0" in kcat(bootstrap, "-Q", "-t", f"{topic}:0:-2")


def test_seeks_by_time(bootstrap, topic):
    produce_lines(bootstrap, topic, ["before"])
    # Two batches a moment apart: the time asked for lies between them.
    first = consume(bootstrap, topic, "-p", "0", "-o", "beginning")[0]["ts"]
    while True:
        produce_lines(bootstrap, topic, ["after"])
        second = consume(bootstrap, topic, "-p", "0", "-o", "-1")[0]["ts"]
        if second > first:
            break
    records = consume(bootstrap, topic, "-p", "0", "-o", f"s@{first + 1}")
    assert [record["payload"] for record in records][-1] == "after"
    assert all(record["ts"] > first for record in records)


def test_large_message_is_refused_by_the_limit(bootstrap, topic):
    """Above the broker's max.message.bytes but below the client's own limit: the broker must say so."""
    big = "x" * 1_500_000
    error = ""
    try:
        kcat(bootstrap, "-P", "-t", topic, "-p", "0", "-X", "message.max.bytes=3000000", "-X", "message.timeout.ms=10000", stdin=big + "\n")
    except AssertionError as failed:
        error = str(failed)
    assert "Message size too large" in error
    assert consume(bootstrap, topic, "-p", "0", "-o", "beginning") == []
