"""The command line over TLS and SASL: what its client properties ask for, what it says when that fails, ACLs, users and quotas.

The brokers are Apache Kafka's or ours; the command line is ours always.
"""

import base64
import json
import os
import pty
import subprocess
import termios
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from conftest import broker_class
from lib.broker import release_binary, wait_for
from lib.certificates import STORE_PASSWORD, Certificates, Identity
from security.starting import start

LISTENERS = {
    "TLS": "SSL", "MUTUAL": "SSL", "EXPIRED": "SSL", "ELSEWHERE": "SSL",
    "PLAINLOGIN": "SASL_PLAINTEXT", "BEARER": "SASL_PLAINTEXT", "SCRAM": "SASL_SSL",
}  # fmt: skip
USER, PASSWORD = "alice", "plain-secret-of-alice"
NEW_USER, NEW_PASSWORD = "billing-aggregator", "scram-secret-of-billing"
MODULES = "org.apache.kafka.common.security"


def key_store(listener: str, identity: Identity) -> dict[str, str]:
    keys = {"type": "PKCS12", "location": str(identity.pkcs12_file), "password": STORE_PASSWORD}
    return {f"listener.name.{listener}.ssl.keystore.{key}": value for key, value in keys.items()}


class Tokens:
    """Signed for our broker; unsigned for Apache Kafka, which takes those by default and no key from a file without a JVM option."""

    def __init__(self, directory: Path, is_kafka: bool):
        self.file, self.keys_file, self.is_kafka = directory / "token", directory / "keys.json", is_kafka
        self.key = ed25519.Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes_raw()
        key = {"kty": "OKP", "crv": "Ed25519", "kid": "one", "alg": "EdDSA", "use": "sig", "x": _base64(public)}
        self.keys_file.write_text(json.dumps({"keys": [key]}))

    def settings(self) -> dict[str, str]:
        module = f"{MODULES}.oauthbearer.OAuthBearerLoginModule required;"
        keys = {
            "listener.name.bearer.sasl.enabled.mechanisms": "OAUTHBEARER", "listener.name.bearer.oauthbearer.sasl.jaas.config": module,
        }  # fmt: skip
        ours = {"listener.name.bearer.sasl.oauthbearer.jwks.endpoint.url": f"file://{self.keys_file}"}
        return keys if self.is_kafka else keys | ours

    def write(self, user: str) -> None:
        now = int(time.time())
        header = {"alg": "none"} if self.is_kafka else {"alg": "EdDSA", "kid": "one", "typ": "JWT"}
        text = ".".join(_base64(json.dumps(part).encode()) for part in (header, {"sub": user, "iat": now - 5, "exp": now + 300}))
        signature = "" if self.is_kafka else _base64(self.key.sign(text.encode()))
        self.file.write_text(f"{text}.{signature}\n")


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def settings(certificates: Certificates) -> dict[str, str]:
    plain = f'{MODULES}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    scram = f"{MODULES}.scram.ScramLoginModule required;"
    return {
        **certificates.server_settings(),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "true",
        "super.users": "User:ANONYMOUS",
        "ssl.enabled.protocols": "TLSv1.3,TLSv1.2",
        "listener.name.mutual.ssl.client.auth": "required",
        **key_store("expired", certificates.expired_server()),
        **key_store("elsewhere", certificates.server_elsewhere()),
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
        "connections.max.reauth.ms": "2000",
        "listener.name.plainlogin.plain.sasl.jaas.config": plain,
        "listener.name.plainlogin.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
    }


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tokens(request, tmp_path_factory) -> Tokens:
    return Tokens(tmp_path_factory.mktemp("tokens"), request.config.getoption("--kafka"))


