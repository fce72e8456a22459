"""Data directories of real Apache Kafka nodes, cleanly stopped, go on as ours. `adopt/record.py` made the fixtures."""

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from adopt import record
from lib import strace
from lib.broker import HanzoStream, release_binary

VERSIONS = ("3.7.2", "4.3.1")
STANDARD = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"
SECURED = {"authorizer.class.name": STANDARD, "super.users": "User:admin;User:ANONYMOUS", "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512"}
SECONDS = 30


@pytest.fixture
def kafka_data(tmp_path):
    """Unpacks a fixture: the data directory."""

    def unpack(version: str = VERSIONS[0], name: str = "kafka") -> Path:
        directory = tmp_path / name
        directory.mkdir()
        subprocess.run(["tar", "--extract", "--file", record.FIXTURES / f"kafka-{version}.tar.xz", "-C", directory], check=True)
        return directory / "data"

    return unpack


def expected(version: str) -> dict:
    return json.loads((record.FIXTURES / f"kafka-{version}.json").read_text())


def adopt(data: Path, *options: str, under: tuple[str, ...] = ()) -> subprocess.CompletedProcess:
    command = [*under, str(release_binary()), "adopt", str(data), *options]
    return subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS)


def node(directory: Path, data: Path, secured: bool = True, **settings: str) -> HanzoStream:
    listeners = {"CLIENTS": "SASL_PLAINTEXT"} if secured else None
    chosen = {"node.id": str(record.NODE_ID), **(SECURED if secured else {}), **{key.replace("_", "."): value for key, value in settings.items()}}
    return HanzoStream(directory, chosen, data=data, listeners=listeners)


def refused_to_start(broker: HanzoStream) -> str:
    done = subprocess.run(broker.command(), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS, cwd=broker.directory)
    assert done.returncode == 2, (done.returncode, done.stdout, done.stderr)
    lines = [line for line in done.stderr.splitlines() if line.startswith("hanzo-stream: ")]
    assert len(lines) == 1, done.stderr
    return lines[0]


def everything(directory: Path) -> dict[str, tuple]:
    """Every byte and time of every file."""
    found = {}
    for path in sorted(directory.rglob("*")):
        stat = path.stat()
        content = path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(directory))] = (content, stat.st_mtime_ns, stat.st_mode)
    return found


