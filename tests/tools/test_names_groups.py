"""Our binary called as kafka-consumer-groups.sh beside Kafka's own tool, against the same broker."""

import shlex
import threading
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from lib import both_ways
from lib.admin import SECONDS, create_topic
from lib.commands import kcat

TOPIC, EMPTY_TOPIC = "runbook-orders", "runbook-empty"


@dataclass
class Case:
    """A command; `{group}` is a group that each side has for itself, because the command may change it."""

    line: str
    # Which offsets the group has at the end of it.
    leaves: dict[int, int] | None = None


COMMITTED = {0: 3, 1: 10}

CASES = [
    # As the requirement documents have them.
    Case("--list"),
    Case("--describe --group helixagent-group"),
    Case("--group analytics-ingest --describe"),
    # What is there.
    Case("--list --state"),
    Case("--list --state stable,Empty --type"),
    Case("--list --type consumer"),
    Case("--describe --group {group}", leaves=COMMITTED),
    Case("--describe --group {group} --offsets --verbose"),
    Case("--describe --group {group} --members"),
    Case("--describe --group {group} --members --verbose"),
    Case("--describe --group {group} --state"),
    Case("--describe --group active --group helixagent-group"),
    Case("--describe --group active --members --verbose"),
    Case("--describe --group active --state --verbose"),
    Case("--describe --group nowhere"),
    # Reset, by every method.
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-earliest --execute", leaves={0: 0, 1: 0}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC}:1 --to-latest --execute", leaves={0: 3, 1: 20}),
    Case("--reset-offsets --group {group} --all-topics --to-offset 5 --dry-run", leaves=COMMITTED),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-offset 500 --execute", leaves={0: 20, 1: 20}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --shift-by -2 --execute", leaves={0: 1, 1: 8}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-datetime 2000-01-01T00:00:00.000 --execute", leaves={0: 0, 1: 0}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --topic {EMPTY_TOPIC} --by-duration P1D --execute", leaves={0: 0, 1: 0}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-current --dry-run"),
    Case("--reset-offsets --group {group} --from-file {plan} --execute", leaves={0: 7, 1: 20}),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-latest --export --dry-run", leaves=COMMITTED),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-latest", leaves=COMMITTED),
    Case("--reset-offsets --group active --all-topics --to-earliest --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC}:9 --to-earliest --execute"),
    Case("--reset-offsets --group {group} --topic nowhere --to-earliest --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {EMPTY_TOPIC} --shift-by 1 --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-offset many --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --by-duration day --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-datetime yesterday --execute"),
    Case(f"--reset-offsets --group {{group}} --topic {TOPIC} --to-earliest --to-latest"),
    Case("--reset-offsets --group {group} --to-earliest --dry-run"),
    # Delete.
    Case(f"--delete-offsets --group {{group}} --topic {TOPIC}:1", leaves={0: 3}),
    Case(f"--delete-offsets --group active --topic {TOPIC}"),
    Case("--delete --group {group}", leaves={}),
    Case("--delete --group active --group {group}", leaves={}),
    # Options that do not go together.
    Case("--list --describe --group x"),
    Case("--describe"),
    Case("--describe --group x --members --state"),
    Case("--list --members"),
    Case("--validate-regex 'runbook-(orders|empty'"),
]


def committed(admin: AdminClient, group: str) -> dict[int, int]:
    asked = ConsumerGroupTopicPartitions(group)
    answer = admin.list_consumer_group_offsets([asked], request_timeout=SECONDS)[group].result()
    return {found.partition: found.offset for found in answer.topic_partitions if found.topic == TOPIC and found.offset >= 0}


class Member(threading.Thread):
    """Stays in a group until it is told to leave."""

    def __init__(self, bootstrap: str, group: str):
        super().__init__(daemon=True)
        self.consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "client.id": f"client-of-{group}"})
        self.leaving, self.reading = threading.Event(), threading.Event()
        self.start()
        assert self.reading.wait(SECONDS), f"{group} was given nothing to read"

    def run(self) -> None:
        self.consumer.subscribe([TOPIC], on_assign=lambda *_: self.reading.set())
        while not self.leaving.is_set():
            self.consumer.poll(0.1)
        self.consumer.close()


@pytest.fixture(scope="module")
def answers(shared_broker, tmp_path_factory):
    """Every command, run both ways: pairs by their line, and what the groups have committed afterwards."""
    bootstrap = shared_broker.bootstrap
    create_topic(bootstrap, TOPIC, 2)
    create_topic(bootstrap, EMPTY_TOPIC)
    for partition in COMMITTED:
        kcat(bootstrap, "-P", "-t", TOPIC, "-p", str(partition), stdin="".join(f"{number}\n" for number in range(20)))
    directory = tmp_path_factory.mktemp("names")
    plan = directory / "plan.csv"
    plan.write_text(f"{TOPIC},0,7\n{TOPIC},1,99\n")
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    offsets = [TopicPartition(TOPIC, partition, offset) for partition, offset in COMMITTED.items()]

    def commit(*groups: str) -> None:
        for group in groups:
            wanted = ConsumerGroupTopicPartitions(group, offsets)
            admin.alter_consumer_group_offsets([wanted], request_timeout=SECONDS)[group].result()

    commit("helixagent-group", "analytics-ingest")
    member = Member(bootstrap, "active")
    lists = [case for case in CASES if case.line.startswith("--list")]
    others = [case for case in CASES if case not in lists]
    owned = [(f"kafkas-{number:02}", f"stream-{number:02}") for number in range(len(others))]
    links = both_ways.links(directory / "bin", "consumer-groups")

    def command(line: str, group: str) -> list[str]:
        return ["--bootstrap-server", bootstrap, *shlex.split(line.format(group=group, plan=plan))]

    def pairs(cases: list[Case], groups: list[tuple[str, str]]) -> list[both_ways.Pair]:
        commands = [
            ("consumer-groups", command(case.line, kafkas), command(case.line, ours), b"") for case, (kafkas, ours) in zip(cases, groups, strict=True)
        ]
        return both_ways.all_pairs(links, commands)

    found = dict(zip((case.line for case in lists), pairs(lists, [("", "")] * len(lists)), strict=True))
    for case, (kafkas, ours) in zip(others, owned, strict=True):
        if "{group}" in case.line:
            commit(kafkas, ours)
    found |= dict(zip((case.line for case in others), pairs(others, owned), strict=True))
    left = {case.line: (committed(admin, kafkas), committed(admin, ours)) for case, (kafkas, ours) in zip(others, owned, strict=True) if case.leaves is not None}
    member.leaving.set()
    member.join(SECONDS)
    yield found, left


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.line.replace("--", "").replace("{group}", "g"))
def test_says_what_kafkas_tool_says(answers, case):
    found, left = answers
    pair = found[case.line]
    for answer in (pair.kafka, pair.ours):
        answer.out = answer.out.replace("kafkas-", "groups-").replace("stream-", "groups-")
        answer.errors = answer.errors.replace("kafkas-", "groups-").replace("stream-", "groups-")
    pair.check(in_order=False)
    if case.leaves is not None:
        assert left[case.line] == (case.leaves, case.leaves)