@pytest.fixture(scope="module")
def shared_broker(request, tmp_path_factory, certificates, tokens):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    every_setting = settings(certificates) | tokens.settings()
    broker = broker_class(request.config)(tmp_path_factory.mktemp("secure"), every_setting, listeners=LISTENERS)
    # Seven listeners open two PKCS12 stores each, which takes a binary without optimisation its time.
    broker.seconds_to_start = max(broker.seconds_to_start, 60)
    broker.expect_complaint("the certificate has expired.*listener=EXPIRED")
    start(broker)
    yield broker
    broker.stop()


def run(
    *arguments: str, address: str, properties: Path | None = None, status: int = 0, timeout: str = "15s", warnings: int = 0,
    **environment: str,
) -> tuple[str, str]:  # fmt: skip
    """Output and errors of a command, whose exit status is `status`; a failure is one line, after as many warnings."""
    words = [str(release_binary()), *arguments, "--bootstrap-server", address, "--timeout", timeout]
    if properties:
        words += ["--command-config", properties]
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, env={**os.environ, **environment})
    assert done.returncode == status, f"exit status {done.returncode}: {done.stdout}{done.stderr}"
    for secret in (PASSWORD, NEW_PASSWORD, STORE_PASSWORD):
        assert secret not in done.stdout + done.stderr
    if status:
        assert len(done.stderr.splitlines()) == 1 + warnings, done.stderr
    return done.stdout, done.stderr


@pytest.fixture
def properties(tmp_path):
    """Writes a file of client properties; `_` in a key stands for a dot."""

    def write(protocol: str, **others: object) -> Path:
        path = tmp_path / f"client-{len(list(tmp_path.iterdir()))}.properties"
        lines = {"security.protocol": protocol} | {key.replace("_", "."): str(value) for key, value in others.items()}
        path.write_text("".join(f"{key}={value}\n" for key, value in lines.items()))
        return path

    return write


def login(module: str, user: str, password: str) -> str:
    return f'{MODULES}.{module.lower()}.{module}LoginModule required username="{user}" password="{password}";'


@pytest.fixture
def trust(certificates) -> dict[str, object]:
    return {"ssl_truststore_type": "PEM", "ssl_truststore_location": certificates.authority.pem_file}


def topics(address: str, file: Path, **options) -> tuple[str, str]:
    return run("topics", "list", address=address, properties=file, **options)


