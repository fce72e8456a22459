"""Logging in over SASL_PLAINTEXT, by real clients and byte by byte: mechanisms, refusals, sessions that end, and what may be asked before."""

import json
import time

import kafka.errors
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from kafka import KafkaProducer

from conftest import broker_class
from lib.admin import create_topic
from lib.broker import wait_for
from lib.commands import kafka_tool, kcat
from lib.identity_provider import IdentityProvider, encode
from lib.wire import Connection, framed, request_header

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule"
# Name and password; the names are those that SCRAM has to escape.
ALICE, BOB = ("alice", "alice-secret-0419"), ("bob,=", "bob-secret-0419")
WRONG = "wrong-secret-0419"
SECONDS = 30
DELAY = 0.3


@pytest.fixture(scope="module")
def provider():
    provider = IdentityProvider()
    yield provider
    provider.server.shutdown()


@pytest.fixture(scope="module")
def guarded(request, tmp_path_factory, provider):
    """One broker for all tests of this file, with a listener for each thing that is asked of it."""
    if request.config.getoption("--bootstrap") or request.config.getoption("--kafka"):
        pytest.skip("needs a hanzo-stream of its own")
    users = " ".join(f'user_{name}="{password}"' for name, password in (ALICE,))
    settings = {
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
        "sasl.jaas.config": f"{PLAIN} required {users} user_carol=\"{ALICE[1]}\";",
        "listener.name.short.connections.max.reauth.ms": "2500",
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.token.sasl.enabled.mechanisms": "OAUTHBEARER",
        "sasl.oauthbearer.jwks.endpoint.url": provider.url,
        "sasl.oauthbearer.expected.audience": "kafka",
        "sasl.oauthbearer.expected.issuer": "tests",
        "connection.failed.authentication.delay.ms": str(int(DELAY * 1000)),
    }
    listeners = {name: "SASL_PLAINTEXT" for name in ("CLIENT", "SHORT", "SCRAM", "TOKEN")}
    broker = broker_class(request.config)(tmp_path_factory.mktemp("sasl"), settings, listeners=listeners)
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for user, password in (ALICE, BOB):
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            upsertion = UserScramCredentialUpsertion(user, ScramCredentialInfo(mechanism, 4096), password.encode())
            admin.alter_user_scram_credentials([upsertion])[user].result(SECONDS)
    yield broker
    broker.stop()


@pytest.fixture(autouse=True)
def quiet(guarded):
    before = len(guarded.unexpected_complaints())
    yield
    assert guarded.unexpected_complaints()[before:] == []


@pytest.fixture
def topic(guarded, topic_name) -> str:
    return create_topic(guarded.bootstrap, topic_name())


def librdkafka(guarded, user=ALICE, mechanism="PLAIN", listener="CLIENT") -> dict:
    return {
        "bootstrap.servers": guarded.address(listener),
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": mechanism,
        "sasl.username": user[0],
        "sasl.password": user[1],
        "log_level": 0,
    }


def produce(config: dict, topic: str, seconds: float = SECONDS) -> list[str]:
    """Produces one record; the errors of the connection, where it was not taken."""
    errors, taken = [], []
    producer = Producer({**config, "error_cb": lambda error: errors.append(str(error))})
    producer.produce(topic, b"value", on_delivery=lambda error, _: taken.append(error))
    deadline = time.monotonic() + seconds
    while not taken and not errors and time.monotonic() < deadline:
        producer.poll(0.05)
    producer.purge()
    assert errors or taken == [None], (errors, taken)
    return errors


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_librdkafka_logs_in(guarded, topic, mechanism):
    assert produce(librdkafka(guarded, ALICE, mechanism), topic) == []
    if mechanism != "PLAIN":
        assert produce(librdkafka(guarded, BOB, mechanism), topic) == []


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_wrong_password_is_told_late_in_kafkas_words(guarded, topic, mechanism):
    expected = {"PLAIN": "Authentication failed: Invalid username or password"}
    sentence = expected.get(mechanism, f"Authentication failed during authentication due to invalid credentials with SASL mechanism {mechanism}")
    for user in (ALICE[0], "nobody"):
        started = time.monotonic()
        errors = produce(librdkafka(guarded, (user, WRONG), mechanism), topic)
        assert sentence in errors[0]
        assert time.monotonic() - started >= DELAY


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_kafka_python_logs_in(guarded, topic, mechanism):
    def producer(password: str) -> KafkaProducer:
        return KafkaProducer(
            bootstrap_servers=guarded.address("CLIENT"),
            security_protocol="SASL_PLAINTEXT",
            sasl_mechanism=mechanism,
            sasl_plain_username=ALICE[0],
            sasl_plain_password=password,
            bootstrap_timeout_ms=5000,
        )

    good = producer(ALICE[1])
    assert good.send(topic, b"value").get(SECONDS).offset == 0
    good.close()
    with pytest.raises(kafka.errors.KafkaError):
        producer(WRONG)


