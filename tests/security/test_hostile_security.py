"""Strangers at listeners that ask who they are: what they reach, what they cost, and that nobody becomes somebody else.

After each test the broker is the same process, has not panicked and answers its honest clients; memory follows bytes that came, never those
that were announced.
"""

import socket
import ssl
import struct
import time

import pytest

from lib import filled, strace
from lib.admin import create_topic
from lib.apache_kafka import ApacheKafka
from lib.batch import Batch
from lib.broker import wait_for
from lib.scram import Scram, handshake, say
from lib.vitals import MIB, Repeating, assert_usual
from lib.wire import Connection, framed, request_header
from security.conftest import ALICE, PASSWORD, ROOT, ROOT_PASSWORD

SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 17, 18, 36
SASL_AUTHENTICATION_FAILED, UNSUPPORTED_MECHANISM, ILLEGAL_STATE = 58, 33, 34
INVALID_TOPIC = 17
TOPIC_AUTHORIZATION_FAILED, OUT_OF_ORDER_SEQUENCE_NUMBER = 29, 45
TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
SLACK_MIB = 24

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def is_oracle(guarded) -> bool:
    return isinstance(guarded, ApacheKafka)


def refused(connection: Connection, message: bytes) -> None:
    """The message ends the exchange: with the error that says no more than no, or with nothing, and the connection is closed."""
    try:
        answer = say(connection, message)
    except ConnectionError:
        return
    assert answer.error_code == SASL_AUTHENTICATION_FAILED, answer
    assert connection.is_closed_by_peer()


# --- what is reached


def fresh(connect) -> Connection:
    return connect("SASL")


def after_handshake(connect) -> Connection:
    return handshake(connect("SASL"), "PLAIN")


def within_scram(connect) -> Connection:
    connection = handshake(connect("SASL"), "SCRAM-SHA-512")
    assert say(connection, Scram(ALICE, PASSWORD).first()).error_code == 0
    return connection


@pytest.mark.parametrize("state", [fresh, after_handshake, within_scram], ids=lambda state: state.__name__)
def test_nothing_is_answered_before_authentication(vitals, connect, is_oracle, state):
    """Every API in every version that anybody knows, of which three are for strangers."""
    if is_oracle and state is not fresh:
        pytest.skip("Apache Kafka says in the API's own words that it is not its turn, and closes then")
    answered = []
    for key, message in filled.REQUESTS.items():
        if key in (SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE):
            continue
        for version in range(message.min_version, message.max_version + 1):
            connection = state(connect)
            connection.send_raw(framed(filled.request(key, version)))
            if not connection.is_closed_by_peer():
                answered.append(f"{message.__name__} v{version}")
            connection.socket.close()
    assert not answered


@pytest.mark.parametrize("key", [-1, 4, 7, 52, 56, 58, 62, 63, 68, 93, 10_000, 32_000])
def test_unknown_and_private_apis_are_not_answered(vitals, connect, key):
    for version in range(3):
        connection = connect("SASL")
        connection.send_raw(framed(request_header(key, version, flexible=True) + b"\0" * 40))
        assert connection.is_closed_by_peer()


def test_only_enabled_mechanisms_are_taken(vitals, connect, trusting):
    for listener, tls, mechanism in (("SASL", None, "SCRAM-SHA-256"), ("SASL", None, "GSSAPI"), ("SASL", None, ""), ("SECURE", trusting, "PLAIN")):
        answer = connect(listener, tls).ask("SaslHandshake", 1, mechanism=mechanism)
        assert answer.error_code == UNSUPPORTED_MECHANISM, mechanism
        assert mechanism not in answer.mechanisms
    answer = connect("SECURE", trusting).ask("SaslHandshake", 1, mechanism="SCRAM-SHA-512")
    assert (answer.error_code, answer.mechanisms) == (0, ["SCRAM-SHA-512"])


def test_the_mechanism_of_the_handshake_is_the_one_that_counts(vitals, connect, alice):
    """A stranger who began SCRAM does not finish with a password in the clear, nor the other way round."""
    refused(handshake(connect("SASL"), "SCRAM-SHA-512"), f"\0{ALICE}\0{PASSWORD}".encode())
    refused(handshake(connect("SASL"), "PLAIN"), alice.first())


# --- passwords and proofs


