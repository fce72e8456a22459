"""kafka-topics.sh and kafka-get-offsets.sh: the registry's six topics, created as its runbook does."""

import re

import pytest

from lib.commands import kafka_tool
from lib.topics import REGISTRY


def topics(bootstrap: str, *arguments: str, **options) -> str:
    return kafka_tool("topics", "--bootstrap-server", bootstrap, *arguments, **options)


@pytest.fixture(scope="module")
def registry(shared_broker) -> None:
    for topic in REGISTRY:
        topics(
            shared_broker.bootstrap, "--create", "--if-not-exists", "--topic", topic.name, "--partitions", str(topic.partitions),
            "--config", f"retention.ms={topic.retention_ms}",
            complaints="Due to limitations in metric names",
        )  # fmt: skip


def test_lists_the_registry(bootstrap, registry):
    listed = topics(bootstrap, "--list").split()
    assert {topic.name for topic in REGISTRY} <= set(listed)


@pytest.mark.parametrize("topic", REGISTRY, ids=lambda topic: topic.name)
def test_describes(bootstrap, registry, topic):
    lines = topics(bootstrap, "--describe", "--topic", topic.name).splitlines()
    summary = dict(field.split(": ", 1) for field in lines[0].split("\t") if ": " in field)
    assert summary["Topic"] == topic.name
    assert summary["PartitionCount"] == str(topic.partitions)
    assert summary["ReplicationFactor"] == "1"
    assert f"retention.ms={topic.retention_ms}" in summary["Configs"].split(",")
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", summary["TopicId"])

    partitions = lines[1:]
    assert len(partitions) == topic.partitions
    for number, line in enumerate(partitions):
        assert re.search(rf"Partition: {number}\tLeader: (\d+)\tReplicas: \1\tIsr: \1\b", line), line


def test_a_fresh_topic_has_no_records(bootstrap, registry):
    output = kafka_tool("get-offsets", "--bootstrap-server", bootstrap, "--topic", "audit_log")
    # Other tests of this file send nothing; a broker that runs already may hold records.
    assert [line.rsplit(":", 1)[0] for line in output.split()] == [f"audit_log:{partition}" for partition in range(4)]


def test_an_existing_topic_is_refused(bootstrap, registry):
    output = topics(bootstrap, "--create", "--topic", "llm_usage", "--partitions", "8", status=1, complaints=".")
    assert "already exists" in output


@pytest.mark.parametrize("name", ["../etc/passwd", "a" * 250, ".."])
def test_a_bad_name_is_refused(bootstrap, name):
    with pytest.raises(AssertionError, match="InvalidTopicException"):
        topics(bootstrap, "--create", "--topic", name, "--partitions", "1")


def test_an_unknown_topic_is_not_described(bootstrap):
    with pytest.raises(AssertionError, match="does not exist as expected"):
        topics(bootstrap, "--describe", "--topic", "nobody_made_this")
