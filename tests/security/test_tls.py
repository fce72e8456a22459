"""TLS on listeners: versions, stores, client certificates and their names, renewal, large answers, and peers that do not play by the rules."""

import hashlib
import random
import shutil
import socket
import ssl
import subprocess
import time

import pytest
from confluent_kafka import Consumer, KafkaError, Producer

from conftest import broker_class
from lib.admin import create_topic
from lib.broker import HanzoStream, wait_for
from lib.certificates import STORE_PASSWORD, Certificates, Identity
from lib.commands import kafka_tool, kcat, run
from lib.wire import Connection, framed, request_header

MIB = 1024 * 1024
SECONDS = 60


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


def pem_settings(certificates: Certificates, server: Identity | None = None, client_auth: str = "none") -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str((server or certificates.server).pem_file),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(certificates.authority.pem_file),
        "ssl.client.auth": client_auth,
    }


@pytest.fixture(scope="module")
def shared_broker(request, tmp_path_factory, certificates):
    """TLS listeners: ONE asks nobody for a certificate, REQUESTED may get one, REQUIRED must, OLD speaks TLS 1.2 too."""
    if request.config.getoption("--bootstrap") or request.config.getoption("--kafka"):
        pytest.skip("needs a broker of its own")
    settings = {
        **pem_settings(certificates),
        "listener.name.requested.ssl.client.auth": "requested",
        "listener.name.required.ssl.client.auth": "required",
        "listener.name.old.ssl.enabled.protocols": "TLSv1.2,TLSv1.3",
        "ssl.principal.mapping.rules": r"RULE:^CN=(.*?),OU=Teams$/team-$1/L,DEFAULT",
    }
    listeners = {"ONE": "SSL", "REQUESTED": "SSL", "REQUIRED": "SSL", "OLD": "SSL"}
    broker = broker_class(request.config)(tmp_path_factory.mktemp("tls"), settings, listeners=listeners)
    broker.start()
    yield broker
    broker.stop()


def context(certificates: Certificates, client: Identity | None = None, newest: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=certificates.authority.pem_file)
    if newest:
        made.maximum_version = newest
    if client:
        made.load_cert_chain(client.certificate_file, client.key_file)
    return made


def client_settings(broker, listener: str, certificates: Certificates, client: Identity | None = None) -> dict[str, str]:
    settings = {
        "bootstrap.servers": broker.address(listener),
        "security.protocol": "ssl",
        "ssl.ca.location": str(certificates.authority.pem_file),
        "log_level": "0",
    }
    if client:
        settings |= {"ssl.certificate.location": str(client.certificate_file), "ssl.key.location": str(client.key_file)}
    return settings


def answers(address: str, tls: ssl.SSLContext | None) -> bool:
    """Whether a request is answered. A client of TLS 1.3 learns of a refusal only when it reads."""
    try:
        with Connection(address, tls=tls) as connection:
            return connection.ask("ApiVersions", 0).error_code == 0
    except (ssl.SSLError, ConnectionError, EOFError, OSError):
        return False


def logged(broker, words: str, since: int = 0) -> bool:
    return any(words in line for line in broker.log_lines()[since:])


def test_speaks_1_3_alone_unless_told(broker, certificates):
    with Connection(broker.address("ONE"), tls=context(certificates)) as connection:
        assert connection.socket.version() == "TLSv1.3"
        assert connection.ask("Metadata", 9, topics=[]).brokers[0].port == broker.ports["ONE"]
    old = context(certificates, newest=ssl.TLSVersion.TLSv1_2)
    assert not answers(broker.address("ONE"), old)
    with Connection(broker.address("OLD"), tls=old) as connection:
        assert connection.socket.version() == "TLSv1.2"
        assert "GCM" in connection.socket.cipher()[0] or "CHACHA20" in connection.socket.cipher()[0]
        assert connection.ask("ApiVersions", 0).error_code == 0
    weak = context(certificates, newest=ssl.TLSVersion.TLSv1_2)
    weak.set_ciphers("ECDHE-ECDSA-AES128-SHA:AES128-SHA")
    assert not answers(broker.address("OLD"), weak)