PLAIN_NONSENSE = {
    "nothing": b"",
    "one name": b"alice",
    "two parts": b"alice\0" + PASSWORD.encode(),
    "no user": b"\0\0" + PASSWORD.encode(),
    "no password": b"\0alice\0",
    "four parts": b"\0alice\0" + PASSWORD.encode() + b"\0more",
    "wrong password": b"\0alice\0" + PASSWORD.encode()[:-1],
    "longer password": b"\0alice\0" + PASSWORD.encode() + b"x",
    "unknown user": b"\0nobody\0" + PASSWORD.encode(),
    "somebody else's": f"\0{ROOT}\0{PASSWORD}".encode(),
    "not UTF-8": b"\0alice\0\xff\xfe",
    "to be root": f"{ROOT}\0{ALICE}\0{PASSWORD}".encode(),
    "long": b"\0alice\0" + b"p" * 100_000,
    "only zeros": b"\0" * 10_000,
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN_NONSENSE)
def test_plain_that_is_refused(vitals, connect, name):
    started = time.monotonic()
    refused(handshake(connect("SASL"), "PLAIN"), PLAIN_NONSENSE[name])
    assert time.monotonic() - started >= 0.09, "a failure is answered late"
    vitals.check_growth(SLACK_MIB)


FIRST_NONSENSE = {
    "nothing": b"",
    "a comma": b",",
    "channel binding": b"p=tls-unique,,n=alice,r=abc",
    "no gs2 header": b"n=alice,r=abc",
    "to be root": b"n,a=root,n=alice,r=abc",
    "no nonce": b"n,,n=alice,r=",
    "no name": b"n,,n=,r=abc",
    "mandatory extension": b"n,,m=ext,n=alice,r=abc",
    "bad escape": b"n,,n=al=4Dice,r=abc",
    "not UTF-8": b"n,,n=\xff\xfe,r=abc",
    "a final message": b"c=biws,r=abc,p=AAAA",
    "long name": b"n,,n=" + b"a" * 300_000 + b",r=abc",
}  # fmt: skip


@pytest.mark.parametrize("name", FIRST_NONSENSE)
def test_scram_that_is_refused_at_once(vitals, connect, is_oracle, name):
    if is_oracle and name in ("mandatory extension", "long name"):
        pytest.skip("Apache Kafka takes it")
    refused(handshake(connect("SASL"), "SCRAM-SHA-512"), FIRST_NONSENSE[name])
    vitals.check_growth(SLACK_MIB)


FINAL_NONSENSE = {
    "own nonce": lambda scram, server: scram.final(server, nonce=scram.nonce),
    "no nonce": lambda scram, server: scram.final(server, nonce=""),
    "longer nonce": lambda scram, server: scram.final(server, nonce=server.split(",")[0][2:] + "x"),
    "another gs2 header": lambda scram, server: scram.final(server, gs2_header="n,a=root,"),
    "y,, for n,,": lambda scram, server: scram.final(server, gs2_header="y,,"),
    "proof of zeros": lambda scram, server: scram.final(server, proof=bytes(64)),
    "short proof": lambda scram, server: scram.final(server, proof=b"p"),
    "empty proof": lambda scram, server: scram.final(server, proof=b""),
    "another's password": lambda scram, server: Scram(ALICE, "guess", nonce=scram.nonce).final(server),
    "the first again": lambda scram, server: scram.first(),
    "nothing": lambda scram, server: b"",
    "no proof": lambda scram, server: scram.final(server).rsplit(b",p=", 1)[0],
    "proof that is not base64": lambda scram, server: scram.final(server).rsplit(b",p=", 1)[0] + b",p=!!!!",
}  # fmt: skip


@pytest.mark.parametrize("name", FINAL_NONSENSE)
def test_scram_that_is_refused_at_its_end(vitals, connect, alice, is_oracle, name):
    if is_oracle and name in ("another gs2 header", "y,, for n,,"):
        pytest.skip("Apache Kafka does not look at the channel binding")
    connection = handshake(connect("SASL"), "SCRAM-SHA-512")
    answer = say(connection, alice.first())
    refused(connection, FINAL_NONSENSE[name](alice, answer.auth_bytes.decode()))


def test_a_recorded_exchange_cannot_be_replayed(vitals, connect, alice):
    """CVE-2024-56128: the nonce in the last message must be the one of this very exchange."""
    connection = handshake(connect("SASL"), "SCRAM-SHA-512")
    first = alice.first()
    final = alice.final(say(connection, first).auth_bytes.decode())
    assert say(connection, final).error_code == 0

    again = handshake(connect("SASL"), "SCRAM-SHA-512")
    assert say(again, first).error_code == 0
    refused(again, final)
    refused(handshake(connect("SASL"), "SCRAM-SHA-512"), final)