def test_kcat_logs_in(guarded, topic):
    # With PLAIN: librdkafka before 2.6.1 repeats its nonce in SCRAM, which Kafka refuses too since CVE-2024-56128.
    flags = ["-X", "security.protocol=SASL_PLAINTEXT", "-X", "sasl.mechanism=PLAIN"]
    flags += ["-X", f"sasl.username={ALICE[0]}", "-X", f"sasl.password={ALICE[1]}"]
    kcat(guarded.address("CLIENT"), *flags, "-P", "-t", topic, stdin="one\n")
    assert kcat(guarded.address("CLIENT"), *flags, "-C", "-t", topic, "-e", "-q") == "one\n"


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-512"])
def test_java_tools_log_in_and_keep_users(guarded, topic, tmp_path, mechanism):
    module = PLAIN if mechanism == "PLAIN" else SCRAM
    config = tmp_path / "client.properties"
    login = f'{module} required username="{ALICE[0]}" password="{ALICE[1]}";'
    config.write_text(f"security.protocol=SASL_PLAINTEXT\nsasl.mechanism={mechanism}\nsasl.jaas.config={login}\n")
    where = ["--bootstrap-server", guarded.address("CLIENT")]
    assert topic in kafka_tool("topics", *where, "--command-config", str(config), "--list").split()
    user = f"dave-{mechanism.lower()}"
    change = ["--command-config", str(config), "--alter", "--entity-type", "users", "--entity-name", user]
    kafka_tool("configs", *where, *change, "--add-config", f"SCRAM-SHA-256=[iterations=8192,password={WRONG}]")
    described = kafka_tool("configs", *where, "--command-config", str(config), "--describe", "--entity-type", "users", "--entity-name", user)
    assert described.strip() == f"SCRAM credential configs for user-principal '{user}' are SCRAM-SHA-256=iterations=8192"
    assert produce(librdkafka(guarded, (user, WRONG), "SCRAM-SHA-256"), topic) == []
    kafka_tool("configs", *where, *change, "--delete-config", "SCRAM-SHA-256")
    assert produce(librdkafka(guarded, (user, WRONG), "SCRAM-SHA-256"), topic) != []


def plain(user: tuple[str, str], authorization_id: str = "") -> bytes:
    return "\0".join((authorization_id, *user)).encode()


def test_nothing_is_served_before_the_client_is_known(guarded):
    def begun(stage: str) -> Connection:
        connection = Connection(guarded.address("CLIENT"))
        if stage == "handshaken":
            assert connection.ask("SaslHandshake", 1, mechanism="PLAIN").error_code == 0
        return connection

    expected = {"fresh": (17, 18), "handshaken": (36,)}
    for stage, allowed in expected.items():
        for key in range(0, 94):
            for version in (0, 3):
                if key in allowed:
                    continue
                with begun(stage) as connection:
                    connection.send_raw(framed(request_header(key, version) + bytes(64)))
                    assert connection.is_closed_by_peer(), f"{stage}: key {key} v{version}"


def test_nothing_is_served_after_a_refusal(guarded):
    with Connection(guarded.address("CLIENT")) as connection:
        connection.ask("SaslHandshake", 1, mechanism="PLAIN")
        first = connection.send("SaslAuthenticate", 2, auth_bytes=plain((ALICE[0], WRONG)))
        connection.send("SaslAuthenticate", 2, auth_bytes=plain(ALICE))
        connection.send("Metadata", 9, topics=None)
        started = time.monotonic()
        answer = connection.receive("SaslAuthenticate", 2, first)
        assert answer.error_code == 58 and answer.error_message == "Authentication failed: Invalid username or password"
        assert time.monotonic() - started >= DELAY - 0.05
        assert connection.is_closed_by_peer()


