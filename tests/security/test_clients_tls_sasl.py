"""Each client over SASL_SSL with SCRAM-SHA-512: it produces, reads in a group and commits; without the password it reaches nothing."""

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka.admin import (
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from conftest import broker_class
from lib import drivers
from lib.admin import create_topic
from lib.certificates import Certificates
from lib.drivers import CLIENTS, Client, Member, Security
from lib.events import Generator
from security.starting import start

LISTENER = "CLIENTS"
USER, PASSWORD = "billing-aggregator", "scram-secret-of-billing"
MECHANISMS = {"SCRAM-SHA-512": ScramMechanism.SCRAM_SHA_512, "SCRAM-SHA-256": ScramMechanism.SCRAM_SHA_256}
PARTITIONS, EVENTS, SECONDS = 3, 200, 60


def settings(certificates: Certificates) -> dict[str, str]:
    plain = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    listener = f"listener.name.{LISTENER.lower()}"
    return {
        **certificates.server_settings(),
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        f"{listener}.plain.sasl.jaas.config": plain,
        f"{listener}.scram-sha-256.sasl.jaas.config": scram,
        f"{listener}.scram-sha-512.sasl.jaas.config": scram,
    }


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def shared_broker(request, tmp_path_factory, certificates):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    broker = broker_class(request.config)(tmp_path_factory.mktemp("secure"), settings(certificates), listeners={LISTENER: "SASL_SSL"})
    start(broker)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    users = [
        UserScramCredentialUpsertion(USER, ScramCredentialInfo(mechanism, 4096), PASSWORD.encode()) for mechanism in MECHANISMS.values()
    ]  # fmt: skip
    for user in users:
        admin.alter_user_scram_credentials([user])[USER].result(SECONDS)
    yield broker
    broker.stop()


@pytest.fixture
def security(certificates) -> Security:
    return Security("SASL_SSL", "SCRAM-SHA-512", USER, PASSWORD, str(certificates.authority.pem_file))


def round_trip(client: Client, broker, topic: str, security: Security) -> None:
    """Produces, reads all of it as a member of a group, commits, and looks for the commit."""
    address, group = broker.address(LISTENER), f"{topic}-readers"
    events = Generator(seed=21, teams=20).many("llm_usage", EVENTS)
    drivers.produce(client, address, topic, events, idempotent=client.idempotent, security=security)
    member = Member(client, address, topic, group, security)
    try:
        member.wait_until(lambda: len(member.places()) >= EVENTS, SECONDS, "all events")
        member.commit()
        member.stop()
    finally:
        if member.process.poll() is None:
            member.kill()
    assert {record.value for record in member.records} == {event.value for event in events}
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    (answer,) = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)]).values()
    assert sum(place.offset for place in answer.result(SECONDS).topic_partitions if place.offset > 0) == EVENTS


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_scram_over_tls(client, broker, topic_name, security):
    topic = create_topic(broker.bootstrap, topic_name(), PARTITIONS, retention_ms="-1")
    round_trip(client, broker, topic, security)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
@pytest.mark.parametrize("name", ["java", "confluent-kafka", "franz-go"])
def test_other_mechanisms_over_tls(name, mechanism, broker, topic_name, certificates):
    (client,) = (client for client in CLIENTS if client.name == name)
    topic = create_topic(broker.bootstrap, topic_name(), PARTITIONS, retention_ms="-1")
    round_trip(client, broker, topic, Security("SASL_SSL", mechanism, USER, PASSWORD, str(certificates.authority.pem_file)))
