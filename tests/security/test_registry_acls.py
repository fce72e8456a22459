"""The event standard's registry, `config/topics.yaml`, end to end: every principal, topic and operation, as its table says.

The broker has nothing but the file, the passwords in its environment, and one super user who makes the topics.
"""

import re
import subprocess

import pytest
from confluent_kafka.admin import AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient
from confluent_kafka.admin import NewTopic, ResourcePatternType, ResourceType

from lib.broker import REPOSITORY, HanzoStream, release_binary, wait_for
from lib.certificates import Certificates
from lib.topics import REGISTRY as TOPICS
from security import registry
from security.registry import BY_NAME, ROOT, SECONDS, SUPER_USER, TABLE

LISTENER = "CLIENTS"
CATALOG = REPOSITORY / "config" / "topics.yaml"
NAMES = [topic.name for topic in TOPICS]
GROUPS = sorted({group for topic in TOPICS for group in topic.groups})
# The standard asks for TLS on every connection.
PROTOCOL = "SASL_SSL"
ANYTHING = AclBindingFilter(
    ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY
)  # fmt: skip


def settings(catalog) -> dict[str, str]:
    jaas = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{ROOT}="{SUPER_USER.password}";'
    return {
        "hanzo.catalog.file": str(catalog),
        "super.users": f"User:{ROOT}",
        f"listener.name.{LISTENER.lower()}.plain.sasl.jaas.config": jaas,
        "auto.create.topics.enable": "false",
    }


@pytest.fixture(scope="module")
def environment():
    with pytest.MonkeyPatch.context() as patch:
        for principal in TABLE:
            patch.setenv(principal.variable, principal.password)
        yield patch


@pytest.fixture(scope="module")
def registry_broker(request, environment, tmp_path_factory):
    if request.config.getoption("--bootstrap") or request.config.getoption("--kafka"):
        pytest.skip("topics as code are this broker's own")
    directory = tmp_path_factory.mktemp("registry")
    catalog = directory / "topics.yaml"
    catalog.write_text(CATALOG.read_text())
    certificates = Certificates(directory)
    broker = HanzoStream(directory, settings(catalog) | certificates.server_settings(), listeners={LISTENER: PROTOCOL})
    # Every refusal of this file is told there.
    broker.expect_complaint(r"audit|denied|authenticat")
    broker.catalog, broker.authority = catalog, certificates.authority.pem_file
    broker.start()
    make_topics(broker)
    yield broker
    broker.stop()


@pytest.fixture
def broker(registry_broker):
    before = len(registry_broker.unexpected_complaints())
    yield registry_broker
    complaints = registry_broker.unexpected_complaints()[before:]
    assert not complaints, "the broker complained:\n" + "\n".join(complaints)


def client(broker, principal, mechanism: str = "PLAIN") -> dict:
    tls = {"security.protocol": PROTOCOL, "ssl.ca.location": str(broker.authority)}
    return registry.client(broker.address(LISTENER), principal, mechanism, **tls)


def make_topics(broker) -> None:
    admin = AdminClient(client(broker, SUPER_USER))
    new = [NewTopic(topic.name, topic.partitions, 1, config={"retention.ms": str(topic.retention_ms)}) for topic in TOPICS]
    for done in admin.create_topics(new, operation_timeout=SECONDS).values():
        done.result(SECONDS)
    fill(broker)


def fill(broker) -> None:
    registry.fill(client(broker, SUPER_USER), NAMES)


def acls(broker) -> set[str]:
    admin = AdminClient(client(broker, SUPER_USER))
    found = admin.describe_acls(ANYTHING, request_timeout=SECONDS).result(SECONDS)
    assert all(acl.resource_pattern_type == ResourcePatternType.LITERAL for acl in found)
    assert all(acl.permission_type == AclPermissionType.ALLOW for acl in found)
    return {f"{acl.principal} {acl.operation.name} {acl.restype.name} {acl.name}" for acl in found}


def table() -> set[str]:
    """The ACLs that the table comes to."""
    expected = set()
    for principal in TABLE:
        user = f"User:{principal.name}"
        for operation, topic in (("READ", principal.reads), ("WRITE", principal.writes)):
            if topic:
                expected |= {f"{user} {operation} TOPIC {topic}", f"{user} DESCRIBE TOPIC {topic}"}
        if principal.group:
            expected.add(f"{user} READ GROUP {principal.group}")
        expected.add(f"{user} WRITE TOPIC dead_letter")
    return expected


def check_writes(broker, principal, mechanism: str = "PLAIN") -> None:
    outcomes = registry.produce(client(broker, principal, mechanism), NAMES)
    expected = {topic: "NONE" if principal.may("write", topic) else "TOPIC_AUTHORIZATION_FAILED" for topic in NAMES}
    assert outcomes == expected