def test_no_session_is_resumed_and_no_early_data_taken(broker, certificates):
    command = ["openssl", "s_client", "-connect", broker.address("ONE"), "-CAfile", str(certificates.authority.pem_file), "-verify_return_error"]
    output = run([*command, "-reconnect"])
    assert "Verify return code: 0 (ok)" in output and "Reused" not in output and "Max Early Data: 16384" not in output


def test_kcat_produces_and_consumes(broker, certificates, topic_name):
    topic = create_topic(broker.bootstrap, topic_name())
    tls = ["-X", "security.protocol=ssl", "-X", f"ssl.ca.location={certificates.authority.pem_file}"]
    values = [f"value {number}" for number in range(1000)]
    kcat(broker.address("ONE"), *tls, "-P", "-t", topic, stdin="\n".join(values))
    assert kcat(broker.address("ONE"), *tls, "-C", "-t", topic, "-e", "-q", "-o", "beginning").splitlines() == values


@pytest.mark.parametrize("kind", ["PEM", "PKCS12"])
def test_kafkas_tools_with_a_certificate(broker, certificates, tmp_path, topic_name, kind):
    client = certificates.client("tools")
    stores = {
        "PEM": {"ssl.keystore.location": client.pem_file, "ssl.truststore.location": certificates.authority.pem_file},
        "PKCS12": {
            "ssl.keystore.location": client.pkcs12_file,
            "ssl.keystore.password": STORE_PASSWORD,
            "ssl.key.password": STORE_PASSWORD,
            "ssl.truststore.location": certificates.authority.pkcs12_file,
            "ssl.truststore.password": STORE_PASSWORD,
        },
    }
    settings = {"security.protocol": "SSL", "ssl.keystore.type": kind, "ssl.truststore.type": kind, **stores[kind]}
    properties = tmp_path / "client.properties"
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
    topic = topic_name(kind.lower())
    at = ("--bootstrap-server", broker.address("REQUIRED"), "--command-config", str(properties))
    kafka_tool("topics", *at, "--create", "--topic", topic, "--partitions", "2")
    assert "PartitionCount: 2" in kafka_tool("topics", *at, "--describe", "--topic", topic)
    wait_for(lambda: logged(broker, 'principal="User:CN=tools"'), 5, "the client's name in the audit trail")


