"""A connection, and topics made through it."""

import pytest

from lib.broker import wait_for
from lib.wire import Connection


@pytest.fixture
def connection(bootstrap):
    with Connection(bootstrap) as open_connection:
        yield open_connection


@pytest.fixture
def make_topic(request, connection, topic_name):
    """`make_topic(partitions=1, **configs)` creates a topic and returns its name."""

    def make(partitions: int = 1, **configs: str) -> str:
        name = topic_name()
        entries = [{"name": key.replace("_", "."), "value": value} for key, value in configs.items()]
        wanted = {"name": name, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": entries}
        (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False).topics
        assert created.error_code == 0, created

        def has_leaders() -> bool:
            (topic,) = connection.ask("Metadata", 9, topics=[{"name": name}], allow_auto_topic_creation=False).topics
            return topic.error_code == 0 and all(partition.error_code == 0 for partition in topic.partitions)

        def leaders_answer() -> bool:
            rows = [{"partition_index": number, "current_leader_epoch": -1, "timestamp": -1} for number in range(partitions)]
            answer = connection.ask("ListOffsets", 6, replica_id=-1, isolation_level=0, topics=[{"name": name, "partitions": rows}])
            return all(partition.error_code == 0 for partition in answer.topics[0].partitions)

        if request.config.getoption("--kafka"):
            # Kafka answers before its own broker knows the topic, and again before it leads it. Ours must not.
            wait_for(lambda: has_leaders() and leaders_answer(), 5, "leaders of the new topic")
        assert has_leaders() and leaders_answer(), "the topic is announced, but not there"
        return name

    return make