def test_unknown_users_look_like_known_ones(vitals, connect, is_oracle):
    """The same answer with a salt that stays the same: nobody learns who exists."""
    if is_oracle:
        pytest.skip("Apache Kafka refuses unknown users at once")

    def challenge(user: str) -> dict[str, str]:
        connection = handshake(connect("SASL"), "SCRAM-SHA-512")
        answer = say(connection, Scram(user, "guess").first())
        assert answer.error_code == 0, answer
        return dict(part.split("=", 1) for part in answer.auth_bytes.decode().split(","))

    known, one, other = challenge(ALICE), challenge("nobody"), challenge("nobody")
    assert one.keys() == known.keys()
    assert one["i"] == known["i"] and one["s"] == other["s"] and one["r"] != other["r"]


def test_nobody_becomes_somebody_else_later(vitals, connect):
    """A second login on the same connection must be of the same user (KIP-368)."""
    connection = connect("SASL").log_in(ALICE, PASSWORD)
    try:
        answer = connection.ask("SaslHandshake", 1, mechanism="PLAIN")
        if answer.error_code == ILLEGAL_STATE:
            # Without a lifetime of sessions there is no second login at all, and alice goes on.
            return
        answer = say(connection, f"\0{ROOT}\0{ROOT_PASSWORD}".encode())
        assert answer.error_code == SASL_AUTHENTICATION_FAILED, answer
    except ConnectionError:
        return
    assert connection.is_closed_by_peer()


def test_records_of_a_transaction_need_its_name(vitals, connect):
    """CVE-2018-17196: a transactional batch in a request without a transactional id."""
    connection = connect("SASL").log_in(ROOT, ROOT_PASSWORD)
    records = Batch([b"value"], attributes=0x10, producer_id=1, producer_epoch=0, base_sequence=0).encode()
    topic = {"name": "nowhere", "partition_data": [{"index": 0, "records": records}]}
    answer = connection.ask("Produce", 9, transactional_id=None, acks=-1, timeout_ms=1000, topic_data=[topic])
    ((partition,),) = [response.partition_responses for response in answer.responses]
    assert partition.error_code == TRANSACTIONAL_ID_AUTHORIZATION_FAILED, partition


def test_a_producer_id_belongs_to_nobody(vitals, connect, guarded, topic_name):
    """As in Kafka: whoever may write to the topic may go on with another's idempotent producer id, but only where that one stands. What
    keeps strangers out is the topic's ACL; an id says nothing about who somebody is."""
    topic = create_topic(guarded.bootstrap, topic_name())

    def write(connection: Connection, sequence: int) -> int:
        records = Batch([b"value"], producer_id=owned.producer_id, producer_epoch=owned.producer_epoch, base_sequence=sequence).encode()
        data = {"name": topic, "partition_data": [{"index": 0, "records": records}]}
        answer = connection.ask("Produce", 9, transactional_id=None, acks=-1, timeout_ms=10_000, topic_data=[data])
        return answer.responses[0].partition_responses[0].error_code

    owner, other = connect("SASL").log_in(ROOT, ROOT_PASSWORD), connect("PLAINTEXT")
    asked = {"transactional_id": None, "transaction_timeout_ms": 0, "producer_id": -1, "producer_epoch": -1}

    def producer():
        answer = owner.ask("InitProducerId", 4, **asked)
        # Kafka has no id to give at first.
        return answer if answer.error_code == 0 else None

    owned = wait_for(producer, 10, "a producer id")
    assert write(owner, 0) == 0
    assert write(other, 5) == OUT_OF_ORDER_SEQUENCE_NUMBER
    assert write(other, 1) == 0
    assert write(owner, 2) == 0
    alice = connect("SASL").log_in(ALICE, PASSWORD)
    assert write(alice, 3) == TOPIC_AUTHORIZATION_FAILED


# --- what strangers cost


def test_announced_bytes_cost_nothing(vitals, connect, is_oracle):
    """Before authentication a frame may have 512 KiB; nothing is kept for what is announced."""
    if is_oracle:
        pytest.skip("Apache Kafka takes what was announced, and with it the memory for everybody else")
    for size in (512 * 1024 + 1, 100 * MIB, 2**31 - 1, -1):
        connection = connect("SASL")
        connection.send_raw(struct.pack(">i", size) + request_header(SASL_HANDSHAKE, 1))
        assert connection.is_closed_by_peer(), size
    for _ in range(200):
        connect("SASL").send_raw(struct.pack(">i", 512 * 1024) + request_header(SASL_HANDSHAKE, 1))
        after = handshake(connect("SASL"), "PLAIN")
        after.send_raw(struct.pack(">i", 512 * 1024) + request_header(SASL_AUTHENTICATE, 1))
    vitals.check_growth(8)