def check_reads(broker, principal, mechanism: str = "PLAIN") -> None:
    configuration = client(broker, principal, mechanism)
    outcomes = {topic: registry.read(configuration, topic) for topic in NAMES}
    expected = {topic: "NONE" if principal.may("read", topic) else "TOPIC_AUTHORIZATION_FAILED" for topic in NAMES}
    assert outcomes == expected


principals = pytest.mark.parametrize("principal", TABLE, ids=lambda principal: principal.name)


@principals
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_writing(broker, principal, mechanism):
    check_writes(broker, principal, mechanism)


@principals
def test_reading(broker, principal):
    check_reads(broker, principal)


@principals
def test_groups(broker, principal):
    configuration = client(broker, principal)
    outcomes = {group: registry.offsets(configuration, group) for group in GROUPS}
    expected = {group: "NONE" if group == principal.group else "GROUP_AUTHORIZATION_FAILED" for group in GROUPS}
    assert outcomes == expected


@pytest.mark.parametrize("principal", [p for p in TABLE if p.group], ids=lambda principal: principal.name)
@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_consuming_in_ones_own_group(broker, principal, mechanism):
    fill(broker)
    configuration = client(broker, principal, mechanism)
    assert registry.consume(configuration, principal.reads, principal.group) == "NONE"
    other = next(group for group in GROUPS if group != principal.group)
    assert registry.consume(configuration, principal.reads, other) == "GROUP_AUTHORIZATION_FAILED"


def test_whoever_did_not_log_in_reaches_nothing(broker):
    configuration = registry.anonymous(broker.bootstrap)
    assert set(registry.produce(configuration, NAMES).values()) == {"TOPIC_AUTHORIZATION_FAILED"}
    assert {registry.read(configuration, topic) for topic in NAMES} == {"TOPIC_AUTHORIZATION_FAILED"}
    assert {registry.offsets(configuration, group) for group in GROUPS} == {"GROUP_AUTHORIZATION_FAILED"}
    assert not AdminClient(configuration).list_topics(timeout=SECONDS).topics


def test_a_wrong_password_lets_nobody_in(broker):
    configuration = client(broker, BY_NAME["llm-gateway"])
    assert not registry.logs_in(configuration | {"sasl.password": "not-the-password"})


def test_the_log_holds_one_acl_for_each_line_of_the_table(broker):
    assert acls(broker) == table()


def test_access_survives_a_restart_and_goes_with_the_principal(broker):
    by_hand = AclBinding(
        ResourceType.TOPIC, "audit_log", ResourcePatternType.LITERAL, "User:auditor", "*", AclOperation.READ, AclPermissionType.ALLOW
    )  # fmt: skip
    admin = AdminClient(client(broker, SUPER_USER))
    admin.create_acls([by_hand])[by_hand].result(SECONDS)
    hand_made = {"User:auditor READ TOPIC audit_log"}
    broker.restart()
    assert acls(broker) == table() | hand_made
    billing = BY_NAME["billing-aggregator"]
    check_writes(broker, billing)
    check_reads(broker, billing)

    whole = broker.catalog.read_text()
    without, count = re.subn(r"  - username: billing-aggregator\n(    .*\n)+", "", whole)
    assert count == 1
    broker.catalog.write_text(without)
    broker.restart()
    assert acls(broker) == {acl for acl in table() if "billing-aggregator" not in acl} | hand_made
    assert not registry.logs_in(client(broker, billing))
    check_writes(broker, BY_NAME["llm-gateway"])

    broker.catalog.write_text(whole)
    broker.restart()
    assert acls(broker) == table() | hand_made
    admin = AdminClient(client(broker, SUPER_USER))
    auditors = AclBindingFilter(
        ResourceType.TOPIC, "audit_log", ResourcePatternType.LITERAL, "User:auditor", None, AclOperation.ANY, AclPermissionType.ANY
    )  # fmt: skip
    admin.delete_acls([auditors])[auditors].result(SECONDS)
    wait_for(lambda: acls(broker) == table(), 5, "the ACL made by hand to go")


@pytest.mark.parametrize(
    "variable, text, expected",
    [
        ("LLM_GATEWAY_PASSWORD", None, "llm-gateway has no password: environment variable LLM_GATEWAY_PASSWORD is not set"),
        ("LLM_GATEWAY_PASSWORD", "", "llm-gateway has no password: environment variable LLM_GATEWAY_PASSWORD is empty"),
        ("KAFKA_CLIENT_USERS", "ada,bob", "KAFKA_CLIENT_USERS names 2 and KAFKA_CLIENT_PASSWORDS names 0"),
    ],
)
def test_a_missing_password_refuses_the_start(environment, tmp_path, variable, text, expected):
    listeners = {"listeners": "CLIENTS://127.0.0.1:0", "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT"}
    flags = [flag for key, value in (settings(CATALOG) | listeners).items() for flag in ("--set", f"{key}={value}")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, text) if text is not None else patch.delenv(variable)
        done = subprocess.run([release_binary(), "server", "--check", *flags], cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert expected in line and "planted-password" not in line
