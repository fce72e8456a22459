"""A broker with listeners for strangers, and users who may log in."""

import hashlib
import ssl

import pytest

from conftest import broker_class
from lib.admin import create_topic
from lib.certificates import Certificates
from lib.scram import Scram
from lib.vitals import Bystander, Vitals
from lib.wire import Connection
from security.starting import start

ALICE, ROOT = "alice", "root"
PASSWORD = "alice-secret-7f3a"
ROOT_PASSWORD = "root-secret-9b1c"
# Without TLS, in TLS, and in TLS with a certificate of the client's own.
LISTENERS = {"SASL": "SASL_PLAINTEXT", "SECURE": "SASL_SSL", "MUTUAL": "SSL"}


def settings(certificates: Certificates) -> dict[str, str]:
    plain = f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{ALICE}="{PASSWORD}" user_{ROOT}="{ROOT_PASSWORD}";'
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    logins = {
        f"listener.name.{listener}.{mechanism}.sasl.jaas.config": login
        for listener in ("sasl", "secure")
        for mechanism, login in (("plain", plain), ("scram-sha-512", scram))
    }
    return {
        **certificates.pem_settings(),
        "listener.name.mutual.ssl.client.auth": "required",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{ROOT}",
        "connection.failed.authentication.delay.ms": "100",
        **logins,
    }


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def guarded(request, tmp_path_factory, certificates):
    """One broker for all tests of a file; `alice` may log in with PLAIN and SCRAM-SHA-512."""
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    broker = broker_class(request.config)(tmp_path_factory.mktemp("guarded"), settings(certificates), listeners=LISTENERS)
    start(broker)
    with Connection(broker.bootstrap, timeout=30) as connection:
        add_scram_user(connection, ALICE, PASSWORD)
    yield broker
    broker.stop()


def add_scram_user(connection: Connection, user: str, password: str) -> None:
    salt = b"a salt for tests"
    salted = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 4096)
    row = {"name": user, "mechanism": 2, "iterations": 4096, "salt": salt, "salted_password": salted}
    (result,) = connection.ask("AlterUserScramCredentials", 0, deletions=[], upsertions=[row]).results
    assert result.error_code == 0, result


@pytest.fixture
def vitals(guarded):
    """The broker before the test; after it the same process must answer as quickly and have kept no memory."""
    before = Vitals(guarded)
    yield before
    before.check()


@pytest.fixture
def bystander(guarded, topic_name):
    """An honest client on the listener for those who are trusted."""
    client = Bystander(guarded.bootstrap, create_topic(guarded.bootstrap, topic_name()))
    client.median(10)
    yield client
    client.close()


@pytest.fixture
def trusting(certificates) -> ssl.SSLContext:
    """A client that trusts the tests' authority and has no certificate."""
    return ssl.create_default_context(cafile=str(certificates.authority.pem_file))


@pytest.fixture
def connect(guarded):
    """`connect("SASL")` opens a connection that is closed at the end."""
    opened: list[Connection] = []

    def open_one(listener: str, tls: ssl.SSLContext | None = None, timeout: float = 10) -> Connection:
        opened.append(Connection(guarded.address(listener), timeout, tls))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.socket.close()


@pytest.fixture
def alice() -> Scram:
    return Scram(ALICE, PASSWORD)
