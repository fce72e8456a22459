"""Delegation tokens: Kafka's own tool makes, shows, renews and ends them; a real client logs in with one, and may not ask for another."""

import re
import time

import pytest
from confluent_kafka import Producer

from conftest import broker_class
from lib.admin import create_topic
from lib.commands import CommandFailed, kafka_tool

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
PASSWORD = "owner-secret-5d21"
SECONDS = 30


@pytest.fixture(scope="module")
def token_broker(request, tmp_path_factory):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    settings = {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        "listener.name.client.plain.sasl.jaas.config": f'{PLAIN} required user_owner="{PASSWORD}" user_other="{PASSWORD}";',
        "listener.name.client.scram-sha-256.sasl.jaas.config": f"{SCRAM} required;",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{SCRAM} required;",
        "delegation.token.secret.key": "token-key-secret-8a07",
        "connection.failed.authentication.delay.ms": "50",
    }
    broker = broker_class(request.config)(tmp_path_factory.mktemp("tokens"), settings, listeners={"CLIENT": "SASL_PLAINTEXT"})
    broker.start()
    yield broker
    broker.stop()


def config(directory, mechanism: str, login: str):
    path = directory / f"client-{time.monotonic_ns()}.properties"
    path.write_text(f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism={mechanism}\nsasl.jaas.config={login}\n")
    return path


def as_user(directory, user: str):
    return config(directory, "PLAIN", f'{PLAIN} required username="{user}" password="{PASSWORD}";')


def tokens(broker, client_config, *arguments: str) -> str:
    return kafka_tool("delegation-tokens", "--bootstrap-server", broker.address("CLIENT"), "--command-config", str(client_config), *arguments)


def create(broker, client_config) -> tuple[str, str]:
    output = tokens(broker, client_config, "--create", "--max-life-time-period", "-1", "--renewer-principal", "User:renewer")
    token_id, hmac = re.search(r"^(\S+)\s+(\S+==)\s+User:owner", output, re.MULTILINE).groups()
    return token_id, hmac


def produce(broker, topic: str, token_id: str, hmac: str, mechanism: str) -> list:
    """The errors of a producer that logs in with the token."""
    login = {"sasl.username": token_id, "sasl.password": hmac}
    errors, taken = [], []
    producer = Producer({
        "bootstrap.servers": broker.address("CLIENT"), "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": mechanism,
        **login, "log_level": 0, "error_cb": lambda error: errors.append(str(error)),
    })  # fmt: skip
    producer.produce(topic, b"value", on_delivery=lambda error, _: taken.append(error))
    deadline = time.monotonic() + SECONDS
    while not taken and not errors and time.monotonic() < deadline:
        producer.poll(0.05)
    producer.purge()
    return errors


def test_kafkas_tool_makes_shows_renews_and_ends_a_token(token_broker, tmp_path):
    owner = as_user(tmp_path, "owner")
    token_id, hmac = create(token_broker, owner)
    described = tokens(token_broker, owner, "--describe", "--owner-principal", "User:owner")
    assert token_id in described and "User:renewer" in described
    assert token_id not in tokens(token_broker, owner, "--describe", "--owner-principal", "User:other")
    assert "renew" in tokens(token_broker, owner, "--renew", "--renew-time-period", "-1", "--hmac", hmac).lower()
    with pytest.raises(CommandFailed, match="(?i)owner.?mismatch|not.*owner"):
        tokens(token_broker, as_user(tmp_path, "other"), "--expire", "--expiry-time-period", "-1", "--hmac", hmac)
    tokens(token_broker, owner, "--expire", "--expiry-time-period", "-1", "--hmac", hmac)
    assert token_id not in tokens(token_broker, owner, "--describe", "--owner-principal", "User:owner")
    with pytest.raises(CommandFailed, match="(?i)token.*not.*found|not found"):
        tokens(token_broker, owner, "--renew", "--renew-time-period", "-1", "--hmac", hmac)


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_the_java_client_logs_in_with_a_token(token_broker, tmp_path, mechanism):
    owner = as_user(tmp_path, "owner")
    token_id, hmac = create(token_broker, owner)
    by_token = config(tmp_path, mechanism, f'{SCRAM} required username="{token_id}" password="{hmac}" tokenauth="true";')
    topic = f"by-token-{mechanism.lower()}"
    topics = ["--bootstrap-server", token_broker.address("CLIENT"), "--command-config", str(by_token)]
    kafka_tool("topics", *topics, "--create", "--topic", topic, "--partitions", "1")
    assert topic in kafka_tool("topics", *topics, "--list").split()
    created = [line for line in token_broker.log_lines() if "audit: changed" in line and f"topic {topic}" in line]
    assert "principal=User:owner" in created[0]
    with pytest.raises(CommandFailed, match="(?i)not.?allowed"):
        tokens(token_broker, by_token, "--create", "--max-life-time-period", "-1")


def test_who_did_not_log_in_gets_no_token(token_broker, tmp_path):
    plain = tmp_path / "plain.properties"
    plain.write_text("security.protocol=PLAINTEXT\n")
    with pytest.raises(CommandFailed, match="(?i)not.?allowed"):
        kafka_tool(
            "delegation-tokens", "--bootstrap-server", token_broker.bootstrap, "--command-config", str(plain),
            "--create", "--max-life-time-period", "-1",
        )  # fmt: skip


def test_a_token_is_no_password_without_the_extension(token_broker, tmp_path):
    """A token's id is no user: who does not say that it is a token is turned away."""
    token_id, hmac = create(token_broker, as_user(tmp_path, "owner"))
    topic = create_topic(token_broker.bootstrap, "without-extension")
    errors = produce(token_broker, topic, token_id, hmac, "SCRAM-SHA-512")
    assert errors and "invalid credentials" in errors[0]