LIES = {
    "handshake with a name of 32767": framed(request_header(SASL_HANDSHAKE, 1) + struct.pack(">h", 32767) + b"PLAIN"),
    "handshake with a name of -2": framed(request_header(SASL_HANDSHAKE, 1) + struct.pack(">h", -2)),
    "authenticate with 2 GiB": framed(request_header(SASL_AUTHENTICATE, 1) + struct.pack(">i", 2**31 - 1)),
    "authenticate with -5": framed(request_header(SASL_AUTHENTICATE, 1) + struct.pack(">i", -5)),
    "authenticate with a varint without end": framed(request_header(SASL_AUTHENTICATE, 2, flexible=True) + b"\xff" * 30),
    "two billion tags": framed(request_header(API_VERSIONS, 3) + b"\xff\xff\xff\xff\x07"),
    "metadata of two billion topics": framed(request_header(3, 1) + struct.pack(">i", 2**31 - 1)),
    "http": b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "tls": bytes.fromhex("16030100c8010000c40303") + b"\x55" * 197,
    "kerberos token": framed(b"\x60\x82\x02\x00" + b"\x55" * 512),
}  # fmt: skip


@pytest.mark.parametrize("begin", [fresh, after_handshake], ids=lambda state: state.__name__)
@pytest.mark.parametrize("name", LIES)
def test_lies_are_not_answered(vitals, connect, begin, name):
    connection = begin(connect)
    connection.send_raw(LIES[name])
    assert connection.is_closed_by_peer()
    vitals.check_growth(SLACK_MIB)


def test_strangers_who_stay(vitals, connect, bystander):
    """A thousand connections that say nothing, or begin and stop."""
    usual = bystander.median()
    for number in range(1000):
        connection = connect("SASL")
        if number % 2:
            connection.send_raw(framed(filled.request(SASL_HANDSHAKE, 1))[: 5 + number % 20])
    assert_usual(bystander.median(), usual, "a round trip beside strangers")
    vitals.check_growth(SLACK_MIB)


def test_a_byte_in_50_ms(vitals, connect, bystander):
    """A hundred clients that log in a byte at a time."""
    usual = bystander.median()
    slow = [connect("SASL") for _ in range(100)]
    frame = framed(filled.request(SASL_HANDSHAKE, 1))
    position = 0

    def one_byte_each() -> None:
        nonlocal position
        for connection in slow:
            connection.socket.send(frame[position % len(frame) :][:1])
        position += 1

    with Repeating(one_byte_each, pause=0.05) as sending:
        assert_usual(bystander.median(100), usual, "a round trip beside slow logins")
        sending.wait_for_rounds(len(frame))
    vitals.check_growth(SLACK_MIB)


def test_guessing_passwords_costs_the_guesser(vitals, connect, bystander):
    """Two hundred guesses; each waits for its answer, and honest clients do not."""
    usual = bystander.median()
    guessing = [handshake(connect("SASL"), "PLAIN") for _ in range(200)]
    started = time.monotonic()
    for number, connection in enumerate(guessing):
        connection.send("SaslAuthenticate", 2, auth_bytes=f"\0{ALICE}\0guess-{number}".encode())
    assert_usual(bystander.median(), usual, "a round trip beside guesses")
    for connection in guessing:
        connection.socket.settimeout(10)
        while connection.socket.recv(4096):
            pass
    assert 0.09 <= time.monotonic() - started < 20
    vitals.check_growth(SLACK_MIB)


# --- TLS


def test_what_is_not_tls_is_closed(vitals, connect):
    for data in (framed(request_header(API_VERSIONS, 0)), b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"\0" * 100, b"\x80\x2e\x01\x00\x02" + b"\0" * 60):
        connection = connect("SECURE")
        connection.send_raw(data)
        connection.socket.settimeout(15)
        try:
            # An alert may be sent first.
            while connection.socket.recv(4096):
                pass
        except ConnectionResetError:
            pass
    vitals.check_growth(SLACK_MIB)


