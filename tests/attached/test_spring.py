"""Spring Kafka: a KafkaTemplate, a listener in a group with three consumers, and its dead-letter topic (spring/Application.java)."""

from confluent_kafka import Consumer, TopicPartition

from lib.admin import create_topic
from lib.broker import TOOLS, wait_for
from lib.commands import run
from lib.process import JAVA

COUNT = 100
ATTEMPTS = 3
PARTITIONS = 3


def read(bootstrap: str, topic: str, count: int) -> list:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    messages: list = []

    def all_there() -> bool:
        messages.extend(consumer.consume(1000, timeout=0.3))
        return len(messages) >= count

    wait_for(all_there, 20, lambda: f"{count} records of {topic}, not {len(messages)}")
    assert not consumer.consume(1, timeout=0.3), "more than there should be"
    consumer.close()
    return messages


def test_orders_are_answered_or_put_aside(bootstrap, topic_name):
    topic, answers, dead = (name := topic_name("orders")), f"{name}-answers", f"{name}-dlt"
    for each in (topic, answers, dead):
        create_topic(bootstrap, each, PARTITIONS)
    printed = run([*JAVA, f"@{TOOLS}/spring/classpath", "Application", bootstrap, topic, str(COUNT)], seconds=90, complaints="SLF4J|Backoff|dead|DLT|cannot take|Exception")

    bad = {number for number in range(COUNT) if number % 25 == 24}
    orders = {f"order {number}" for number in range(COUNT)}
    refused = {f"order {number}" for number in bad}
    answered = read(bootstrap, answers, COUNT - len(bad))
    assert {message.value().decode() for message in answered} == {f"took {order}" for order in orders - refused}
    keys = {message.value().decode().removeprefix("took order "): message.key().decode() for message in answered}
    assert all(key == f"team-{int(number) % 7}" for number, key in keys.items())

    put_aside = read(bootstrap, dead, len(bad))
    assert {message.value().decode() for message in put_aside} == refused
    places = {(message.value(), message.partition()): message.offset() for message in read(bootstrap, topic, COUNT)}
    for message in put_aside:
        headers = dict(message.headers())
        assert headers["kafka_dlt-original-topic"] == topic.encode()
        assert b"cannot take" in headers["kafka_dlt-exception-message"]
        assert int.from_bytes(headers["kafka_dlt-original-offset"]) == places[message.value(), message.partition()]
    attempts = printed.splitlines()
    assert all(attempts.count(f"attempt {order}") == (ATTEMPTS if order in refused else 1) for order in orders)

    # What was dealt with is committed, refused orders too.
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "spring-orders"})
    committed = consumer.committed([TopicPartition(topic, partition) for partition in range(PARTITIONS)], timeout=10)
    assert sum(place.offset for place in committed if place.offset > 0) == COUNT
    consumer.close()
