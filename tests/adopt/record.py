"""Records the fixtures: the data directory of a real Apache Kafka node, cleanly stopped, and what clients saw in it.

    ../.tools/python/bin/python adopt/record.py 3.7.2 4.3.1

4.3.1 is what the suites install; another version is resolved into .tools/kafka-VERSION first. Everything is asked of
Kafka itself just before it stops: `fixtures/kafka-VERSION.json` is what a broker that adopted the directory must say too.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import (
    AclBinding, AclBindingFilter, AclOperation, AclPermissionType, AdminClient, ConfigResource,
    NewTopic, OffsetSpec, ResourcePatternType, ResourceType, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion,
)  # fmt: skip

from lib.broker import TOOLS, wait_for
from lib.ports import free_port

HERE = Path(__file__).resolve().parent
FIXTURES = HERE / "fixtures"
CLUSTER_ID = "YWRvcHRlZC1jbHVzdGVyMQ"
NODE_ID = 3
USERS = {"alice": "alice-password", "bob": "bob-password"}
ADMIN = ("admin", "admin-password")
SECONDS = 30


def jars(version: str) -> str:
    home = TOOLS / ("kafka" if version == "4.3.1" else f"kafka-{version}")
    if not (home / "lib").exists():
        pom = HERE.parent / "setup" / "kafka" / "pom.xml"
        subprocess.run(
            ["mvn", "--batch-mode", "--quiet", "--file", pom, f"-Dkafka.version={version}", "dependency:copy-dependencies", f"-DoutputDirectory={home}/lib"],
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    return ":".join(str(jar) for jar in sorted((home / "lib").glob("*.jar")))


def settings(data: Path, port: int, controller_port: int) -> dict[str, str]:
    login = f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{ADMIN[0]}" password="{ADMIN[1]}";'
    return {
        "process.roles": "broker,controller",
        "node.id": str(NODE_ID),
        "controller.quorum.voters": f"{NODE_ID}@127.0.0.1:{controller_port}",
        "listeners": f"CLIENTS://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"CLIENTS://127.0.0.1:{port}",
        "listener.security.protocol.map": "CLIENTS:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENTS",
        "controller.listener.names": "CONTROLLER",
        "sasl.enabled.mechanisms": "SCRAM-SHA-256,SCRAM-SHA-512",
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-256",
        "listener.name.clients.scram-sha-256.sasl.jaas.config": login,
        "listener.name.clients.scram-sha-512.sasl.jaas.config": login,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:{ADMIN[0]};User:ANONYMOUS",
        "log.dirs": str(data),
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "2",
        "group.initial.rebalance.delay.ms": "0",
        "log.index.size.max.bytes": "65536",
        "log.cleaner.backoff.ms": "300",
        # A snapshot with records after it.
        "metadata.log.max.record.bytes.between.snapshots": "6000",
    }


def java(version: str, *arguments: str, **options):
    log4j = f"-Dlog4j2.configurationFile={TOOLS}/kafka/log4j2.properties"
    return subprocess.Popen(["java", "-Xmx512M", log4j, "-cp", jars(version), *arguments], stdin=subprocess.DEVNULL, **options)


def login(port: int, user: str = ADMIN[0], password: str = ADMIN[1], mechanism: str = "SCRAM-SHA-256") -> dict[str, object]:
    return {
        "bootstrap.servers": f"127.0.0.1:{port}", "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": mechanism,
        "sasl.username": user, "sasl.password": password, "log_level": 0,
    }  # fmt: skip


def finish(futures) -> None:
    for future in futures.values():
        future.result(SECONDS)


def fill_topics(admin: AdminClient, port: int) -> None:
    quick = {"segment.ms": "400", "min.cleanable.dirty.ratio": "0.01", "max.compaction.lag.ms": "600", "delete.retention.ms": "86400000"}
    finish(admin.create_topics([
        NewTopic("orders", 3, 1, config={"retention.ms": "-1", "max.message.bytes": "500000"}),
        NewTopic("latest", 1, 1, config={"cleanup.policy": "compact", **quick}),
        NewTopic("ledger", 2, 1),
        NewTopic("numbers", 1, 1, config={"segment.ms": "300"}),
        NewTopic("trimmed", 1, 1),
        NewTopic("gone", 2, 1),
        NewTopic("again", 1, 1),
    ]))  # fmt: skip
    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = Producer({**login(port), "compression.type": codec, "linger.ms": 50})
        for number in range(30):
            headers = [("codec", codec.encode()), ("number", str(number).encode())]
            producer.produce("orders", key=f"order-{number}", value=f"{codec} {number} " * 4, headers=headers, partition=number % 3, timestamp=1_700_000_000_000 + number)
        producer.flush(SECONDS)
    producer = Producer({**login(port), "enable.idempotence": True, "linger.ms": 20})
    for number in range(600):
        producer.produce("numbers", key=str(number), value=f"number {number} " + "x" * 40)
        if number % 100 == 99:
            producer.flush(SECONDS)
            time.sleep(0.4)
    for number in range(40):
        producer.produce("trimmed", value=f"trimmed {number}")
        producer.produce("again", value=f"before the deletion {number}")
        producer.produce("gone", value=f"gone {number}")
        producer.flush(SECONDS)
    for round_ in range(6):
        for key in range(5):
            deleted = round_ == 5 and key == 4
            producer.produce("latest", key=f"key-{key}", value=None if deleted else f"value {round_} of {key}")
        producer.flush(SECONDS)
        time.sleep(0.5)
    finish(admin.delete_records([TopicPartition("trimmed", 0, 25)]))
    finish(admin.delete_topics(["gone", "again"]))
    time.sleep(1)
    finish(admin.create_topics([NewTopic("again", 1, 1)]))
    time.sleep(1)
    producer.produce("again", value="after the deletion")
    producer.flush(SECONDS)


def fill_transactions(port: int) -> None:
    producer = Producer({**login(port), "transactional.id": "ledger-writer"})
    producer.init_transactions(SECONDS)
    for number in range(8):
        producer.begin_transaction()
        for partition in (0, 1):
            producer.produce("ledger", value=f"entry {number}.{partition}", partition=partition)
        producer.flush(SECONDS)
        if number % 3 == 2:
            producer.abort_transaction(SECONDS)
        else:
            producer.commit_transaction(SECONDS)


def fill_security(admin: AdminClient) -> None:
    mechanisms = {"alice": [ScramMechanism.SCRAM_SHA_256], "bob": [ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512]}
    for user, password in USERS.items():
        changes = [UserScramCredentialUpsertion(user, ScramCredentialInfo(mechanism, 4096), password.encode()) for mechanism in mechanisms[user]]
        for change in changes:
            finish(admin.alter_user_scram_credentials([change]))
    acl = lambda kind, name, pattern, who, operation, permission: AclBinding(kind, name, pattern, who, "*", operation, permission)  # noqa: E731
    literal, prefixed, allow, deny = ResourcePatternType.LITERAL, ResourcePatternType.PREFIXED, AclPermissionType.ALLOW, AclPermissionType.DENY
    finish(admin.create_acls([
        acl(ResourceType.TOPIC, "orders", literal, "User:alice", AclOperation.READ, allow),
        acl(ResourceType.TOPIC, "orders", literal, "User:alice", AclOperation.WRITE, allow),
        acl(ResourceType.GROUP, "bill", prefixed, "User:alice", AclOperation.READ, allow),
        acl(ResourceType.TOPIC, "l", prefixed, "User:bob", AclOperation.ALL, allow),
        acl(ResourceType.TOPIC, "ledger", literal, "User:bob", AclOperation.WRITE, deny),
    ]))  # fmt: skip


def fill_configs(port: int, directory: Path) -> None:
    client = directory / "admin.properties"
    client.write_text(
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=SCRAM-SHA-256\nsasl.jaas.config=org.apache.kafka.common.security.scram."
        f'ScramLoginModule required username="{ADMIN[0]}" password="{ADMIN[1]}";\n'
    )
    rates = "producer_byte_rate=5000000,request_percentage=150"
    changes = (
        (rates, ["--entity-type", "users", "--entity-name", "alice"]),
        (rates, ["--entity-type", "clients", "--entity-default"]),
        ("message.max.bytes=2000000", ["--entity-type", "brokers", "--entity-default"]),
    )
    for change, entity in changes:
        tool = java("4.3.1", "kafka.admin.ConfigCommand", "--bootstrap-server", f"127.0.0.1:{port}", "--command-config", str(client),
                    "--alter", "--add-config", change, *entity)  # fmt: skip
        assert tool.wait(60) == 0, "kafka-configs failed"


def commit(port: int, group: str, offsets: list[TopicPartition]) -> None:
    consumer = Consumer({**login(port), "group.id": group})
    consumer.commit(offsets=offsets, asynchronous=False)
    consumer.close()


def run_group(port: int, group: str, topics: list[str], seconds: float) -> threading.Event:
    """Members that still run when Kafka stops."""
    stop, ready = threading.Event(), threading.Barrier(3)

    def member():
        consumer = Consumer({**login(port), "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False})
        consumer.subscribe(topics)
        seen, waited = 0, False
        deadline = time.monotonic() + seconds
        while not stop.is_set():
            message = consumer.poll(0.1)
            if message is not None and message.error() is None:
                seen += 1
                consumer.commit(message, asynchronous=False)
            if not waited and (time.monotonic() > deadline):
                waited = True
                ready.wait()
        # Not closed: a member of a running group, as Kafka's stop finds it.

    for _ in range(2):
        threading.Thread(target=member, daemon=True).start()
    ready.wait()
    return stop


def all_records(port: int, topics: dict[str, int], isolation: str) -> dict[str, list]:
    consumer = Consumer({
        **login(port), "group.id": "reader", "enable.auto.commit": False, "isolation.level": isolation, "enable.partition.eof": True,
        "auto.offset.reset": "earliest", "fetch.wait.max.ms": 10,
    })  # fmt: skip
    places = [TopicPartition(topic, partition, 0) for topic, partitions in topics.items() for partition in range(partitions)]
    found = {f"{place.topic}-{place.partition}": [] for place in places}
    consumer.assign(places)
    ended = set()
    deadline = time.monotonic() + SECONDS
    while len(ended) < len(places):
        assert time.monotonic() < deadline, f"only {ended} were read to their ends"
        message = consumer.poll(1)
        if message is None:
            continue
        place = f"{message.topic()}-{message.partition()}"
        if message.error():
            assert message.error().code() == KafkaError._PARTITION_EOF, message.error()
            ended.add(place)
            continue
        headers = [[name, text(value)] for name, value in message.headers() or []]
        found[place].append([message.offset(), message.timestamp()[1], text(message.key()), text(message.value()), headers])
    consumer.close()
    return found


def text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def observe(port: int) -> dict:
    """What clients see: what the recording and the test compare."""
    admin = AdminClient(login(port))
    names = sorted(name for name in admin.list_topics(timeout=SECONDS).topics if not name.startswith("__"))
    described = admin.describe_topics(TopicCollection(names))
    ids = {name: str(described[name].result(SECONDS).topic_id) for name in names}
    partitions = {name: len(described[name].result(SECONDS).partitions) for name in names}
    configs = {}
    resources = [ConfigResource(ConfigResource.Type.TOPIC, name) for name in names]
    for resource, future in admin.describe_configs(resources).items():
        configs[resource.name] = {key: entry.value for key, entry in sorted(future.result(SECONDS).items()) if entry.source == 1}
    offsets = {}
    for group in sorted(group.group_id for group in admin.list_consumer_groups().result(SECONDS).valid):
        committed = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])[group].result(SECONDS)
        offsets[group] = sorted([each.topic, each.partition, each.offset, each.metadata] for each in committed.topic_partitions)
    everything = AclBindingFilter(ResourceType.ANY, None, ResourcePatternType.ANY, None, None, AclOperation.ANY, AclPermissionType.ANY)
    acls = sorted(
        [acl.restype.name, acl.name, acl.resource_pattern_type.name, acl.principal, acl.host, acl.operation.name, acl.permission_type.name]
        for acl in admin.describe_acls(everything).result(SECONDS)
    )
    users = {}
    for user, described_user in admin.describe_user_scram_credentials().result(SECONDS).items():
        users[user] = sorted([info.mechanism.name, info.iterations] for info in described_user.scram_credential_infos)
    starts = [TopicPartition(name, partition) for name in names for partition in range(partitions[name])]
    ends = {}
    for kind, spec in (("earliest", OffsetSpec.earliest()), ("latest", OffsetSpec.latest())):
        for place, future in admin.list_offsets({each: spec for each in starts}).items():
            ends.setdefault(f"{place.topic}-{place.partition}", {})[kind] = future.result(SECONDS).offset
    return {
        "topics": ids, "partitions": partitions, "configs": configs, "offsets": offsets, "acls": acls, "users": users, "ends": ends,
        "records": all_records(port, partitions, "read_uncommitted"),
        "committed": {place: [record[0] for record in records] for place, records in all_records(port, partitions, "read_committed").items()},
    }  # fmt: skip


def start(version: str, directory: Path) -> tuple[subprocess.Popen, int]:
    port, controller_port = free_port(), free_port()
    properties = directory / "server.properties"
    properties.write_text("".join(f"{key}={value}\n" for key, value in settings(directory / "data", port, controller_port).items()))
    if not (directory / "data").exists():
        scram = f"SCRAM-SHA-256=[name={ADMIN[0]},password={ADMIN[1]}]"
        tool = java(version, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(properties), "--add-scram", scram)
        assert tool.wait(60) == 0, "kafka-storage failed"
    process = java(version, "kafka.Kafka", str(properties))

    def serves():
        assert process.poll() is None, "Kafka ended"
        try:
            return AdminClient(login(port)).list_topics(timeout=2)
        except Exception:
            return None

    wait_for(serves, 90, "Kafka serves")
    return process, port


def record(version: str) -> None:
    with tempfile.TemporaryDirectory(prefix="adopt") as scratch:
        directory = Path(scratch)
        process, port = start(version, directory)
        try:
            admin = AdminClient(login(port))
            fill_topics(admin, port)
            fill_transactions(port)
            fill_security(admin)
            fill_configs(port, directory)
            commit(port, "billing", [TopicPartition("orders", 0, 17, metadata="by hand"), TopicPartition("orders", 2, 5)])
            commit(port, "reports", [TopicPartition("ledger", 0, 4)])
            running = run_group(port, "running", ["orders", "numbers"], 8)
            expected = observe(port)
            process.terminate()
            status = process.wait(60)
            assert status in (0, 143), f"Kafka ended with {status}"
            running.set()
        finally:
            process.kill()
        assert (directory / "data" / ".kafka_cleanshutdown").exists(), "Kafka did not stop cleanly"
        FIXTURES.mkdir(exist_ok=True)
        archive = FIXTURES / f"kafka-{version}.tar.xz"
        subprocess.run(["tar", "--create", "--xz", "--sort=name", "--owner=0", "--group=0", "--file", archive, "-C", directory, "data"], check=True)
        (FIXTURES / f"kafka-{version}.json").write_text(json.dumps(expected, indent=None, sort_keys=True) + "\n")
        print(f"{archive.name}: {archive.stat().st_size} bytes")


if __name__ == "__main__":
    for asked in sys.argv[1:]:
        record(asked)
