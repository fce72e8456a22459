"""The audit trail: what clients changed, who they were and where they came from, in the log and in the trail's topic."""

import json
import re

import pytest

from lib.admin import create_topic
from lib.broker import wait_for
from lib.commands import CommandFailed, kafka_tool, kcat

TRAIL = "audit_trail"


@pytest.fixture
def trail_broker(own_broker, request):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka has no audit trail")
    broker = own_broker({"hanzo.audit.topic": TRAIL})
    broker.start()
    return broker


def records(bootstrap: str) -> list[dict]:
    """Every record of the trail so far, oldest first."""
    output = kcat(bootstrap, "-C", "-t", TRAIL, "-p", "0", "-o", "beginning", "-e", "-q")
    return [json.loads(line) for line in output.splitlines()]


def test_changes_are_in_the_log_and_in_the_topic(trail_broker, topic_name):
    bootstrap = trail_broker.bootstrap
    name = create_topic(bootstrap, topic_name(), 2)
    kafka_tool("topics", "--bootstrap-server", bootstrap, "--alter", "--topic", name, "--partitions", "3")
    kafka_tool("topics", "--bootstrap-server", bootstrap, "--delete", "--topic", name)

    def changes() -> list[dict]:
        found = [record for record in records(bootstrap) if name in record.get("what", "")]
        return found if len(found) >= 3 else []

    found = wait_for(changes, 20, "the trail has three changes", every=0.5)
    assert [record["action"] for record in found] == ["CreateTopics", "CreatePartitions", "DeleteTopics"]
    assert found[0]["what"].startswith(f"topic {name} partitions=2 replicas=1")
    assert found[1]["what"] == f"topic {name} partitions=3"
    for record in found:
        assert record["event"] == "changed"
        assert record["principal"] == "User:ANONYMOUS"
        assert record["listener"] == "PLAINTEXT"
        assert re.fullmatch(r"127\.0\.0\.1:\d+", record["from"])
        assert record["time"] > 1_600_000_000_000
    lines = [line for line in trail_broker.log_lines() if "audit: changed" in line and name in line]
    assert len(lines) == 3
    assert "principal=User:ANONYMOUS" in lines[0] and "action=CreateTopics" in lines[0]


def test_only_the_broker_writes_the_trail(trail_broker, topic_name):
    bootstrap = trail_broker.bootstrap
    create_topic(bootstrap, topic_name())
    wait_for(lambda: TRAIL in kafka_tool("topics", "--bootstrap-server", bootstrap, "--list").split(), 20, "the trail's topic", every=0.5)
    before = records(bootstrap)
    with pytest.raises(CommandFailed, match="(?i)authori"):
        kcat(bootstrap, "-P", "-t", TRAIL, "-p", "0", stdin="forged\n")
    assert records(bootstrap) == before


def test_the_trail_is_whole_after_a_clean_stop(trail_broker, topic_name):
    names = [create_topic(trail_broker.bootstrap, topic_name()) for _ in range(5)]
    trail_broker.restart()
    created = [record["what"].split()[1] for record in records(trail_broker.bootstrap) if record.get("action") == "CreateTopics"]
    assert created == names
