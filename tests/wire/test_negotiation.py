"""ApiVersions, Metadata and the framing around them: what every client does first."""

import struct

import pytest

from lib import filled
from lib.wire import MESSAGES, Connection, framed, request_header

UNSUPPORTED_VERSION = 35
API_VERSIONS = 18

# A whole Kafka release, contiguous, for clients that do not ask: name -> key, first and last version that must be there at least.
AT_LEAST = {
    "Produce": (0, 0, 9),
    "Fetch": (1, 4, 12),
    "ListOffsets": (2, 1, 7),
    "Metadata": (3, 0, 12),
    "ApiVersions": (18, 0, 3),
    "CreateTopics": (19, 2, 7),
}


def ranges(connection: Connection) -> dict[int, tuple[int, int]]:
    answer = connection.ask("ApiVersions", 0)
    assert answer.error_code == 0
    return {row.api_key: (row.min_version, row.max_version) for row in answer.api_keys}


@pytest.mark.parametrize("version", range(5))
def test_every_version_of_api_versions(connection, version):
    fields = {"client_software_name": "wire-test", "client_software_version": "1.0"} if version >= 3 else {}
    answer = connection.ask("ApiVersions", version, **fields)
    assert answer.error_code == 0
    assert {row.api_key for row in answer.api_keys} >= {key for key, _, _ in AT_LEAST.values()}
    if version >= 1:
        assert answer.throttle_time_ms == 0
    if version >= 3:
        features = {feature.name: feature for feature in answer.supported_features}
        assert "metadata.version" in features
        # A name here is read by old librdkafka as a count: what has its default value must be left out.
        assert answer.finalized_features_epoch is not None


def test_versions_cover_clients_that_do_not_ask(connection):
    offered = ranges(connection)
    for name, (key, first, last) in AT_LEAST.items():
        assert offered[key][0] <= first and offered[key][1] >= last, name


def test_every_offered_version_can_be_decoded(connection):
    """Nothing is offered that Kafka 4.3 does not define."""
    known = {message.API_KEY: message for message in MESSAGES.values() if message.is_request()}
    for key, (first, last) in ranges(connection).items():
        assert first <= last
        if key in known:
            assert last <= known[key].max_version, known[key].__name__


def test_unknown_version_is_answered_in_version_0(connection):
    """KIP-511: the answer is the version 0 body with the ranges, and the connection lives on."""
    connection.send_raw(framed(request_header(API_VERSIONS, 99, correlation_id=7, flexible=True) + b"\0\0\0"))
    body = connection.receive_frame()
    correlation_id, error, count = struct.unpack(">ihi", body[:10])
    assert (correlation_id, error) == (7, UNSUPPORTED_VERSION)
    assert len(body) == 10 + 6 * count
    rows = [struct.unpack(">hhh", body[10 + 6 * row : 16 + 6 * row]) for row in range(count)]
    assert any(key == API_VERSIONS for key, _, _ in rows)
    assert ranges(connection)


def test_answers_come_in_the_order_of_requests(connection):
    """Ten requests before the first answer is read, cheap and dear ones mixed."""
    sent = []
    for number in range(10):
        if number % 2:
            sent.append(("ApiVersions", 0, connection.send("ApiVersions", 0)))
        else:
            sent.append(("Metadata", 9, connection.send("Metadata", 9, topics=None)))
    for api, version, correlation_id in sent:
        connection.receive(api, version, correlation_id)