class TestTls:
    def test_trust_stores(self, broker, certificates, properties, trust):
        address = broker.address("TLS")
        topics(address, properties("SSL", **trust))
        store = certificates.authority.pkcs12_file
        topics(
            address,
            properties("SSL", ssl_truststore_type="PKCS12", ssl_truststore_location=store, ssl_truststore_password=STORE_PASSWORD),
        )
        inline = certificates.authority.pem_file.read_text().replace("\n", "\\n")
        topics(address, properties("SSL", ssl_truststore_type="PEM", ssl_truststore_certificates=inline))
        topics(address, properties("SSL", **trust, ssl_enabled_protocols="TLSv1.2"))

    @pytest.mark.parametrize("store", ["pem", "encrypted pem", "pkcs12", "inline"])
    def test_key_stores(self, store, broker, certificates, properties, trust):
        client = certificates.client()
        keys = {
            "pem": {"ssl_keystore_type": "PEM", "ssl_keystore_location": client.pem_file},
            "encrypted pem": {
                "ssl_keystore_type": "PEM", "ssl_keystore_location": client.encrypted_pem_file, "ssl_key_password": STORE_PASSWORD,
            },
            "pkcs12": {
                "ssl_keystore_type": "PKCS12", "ssl_keystore_location": client.pkcs12_file, "ssl_keystore_password": STORE_PASSWORD,
            },
            "inline": {
                "ssl_keystore_type": "PEM", "ssl_keystore_key": client.key_pem.decode().replace("\n", "\\n"),
                "ssl_keystore_certificate_chain": client.chain_pem.decode().replace("\n", "\\n"),
            },
        }  # fmt: skip
        topics(broker.address("TLS"), properties("SSL", **trust, **keys[store]))

    def test_failures_say_what_to_do(self, broker, certificates, properties, trust):
        other = {"ssl_truststore_type": "PEM", "ssl_truststore_location": certificates.other_authority.pem_file}
        _, errors = topics(broker.address("TLS"), properties("SSL", **other), status=3, timeout="3s")
        assert "signed by nobody that is trusted" in errors
        _, errors = run("topics", "list", address=broker.bootstrap, properties=properties("SSL", **trust), status=3, timeout="3s")
        assert "security.protocol=PLAINTEXT" in errors
        _, errors = run("topics", "list", address=broker.address("TLS"), status=3, timeout="3s")
        assert "security.protocol=SSL" in errors or "is security.protocol the one" in errors

    def test_certificates_that_are_not_to_be_believed(self, broker, properties, trust):
        _, errors = topics(broker.address("EXPIRED"), properties("SSL", **trust), status=3)
        assert "its certificate has expired" in errors
        elsewhere = broker.address("ELSEWHERE")
        _, errors = topics(elsewhere, properties("SSL", **trust), status=3)
        assert "broker.example" in errors and "not for 127.0.0.1" in errors
        _, errors = topics(elsewhere, properties("SSL", **trust, ssl_endpoint_identification_algorithm=""))
        assert errors.startswith("hanzo-stream: warning: ssl.endpoint.identification.algorithm is empty")

    def test_a_client_certificate_that_is_wanted(self, broker, certificates, properties, trust):
        address = broker.address("MUTUAL")
        topics(address, properties("SSL", **trust, ssl_keystore_type="PEM", ssl_keystore_location=certificates.client().pem_file))
        for identity in (None, certificates.stranger()):
            keys = {"ssl_keystore_type": "PEM", "ssl_keystore_location": identity.pem_file} if identity else {}
            _, errors = topics(address, properties("SSL", **trust, **keys), status=3)
            assert "client certificate" in errors and "ssl.keystore.location" in errors

    def test_settings_that_cannot_be_honoured(self, broker, properties, trust):
        address = broker.address("TLS")
        for file, words in [
            (properties("SSL", ssl_engine_factory_class="x"), "ssl.engine.factory.class"),
            (properties("SSL", ssl_truststore_location="/nowhere/ca.pem"), "cannot read /nowhere/ca.pem"),
            (properties("SSL", **(trust | {"ssl_truststore_type": "PKCS12"})), "ssl.truststore.location"),
            (properties("TLS"), "security.protocol"),
        ]:
            assert words in topics(address, file, status=2)[1]


