"""kafka-python."""

import sys

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from lines import commands, next_command, records, run, say, say_record, security


def secure() -> dict:
    login = security()
    if login is None:
        return {}
    return {
        "security_protocol": login["protocol"], "ssl_cafile": login["authority"], "sasl_mechanism": login["mechanism"],
        "sasl_plain_username": login["username"], "sasl_plain_password": login["password"],
    }  # fmt: skip


def produce(bootstrap: str, topic: str, codec: str, idempotent: bool) -> int:
    producer = KafkaProducer(
        bootstrap_servers=bootstrap, acks="all", compression_type=None if codec == "none" else codec, enable_idempotence=idempotent,
        linger_ms=5, **secure(),
    )  # fmt: skip
    sent = [
        producer.send(topic, value=value, key=key, headers=headers, timestamp_ms=timestamp)
        for key, value, headers, timestamp in records()
    ]  # fmt: skip
    producer.flush(60)
    for delivery in sent:
        delivery.get(30)
    producer.close()
    return len(sent)


def consumer_of(bootstrap: str, group: str | None) -> KafkaConsumer:
    timeouts = {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 500} if group else {}
    return KafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, **timeouts, **secure()
    )


def say_message(message) -> None:
    say_record(message.partition, message.offset, message.key, message.value, message.headers, message.timestamp)


class Rebalance(ConsumerRebalanceListener):
    def __init__(self, consumer: KafkaConsumer):
        self.consumer = consumer

    # It runs on the client's I/O thread, which may not wait for a commit.
    def on_partitions_revoked(self, revoked):
        say(owns=[])

    def on_partitions_assigned(self, assigned):
        say(owns=sorted(partition.partition for partition in self.consumer.assignment()))


def member(bootstrap: str, topic: str, group: str) -> None:
    consumer = consumer_of(bootstrap, group)
    consumer.subscribe([topic], listener=Rebalance(consumer))
    lines = commands()
    while (command := next_command(lines)) != "stop":
        if command == "commit":
            consumer.commit()
            say(committed=True)
        # kafka-python 3.0.12 joins before it knows the topic, and again when it does. A poll whose time is over during the second join
        # is not followed by one that waits for it: the assignment is lost, and the member owns nothing for good.
        patience = 50 if consumer.assignment() else 5000
        for messages in consumer.poll(timeout_ms=patience, max_records=500).values():
            for message in messages:
                say_message(message)
    consumer.close(autocommit=False)


def seek(bootstrap: str, topic: str, partition: int, time_ms: int, count: int) -> None:
    consumer = consumer_of(bootstrap, None)
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    found = consumer.offsets_for_times({place: time_ms})[place]
    if found is None:
        say(offset=-1)
        return
    consumer.seek(place, found.offset)
    while count > 0:
        batch = consumer.poll(timeout_ms=30_000, max_records=count)
        if not batch:
            sys.exit(f"{count} records are missing")
        for message in batch[place]:
            say_message(message)
            count -= 1


run(produce, member, seek)