def as_user(broker: HanzoStream, user: str, mechanism: str = "SCRAM-SHA-256") -> dict:
    return record.login(broker.ports["CLIENTS"], user, record.USERS[user], mechanism)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_dry_run_says_what_is_there_and_changes_nothing(kafka_data, version):
    data = kafka_data(version)
    before = everything(data)
    done = adopt(data, "--dry-run", "--output", "json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert everything(data) == before
    want = expected(version)
    committed = sum(len(offsets) for offsets in want["offsets"].values())
    assert (report["adopted"], report["refused"], report["not_carried"]) == (False, [], [])
    assert (report["cluster_id"], report["node_id"]) == (record.CLUSTER_ID, record.NODE_ID)
    # Two topics of Kafka's own are there too; and the broker's one key is no topic's.
    assert report["found"] == {
        "topics": len(want["topics"]) + 2, "partitions": sum(want["partitions"].values()) + 4 + 2,
        "configurations": report["found"]["configurations"], "groups": len(want["offsets"]), "committed_offsets": committed,
        "transactional_ids": 1, "SCRAM_users": 3, "ACLs": len(want["acls"]), "quotas": 4, "delegation_tokens": 0,
    }  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_goes_on(kafka_data, tmp_path, version):
    data = kafka_data(version)
    done = adopt(data)
    assert done.returncode == 0, done.stderr
    assert "adopted; start it with node.id=3" in done.stdout
    want = expected(version)
    broker = node(tmp_path / "node", data)
    broker.start()
    try:
        seen = record.observe(broker.ports["CLIENTS"])
        for part in want:
            assert seen[part] == want[part], part
        assert quota_of_alice(broker) == {"producer_byte_rate": 5_000_000.0, "request_percentage": 150.0}
        users_are_let_in_and_kept_out(broker)
        consumers_go_on(broker)
        producers_go_on(broker, want["ends"])
        broker.restart()
        again = record.observe(broker.ports["CLIENTS"])
        for part in ("topics", "partitions", "configs", "acls", "users"):
            assert again[part] == want[part], part
        assert again["records"]["orders-1"][:-1] == want["records"]["orders-1"]
    finally:
        broker.stop()
    assert not broker.unexpected_complaints()
    # A Kafka that was started on it by mistake begins a log of its own before it refuses the directory.
    shutil.copytree(data / "__cluster_metadata-0.adopted", data / "__cluster_metadata-0")
    broker.start()
    broker.stop()
    second = adopt(data)
    assert (second.returncode, second.stdout) == (0, f"{data} is adopted already\n")


def quota_of_alice(broker: HanzoStream) -> dict[str, float]:
    done = subprocess.run(
        [release_binary(), "configs", "describe", "--user", "alice", "--bootstrap-server", broker.bootstrap, "--output", "json"],
        capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (quotas,) = json.loads(done.stdout)
    return quotas["values"]


def users_are_let_in_and_kept_out(broker: HanzoStream) -> None:
    assert set(AdminClient(as_user(broker, "alice")).list_topics(timeout=SECONDS).topics) == {"orders"}
    seen_by_bob = AdminClient(as_user(broker, "bob", "SCRAM-SHA-512")).list_topics(timeout=SECONDS).topics
    assert set(seen_by_bob) == {"latest", "ledger"}
    refused = []
    producer = Producer({**as_user(broker, "bob"), "message.timeout.ms": 10_000})
    producer.produce("ledger", value="denied", on_delivery=lambda error, _: refused.append(error and error.code()))
    producer.flush(SECONDS)
    assert refused == [KafkaError.TOPIC_AUTHORIZATION_FAILED]
    with pytest.raises(KafkaException):
        AdminClient({**as_user(broker, "alice"), "sasl.password": "another"}).list_topics(timeout=3)


def consumers_go_on(broker: HanzoStream) -> None:
    """A group that committed 17 of the first partition reads from there, as the user who may."""
    consumer = Consumer({**as_user(broker, "alice"), "group.id": "billing", "auto.offset.reset": "error"})
    consumer.assign([TopicPartition("orders", 0)])
    message = consumer.poll(SECONDS)
    assert message is not None and message.error() is None, message and message.error()
    assert message.offset() == 17
    consumer.close()


def producers_go_on(broker: HanzoStream, ends: dict) -> None:
    delivered = []
    producer = Producer({**as_user(broker, "alice"), "enable.idempotence": True})
    producer.produce("orders", value="after the move", partition=1, on_delivery=lambda error, message: delivered.append((error, message.offset())))
    producer.flush(SECONDS)
    assert delivered == [(None, ends["orders-1"]["latest"])]


def test_a_secured_cluster_is_never_opened_unsecured(kafka_data, tmp_path):
    data = kafka_data()
    assert adopt(data).returncode == 0
    bare = node(tmp_path / "bare", data, secured=False)
    for _ in range(2):
        assert "has 5 ACLs, and without an authorizer everybody may do everything; set authorizer.class.name=" in refused_to_start(bare)
    nobody_asks = node(tmp_path / "asks", data, secured=False, authorizer_class_name=STANDARD, super_users="User:ANONYMOUS")
    assert "has SCRAM users, and no listener asks who a client is" in refused_to_start(nobody_asks)
    # A refusal leaves a clean directory; a good start in between changes nothing about the rule.
    secured = node(tmp_path / "secured", data)
    secured.start()
    secured.stop()
    assert "has 5 ACLs" in refused_to_start(bare)
    accepted = node(tmp_path / "accepted", data, secured=False, hanzo_allow_unsecured="true")
    accepted.start()
    accepted.stop()
    assert not secured.unexpected_complaints() + accepted.unexpected_complaints()


def test_a_server_adopts_what_it_is_started_on(kafka_data, tmp_path):
    data = kafka_data("4.3.1")
    before = everything(data)
    assert "has 5 ACLs" in refused_to_start(node(tmp_path / "bare", data, secured=False))
    assert "it is of node 3; set node.id=3" in refused_to_start(node(tmp_path / "other", data, node_id="1"))
    (data / ".kafka_cleanshutdown").rename(tmp_path / "mark")
    assert "Kafka did not stop cleanly" in refused_to_start(node(tmp_path / "unclean", data))
    (tmp_path / "mark").rename(data / ".kafka_cleanshutdown")
    after = everything(data)
    assert {name: content for name, (content, *_) in after.items()} == {name: content for name, (content, *_) in before.items()}
    broker = node(tmp_path / "node", data)
    broker.start()
    broker.stop()
    assert any("adopted the data directory of an Apache Kafka node" in line for line in broker.log_lines())
    assert sorted(path.name for path in data.iterdir() if "metadata" in path.name) == ["__cluster_metadata-0.adopted", "hanzo-metadata"]


def test_an_unclean_stop_is_said_and_recovered(kafka_data, tmp_path):
    data = kafka_data()
    (data / ".kafka_cleanshutdown").unlink()
    with_transactions = adopt(data)
    assert with_transactions.returncode == 2 and "did not stop cleanly and has transactions" in with_transactions.stderr
    for log in data.glob("__transaction_state-*/*.log"):
        log.write_bytes(b"")
    (data / "recovery-point-offset-checkpoint").unlink()
    with open(data / "orders-0" / "00000000000000000000.log", "ab") as log:
        log.write(bytes(40))
    done = adopt(data)
    assert done.returncode == 0, done.stderr
    assert "Kafka did not stop cleanly in" in done.stdout
    broker = node(tmp_path / "node", data)
    broker.start()
    seen = record.observe(broker.ports["CLIENTS"])
    broker.stop()
    want = expected(VERSIONS[0])
    assert (seen["records"], seen["committed"], seen["offsets"]) == (want["records"], want["committed"], want["offsets"])


def test_several_log_directories(kafka_data, tmp_path):
    data = kafka_data()
    second = tmp_path / "second"
    second.mkdir()
    (second / "meta.properties").write_text(f"version=1\ncluster.id={record.CLUSTER_ID}\nnode.id={record.NODE_ID}\ndirectory.id=5L6g3nShT-eMCtK--X86sw\n")
    (second / ".kafka_cleanshutdown").write_text("")
    for name in ("orders-1", "ledger-0"):
        (data / name).rename(second / name)
    # In any order; ours lies beside Kafka's.
    done = adopt(second, str(data))
    assert done.returncode == 0, done.stderr
    assert f"{data} has to be the first of log.dirs" in done.stdout
    broker = node(tmp_path / "node", Path(f"{data},{second}"))
    broker.start()
    seen = record.observe(broker.ports["CLIENTS"])
    broker.stop()
    want = expected(VERSIONS[0])
    assert (seen["records"], seen["committed"], seen["topics"]) == (want["records"], want["committed"], want["topics"])
    assert not broker.unexpected_complaints()


def test_a_directory_in_use_or_of_something_else_is_refused(kafka_data, tmp_path):
    data = kafka_data()
    with open(data / ".lock", "r+") as lock:
        # As a JVM locks it.
        fcntl.lockf(lock, fcntl.LOCK_EX)
        done = adopt(data, "--dry-run")
        assert (done.returncode, done.stderr) == (2, f"hanzo-stream: {data} is in use by another process; stop Kafka first\n")
    for path, problem in (
        (tmp_path / "nothing", "it does not exist"),
        (tmp_path, "it has no meta.properties"),
    ):
        done = adopt(path)
        assert done.returncode == 2 and problem in done.stderr, done.stderr
    half = kafka_data(name="half")
    shutil.rmtree(half / "orders-1")
    done = adopt(half)
    assert done.returncode == 2
    assert "1 partitions have no directory here: orders-1; name every one of log.dirs" in done.stderr
    assert (half / "__cluster_metadata-0").is_dir()


def test_killed_at_any_step_it_is_kafkas_or_ours(kafka_data, tmp_path):
    """Before each call that changes something: a kill -9 instead. Then Kafka's directory is whole, or ours is."""
    if reason := strace.why_not(tmp_path):
        pytest.skip(reason)
    original = kafka_data()
    before = everything(original)
    trace = tmp_path / "trace"
    traced = shutil.copytree(original, tmp_path / "traced", symlinks=True)
    assert adopt(traced, under=("strace", "-f", "-o", str(trace), "-e", f"trace={strace.STORAGE_CALLS}")).returncode == 0
    made = [line.split()[1].split("(")[0] for line in trace.read_text().splitlines() if "(" in line and "resumed" not in line]
    steps = [(call, number + 1) for call in sorted(set(made)) for number in range(made.count(call))]
    assert len(steps) > 15, made
    outcomes = set()
    for call, number in steps:
        data = shutil.copytree(original, tmp_path / f"{call}-{number}")
        fault = f"inject={call}:error=EIO:signal=SIGKILL:when={number}"
        assert adopt(data, under=("strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e", fault)).returncode != 0, (call, number)
        names = {path.name for path in data.iterdir()}
        ours, kafkas = "hanzo-metadata" in names, "__cluster_metadata-0" in names
        outcomes.add((ours, kafkas))
        assert ours or kafkas, (call, number)
        if not ours:
            left = {name: content for name, (content, *_) in everything(data).items() if "hanzo-metadata.adopting" not in name}
            assert left == {name: content for name, (content, *_) in before.items()}, (call, number)
        # The next attempt ends it, whatever this one left.
        done = adopt(data)
        assert done.returncode == 0, (call, number, done.stderr)
        assert {path.name for path in data.iterdir() if "metadata" in path.name} == {"__cluster_metadata-0.adopted", "hanzo-metadata"}
        shutil.rmtree(data)
    # Kafka's, ours with the last step left, ours.
    assert outcomes == {(False, True), (True, True), (True, False)}
