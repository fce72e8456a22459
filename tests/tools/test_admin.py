"""The rest of Kafka's administration tools, as a runbook calls them."""

import re

import pytest

from lib.admin import create_topic
from lib.broker import wait_for
from lib.commands import kafka_tool, kcat
from lib.events import Generator


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    return create_topic(bootstrap, topic_name(), 2)


def fill(bootstrap: str, topic: str, count: int, partition: int = 0, codec: str = "none") -> None:
    values = "".join(event.value.decode() + "\n" for event in Generator(1).many("llm_usage", count))
    kcat(bootstrap, "-P", "-t", topic, "-p", str(partition), "-z", codec, stdin=values)


def test_broker_api_versions(bootstrap):
    """The tool knows every API of Kafka 4.3: what it calls UNSUPPORTED is ours to add, what it cannot name is ours to explain."""
    output = kafka_tool("broker-api-versions", "--bootstrap-server", bootstrap)
    assert re.search(r"^127\.0\.0\.1:\d+ \(id: \d+ rack: null isFenced: false\) -> \(", output)
    for row in ("Produce(0): 0 to 13 [usable: 13]", "Fetch(1): 4 to 18 [usable: 18]", "Metadata(3): 0 to 13 [usable: 13]"):
        assert row in output
    assert "UNKNOWN" not in output


def test_cluster_id_and_quorum(bootstrap):
    cluster = kafka_tool("cluster", "cluster-id", "--bootstrap-server", bootstrap)
    assert re.fullmatch(r"Cluster ID: [A-Za-z0-9_-]{22}", cluster.strip())
    status = kafka_tool("metadata-quorum", "--bootstrap-server", bootstrap, "describe", "--status")
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    assert int(fields["LeaderId"]) >= 0
    assert int(fields["HighWatermark"]) > 0
    replication = kafka_tool("metadata-quorum", "--bootstrap-server", bootstrap, "describe", "--replication")
    assert "Leader" in replication


def test_topic_configuration(bootstrap, topic):
    def configs(*arguments: str) -> str:
        return kafka_tool("configs", "--bootstrap-server", bootstrap, "--entity-type", "topics", "--entity-name", topic, *arguments)

    configs("--alter", "--add-config", "retention.ms=1209600000,max.message.bytes=2000000")
    described = configs("--describe")
    assert "retention.ms=1209600000" in described and "max.message.bytes=2000000" in described
    everything = configs("--describe", "--all")
    assert "cleanup.policy=delete sensitive=false synonyms={DEFAULT_CONFIG:log.cleanup.policy=delete}" in everything
    configs("--alter", "--delete-config", "retention.ms")
    assert "retention.ms=" not in configs("--describe")
    with pytest.raises(AssertionError, match="InvalidConfigurationException|Invalid value"):
        configs("--alter", "--add-config", "retention.ms=soon")


def test_broker_configuration(bootstrap):
    (broker,) = re.findall(r"id: (\d+)", kafka_tool("broker-api-versions", "--bootstrap-server", bootstrap))
    everything = kafka_tool("configs", "--bootstrap-server", bootstrap, "--entity-type", "brokers", "--entity-name", broker, "--describe", "--all")
    for key in ("log.dirs", "num.partitions", "message.max.bytes", "offsets.topic.num.partitions", "log.retention.ms"):
        assert f"  {key}=" in everything, key


def test_more_partitions(bootstrap, topic):
    kafka_tool("topics", "--bootstrap-server", bootstrap, "--alter", "--topic", topic, "--partitions", "5")
    assert "PartitionCount: 5" in kafka_tool("topics", "--bootstrap-server", bootstrap, "--describe", "--topic", topic)
    fill(bootstrap, topic, 1, partition=4)
    with pytest.raises(AssertionError, match="InvalidPartitionsException"):
        kafka_tool("topics", "--bootstrap-server", bootstrap, "--alter", "--topic", topic, "--partitions", "3")


def test_deletes_a_topic_and_makes_it_anew(bootstrap, topic):
    fill(bootstrap, topic, 10)
    kafka_tool("topics", "--bootstrap-server", bootstrap, "--delete", "--topic", topic)
    wait_for(lambda: topic not in kafka_tool("topics", "--bootstrap-server", bootstrap, "--list").split(), 10, "the topic is gone")
    kafka_tool("topics", "--bootstrap-server", bootstrap, "--create", "--topic", topic, "--partitions", "1")
    assert kafka_tool("get-offsets", "--bootstrap-server", bootstrap, "--topic", topic).split() == [f"{topic}:0:0"]