@pytest.mark.parametrize("version", range(14))
def test_every_version_of_metadata(connection, make_topic, version):
    topic = make_topic(partitions=3)
    answer = connection.ask("Metadata", version, topics=[{"name": topic}])
    (broker,) = answer.brokers
    (described,) = answer.topics
    assert (described.error_code, described.name) == (0, topic)
    assert sorted(partition.partition_index for partition in described.partitions) == [0, 1, 2]
    for partition in described.partitions:
        assert partition.leader_id == broker.node_id
        assert partition.replica_nodes == partition.isr_nodes == [broker.node_id]
        if version >= 7:
            assert partition.leader_epoch == 0
    if version >= 1:
        assert answer.controller_id == broker.node_id
        assert described.is_internal is False
    if version >= 2:
        assert answer.cluster_id
    if version >= 8:
        assert described.authorized_operations is None, "asked for none: kafka-python reads -2^31 as that"
    if version >= 10:
        assert described.topic_id.int != 0


def test_metadata_of_all_and_of_no_topics(connection, make_topic):
    topic = make_topic()

    def names(version: int, topics: list | None) -> set[str]:
        return {entry.name for entry in connection.ask("Metadata", version, topics=topics).topics}

    assert topic in names(0, []), "in version 0 no topics mean all"
    for version in (1, 9, 12):
        assert topic in names(version, None), "later null means all"
        assert names(version, []) == set(), "and an empty list none"


def test_metadata_of_an_unknown_topic(connection, topic_name):
    name = topic_name()
    (topic,) = connection.ask("Metadata", 9, topics=[{"name": name}], allow_auto_topic_creation=False).topics
    assert (topic.error_code, topic.name, topic.partitions) == (3, name, [])
    (topic,) = connection.ask("Metadata", 9, topics=[{"name": "not/valid"}], allow_auto_topic_creation=False).topics
    assert topic.error_code == 17


def test_metadata_by_topic_id(connection, make_topic):
    name = make_topic()
    (topic,) = connection.ask("Metadata", 12, topics=[{"name": name}]).topics
    (again,) = connection.ask("Metadata", 12, topics=[{"name": None, "topic_id": topic.topic_id}]).topics
    assert (again.name, again.error_code) == (name, 0)
    unknown = type(topic.topic_id)(int=topic.topic_id.int ^ 1)
    (missing,) = connection.ask("Metadata", 12, topics=[{"name": None, "topic_id": unknown}]).topics
    assert (missing.name, missing.error_code) == (None, 100)


def test_unknown_tagged_fields_are_skipped(connection):
    """A future client may send fields that this broker does not know (KIP-482)."""
    tag = b"\x01" + b"\x64" + b"\x03" + b"abc"  # one field, number 100, three bytes
    header = request_header(API_VERSIONS, 3)
    connection.send_raw(framed(header + tag + b"\x05name\x041.0" + tag))
    body = connection.receive_frame()
    assert struct.unpack(">ih", body[:6]) == (7, 0)


READING = [
    "Produce", "Fetch", "ListOffsets", "Metadata", "OffsetFetch", "FindCoordinator", "Heartbeat", "LeaveGroup", "DescribeGroups", "ListGroups",
    "DeleteGroups", "DescribeConfigs", "DescribeLogDirs", "OffsetDelete", "DescribeAcls", "DescribeClientQuotas", "DescribeUserScramCredentials",
    "DescribeCluster", "DescribeProducers", "ListPartitionReassignments", "ListConfigResources", "DescribeTopicPartitions", "ApiVersions",
    "OffsetForLeaderEpoch", "DeleteRecords",
]  # fmt: skip


@pytest.mark.parametrize("api", READING)
def test_nobody_is_throttled_without_a_quota(connection, api):
    """Every version that has `throttle_time_ms` has it there, and 0: clients sleep for what they read in its place."""
    key = MESSAGES[f"{api}Request"].API_KEY
    first, last = ranges(connection)[key]
    # Versions 0 to 2 of Produce are named for old librdkafka and end the connection.
    for version in range(3 if api == "Produce" else first, last + 1):
        field = MESSAGES[f"{api}Response"]._struct.fields.get("throttle_time_ms")
        connection.send_raw(framed(filled.request(key, version)))
        answer = connection.receive(api, version, 7)
        if field is not None and field.for_version_q(version):
            assert answer.throttle_time_ms == 0, version
