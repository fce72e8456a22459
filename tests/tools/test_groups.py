"""kafka-consumer-groups.sh, kafka-groups.sh and the console consumer in a group: what an operator's runbook does about lag."""

import re

import pytest

from lib.admin import create_topic
from lib.commands import kafka_tool, kcat
from lib.events import Generator

PARTITIONS = 2
RECORDS = 100


def groups(bootstrap: str, *arguments: str, **options) -> str:
    return kafka_tool("consumer-groups", "--bootstrap-server", bootstrap, *arguments, **options)


def table(output: str) -> list[dict[str, str]]:
    """The rows of a described group by the names of its columns."""
    lines = [line.split() for line in output.splitlines() if line.strip()]
    header = next(index for index, words in enumerate(lines) if words[0] == "GROUP")
    return [dict(zip(lines[header], words, strict=False)) for words in lines[header + 1 :]]


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    name = create_topic(bootstrap, topic_name(), PARTITIONS)
    for partition in range(PARTITIONS):
        values = "".join(event.value.decode() + "\n" for event in Generator(partition).many("llm_usage", RECORDS // PARTITIONS))
        kcat(bootstrap, "-P", "-t", name, "-p", str(partition), stdin=values)
    return name


@pytest.fixture
def group(bootstrap, topic) -> str:
    """A group that has read everything and left."""
    name = f"billing-{topic[-12:]}"  # the tool cuts longer names off
    assert len(consume(bootstrap, topic, name, RECORDS)) == RECORDS
    return name


def consume(bootstrap: str, topic: str, group: str, count: int) -> list[str]:
    output = kafka_tool(
        "console-consumer", "--bootstrap-server", bootstrap, "--topic", topic, "--group", group, "--max-messages", str(count),
        "--timeout-ms", "30000", "--command-property", "auto.offset.reset=earliest",
    )  # fmt: skip
    return output.splitlines()


def lag(bootstrap: str, group: str) -> list[tuple[int, int, int]]:
    """Committed offset, end and lag of each partition."""
    rows = table(groups(bootstrap, "--describe", "--group", group, complaints="has no active members"))
    rows.sort(key=lambda row: int(row["PARTITION"]))
    return [(int(row["CURRENT-OFFSET"]), int(row["LOG-END-OFFSET"]), int(row["LAG"])) for row in rows]


def test_describes_lag(bootstrap, topic, group):
    assert lag(bootstrap, group) == [(50, 50, 0), (50, 50, 0)]
    kcat(bootstrap, "-P", "-t", topic, "-p", "1", stdin="one\ntwo\n")
    assert lag(bootstrap, group) == [(50, 50, 0), (50, 52, 2)]
    assert consume(bootstrap, topic, group, 2) == ["one", "two"], "the group goes on where it was"
    assert lag(bootstrap, group) == [(50, 50, 0), (52, 52, 0)]


def test_lists_groups_and_states(bootstrap, topic, group):
    assert group in groups(bootstrap, "--list").split()
    listed = groups(bootstrap, "--list", "--state")
    assert re.search(rf"^{re.escape(group)}\s+Empty\s*$", listed, re.MULTILINE)
    assert re.search(rf"^{re.escape(group)}\s+Classic\s+consumer\s*$", kafka_tool("groups", "--bootstrap-server", bootstrap, "--list"), re.MULTILINE)
    state = groups(bootstrap, "--describe", "--group", group, "--state", complaints="has no active members")
    assert re.search(rf"{re.escape(group)}\s.*\sEmpty\s+0$", state.strip())


def test_resets_offsets(bootstrap, topic, group):
    def reset(*where: str) -> None:
        groups(bootstrap, "--reset-offsets", "--group", group, "--topic", topic, *where)

    reset("--to-earliest", "--dry-run")
    assert lag(bootstrap, group) == [(50, 50, 0), (50, 50, 0)], "a dry run changes nothing"
    reset("--to-offset", "7", "--execute")
    assert lag(bootstrap, group) == [(7, 50, 43), (7, 50, 43)]
    reset("--shift-by", "3", "--execute")
    assert lag(bootstrap, group) == [(10, 50, 40), (10, 50, 40)]
    reset("--to-datetime", "2000-01-01T00:00:00.000", "--execute")
    assert lag(bootstrap, group) == [(0, 50, 50), (0, 50, 50)]
    reset("--to-latest", "--execute")
    assert lag(bootstrap, group) == [(50, 50, 0), (50, 50, 0)]


def test_deletes_offsets_and_the_group(bootstrap, topic, group):
    groups(bootstrap, "--delete-offsets", "--group", group, "--topic", f"{topic}:1")
    assert lag(bootstrap, group) == [(50, 50, 0)]
    assert "successful" in groups(bootstrap, "--delete", "--group", group)
    assert group not in groups(bootstrap, "--list").split()