def test_mechanisms_that_the_listener_does_not_take_are_refused_with_those_it_takes(guarded):
    for listener, mechanism, offered in [
        ("SCRAM", "PLAIN", ["SCRAM-SHA-512"]),
        ("SCRAM", "SCRAM-SHA-256", ["SCRAM-SHA-512"]),
        ("CLIENT", "GSSAPI", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        ("CLIENT", "plain", ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        ("TOKEN", "PLAIN", ["OAUTHBEARER"]),
    ]:
        for version in (0, 1):
            with Connection(guarded.address(listener)) as connection:
                answer = connection.ask("SaslHandshake", version, mechanism=mechanism)
                assert (answer.error_code, answer.mechanisms) == (33, offered), (listener, mechanism)
                assert connection.is_closed_by_peer()


def test_tokens_without_requests_around_them_after_the_old_handshake(guarded):
    with Connection(guarded.address("CLIENT")) as connection:
        assert connection.ask("ApiVersions", 0).error_code == 0
        connection.ask("SaslHandshake", 0, mechanism="PLAIN")
        connection.send_raw(framed(plain(ALICE)))
        assert connection.receive_frame() == b""
        assert connection.ask("Metadata", 9, topics=None).brokers
    with Connection(guarded.address("CLIENT")) as connection:
        connection.ask("SaslHandshake", 0, mechanism="PLAIN")
        connection.send_raw(framed(plain((ALICE[0], WRONG))))
        started = time.monotonic()
        assert connection.is_closed_by_peer()
        assert time.monotonic() - started >= DELAY - 0.05


def test_another_authorization_id_is_refused(guarded):
    with Connection(guarded.address("CLIENT")) as connection:
        connection.ask("SaslHandshake", 1, mechanism="PLAIN")
        answer = connection.ask("SaslAuthenticate", 2, auth_bytes=plain(ALICE, "carol"))
        assert answer.error_code == 58
        assert answer.error_message.endswith("requested an authorization id that is different from username")


def test_large_frames_end_the_connection_before_they_are_kept(guarded):
    for size in (524_289, 2**31 - 1):
        with Connection(guarded.address("CLIENT")) as connection:
            connection.send_raw(size.to_bytes(4, "big") + bytes(16))
            assert connection.is_closed_by_peer(), size


def test_logging_in_where_nobody_asks_is_an_illegal_state(guarded):
    with Connection(guarded.bootstrap) as connection:
        assert connection.ask("SaslHandshake", 1, mechanism="PLAIN").error_code == 34
        assert connection.ask("SaslAuthenticate", 2, auth_bytes=plain(ALICE)).error_code == 34
        assert connection.ask("Metadata", 9, topics=None).brokers
    with Connection(guarded.address("CLIENT")).log_in(*ALICE) as connection:
        assert connection.ask("SaslHandshake", 1, mechanism="PLAIN").error_code == 34
        assert connection.ask("Metadata", 9, topics=None).brokers


def log_in_again(connection: Connection, user: tuple[str, str], mechanism: str = "PLAIN"):
    assert connection.ask("SaslHandshake", 1, mechanism=mechanism).error_code == 0
    return connection.ask("SaslAuthenticate", 2, auth_bytes=plain(user))


def test_sessions_end_and_are_renewed_by_the_same_user(guarded):
    with Connection(guarded.address("SHORT")) as connection:
        answer = log_in_again(connection, ALICE)
        assert (answer.error_code, answer.session_lifetime_ms) == (0, 2500)
        time.sleep(2)
        assert log_in_again(connection, ALICE).error_code == 0
        # Once a second is enough.
        assert connection.ask("SaslHandshake", 1, mechanism="PLAIN").error_code == 34
        time.sleep(1.5)
        assert connection.ask("Metadata", 9, topics=None).brokers
        time.sleep(1.5)
        connection.send("Metadata", 9, topics=None)
        assert connection.is_closed_by_peer()


def test_a_session_that_is_over_can_be_renewed(guarded):
    with Connection(guarded.address("SHORT")) as connection:
        log_in_again(connection, ALICE)
        time.sleep(2.7)
        assert log_in_again(connection, ALICE).error_code == 0
        assert connection.ask("Metadata", 9, topics=None).brokers


def test_a_session_is_not_renewed_as_somebody_else_or_in_another_way(guarded):
    with Connection(guarded.address("SHORT")) as connection:
        log_in_again(connection, ALICE)
        answer = log_in_again(connection, ("carol", ALICE[1]))
        expected = "Cannot change principals during re-authentication from User.alice to User.carol"
        assert (answer.error_code, answer.error_message) == (58, expected)
        assert connection.is_closed_by_peer()
    with Connection(guarded.address("SHORT")) as connection:
        log_in_again(connection, ALICE)
        answer = log_in_again(connection, ALICE, "SCRAM-SHA-512")
        assert answer.error_code == 58 and "re-authentication of mechanism 'PLAIN'" in answer.error_message
        assert connection.is_closed_by_peer()


def test_librdkafka_renews_its_session(guarded, topic):
    taken, errors = [], []
    producer = Producer({**librdkafka(guarded, ALICE, "SCRAM-SHA-256", "SHORT"), "error_cb": lambda error: errors.append(str(error))})
    deadline = time.monotonic() + 6
    sent = 0
    while time.monotonic() < deadline:
        producer.produce(topic, b"value", on_delivery=lambda error, _: taken.append(error))
        sent += 1
        producer.poll(0.05)
    producer.flush(SECONDS)
    assert taken == [None] * sent and errors == []


def bearer(guarded, token: str, lifetime: float = 600) -> dict:
    return {
        "bootstrap.servers": guarded.address("TOKEN"),
        "security.protocol": "SASL_PLAINTEXT",
        "sasl.mechanism": "OAUTHBEARER",
        "oauth_cb": lambda _: (token, time.time() + lifetime),
        "log_level": 0,
    }


def authenticate(guarded, token: str):
    """The session's lifetime, or what the second message of a refusal says."""
    with Connection(guarded.address("TOKEN")) as connection:
        assert connection.ask("SaslHandshake", 1, mechanism="OAUTHBEARER").error_code == 0
        answer = connection.ask("SaslAuthenticate", 2, auth_bytes=f"n,,\x01auth=Bearer {token}\x01\x01".encode())
        assert answer.error_code == 0
        if not answer.auth_bytes:
            return answer.session_lifetime_ms
        assert json.loads(answer.auth_bytes) == {"status": "invalid_token"}
        answer = connection.ask("SaslAuthenticate", 2, auth_bytes=b"\x01")
        assert answer.error_code == 58 and connection.is_closed_by_peer()
        return answer.error_message


REFUSED = '{"status":"invalid_token"}'


def test_tokens_of_the_identity_provider_are_taken(guarded, topic, provider):
    wait_for(lambda: authenticate(guarded, provider.token()) != REFUSED, 10, "the identity provider's keys")
    assert produce(bearer(guarded, provider.token()), topic) == []
    for algorithm in ("RS256", "PS256"):
        lifetime = authenticate(guarded, provider.token(algorithm=algorithm, seconds=60))
        assert 55_000 < lifetime <= 60_000


def test_other_tokens_are_refused(guarded, topic, provider):
    wait_for(lambda: authenticate(guarded, provider.token()) != REFUSED, 10, "the identity provider's keys")
    stranger = IdentityProvider()
    for token in [
        provider.token(seconds=-60),
        provider.token(aud="others"),
        provider.token(iss="others"),
        provider.token(nbf=int(time.time()) + 600),
        provider.token(sub=""),
        provider.token(algorithm="none"),
        stranger.token(),
        provider.token() + "x",
        "x",
    ]:
        assert authenticate(guarded, token) == REFUSED, token
    stranger.server.shutdown()
    assert "invalid_token" in produce(bearer(guarded, provider.token(aud="others")), topic)[0]


def test_a_new_key_is_found_when_a_token_names_it(guarded, provider):
    wait_for(lambda: authenticate(guarded, provider.token()) != REFUSED, 10, "the identity provider's keys")
    provider.add_key("second")
    wait_for(lambda: authenticate(guarded, provider.token("second")) != REFUSED, 25, "the new key", every=0.5)


def test_failures_and_successes_are_counted_and_failures_are_in_the_audit_trail(guarded):
    with Connection(guarded.address("CLIENT")) as connection, pytest.raises(PermissionError):
        connection.log_in("mallory", WRONG)
    assert any("audit: authentication failed" in line and "mallory" in line for line in guarded.log_lines())


def test_secrets_are_in_no_log(guarded):
    lines = "\n".join(guarded.log_lines())
    for secret in (ALICE[1], BOB[1], WRONG):
        assert secret not in lines
