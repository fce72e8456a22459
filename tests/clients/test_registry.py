"""The event standard's own traffic: all its topics at once, with its partitions, retention and consumer groups, in its proportions."""

import time
from collections import defaultdict

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from lib.events import Event, Generator
from lib.topics import REGISTRY

SECONDS = 60
EVENTS, EVENTS_LONG = 60_000, 1_000_000


def by_key(events: list[Event]) -> dict[bytes, list[bytes]]:
    """What was sent with each key, in its order."""
    values = defaultdict(list)
    for event in events:
        values[event.key].append(event.value)
    return values


def send(bootstrap: str, events: list[Event]) -> None:
    failures = []
    producer = Producer(
        {"bootstrap.servers": bootstrap, "enable.idempotence": True, "compression.type": "zstd", "linger.ms": 20, "queue.buffering.max.messages": 200_000}
    )
    for event in events:
        producer.produce(
            event.topic, event.value, event.key, headers=list(event.headers), timestamp=event.timestamp_ms,
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )  # fmt: skip
        producer.poll(0)
    assert producer.flush(SECONDS) == 0
    assert not failures


def read_all(bootstrap: str, topic: str, group: str, count: int) -> list:
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False}
    )
    consumer.subscribe([topic])
    messages = []
    try:
        deadline = time.monotonic() + SECONDS
        while len(messages) < count and time.monotonic() < deadline:
            messages.extend(consumer.consume(5000, timeout=1))
        assert all(message.error() is None for message in messages)
        assert len(messages) == count, f"{group}: {len(messages)} of {count}"
        consumer.commit(asynchronous=False)
    finally:
        consumer.close()
    return messages


@pytest.mark.timeout(900)
def test_the_platforms_events_reach_every_group(own_broker, long_run):
    broker = own_broker()
    broker.start()
    admin = AdminClient({"bootstrap.servers": broker.bootstrap})
    wanted = [NewTopic(topic.name, topic.partitions, 1, config={"retention.ms": str(topic.retention_ms)}) for topic in REGISTRY]
    for created in admin.create_topics(wanted, operation_timeout=30).values():
        created.result(30)

    count = EVENTS_LONG if long_run else EVENTS
    # Event time ends about now: what retention would take was never sent.
    events = list(Generator(seed=21, start_ms=time.time_ns() // 1_000_000 - 6 * count).mixed(count))
    started = time.perf_counter()
    send(broker.bootstrap, events)
    print(f"{count} events in {time.perf_counter() - started:.1f} s")

    sent = defaultdict(list)
    for event in events:
        sent[event.topic].append(event)
    assert set(sent) == {topic.name for topic in REGISTRY}, "an event of every type"
    for topic in REGISTRY:
        for group in topic.groups or ("nobody-in-particular",):
            messages = read_all(broker.bootstrap, topic.name, group, len(sent[topic.name]))
            received, partitions = defaultdict(list), defaultdict(set)
            for message in sorted(messages, key=lambda message: message.offset()):
                received[message.key()].append(message.value())
                partitions[message.key()].add(message.partition())
            assert all(len(where) == 1 for where in partitions.values()), "a key has one partition"
            assert received == by_key(sent[topic.name]), f"{topic.name}: each key's events, in the order in which they were sent"
