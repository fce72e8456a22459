"""Brokers that get hurt, and what they must look like afterwards."""

import pytest

from lib.broker import Broker, wait_for
from lib.vitals import Bystander, Vitals
from lib.wire import Connection


@pytest.fixture
def vitals(broker):
    """The file's broker before the test; after it the same process must answer as quickly, without a panic or a complaint."""
    if not isinstance(broker, Broker):
        pytest.skip("somebody else's broker is not to be hurt")
    before = Vitals(broker)
    yield before
    before.check()


@pytest.fixture
def connection(broker):
    with Connection(broker.bootstrap, timeout=30) as open_connection:
        yield open_connection


@pytest.fixture
def make_topic(connection, topic_name):
    """`make_topic(partitions=1, **configs)` creates a topic that leads at once, and returns its name."""

    def make(partitions: int = 1, **configs: str) -> str:
        return create_topic(connection, topic_name(), partitions, **configs)

    return make


def create_topic(connection: Connection, name: str, partitions: int = 1, **configs: str) -> str:
    entries = [{"name": key.replace("_", "."), "value": value} for key, value in configs.items()]
    wanted = {"name": name, "num_partitions": partitions, "replication_factor": 1, "assignments": [], "configs": entries}
    (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False).topics
    assert created.error_code == 0, created

    def leads() -> bool:
        rows = [{"partition_index": number, "current_leader_epoch": -1, "timestamp": -1} for number in range(partitions)]
        answer = connection.ask("ListOffsets", 6, replica_id=-1, isolation_level=0, topics=[{"name": name, "partitions": rows}])
        return all(partition.error_code == 0 for partition in answer.topics[0].partitions)

    wait_for(leads, 10, "leaders of the new topic")
    return name


@pytest.fixture
def bystander(broker, make_topic):
    """An honest client with a topic of its own."""
    client = Bystander(broker.bootstrap, make_topic())
    client.median(10)  # warm
    yield client
    client.close()