def test_deletes_records(bootstrap, topic, tmp_path):
    fill(bootstrap, topic, 100)
    wanted = tmp_path / "offsets.json"
    wanted.write_text(f'{{"version": 1, "partitions": [{{"topic": "{topic}", "partition": 0, "offset": 40}}]}}')
    output = kafka_tool("delete-records", "--bootstrap-server", bootstrap, "--offset-json-file", str(wanted))
    assert re.search(r"low_watermark: 40", output)
    earliest = kafka_tool("get-offsets", "--bootstrap-server", bootstrap, "--topic-partitions", f"{topic}:0", "--time", "earliest")
    assert earliest.split() == [f"{topic}:0:40"]
    assert len(kcat(bootstrap, "-C", "-t", topic, "-p", "0", "-o", "beginning", "-e", "-q").splitlines()) == 60


@pytest.mark.parametrize("time, offset", [("latest", 100), ("earliest", 0), ("max-timestamp", 99), ("-1", 100), ("-2", 0), ("1", 0)])
def test_offsets(bootstrap, topic, time, offset):
    fill(bootstrap, topic, 100, codec="lz4")
    output = kafka_tool("get-offsets", "--bootstrap-server", bootstrap, "--topic-partitions", f"{topic}:0", "--time", time)
    if time == "max-timestamp":
        # kcat's records share milliseconds: the first with the latest one is meant.
        assert 0 <= int(output.rsplit(":", 1)[1]) <= offset
    else:
        assert output.split() == [f"{topic}:0:{offset}"]


def test_log_directories(bootstrap, topic):
    fill(bootstrap, topic, 100)
    output = kafka_tool("log-dirs", "--bootstrap-server", bootstrap, "--describe", "--topic-list", topic)
    assert f'"partition":"{topic}-0"' in output
    assert int(re.search(rf'"partition":"{topic}-0","size":(\d+)', output).group(1)) > 1000


def test_features(bootstrap):
    output = kafka_tool("features", "--bootstrap-server", bootstrap, "describe")
    assert re.search(r"Feature: metadata\.version\s+SupportedMinVersion: \S+\s+SupportedMaxVersion: \S+\s+FinalizedVersionLevel: \S+", output)


def test_leader_election_and_reassignments(bootstrap, topic):
    kafka_tool("leader-election", "--bootstrap-server", bootstrap, "--election-type", "preferred", "--topic", topic, "--partition", "0")
    assert "No partition reassignments found" in kafka_tool("reassign-partitions", "--bootstrap-server", bootstrap, "--list")


def test_performance_tools(bootstrap, topic):
    produced = kafka_tool(
        "producer-perf-test", "--topic", topic, "--num-records", "20000", "--record-size", "500", "--throughput", "-1",
        "--bootstrap-server", bootstrap, "--command-property", "acks=all",
    )  # fmt: skip
    assert "20000 records sent" in produced
    consumed = kafka_tool("consumer-perf-test", "--bootstrap-server", bootstrap, "--topic", topic, "--num-records", "20000", "--timeout", "30000", "--reporting-interval", "60000")
    assert int(float(consumed.splitlines()[-1].split(", ")[4])) >= 20000


def test_dump_log_reads_what_is_on_disk(own_broker, topic_name):
    """The files are Kafka's: segments, indexes and producer snapshots are read without complaint, records one by one."""
    broker = own_broker({"log.segment.bytes": str(1 << 20), "log.index.interval.bytes": "1000"})
    broker.start()
    topic = create_topic(broker.bootstrap, topic_name())
    counts = {"none": 4000, "gzip": 400, "snappy": 400, "lz4": 400, "zstd": 400}
    for codec, count in counts.items():
        values = "".join(event.value.decode() + "\n" for event in Generator(1).many("llm_usage", count))
        kcat(broker.bootstrap, "-P", "-t", topic, "-p", "0", "-z", codec, "-X", "enable.idempotence=true", "-X", "batch.num.messages=50", stdin=values)
    broker.stop()

    directory = broker.data / f"{topic}-0"
    segments = sorted(directory.glob("*.log"))
    assert len(segments) > 1, "the test wants more than one segment"
    dumped = kafka_tool("dump-log", "--files", ",".join(map(str, segments)), "--deep-iteration")
    assert len(re.findall(r"^\| offset: ", dumped, re.MULTILINE)) == sum(counts.values())
    assert counts.keys() <= set(re.findall(r"compresscodec: (\w+)", dumped))
    assert "isvalid: false" not in dumped
    others = [path for kind in ("*.index", "*.timeindex", "*.snapshot") for path in sorted(directory.glob(kind))]
    indexes = kafka_tool("dump-log", "--files", ",".join(map(str, others)))
    assert not re.search("mismatch|corrupt|Found", indexes), indexes[-2000:]
    assert re.search(r"producerId: \d+ producerEpoch: 0", indexes), "an idempotent producer is in the snapshot"


