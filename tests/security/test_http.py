"""Metrics and health over HTTP and HTTPS: who has to say who they are, and what passes for it."""

import base64
import http.client
import re
import socket
import ssl
import time

import pytest
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from lib.broker import wait_for
from lib.certificates import Certificates
from lib.identity_provider import IdentityProvider

AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"
# User and password: of PLAIN, of PLAIN without an ACL, and of SCRAM.
ALICE, BOB, SAM = ("alice", "alice-secret-2041"), ("bob", "bob-secret-2041"), ("sam", "sam-secret-2041")
WRONG = "wrong-secret-2041"
DELAY = 0.3


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def provider():
    provider = IdentityProvider()
    yield provider
    provider.server.shutdown()


@pytest.fixture
def secured(own_broker, request, certificates, provider):
    """A broker whose clients log in, with HTTPS unless `scheme` says otherwise; alice and sam may Describe the cluster, bob may not."""
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka has no HTTP listener")

    def make(settings: dict[str, str] | None = None, scheme: str = "https", host: str = "127.0.0.1"):
        users = " ".join(f'user_{name}="{password}"' for name, password in (ALICE, BOB))
        broker = own_broker(
            {
                "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
                "listener.name.clients.plain.sasl.jaas.config": f"{PLAIN} required {users};",
                "sasl.oauthbearer.jwks.endpoint.url": provider.url,
                "sasl.oauthbearer.expected.audience": "kafka",
                "connection.failed.authentication.delay.ms": str(int(DELAY * 1000)),
                "authorizer.class.name": AUTHORIZER,
                "super.users": "User:ANONYMOUS;User:alice",
                **certificates.pem_settings(),
                **(settings or {}),
            },
            listeners={"CLIENTS": "SASL_PLAINTEXT"},
        )
        broker.settings["hanzo.http.listener"] = f"{scheme}://{host}:{broker.http_port}"
        broker.start()
        return broker

    return make


def ask(broker, path: str = "/metrics", user=None, token=None, method: str = "GET", ca=None, client=None, host=None, headers=None):
    """One request: status, headers and body. With `ca` over TLS."""
    if ca:
        context = ssl.create_default_context(cafile=ca)
        if client:
            context.load_cert_chain(client.pem_file)
        connection = http.client.HTTPSConnection(host or "127.0.0.1", broker.http_port, timeout=20, context=context)
    else:
        connection = http.client.HTTPConnection(host or "127.0.0.1", broker.http_port, timeout=20)
    headers = dict(headers or {})
    if user:
        headers["Authorization"] = "Basic " + base64.b64encode(":".join(user).encode()).decode()
    if token:
        headers["Authorization"] = f"Bearer {token}"
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, answer.headers, body


