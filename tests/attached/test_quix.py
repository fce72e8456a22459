"""Quix Streams: a filter and a count with state, whose changelog is a compacted topic, over a restart that loses the state's directory."""

import json

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource

from lib.admin import create_topic
from lib.broker import TOOLS, wait_for
from lib.commands import run

TEAMS = 5
COUNT = 200
PARTITIONS = 2


def produce(bootstrap: str, topic: str, numbers: range) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5})
    for number in numbers:
        team = f"team-{number % TEAMS}"
        producer.produce(topic, json.dumps({"team": team, "number": number}).encode(), team.encode())
    assert producer.flush(30) == 0


def results(bootstrap: str, topic: str, count: int) -> list[dict]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "reader", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, partition, 0) for partition in range(PARTITIONS)])
    found: list[dict] = []

    def all_there() -> bool:
        found.extend(json.loads(message.value()) for message in consumer.consume(1000, timeout=0.3))
        return len(found) >= count

    wait_for(all_there, 20, lambda: f"{count} results, not {len(found)}")
    assert not consumer.consume(1, timeout=0.3), "more than there should be"
    consumer.close()
    return found


def expected(numbers: range) -> list[dict]:
    seen: dict[str, int] = {}
    rows = []
    for number in numbers:
        if number % 3 != 0:
            team = f"team-{number % TEAMS}"
            seen[team] = seen.get(team, 0) + 1
            rows.append({"team": team, "number": number, "seen": seen[team]})
    return rows


def test_a_filter_and_a_count_go_on_after_a_restart(bootstrap, topic_name, tmp_path):
    source, target = topic_name("in"), topic_name("out")
    create_topic(bootstrap, source, PARTITIONS)
    create_topic(bootstrap, target, PARTITIONS)
    for start in (0, COUNT):
        part = range(start, start + COUNT)
        produce(bootstrap, source, part)
        # Each run has an empty directory: the second one has its counts from the changelog topic.
        command = [TOOLS / "quix/bin/python", "attached/quix_application.py", bootstrap, source, target, tmp_path / str(start), str(len(expected(part)))]
        run(command, seconds=90)
    wanted = expected(range(2 * COUNT))
    assert sorted(results(bootstrap, target, len(wanted)), key=lambda row: row["number"]) == wanted

    admin = AdminClient({"bootstrap.servers": bootstrap})
    (changelog,) = (name for name in admin.list_topics(timeout=10).topics if name.startswith("changelog__") and source in name)
    resource = ConfigResource(ConfigResource.Type.TOPIC, changelog)
    assert admin.describe_configs([resource])[resource].result(10)["cleanup.policy"].value == "compact"