def test_handshakes_that_stop_half_way(guarded, vitals, connect, bystander, trusting):
    """Five hundred clients say hello, or a part of it, and no more."""
    usual = bystander.median()
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    hello = outgoing.read()
    for number in range(500):
        connect("SECURE").send_raw(hello[: len(hello) if number % 2 else 5 + number % 60])
    assert_usual(bystander.median(), usual, "a round trip beside half handshakes")
    vitals.check_growth(SLACK_MIB * 2)
    with Connection(guarded.address("SECURE"), 15, trusting) as honest:
        assert honest.ask("ApiVersions", 0).error_code == 0


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_of_tls_are_refused(vitals, guarded, certificates, is_oracle):
    old = [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1] + ([] if is_oracle else [ssl.TLSVersion.TLSv1_2])
    for version in old:
        context = ssl.create_default_context(cafile=str(certificates.authority.pem_file))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with pytest.raises((ssl.SSLError, ConnectionError)):
            Connection(guarded.address("SECURE"), 10, context)


def test_certificates_that_are_refused(vitals, guarded, certificates):
    """Expired, not yet valid, of another authority, for servers only, or none at all."""
    bad = [certificates.expired_client(), certificates.future_client(), certificates.stranger(), certificates.client_for_servers_only(), None]
    for identity in bad:
        context = ssl.create_default_context(cafile=str(certificates.authority.pem_file))
        if identity is not None:
            context.load_cert_chain(identity.certificate_file, identity.key_file)
        with pytest.raises((ssl.SSLError, ConnectionError, OSError)):
            # In TLS 1.3 a client learns it with its first read.
            with Connection(guarded.address("MUTUAL"), 10, context) as connection:
                connection.ask("ApiVersions", 0)
    context = ssl.create_default_context(cafile=str(certificates.authority.pem_file))
    good = certificates.client()
    context.load_cert_chain(good.certificate_file, good.key_file)
    with Connection(guarded.address("MUTUAL"), 10, context) as connection:
        assert connection.ask("ApiVersions", 0).error_code == 0


def test_a_client_refuses_a_server_of_another_name(certificates, guarded):
    """The honest direction: who trusts another authority does not connect."""
    context = ssl.create_default_context(cafile=str(certificates.other_authority.pem_file))
    with pytest.raises(ssl.SSLCertVerificationError):
        Connection(guarded.address("SECURE"), 10, context)


def test_the_peer_may_vanish_at_any_time(vitals, guarded, trusting):
    """Connections reset in the middle of a handshake or a login."""
    for number in range(300):
        with socket.create_connection(("127.0.0.1", guarded.ports["SECURE" if number % 2 else "SASL"]), timeout=5) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall((b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" if number % 2 else framed(filled.request(SASL_HANDSHAKE, 1)))[: number % 30])
    vitals.check_growth(SLACK_MIB)


# --- names


PATHS = ("../../etc/passwd", "/etc/passwd", "..", "a/../../b", "\0", "%2e%2e%2fetc%2fpasswd")


def test_names_are_no_paths(guarded, tmp_path, connect):
    """Users, clients, groups, transactions, ACLs and SCRAM users may be called anything; no file is opened for it."""
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)
    with strace.Injected(guarded.pid, tmp_path, calls="open,openat,mkdir,mkdirat,rename,renameat,renameat2,unlink,unlinkat,stat,statx") as traced:
        for name in PATHS:
            with pytest.raises((PermissionError, ConnectionError)):
                connect("SASL").log_in(name.replace("\0", "0"), PASSWORD)
            root = connect("SASL", timeout=30).log_in(ROOT, ROOT_PASSWORD)
            acl = {
                "resource_type": 3, "resource_name": name, "resource_pattern_type": 3, "principal": f"User:{name}", "host": "*", "operation": 3,
                "permission_type": 3,
            }  # fmt: skip
            root.ask("CreateAcls", 3, creations=[acl])
            root.ask("FindCoordinator", 4, key_type=0, coordinator_keys=[name])
            root.ask("DescribeGroups", 5, groups=[name], include_authorized_operations=False)
            place = {"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": name}
            root.ask(
                "OffsetCommit", 8, group_id=name, generation_id_or_member_epoch=-1, member_id="", group_instance_id=None,
                topics=[{"name": name, "partitions": [place]}],
            )  # fmt: skip
            row = {"name": name, "mechanism": 2, "iterations": 4096, "salt": b"salt", "salted_password": b"p" * 64}
            root.ask("AlterUserScramCredentials", 0, deletions=[], upsertions=[row])
            topic = {"name": name, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []}
            (made,) = root.ask("CreateTopics", 7, topics=[topic], timeout_ms=5000, validate_only=False).topics
            assert made.error_code == INVALID_TOPIC, made
    opened = [line for line in traced.lines() if "passwd" in line or '"..' in line or "/../" in line]
    assert not opened, opened