def other_address() -> str:
    """An address of this machine that is not loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))
        return probe.getsockname()[0]


def test_without_logins_everybody_may_ask(own_broker, request):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka has no HTTP listener")
    broker = own_broker()
    broker.start()
    for path in ("/metrics", "/healthz", "/readyz"):
        status, headers, _ = ask(broker, path)
        assert status == 200
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Cache-Control"] == "no-store"
    for method in ("POST", "PUT", "DELETE"):
        assert ask(broker, method=method)[0] == 405
    assert ask(broker, headers={"Host": "evil.example"})[0] == 421


def test_passwords_of_plain_and_scram_and_tokens_open_the_metrics(secured, certificates, provider):
    broker = secured()
    ca = certificates.authority.pem_file
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
        upsertion = UserScramCredentialUpsertion(SAM[0], ScramCredentialInfo(mechanism, 4096), SAM[1].encode())
        for future in admin.alter_user_scram_credentials([upsertion]).values():
            future.result(20)

    status, headers, body = ask(broker, ca=ca)
    assert status == 401 and "kafka_" not in body
    assert {value.split()[0] for value in headers.get_all("WWW-Authenticate")} == {"Basic", "Bearer"}
    assert ask(broker, "/healthz", ca=ca)[0] == 200 and ask(broker, "/readyz", ca=ca)[0] == 200

    status, _, body = ask(broker, user=ALICE, ca=ca)
    assert status == 200 and "kafka_connections" in body
    status, _, body = ask(broker, token=provider.token(), ca=ca)
    assert status == 200, body
    status, _, body = ask(broker, user=SAM, ca=ca)
    assert (status, body) == (403, "User:sam may not Describe the cluster\n")
    status, _, body = ask(broker, user=BOB, ca=ca)
    assert (status, body) == (403, "User:bob may not Describe the cluster\n")
    wait_for(lambda: "audit: denied principal=User:bob" in "\n".join(broker.log_lines()), 10, "the denial is in the audit trail")

    for what in (
        {"user": (ALICE[0], WRONG)},
        {"user": (SAM[0], WRONG)},
        {"user": ("nobody", WRONG)},
        {"user": (SAM[0], "")},
        {"token": provider.token(seconds=-60)},
        {"token": provider.token(aud="others")},
        {"token": provider.token(algorithm="none")},
        {"headers": {"Authorization": "Basic ?"}},
    ):
        began = time.monotonic()
        assert ask(broker, ca=ca, **what)[0] == 401, what
        assert time.monotonic() - began >= DELAY, "a wrong guess is delayed"
    failures = [line for line in broker.log_lines() if "audit: authentication failed" in line and "listener=HTTP" in line]
    # Sam's second failure is the same event again, and only counted.
    assert len(failures) == 7 and any("mechanism=Basic" in line and "user nobody" in line for line in failures), failures
    _, _, body = ask(broker, user=ALICE, ca=ca)
    counted = dict(re.findall(r'kafka_authentications_total\{mechanism="(\w+)",result="failure"\} (\d+)', body))
    assert (counted["PLAIN"], counted["OAUTHBEARER"], counted["unknown"]) == ("4", "3", "1")


def test_keys_open_and_close_metrics_and_health(secured, certificates):
    ca = certificates.authority.pem_file
    broker = secured({"hanzo.http.metrics.auth": "open", "hanzo.http.health.auth": "required"})
    assert ask(broker, ca=ca)[0] == 200
    assert ask(broker, "/readyz", ca=ca)[0] == 401
    # No ACL is asked for: whoever is known may see whether the broker lives.
    assert ask(broker, "/readyz", user=BOB, ca=ca)[0] == 200


def test_without_tls_passwords_are_taken_from_this_machine_alone(secured):
    broker = secured(scheme="http", host="0.0.0.0")
    broker.expect_complaint("/metrics is refused to other machines")
    assert ask(broker, user=ALICE)[0] == 200
    assert any("hanzo.http.metrics.auth=open" in line for line in broker.log_lines() if " WARN " in line)
    status, _, body = ask(broker, user=ALICE, host=other_address())
    assert status == 403 and "https://" in body
    assert ask(broker, "/readyz", host=other_address())[0] == 200


def test_a_certificate_says_who_comes_where_one_is_asked_for(secured, certificates):
    ca = certificates.authority.pem_file
    broker = secured(
        {"ssl.client.auth": "required", "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/", "super.users": "User:ANONYMOUS;User:prometheus"}
    )
    assert ask(broker, ca=ca, client=certificates.client("prometheus"))[0] == 200
    assert ask(broker, ca=ca, client=certificates.client("somebody"))[0] == 403
    # Health checks show none.
    assert ask(broker, "/readyz", ca=ca)[0] == 200 and ask(broker, ca=ca)[0] == 401


def test_handshakes_that_dawdle_hold_up_nobody(secured, certificates):
    broker = secured()
    ca = certificates.authority.pem_file
    idle = [socket.create_connection(("127.0.0.1", broker.http_port)) for _ in range(50)]
    try:
        assert ask(broker, "/readyz", ca=ca)[0] == 200
        plain = socket.create_connection(("127.0.0.1", broker.http_port), timeout=10)
        plain.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"kafka_" not in plain.recv(4096)
        plain.close()
        assert ask(broker, "/readyz", ca=ca)[0] == 200
    finally:
        for connection in idle:
            connection.close()
    said = [line for line in broker.log_lines() if "TLS handshake failed" in line]
    assert any("the client does not speak TLS" in line and "HTTP" in line for line in said), said


def test_connections_that_say_nothing_make_room(secured):
    """256 are served at a time; those on which nothing is answered give their place up within seconds when others wait."""
    broker = secured({"hanzo.http.metrics.auth": "open"}, scheme="http")
    idle = [socket.create_connection(("127.0.0.1", broker.http_port)) for _ in range(256)]
    try:
        idle[0].sendall(b"GET /readyz HTTP/1.1\r\nX: ")
        began = time.monotonic()
        assert ask(broker, "/readyz")[0] == 200
        assert time.monotonic() - began < 20
    finally:
        for connection in idle:
            connection.close()


def test_a_renewed_certificate_is_shown(secured, certificates, tmp_path):
    store = tmp_path / "http.pem"
    store.write_bytes(certificates.server.pem_file.read_bytes())
    broker = secured({"listener.name.http.ssl.keystore.location": str(store)})
    ca = certificates.authority.pem_file

    def shown() -> bytes:
        context = ssl.create_default_context(cafile=ca)
        with socket.create_connection(("127.0.0.1", broker.http_port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as encrypted:
                return encrypted.getpeercert(binary_form=True)

    first = shown()
    renewed = certificates.authority.issue("renewed", certificates.server.certificate.subject.rfc4514_string())
    store.write_bytes(renewed.key_pem + renewed.chain_pem)
    wait_for(lambda: shown() != first, 20, "the new certificate", every=0.5)
    _, _, body = ask(broker, user=ALICE, ca=ca)
    assert 'kafka_ssl_certificate_expiry_timestamp_seconds{listener="HTTP"}' in body


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"hanzo.http.metrics.auth": "required"}, "nobody could say who they are"),
        ({"hanzo.http.metrics.auth": "maybe"}, "auto, open, required"),
        ({"hanzo.http.listener": "https://127.0.0.1:17999"}, "ssl.keystore.location"),
        ({"hanzo.http.listener": "ftp://127.0.0.1:17999"}, "https://HOST:PORT"),
    ],
)
def test_what_cannot_be_honoured_does_not_start(own_broker, request, settings, says):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka has no HTTP listener")
    broker = own_broker(settings)
    broker.settings.update(settings)
    with pytest.raises(RuntimeError):
        broker.start()
    assert broker.process.returncode == 2
    [line] = broker.log_lines()
    assert says in line and "hanzo.http" in line, line
