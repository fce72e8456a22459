"""confluent-kafka."""

import sys

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from lines import commands, next_command, records, run, say, say_record, security


def secure() -> dict:
    login = security()
    if login is None:
        return {}
    return {
        "security.protocol": login["protocol"], "ssl.ca.location": login["authority"], "sasl.mechanism": login["mechanism"],
        "sasl.username": login["username"], "sasl.password": login["password"],
    }  # fmt: skip


def produce(bootstrap: str, topic: str, codec: str, idempotent: bool) -> int:
    acknowledged = 0

    def on_delivery(error, _message):
        nonlocal acknowledged
        if error is not None:
            raise KafkaException(error)
        acknowledged += 1

    producer = Producer({
        "bootstrap.servers": bootstrap, "acks": "all", "compression.type": codec, "enable.idempotence": idempotent, "linger.ms": 5, **secure(),
    })  # fmt: skip
    for key, value, headers, timestamp in records():
        producer.produce(topic, value, key, headers=headers, timestamp=timestamp, on_delivery=on_delivery)
        producer.poll(0)
    if producer.flush(60):
        sys.exit("not everything was delivered")
    return acknowledged


def consumer_of(bootstrap: str, group: str) -> Consumer:
    return Consumer({
        "bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "session.timeout.ms": 10_000, "heartbeat.interval.ms": 500, **secure(),
    })  # fmt: skip


def say_message(message) -> None:
    if message.error() is not None:
        raise KafkaException(message.error())
    say_record(message.partition(), message.offset(), message.key(), message.value(), message.headers(), message.timestamp()[1])


def member(bootstrap: str, topic: str, group: str) -> None:
    consumer = consumer_of(bootstrap, group)
    lines = commands()

    def on_assign(_consumer, partitions):
        say(owns=sorted(partition.partition for partition in partitions))

    def on_revoke(_consumer, partitions):
        commit(consumer)
        say(owns=[])

    consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke)
    while (command := next_command(lines)) != "stop":
        if command == "commit":
            commit(consumer)
            say(committed=True)
        for message in consumer.consume(500, timeout=0.05):
            say_message(message)
    consumer.close()


def commit(consumer: Consumer) -> None:
    positions = [position for position in consumer.position(consumer.assignment()) if position.offset >= 0]
    if positions:
        consumer.commit(offsets=positions, asynchronous=False)


def seek(bootstrap: str, topic: str, partition: int, time_ms: int, count: int) -> None:
    consumer = consumer_of(bootstrap, "unused")
    (found,) = consumer.offsets_for_times([TopicPartition(topic, partition, time_ms)], timeout=30)
    if found.offset < 0:
        say(offset=-1)
    else:
        consumer.assign([found])
        while count > 0:
            messages = consumer.consume(count, timeout=30)
            if not messages:
                sys.exit(f"{count} records are missing")
            count -= len(messages)
            for message in messages:
                say_message(message)
    consumer.close()


run(produce, member, seek)
