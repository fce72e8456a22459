"""Kafka Connect, standalone: the lines of a file through a topic into another file, over a restart, none lost and none twice."""

import pytest
from confluent_kafka import Consumer, TopicPartition

from lib.admin import create_topic
from lib.broker import wait_for
from lib.events import Generator
from lib.ports import free_port
from lib.process import KAFKA_JAVA, Process, properties

COUNT = 300


@pytest.fixture
def worker(bootstrap, topic_name, tmp_path):
    """`worker()` starts Connect with both connectors; what it remembers is the same for each start."""
    topic = create_topic(bootstrap, topic_name())
    settings = properties(tmp_path / "worker.properties", {
        "bootstrap.servers": bootstrap,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.storage.StringConverter",
        "offset.storage.file.filename": str(tmp_path / "offsets"),
        "offset.flush.interval.ms": "200",
        "plugin.discovery": "service_load",
        "listeners": f"http://127.0.0.1:{free_port()}",
    })  # fmt: skip
    source = properties(tmp_path / "source.properties", {
        "name": f"source-{topic}",
        "connector.class": "org.apache.kafka.connect.file.FileStreamSourceConnector",
        "file": str(tmp_path / "in.txt"),
        "topic": topic,
    })  # fmt: skip
    sink = properties(tmp_path / "sink.properties", {
        "name": f"sink-{topic}",
        "connector.class": "org.apache.kafka.connect.file.FileStreamSinkConnector",
        "file": str(tmp_path / "out.txt"),
        "topics": topic,
    })  # fmt: skip

    def start() -> Process:
        return Process([*KAFKA_JAVA, "org.apache.kafka.connect.cli.ConnectStandalone", settings, source, sink], tmp_path / "connect.log")

    start.topic = topic
    return start


def test_a_file_is_copied_through_a_topic_over_a_restart(bootstrap, worker, tmp_path):
    # The file source counts characters and skips bytes: it resumes at the right place of ASCII only.
    lines = [text for event in Generator(1).many("audit_log", 10 * COUNT) if (text := event.value.decode()).isascii()][:COUNT]
    assert len(lines) == COUNT
    written = tmp_path / "in.txt"
    copied = tmp_path / "out.txt"
    copied.touch()

    def copy(upto: int) -> None:
        with worker() as connect:
            wait_for(lambda: len(copied.read_text().splitlines()) >= upto, 60, lambda: f"{upto} lines\n{connect.tail()}", every=0.2)

    written.write_text("".join(f"{line}\n" for line in lines[: COUNT // 2]))
    copy(COUNT // 2)
    with open(written, "a") as more:
        more.writelines(f"{line}\n" for line in lines[COUNT // 2 :])
    copy(COUNT)
    assert copied.read_text().splitlines() == lines

    # And in the topic, in the same order; the sink's offsets are a group's like any other.
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"connect-sink-{worker.topic}"})
    partition = TopicPartition(worker.topic, 0, 0)
    consumer.assign([partition])
    assert [message.value().decode() for message in consumer.consume(COUNT, timeout=20)] == lines
    assert consumer.committed([partition], timeout=10)[0].offset == COUNT
    consumer.close()