class TestSasl:
    def test_plain(self, broker, properties):
        file = properties("SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_jaas_config=login("Plain", USER, PASSWORD))
        _, errors = topics(broker.address("PLAINLOGIN"), file)
        assert errors.startswith("hanzo-stream: warning: PLAIN over SASL_PLAINTEXT")

    def test_users_and_scram(self, broker, properties, trust, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text(NEW_PASSWORD + "\n")
        admin = {"address": broker.bootstrap}
        made, _ = run("users", "create", NEW_USER, "--password-file", str(secret), **admin)
        assert made == f"{NEW_USER} created: SCRAM-SHA-256, SCRAM-SHA-512\n"
        listed = json.loads(run("users", "list", "--output", "json", **admin)[0])
        mechanisms = [{"mechanism": name, "iterations": 4096} for name in ("SCRAM-SHA-256", "SCRAM-SHA-512")]
        assert {"name": NEW_USER, "credentials": mechanisms} in listed
        scram = {"sasl_mechanism": "SCRAM-SHA-512", **trust}
        file = properties("SASL_SSL", **scram, sasl_jaas_config=login("Scram", NEW_USER, NEW_PASSWORD))
        topics(broker.address("SCRAM"), file)

        wrong = properties("SASL_SSL", **scram, sasl_jaas_config=login("Scram", NEW_USER, "another-password"))
        _, errors = topics(broker.address("SCRAM"), wrong, status=1)
        assert "SCRAM-SHA-512 authentication failed: SASL_AUTHENTICATION_FAILED" in errors
        missing = properties("SASL_SSL", sasl_mechanism="PLAIN", sasl_jaas_config=login("Plain", USER, PASSWORD), **trust)
        _, errors = topics(broker.address("SCRAM"), missing, status=1)
        assert "it does not offer that; sasl.mechanism can be SCRAM-SHA-512" in errors

        again = ("--password-env", "PW", "--mechanism", "SCRAM-SHA-512", "--iterations", "8192")
        assert "has another password now" in run("users", "create", NEW_USER, *again, **admin, PW=NEW_PASSWORD)[0]
        topics(broker.address("SCRAM"), file)
        assert run("users", "delete", NEW_USER, **admin)[0] == f"{NEW_USER} deleted: SCRAM-SHA-256, SCRAM-SHA-512\n"
        assert "RESOURCE_NOT_FOUND" in run("users", "delete", NEW_USER, **admin, status=1)[1]
        topics(broker.address("SCRAM"), file, status=1)

    def test_bearer(self, broker, properties, tokens):
        tokens.write("alice")
        bearer = {"sasl_mechanism": "OAUTHBEARER"}
        from_file = properties("SASL_PLAINTEXT", **bearer, sasl_oauthbearer_token_endpoint_url=f"file://{tokens.file}")
        topics(broker.address("BEARER"), from_file)
        from_environment = properties("SASL_PLAINTEXT", **bearer, hanzo_oauthbearer_token_env="TOKEN")
        topics(broker.address("BEARER"), from_environment, TOKEN=tokens.file.read_text())
        _, errors = topics(broker.address("BEARER"), from_environment, status=1, TOKEN="no.token.")
        assert "OAUTHBEARER authentication failed" in errors

    def test_no_password_without_a_terminal(self, broker):
        words = [str(release_binary()), "users", "create", "x", "--bootstrap-server", broker.bootstrap]
        done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, start_new_session=True, timeout=30)
        assert done.returncode == 2 and "--password-file" in done.stderr

    @pytest.mark.parametrize(
        ("again", "status", "said"), [(NEW_PASSWORD, 0, "typist created"), ("another-one", 2, "the two passwords differ")], ids=["same", "other"]
    )
    def test_a_password_is_asked_for_and_not_shown(self, again, status, said, broker):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execv(release_binary(), ["hanzo-stream", "users", "create", "typist", "--bootstrap-server", broker.bootstrap])
        seen = b""
        for prompt, answer in [(b"Password for typist: ", NEW_PASSWORD), (b"The same again: ", again)]:
            while not seen.endswith(prompt):
                seen += os.read(terminal, 1000)
            # What is typed before the terminal is silent is shown, and thrown away.
            wait_for(lambda: not termios.tcgetattr(terminal)[3] & termios.ECHO, 5, "a silent terminal")
            os.write(terminal, answer.encode() + b"\n")
        while said.encode() not in seen:
            seen += os.read(terminal, 1000)
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == status
        os.close(terminal)
        assert NEW_PASSWORD.encode() not in seen and again.encode() not in seen
        run("users", "delete", "typist", "--if-exists", address=broker.bootstrap)

    def test_sessions_that_end_are_renewed(self, broker, properties):
        """The broker ends sessions after two seconds; this produces for five."""
        file = properties("SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_jaas_config=login("Plain", USER, PASSWORD))
        run(
            "perf", "produce", "renewed", "--partitions", "1", "--records", "500", "--throughput", "100",
            address=broker.address("PLAINLOGIN"), properties=file,
        )  # fmt: skip
        run("perf", "consume", "renewed", address=broker.address("PLAINLOGIN"), properties=file)


class TestAcls:
    def test_added_listed_and_removed(self, broker):
        admin = {"address": broker.bootstrap}
        who = ("--principal", "User:consumer-of-usage")
        what = (*who, "--consumer", "--topic", "llm_usage", "--group", "billing-agg")
        assert run("acls", "add", *what, **admin)[0].endswith("3 ACLs added\n")
        run("acls", "add", *who, "--deny", "--operation", "write", "--topic", "llm_", "--prefixed", "--host", "10.0.0.1", **admin)
        listed = json.loads(run("acls", "list", *who, "--output", "json", **admin)[0])
        parts = ("resource_type", "name", "pattern_type", "host", "operation", "permission")
        found = {tuple(acl[part] for part in parts) for acl in listed}
        assert found == {
            ("TOPIC", "llm_usage", "LITERAL", "*", "READ", "ALLOW"), ("TOPIC", "llm_usage", "LITERAL", "*", "DESCRIBE", "ALLOW"),
            ("GROUP", "billing-agg", "LITERAL", "*", "READ", "ALLOW"), ("TOPIC", "llm_", "PREFIXED", "10.0.0.1", "WRITE", "DENY"),
        }  # fmt: skip
        matching = json.loads(run("acls", "list", "--topic", "llm_usage", "--pattern", "match", "--output", "json", **admin)[0])
        assert {acl["name"] for acl in matching} >= {"llm_usage", "llm_"}
        assert run("acls", "remove", *what, **admin)[0].endswith("nothing was removed: --yes does it\n")
        assert run("acls", "remove", *what, "--yes", **admin)[0].endswith("3 ACLs removed\n")
        assert run("acls", "remove", *who, "--yes", **admin)[0].endswith("1 ACL removed\n")
        assert run("acls", "remove", *who, "--yes", **admin)[0] == "there is no such ACL\n"

    def test_who_may_only_read_sees_what_that_shows(self, broker, properties):
        admin = {"address": broker.bootstrap}
        run("topics", "create", "read-only", **admin)
        user = {"address": broker.address("PLAINLOGIN")}
        user["properties"] = properties("SASL_PLAINTEXT", sasl_mechanism="PLAIN", sasl_jaas_config=login("Plain", USER, PASSWORD))
        reading = ("--principal", f"User:{USER}", "--operation", "read", "--topic", "read-only")
        run("acls", "add", *reading, **admin)
        shown, errors = run("topics", "describe", "read-only", **user)
        assert shown.startswith("read-only") and "TOPIC_AUTHORIZATION_FAILED" in errors
        _, errors = run("configs", "describe", "--topic", "read-only", **user, status=1, warnings=1)
        assert "TOPIC_AUTHORIZATION_FAILED" in errors
        run("acls", "remove", *reading, "--yes", **admin)
        run("topics", "delete", "read-only", **admin)

    @pytest.mark.parametrize("name", ["helixagent.*", "foo*", "a|b"])
    def test_a_name_that_looks_like_a_pattern_is_warned_of(self, name, broker):
        admin = {"address": broker.bootstrap}
        what = ("--principal", "User:helixagent", "--producer", "--topic", name)
        _, errors = run("acls", "add", *what, **admin)
        assert errors.startswith("WARN ") and "--prefixed" in errors and len(errors.splitlines()) == 1
        run("acls", "remove", *what, "--yes", **admin)
        assert run("acls", "add", *what, "--prefixed", "--dry-run", **admin)[1] == ""


class TestQuotas:
    def test_set_shown_and_removed(self, broker):
        admin = {"address": broker.bootstrap}
        for whom, key in [
            (("--user", "alice"), "producer_byte_rate"), (("--user-default",), "request_percentage"),
            (("--user", "alice", "--client", "etl"), "consumer_byte_rate"), (("--ip", "10.0.0.1"), "connection_creation_rate"),
        ]:  # fmt: skip
            run("configs", "alter", *whom, "--set", f"{key}=1000", **admin)
            (shown,) = json.loads(run("configs", "describe", *whom, "--output", "json", **admin)[0])
            assert shown["values"] == {key: 1000.0}
            run("configs", "alter", *whom, "--delete", key, **admin)
            assert json.loads(run("configs", "describe", *whom, "--output", "json", **admin)[0]) == []