@pytest.mark.parametrize("subject,user", [("OU=Teams,CN=Alice", "team-alice"), ("O=a+b; c,CN=Bob", r"CN=Bob,O=a\\+b\\; c")])
def test_a_certificate_says_who_the_client_is(broker, certificates, topic_name, subject, user):
    client = certificates.client(user[:4], subject)
    topics = [{"name": topic_name(), "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}]
    with Connection(broker.address("REQUESTED"), tls=context(certificates, client)) as connection:
        assert connection.ask("CreateTopics", 5, topics=topics, timeout_ms=5000, validate_only=False).topics[0].error_code == 0
    wait_for(lambda: any("changed" in line and f"User:{user}" in line.replace('"', "") for line in broker.log_lines()), 5, "the name in the audit trail")


def test_required_means_required(broker, certificates):
    assert answers(broker.address("REQUIRED"), context(certificates, certificates.client()))
    assert answers(broker.address("REQUESTED"), context(certificates))
    before = len(broker.log_lines())
    assert not answers(broker.address("REQUIRED"), context(certificates))
    wait_for(lambda: logged(broker, "the client showed no certificate", before), 5, "the line about the refusal")


@pytest.mark.parametrize(
    "whose,line",
    [
        ("stranger", "signed by nobody of the trust store"),
        ("expired_client", "the client's certificate has expired"),
        ("future_client", "the client's certificate is not valid yet"),
        ("client_for_servers_only", "the client's certificate is not for clients"),
    ],
)
@pytest.mark.parametrize("listener", ["REQUESTED", "REQUIRED"])
def test_a_bad_certificate_is_refused(broker, certificates, whose, line, listener):
    before = len(broker.log_lines())
    assert not answers(broker.address(listener), context(certificates, getattr(certificates, whose)()))
    wait_for(lambda: logged(broker, line, before) or logged(broker, "repeated", before), 15, "the line about the refusal")
    assert not broker.unexpected_complaints()


def test_a_hundred_mebibytes_arrive_as_they_were_sent(broker, certificates, topic_name):
    """Through TLS both ways and, as a check, out of the plain listener by sendfile."""
    topic = create_topic(broker.bootstrap, topic_name(), max_message_bytes=str(2 * MIB))
    chance = random.Random(5)
    values = [chance.randbytes(1_000_000) for _ in range(105)]
    producer = Producer(client_settings(broker, "ONE", certificates) | {"message.max.bytes": 2 * MIB, "linger.ms": 5})
    for value in values:
        producer.produce(topic, value)
        producer.poll(0)
    assert producer.flush(SECONDS) == 0
    expected = [hashlib.sha256(value).digest() for value in values]
    plain = {"bootstrap.servers": broker.bootstrap}
    for client in (client_settings(broker, "ONE", certificates), plain, client_settings(broker, "OLD", certificates)):
        assert consume(client, topic, len(values)) == expected


def consume(client: dict, topic: str, count: int) -> list[bytes]:
    settings = {"group.id": f"large-{time.time_ns()}", "auto.offset.reset": "earliest", "fetch.message.max.bytes": 60 * MIB, "fetch.max.bytes": 100 * MIB}
    consumer = Consumer(client | settings)
    consumer.subscribe([topic])
    digests, deadline = [], time.monotonic() + SECONDS
    while len(digests) < count and time.monotonic() < deadline:
        message = consumer.poll(1)
        if message is None or (message.error() and message.error().code() == KafkaError._PARTITION_EOF):
            continue
        assert not message.error(), message.error()
        digests.append(hashlib.sha256(message.value()).digest())
    consumer.close()
    return digests


def test_slow_readers_cost_little(broker, certificates, topic_name):
    """Twenty clients ask for 50 MiB each and take nothing."""
    topic = create_topic(broker.bootstrap, topic_name())
    producer = Producer(client_settings(broker, "ONE", certificates))
    for _ in range(64):
        producer.produce(topic, bytes(900_000))
    assert producer.flush(SECONDS) == 0
    before = broker.resident_bytes()
    connections = [Connection(broker.address("ONE"), tls=context(certificates)) for _ in range(20)]
    try:
        for connection in connections:
            for _ in range(3):
                partition = {"partition": 0, "current_leader_epoch": -1, "fetch_offset": 0, "log_start_offset": -1, "partition_max_bytes": 50 * MIB}
                connection.send(
                    "Fetch", 11, replica_id=-1, max_wait_ms=100, min_bytes=1, max_bytes=50 * MIB, isolation_level=0, session_id=0, session_epoch=-1,
                    topics=[{"topic": topic, "partitions": [partition]}], forgotten_topics_data=[], rack_id="",
                )  # fmt: skip
        time.sleep(2)
        assert answers(broker.address("ONE"), context(certificates))
        grown = broker.resident_bytes() - before
        assert grown < 40 * MIB, f"{grown / MIB:.1f} MiB for twenty clients that do not read"
    finally:
        for connection in connections:
            connection.socket.close()


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", framed(request_header(18, 0)), b"\x16\x03\x01\xff\xff" + b"\0" * 70_000, b"\x16\x03\x01\0\x05hello"])
def test_what_is_no_tls_is_closed(broker, certificates, data):
    before = len(broker.log_lines())
    with Connection(broker.address("ONE")) as connection:
        try:
            connection.send_raw(data)
            connection.socket.settimeout(5)
            while connection.socket.recv(1000):
                pass
        except (ConnectionError, BrokenPipeError):
            pass
    wait_for(lambda: logged(broker, "listener=ONE", before) or logged(broker, "more", before), 15, "the line about it")
    assert answers(broker.address("ONE"), context(certificates))


def test_tls_on_a_plain_listener_is_closed(broker, certificates):
    before = len(broker.log_lines())
    assert not answers(broker.bootstrap, context(certificates))
    wait_for(lambda: logged(broker, "the peer speaks TLS, not Kafka", before), 5, "the line about it")


def test_half_handshakes_keep_nobody_out(broker, certificates):
    """1,500 clients begin a handshake and stop; those beyond the limit take turns, an honest one gets in, and all are closed in time."""
    hello = client_hello()
    before = broker.resident_bytes()
    halves = []
    host, port = broker.address("ONE").split(":")
    try:
        for _ in range(1500):
            half = socket.create_connection((host, int(port)), timeout=10)
            half.sendall(hello[:-1])
            halves.append(half)
        assert answers(broker.address("ONE"), context(certificates))
        assert broker.resident_bytes() - before < 64 * MIB
        halves[-1].settimeout(20)
        assert halves[-1].recv(1) == b""
    finally:
        for half in halves:
            half.close()


def client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def test_idle_connections_are_small(broker, certificates):
    tls = context(certificates)
    warm = [Connection(broker.address("ONE"), tls=tls) for _ in range(100)]
    before = broker.resident_bytes()
    idle = [Connection(broker.address("ONE"), tls=tls) for _ in range(500)]
    for connection in idle:
        assert connection.ask("ApiVersions", 0).error_code == 0
    # Buffers are given back at the next look at a connection.
    each = wait_for(lambda: (broker.resident_bytes() - before) / 500 / 1024 < 40 and (broker.resident_bytes() - before) / 500 / 1024, 15, "small connections")
    print(f"{each:.1f} KiB for each idle connection")
    for connection in warm + idle:
        connection.socket.close()


def test_an_orderly_end_is_said(own_broker, certificates):
    """Without close_notify an end could be somebody on the way who cuts the answer short."""
    broker = own_broker(pem_settings(certificates), listeners={"ONE": "SSL"})
    broker.start()
    with Connection(broker.address("ONE"), tls=context(certificates)) as connection:
        assert connection.ask("ApiVersions", 0).error_code == 0
        connection.socket.suppress_ragged_eofs = False
        broker.stop()
        assert connection.socket.recv(1) == b""


def test_new_certificates_are_taken_without_dropping_anybody(own_broker, certificates, tmp_path):
    store = tmp_path / "broker.pem"
    shutil.copy(certificates.server.pem_file, store)
    broker = own_broker(pem_settings(certificates) | {"ssl.keystore.location": str(store)}, listeners={"ONE": "SSL"})
    broker.start()
    old = Connection(broker.address("ONE"), tls=context(certificates))
    assert serial(broker, certificates) == certificates.server.certificate.serial_number

    renewed = certificates.authority.issue("renewed", certificates.server.certificate.subject.rfc4514_string())
    (tmp_path / "new.pem").write_bytes(renewed.key_pem + renewed.chain_pem)
    (tmp_path / "new.pem").rename(store)
    wait_for(lambda: serial(broker, certificates) == renewed.certificate.serial_number, 15, "the new certificate", every=0.5)
    assert old.ask("ApiVersions", 0).error_code == 0

    broker.expect_complaint("ERROR .*new certificates are not taken, the old ones stay: ssl.keystore.location=")
    store.write_bytes(renewed.key_pem)
    wait_for(lambda: refusals(broker), 15, "the line about it")
    assert serial(broker, certificates) == renewed.certificate.serial_number
    assert old.ask("ApiVersions", 0).error_code == 0
    time.sleep(2.5)
    assert len(refusals(broker)) == 1, "a file that is not taken is one line"


def test_a_new_certificate_is_for_the_same_names(own_broker, certificates, tmp_path):
    """KIP-978: another name, and one name less, only where that is allowed."""
    subject = certificates.server.certificate.subject.rfc4514_string()
    other = certificates.authority.issue("other")
    fewer = certificates.authority.issue("fewer", subject, hosts=("localhost", "127.0.0.1"))
    changes = {"OTHER": other, "FEWER": fewer, "MAYOTHER": other, "MAYFEWER": fewer}
    settings = pem_settings(certificates)
    for name in changes:
        shutil.copy(certificates.server.pem_file, tmp_path / name)
        settings[f"listener.name.{name.lower()}.ssl.keystore.location"] = str(tmp_path / name)
    settings |= {"listener.name.mayother.ssl.allow.dn.changes": "true", "listener.name.mayfewer.ssl.allow.san.changes": "true"}
    broker = own_broker(settings, listeners=dict.fromkeys(changes, "SSL"))
    broker.expect_complaint("ERROR .*not taken, the old ones stay: (the name is|these alternative names are gone: IPAddress\\(::1\\);) ")
    broker.start()
    for name, new in changes.items():
        (tmp_path / name).write_bytes(new.key_pem + new.chain_pem)
    for name in ("MAYOTHER", "MAYFEWER"):
        new = changes[name].certificate.serial_number
        wait_for(lambda: serial(broker, certificates, name) == new, 15, f"the new certificate of {name}", every=0.5)
    wait_for(lambda: len(refusals(broker)) == 2, 15, "two refusals")
    for name in ("OTHER", "FEWER"):
        assert serial(broker, certificates, name) == certificates.server.certificate.serial_number


def refusals(broker) -> list[str]:
    return [line for line in broker.log_lines() if "new certificates are not taken" in line]


def serial(broker, certificates: Certificates, listener: str = "ONE") -> int:
    with Connection(broker.address(listener), tls=context(certificates)) as connection:
        return int(connection.socket.getpeercert()["serialNumber"], 16)


def test_a_new_trust_store_is_taken(own_broker, certificates, tmp_path):
    store = tmp_path / "ca.pem"
    shutil.copy(certificates.authority.pem_file, store)
    settings = pem_settings(certificates, client_auth="required") | {"ssl.truststore.location": str(store)}
    broker = own_broker(settings, listeners={"ONE": "SSL"})
    broker.start()
    stranger, friend = context(certificates, certificates.stranger()), context(certificates, certificates.client())
    assert answers(broker.address("ONE"), friend) and not answers(broker.address("ONE"), stranger)
    shutil.copy(certificates.other_authority.pem_file, store)
    wait_for(lambda: answers(broker.address("ONE"), stranger), 15, "the new authority's clients", every=0.5)
    assert not answers(broker.address("ONE"), friend)


def test_stores_of_keytool(own_broker, certificates, tmp_path):
    """PKCS12 and JKS, as keytool writes them, with the other as their type, as Java allows."""
    stores = {"JKS": tmp_path / "broker.jks", "PKCS12": tmp_path / "broker.p12"}
    for kind, path in stores.items():
        run(
            ["keytool", "-importkeystore", "-noprompt", "-srckeystore", certificates.server.pkcs12_file, "-srcstorepass", STORE_PASSWORD,
             "-destkeystore", path, "-deststoretype", kind, "-deststorepass", STORE_PASSWORD]
        )  # fmt: skip
    settings = {"ssl.keystore.password": STORE_PASSWORD, "ssl.keystore.location": str(stores["JKS"]), "listener.name.two.ssl.keystore.location": str(stores["PKCS12"])}
    broker = own_broker(settings, listeners={"ONE": "SSL", "TWO": "SSL"})
    broker.start()
    for listener in ("ONE", "TWO"):
        assert answers(broker.address(listener), context(certificates))


def test_the_controller_speaks_tls(own_broker, certificates, tmp_path):
    broker = own_broker(pem_settings(certificates))
    protocols = {"listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:SSL"}
    broker.settings |= protocols
    broker.start()
    properties = tmp_path / "client.properties"
    properties.write_text(f"security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={certificates.authority.pem_file}\n")
    at = ("--bootstrap-controller", f"127.0.0.1:{broker.controller_port}", "--command-config", str(properties))
    assert "LeaderId" in kafka_tool("metadata-quorum", *at, "describe", "--status")


def test_on_sasl_ssl_a_certificate_lets_in_and_sasl_says_who(own_broker, certificates, topic_name):
    """As in Kafka (KIP-684) the key for all listeners asks nobody for a certificate there; the listener's own does."""
    login = 'org.apache.kafka.common.security.plain.PlainLoginModule required user_bob="sasl-secret-of-bob";'
    settings = pem_settings(certificates, client_auth="required") | {
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.one.ssl.client.auth": "required",
        "listener.name.one.plain.sasl.jaas.config": login,
        "listener.name.two.plain.sasl.jaas.config": login,
    }
    broker = own_broker(settings, listeners={"ONE": "SASL_SSL", "TWO": "SASL_SSL"})
    broker.start()
    assert not answers(broker.address("ONE"), context(certificates))
    topics = [{"name": topic_name(), "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}]
    with Connection(broker.address("ONE"), tls=context(certificates, certificates.client())) as connection:
        connection.log_in("bob", "sasl-secret-of-bob")
        assert connection.ask("CreateTopics", 5, topics=topics, timeout_ms=5000, validate_only=False).topics[0].error_code == 0
    wait_for(lambda: logged(broker, "changed principal=User:bob "), 5, "his name in the audit trail")
    with Connection(broker.address("TWO"), tls=context(certificates)) as connection:
        connection.log_in("bob", "sasl-secret-of-bob")
        assert connection.ask("Metadata", 9, topics=[]).brokers


def test_an_expired_certificate_is_a_warning(own_broker, certificates):
    broker = own_broker(pem_settings(certificates, certificates.expired_server()), listeners={"ONE": "SSL"})
    broker.expect_complaint("WARN .*the certificate has expired")
    broker.start()
    wait_for(lambda: logged(broker, "the certificate has expired"), 5, "the warning")
    assert not answers(broker.address("ONE"), context(certificates))


def test_what_does_not_fit_is_one_line_and_exit_2(certificates, tmp_path):
    pair = tmp_path / "pair.pem"
    pair.write_bytes(certificates.client().key_pem + certificates.server.chain_pem)
    broken = tmp_path / "broken.p12"
    broken.write_bytes(certificates.server.pkcs12_file.read_bytes()[:-40])
    wrong_password = {"ssl.keystore.type": "PKCS12", "ssl.keystore.location": str(certificates.server.pkcs12_file), "ssl.keystore.password": "wrong-secret"}
    for settings, words in [
        ({"ssl.keystore.location": str(tmp_path / "nowhere.pem")}, "nowhere.pem: it cannot be read"),
        (wrong_password, "the password does not open it"),
        ({"ssl.keystore.location": str(pair)}, "the private key does not fit the certificate"),
        ({"ssl.keystore.location": str(certificates.server.certificate_file)}, "there is no private key in it"),
        ({"ssl.keystore.location": str(certificates.server.encrypted_pem_file)}, "its private key is encrypted"),
        ({"ssl.keystore.type": "PKCS12", "ssl.keystore.location": str(broken)}, "keytool -importkeystore"),
        ({"ssl.truststore.location": str(certificates.server.key_file), "ssl.client.auth": "required"}, "there is no certificate in it"),
        ({"ssl.provider": "BC"}, "ssl.provider"),
    ]:
        broker = HanzoStream(tmp_path / "refused", pem_settings(certificates) | settings, listeners={"ONE": "SSL"})
        for extra in ([], ["--check"]):
            ended = subprocess.run([*broker.command(), *extra], capture_output=True, text=True, timeout=20, cwd=tmp_path)
            lines = ended.stderr.splitlines()
            assert ended.returncode == 2 and len(lines) == 1 and words in lines[0], (settings, ended)
            assert "wrong-secret" not in lines[0]
        assert not broker.data.exists()


def test_secrets_are_never_shown(own_broker, certificates):
    server = certificates.server
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.certificate.chain": server.chain_pem.decode().replace("\n", " "),
        "ssl.keystore.key": server.encrypted_pem_file.read_text().split("-----BEGIN CERTIFICATE")[0].replace("\n", " "),
        "ssl.key.password": STORE_PASSWORD,
        "ssl.client.auth": "requested",
        "listener.name.one.ssl.truststore.type": "PEM",
        "listener.name.one.ssl.truststore.certificates": certificates.authority.pem_file.read_text(),
        "listener.name.one.ssl.truststore.password": STORE_PASSWORD,
    }
    broker = own_broker(settings, listeners={"ONE": "SSL"})
    checked = subprocess.run([*broker.command(), "--check"], capture_output=True, text=True, timeout=20)
    assert checked.returncode == 0 and STORE_PASSWORD not in checked.stdout and "PRIVATE KEY" not in checked.stdout
    broker.start()
    assert answers(broker.address("ONE"), context(certificates, certificates.client()))
    described = kafka_tool("configs", "--bootstrap-server", broker.bootstrap, "--describe", "--all", "--entity-type", "brokers", "--entity-name", "1")
    assert "ssl.key.password" in described and STORE_PASSWORD not in described and "PRIVATE KEY" not in described
