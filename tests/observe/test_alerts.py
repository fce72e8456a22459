"""A real Prometheus scrapes a broker with real clients: what it stores, and an alert that comes and goes."""

import json
import re
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from lib.broker import REPOSITORY, wait_for
from lib.prometheus import Prometheus, scrape

ALERT = "KafkaConsumerGroupLag"
RECORDS = 100_500
PARTITIONS = 2
RETENTION_SECONDS = 4 * 3600
GROUP = "billing"


@pytest.fixture
def topic(broker, topic_name) -> str:
    name = topic_name()
    settings = {"retention.ms": str(RETENTION_SECONDS * 1000), "retention.bytes": "100000000"}
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    admin.create_topics([NewTopic(name, PARTITIONS, config=settings)])[name].result(20)
    return name


@pytest.fixture
def prometheus(broker, tmp_path):
    rules = (REPOSITORY / "deploy/prometheus/rules.yaml").read_text()
    process = Prometheus(tmp_path / "prometheus", broker.http_port, re.sub(r"for: \d+m", "for: 3s", rules))
    yield process
    process.stop()


def produce(broker, topic: str, count: int) -> None:
    producer = Producer({"bootstrap.servers": broker.bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    for number in range(count):
        producer.produce(topic, value=b"x", partition=number % PARTITIONS)
    assert producer.flush(60) == 0


def consume(broker, topic: str, count: int) -> None:
    """Reads on where the group stands, and commits."""
    consumer = Consumer(
        {"bootstrap.servers": broker.bootstrap, "group.id": GROUP, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )  # fmt: skip
    consumer.subscribe([topic])
    try:
        left, deadline = count, time.monotonic() + 60
        while left > 0:
            assert time.monotonic() < deadline, f"{left} records are missing"
            left -= len(consumer.consume(min(left, 10_000), 1.0))
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()


def test_a_lag_alert_comes_and_goes(broker, topic, prometheus):
    produce(broker, topic, 20)
    consume(broker, topic, 20)
    prometheus.wait_until_up()
    assert prometheus.alerts(ALERT) == []
    produce(broker, topic, RECORDS)

    seen: list[str] = []

    def state() -> str:
        states = [alert["state"] for alert in prometheus.alerts(ALERT)]
        seen.extend(state for state in states if seen[-1:] != [state])
        return states[0] if states else "inactive"

    wait_for(lambda: state() == "firing", 30, "a firing alert")
    assert seen == ["pending", "firing"]
    [alert] = prometheus.alerts(ALERT)
    assert (alert["labels"]["group"], alert["labels"]["topic"], alert["labels"]["severity"]) == (GROUP, topic, "warning")
    assert alert["annotations"]["summary"].startswith(f"group {GROUP} is {RECORDS} records behind")
    check_what_is_stored(prometheus, topic)
    check_age_and_margin(prometheus, topic)

    consume(broker, topic, RECORDS)
    wait_for(lambda: state() == "inactive", 30, "the end of the alert")
    one = json.dumps({"group": GROUP, "topic": topic}, sort_keys=True)
    assert prometheus.query(f"sum by (group, topic) (kafka_consumer_group_lag_seconds{{topic='{topic}'}})") == {one: 0}
    unread = prometheus.query(f"kafka_consumer_group_retention_margin_seconds{{topic='{topic}'}}")
    assert unread == {}, "what is read has no margin"


def check_what_is_stored(prometheus: Prometheus, topic: str) -> None:
    """Counters, gauges and histograms are there, and say what happened."""
    total = 20 + RECORDS
    assert prometheus.query(f"sum(kafka_topic_messages_in_total{{topic='{topic}'}})") == {"{}": total}
    assert prometheus.query(f"sum(kafka_high_watermark{{topic='{topic}'}})") == {"{}": total}
    assert prometheus.query(f"sum(kafka_log_segments{{topic='{topic}'}})") == {"{}": PARTITIONS}
    assert prometheus.query(f"sum(kafka_consumer_lag{{group='{GROUP}'}})") == {"{}": RECORDS}
    assert prometheus.query("kafka_quorum_leader_id >= 0 and kafka_quorum_voters == 1") != {}
    assert prometheus.query("kafka_offline_partitions + kafka_under_replicated_partitions") == {"{}": 0}
    assert prometheus.query("hanzo_log_directory_free_bytes > 0") != {}
    for histogram in ("kafka_log_flush_duration_seconds", 'kafka_request_duration_seconds{api="Produce"}'):
        name, labels = (histogram.split("{")[0], "{" + histogram.partition("{")[2] if "{" in histogram else "")
        [quantile] = prometheus.query(f"histogram_quantile(0.5, {name}_bucket{labels})").values()
        assert 0 < quantile < 5
    names = prometheus.query("group by (__name__) ({job='hanzo-stream', __name__=~'kafka_.*|hanzo_.*|process_.*'})")
    assert len(names) > 60


def check_age_and_margin(prometheus: Prometheus, topic: str) -> None:
    """The oldest unread record is some seconds old; its segment goes `retention.ms` after the newest record in it."""
    ages = prometheus.query(f"kafka_consumer_group_lag_seconds{{topic='{topic}'}}")
    assert len(ages) == PARTITIONS and all(0 < age < 60 for age in ages.values()), ages
    margins = prometheus.query(f"kafka_consumer_group_retention_margin_seconds{{topic='{topic}'}}")
    assert len(margins) == PARTITIONS
    assert all(RETENTION_SECONDS - 60 < margin <= RETENTION_SECONDS for margin in margins.values()), margins
    assert set(prometheus.query(f"kafka_consumer_group_retention_margin_bytes{{topic='{topic}'}}").values()) == {1e8}
    assert set(prometheus.query(f"kafka_consumer_group_lost_records{{topic='{topic}'}}").values()) == {0}


def test_who_waits_is_counted(broker, topic):
    def waiting(operation: str) -> int:
        [count] = re.findall(rf'^kafka_purgatory_requests{{operation="{operation}"}} (\d+)$', scrape(broker.http_port), re.M)
        return int(count)

    assert waiting("Fetch") == 0
    settings = {"bootstrap.servers": broker.bootstrap, "group.id": "waiting", "fetch.wait.max.ms": 10_000}
    consumer = Consumer(settings)
    try:
        consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
        consumer.poll(0)
        wait_for(lambda: waiting("Fetch") == 1, 10, "a Fetch that waits for records")
        produce(broker, topic, 1)
        assert consumer.poll(10) is not None, "it was woken"
    finally:
        consumer.close()
    wait_for(lambda: waiting("Fetch") == 0, 10, "nobody to wait when the consumer is gone")
    assert [waiting(operation) for operation in ("Produce", "JoinGroup", "SyncGroup")] == [0, 0, 0]


def test_what_was_deleted_unread_is_told(broker, topic):
    produce(broker, topic, 2 * PARTITIONS)
    consume(broker, topic, 1)
    produce(broker, topic, 5 * PARTITIONS)
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for done in admin.delete_records([TopicPartition(topic, partition, 5) for partition in range(PARTITIONS)]).values():
        done.result(20)

    def lost() -> float:
        samples = re.findall(rf'^kafka_consumer_group_lost_records{{.*topic="{topic}".*}} (\d+)$', scrape(broker.http_port), re.M)
        return sum(map(int, samples))

    # The group has read one record, of a partition whose first five are gone.
    wait_for(lambda: lost() == 4, 10, "the loss")


def test_without_partition_labels_and_with_few_series(own_broker):
    broker = own_broker({"hanzo.metrics.partition.labels": "false", "hanzo.metrics.max.series": "3"})
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    for done in admin.create_topics([NewTopic(f"topic-{number}", 3) for number in range(5)]).values():
        done.result(20)
    produce(broker, "topic-4", 10)
    text = scrape(broker.http_port)
    assert "partition=" not in text
    sizes = re.findall(r"^kafka_log_size_bytes\{topic=\"(topic-\d)\"\} \d+$", text, re.M)
    assert sizes == ["topic-0", "topic-1", "topic-2"]
    assert 'hanzo_metrics_series_left_out{family="kafka_log_size_bytes"} 2' in text
    assert re.search(r"^kafka_partitions 15$", text, re.M), "totals count what is left out"
    broker.stop()
