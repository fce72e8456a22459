"""kafka-acls.sh against a broker with an authorizer, and what ACLs do to a client that is User:ANONYMOUS, as everybody is on PLAINTEXT."""

import re

import pytest

from conftest import broker_class
from lib.commands import CommandFailed, kafka_tool
from lib.wire import Connection

STANDARD = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
ANONYMOUS = "User:ANONYMOUS"
READ, DESCRIBE, ALLOW, DENY, LITERAL, PREFIXED, ANY = 3, 8, 3, 2, 3, 4, 1
TOPIC, GROUP, CLUSTER = 2, 3, 4
TOPIC_AUTHORIZATION_FAILED, GROUP_AUTHORIZATION_FAILED, CLUSTER_AUTHORIZATION_FAILED = 29, 30, 31


@pytest.fixture(scope="module")
def start(request, tmp_path_factory):
    """`start(users)` is a broker with an authorizer and these super users; the same data for the same name."""
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    brokers = []

    def start(directory, **settings: str):
        kind = broker_class(request.config)
        keys = {"authorizer.class.name": STANDARD} | {key.replace("_", "."): value for key, value in settings.items()}
        broker = kind(directory, keys)
        broker.start()
        brokers.append(broker)
        return broker

    yield start
    for broker in brokers:
        broker.stop()
        assert not broker.unexpected_complaints()


@pytest.fixture(scope="module")
def open_to_admins(start, tmp_path_factory):
    """Whoever connects is a super user: a place to manage ACLs of others."""
    return start(tmp_path_factory.mktemp("admins"), super_users=ANONYMOUS)


def acls(broker, *arguments: str) -> str:
    return kafka_tool("acls", "--bootstrap-server", broker.bootstrap, *arguments)


def entries(listing: str) -> set[str]:
    return set(re.findall(r"\(principal=.*\)", listing))


def test_what_the_tool_adds_it_lists_and_removes(open_to_admins):
    broker = open_to_admins
    acls(broker, "--add", "--allow-principal", "User:billing", "--producer", "--topic", "billing_events")
    acls(broker, "--add", "--allow-principal", "User:billing", "--consumer", "--topic", "llm_usage", "--group", "billing-agg")
    acls(broker, "--add", "--deny-principal", "User:guest", "--operation", "All", "--topic", "secret-", "--resource-pattern-type", "prefixed")
    listed = acls(broker, "--list")
    for pattern in ("name=billing_events, patternType=LITERAL", "name=billing-agg, patternType=LITERAL", "name=secret-, patternType=PREFIXED"):
        assert pattern in listed
    producer = acls(broker, "--list", "--topic", "billing_events")
    operations = {"WRITE", "DESCRIBE", "CREATE"}
    assert entries(producer) == {f"(principal=User:billing, host=*, operation={name}, permissionType=ALLOW)" for name in operations}
    matching = acls(broker, "--list", "--topic", "secret-plans", "--resource-pattern-type", "match")
    assert entries(matching) == {"(principal=User:guest, host=*, operation=ALL, permissionType=DENY)"}
    assert entries(acls(broker, "--list", "--topic", "secret-plans")) == set()
    acls(broker, "--remove", "--force", "--allow-principal", "User:billing", "--consumer", "--topic", "llm_usage", "--group", "billing-agg")
    listed = acls(broker, "--list")
    assert "llm_usage" not in listed and "billing-agg" not in listed and "billing_events" in listed


def test_acls_survive_a_restart_and_are_kept_once(open_to_admins):
    broker = open_to_admins
    for _ in range(2):
        acls(broker, "--add", "--allow-principal", "User:kept", "--operation", "Read", "--topic", "kept")
    broker.kill()
    broker.start()
    assert acls(broker, "--list", "--topic", "kept").count("principal=User:kept") == 1


def creation(resource_type: int, name: str, operation: int, permission: int = ALLOW, pattern: int = LITERAL) -> dict:
    return {
        "resource_type": resource_type, "resource_name": name, "resource_pattern_type": pattern, "principal": ANONYMOUS, "host": "*",
        "operation": operation, "permission_type": permission,
    }  # fmt: skip


def test_whom_no_acl_allows_anything_may_nothing(start, tmp_path_factory):
    broker = start(tmp_path_factory.mktemp("closed"), super_users="User:admin")
    with pytest.raises(CommandFailed, match="Cluster authorization failed|ClusterAuthorizationException"):
        acls(broker, "--list")
    with Connection(broker.bootstrap) as connection:
        topics = connection.ask("Metadata", 9, topics=[{"name": "orders"}], allow_auto_topic_creation=True).topics
        assert [topic.error_code for topic in topics] == [TOPIC_AUTHORIZATION_FAILED]
        assert connection.ask("Metadata", 9, topics=None, allow_auto_topic_creation=True).topics == []
        (created,) = connection.ask("CreateAcls", 3, creations=[creation(TOPIC, "orders", READ)]).results
        assert created.error_code == CLUSTER_AUTHORIZATION_FAILED
        (found,) = connection.ask("FindCoordinator", 4, key_type=0, coordinator_keys=["g"]).coordinators
        assert found.error_code == GROUP_AUTHORIZATION_FAILED


def fetch(connection: Connection, topic: str, session_id: int, epoch: int):
    place = {
        "partition": 0, "current_leader_epoch": -1, "fetch_offset": 0, "last_fetched_epoch": -1, "log_start_offset": -1,
        "partition_max_bytes": 1000,
    }  # fmt: skip
    topics = [{"topic": topic, "partitions": [place]}] if epoch == 0 else []
    return connection.ask(
        "Fetch", 12, replica_id=-1, max_wait_ms=0, min_bytes=0, max_bytes=1000, isolation_level=0, session_id=session_id, session_epoch=epoch,
        topics=topics, forgotten_topics_data=[], rack_id="",
    )  # fmt: skip


def test_what_is_revoked_is_denied_on_open_connections_and_sessions(start, tmp_path_factory):
    """Where everybody may do what no ACL is about, a first ACL takes a topic away from all others, and its removal gives it back."""
    broker = start(tmp_path_factory.mktemp("revoked"), super_users="User:admin", allow_everyone_if_no_acl_found="true")
    with Connection(broker.bootstrap) as connection:
        wanted = {"name": "orders", "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
        (created,) = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False).topics
        assert created.error_code == 0
        first = fetch(connection, "orders", 0, 0)
        assert first.session_id > 0 and first.responses[0].partitions[0].error_code == 0
        (kept,) = connection.ask("CreateAcls", 3, creations=[creation(TOPIC, "ord", READ, DENY, PREFIXED)]).results
        assert kept.error_code == 0
        (refused,) = fetch(connection, "orders", first.session_id, 1).responses
        assert refused.partitions[0].error_code == TOPIC_AUTHORIZATION_FAILED
        answer = connection.ask("DescribeAcls", 3, resource_type_filter=TOPIC, resource_name_filter="orders", pattern_type_filter=2,
            principal_filter=None, host_filter=None, operation=ANY, permission_type=ANY)  # fmt: skip
        assert [(found.resource_name, found.pattern_type) for found in answer.resources] == [("ord", PREFIXED)]
        everything = {
            "resource_type_filter": ANY, "resource_name_filter": None, "pattern_type_filter": ANY, "principal_filter": ANONYMOUS,
            "host_filter": None, "operation": ANY, "permission_type": ANY,
        }  # fmt: skip
        (removed,) = connection.ask("DeleteAcls", 3, filters=[everything]).filter_results
        assert len(removed.matching_acls) == 1
        assert fetch(connection, "orders", first.session_id, 2).responses[0].partitions[0].error_code == 0
