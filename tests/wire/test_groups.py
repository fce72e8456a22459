"""Answers of the group coordinator that clients cannot take in just any form."""

import pytest

from lib.broker import wait_for

ILLEGAL_GENERATION, GROUP_ID_NOT_FOUND = 22, 69


@pytest.mark.parametrize("version", [2, 7, 8, 9])
def test_a_commit_of_a_member_whose_group_is_gone(request, connection, make_topic, topic_name, version):
    """It joins again, in every version; Kafka ends it from version 9 on (docs/protocol.md)."""
    topic, group = make_topic(), topic_name("group")
    wait_for(lambda: connection.ask("FindCoordinator", 3, key=group, key_type=0).error_code == 0, 20, "the group's coordinator")
    rows = [{"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}]
    answer = connection.ask(
        "OffsetCommit", version, group_id=group, generation_id_or_member_epoch=5, member_id="slept", group_instance_id=None,
        topics=[{"name": topic, "partitions": rows}],
    )  # fmt: skip
    is_kafka = request.config.getoption("--kafka")
    wanted = GROUP_ID_NOT_FOUND if is_kafka and version >= 9 else ILLEGAL_GENERATION
    assert answer.topics[0].partitions[0].error_code == wanted
