"""Our binary called as kafka-console-producer.sh and kafka-console-consumer.sh beside Kafka's own tools, against one broker."""

import os
import pty
import shlex
import subprocess
from dataclasses import dataclass

import pytest
from confluent_kafka import Consumer, TopicPartition

from lib import both_ways
from lib.admin import SECONDS, create_topic
from lib.commands import kcat

# Written once, and read by every command of the consumer.
TOPIC, NUMBERS = "runbook-read", "runbook-numbers"


@dataclass
class Producing:
    """A command of the producer; each side has a topic of its own, that of the requirement documents is made by the broker."""

    line: str
    stdin: str
    # Key, value and headers of what is stored.
    stored: list[tuple]


KEYED = "--reader-property parse.key=true"
HEADED = "--property parse.headers=true --property parse.key=true"

PRODUCING = [
    # As the requirement documents have it.
    Producing("", "one\ntwo\n", [(None, "one", None), (None, "two", None)]),
    Producing(f"{KEYED} --reader-property key.separator=::", "a::1\nb::2\n", [("a", "1", None), ("b", "2", None)]),
    Producing(HEADED, "h:1,g:\tk\tv\n", [("k", "v", [("h", "1"), ("g", "")])]),
    Producing(f"{KEYED} --reader-property null.marker=NULL --sync", "k\tNULL\nNULL\tv\n", [("k", None, None), (None, "v", None)]),
    Producing(f"{KEYED} --reader-property ignore.error=true", "no key\n", [(None, "no key", None)]),
    Producing(f"{KEYED} --compression-codec --batch-size 100 --timeout 5 --request-required-acks 1", "a\tb\n", [("a", "b", None)]),
    Producing("--producer-property acks=0 --compression-codec zstd --max-block-ms 5000 --socket-buffer-size 1000", "x\n", [(None, "x", None)]),
    Producing(KEYED, "a\tb\nno key\nc\td\n", [("a", "b", None)]),
    Producing("--property parse.headers=true", "h\tv\n", []),
    Producing("--reader-property headers.separator=:", "x\n", []),
    Producing("--compression-codec brotli", "x\n", []),
    Producing("--request-required-acks 2", "x\n", []),
]

READ = f"--topic {TOPIC} --from-beginning"

CONSUMING = [
    # As the requirement documents have them; they run until somebody stops them, here until nothing has come for a while.
    f"{READ} --timeout-ms 4000",
    f"--topic {TOPIC} --from-beginning --max-messages 10 --property print.key=true --property key.separator=:",
    # Every field, and what stands between.
    f"{READ} --max-messages 4 --formatter-property print.timestamp=true --formatter-property print.partition=true --formatter-property print.offset=true "
    "--formatter-property print.headers=true --formatter-property print.key=true --formatter-property headers.separator=; --formatter-property null.literal=NIL",
    f"{READ} --max-messages 3 --property print.value=false --property print.key=true --property line.separator=|",
    f"{READ} --max-messages 2 --property print.epoch=true --property print.delivery=true",
    f"--topic {TOPIC} --partition 0 --offset 2 --max-messages 1",
    f"--topic {TOPIC} --partition 0 --offset earliest --max-messages 2 --isolation-level read_committed",
    f"--topic {TOPIC} --group {{group}} --from-beginning --max-messages 3 --command-property client.id=reader",
    f"--include runbook-re.* --max-messages 2 --consumer-property auto.offset.reset=earliest",
    f"--topic {NUMBERS} --from-beginning --max-messages 1 --value-deserializer org.apache.kafka.common.serialization.LongDeserializer",
    f"--topic {TOPIC} --partition 7 --timeout-ms 500",
    f"--topic {TOPIC} --max-messages 0",
    # Options that do not go together.
    f"--topic {TOPIC} --offset 1",
    f"--topic {TOPIC} --partition 0 --offset -3",
    f"--topic {TOPIC} --partition 0 --group g",
    f"{READ} --isolation-level dirty",
    f"{READ} --command-property auto.offset.reset=latest",
    f"--topic {TOPIC} --include {TOPIC}",
    "",
]


def stored(bootstrap: str, topic: str) -> list[tuple]:
    """What is in the first partition of a topic."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "looks", "enable.auto.commit": False})
    partition = TopicPartition(topic, 0, 0)
    _, end = consumer.get_watermark_offsets(partition, timeout=SECONDS)
    consumer.assign([partition])
    text = lambda data: None if data is None else data.decode()  # noqa: E731
    records = consumer.consume(end, timeout=SECONDS) if end else []
    consumer.close()
    headers = lambda record: record.headers() and [(key, text(value)) for key, value in record.headers()]  # noqa: E731
    return [(text(record.key()), text(record.value()), headers(record)) for record in records]


@pytest.fixture(scope="module")
def links(tmp_path_factory):
    return both_ways.links(tmp_path_factory.mktemp("names") / "bin", "console-producer", "console-consumer")


@pytest.fixture(scope="module")
def produced(shared_broker, links):
    bootstrap = shared_broker.bootstrap
    topics = [(f"kafkas-{number:02}", f"stream-{number:02}") for number in range(len(PRODUCING))]
    for kafkas, ours in topics[1:]:
        create_topic(bootstrap, kafkas)
        create_topic(bootstrap, ours)
    command = lambda case, topic: ["--bootstrap-server", bootstrap, "--topic", topic, *shlex.split(case.line)]  # noqa: E731
    commands = [
        ("console-producer", command(case, kafkas), command(case, ours), case.stdin.encode())
        for case, (kafkas, ours) in zip(PRODUCING, topics, strict=True)
    ]  # fmt: skip
    pairs = both_ways.all_pairs(links, commands)
    left = [(stored(bootstrap, kafkas), stored(bootstrap, ours)) for kafkas, ours in topics]
    return list(zip(pairs, left, strict=True))


@pytest.mark.parametrize("number", range(len(PRODUCING)), ids=lambda number: PRODUCING[number].line or "plain")
def test_produces_what_kafkas_tool_produces(produced, number):
    pair, left = produced[number]
    pair.check()
    assert left == (PRODUCING[number].stored, PRODUCING[number].stored)


@pytest.fixture(scope="module")
def consumed(shared_broker, links):
    bootstrap = shared_broker.bootstrap
    for topic in (TOPIC, NUMBERS):
        create_topic(bootstrap, topic)
    kcat(bootstrap, "-P", "-t", TOPIC, "-p", "0", "-K", ":", "-H", "h=1", "-H", "g=2", "-Z", stdin="a:one\nb:two\n:three\n")
    kcat(bootstrap, "-P", "-t", TOPIC, "-p", "0", stdin="".join(f"{number}\n" for number in range(7)))
    kcat(bootstrap, "-P", "-t", NUMBERS, "-p", "0", stdin=(258).to_bytes(8, "big"))
    command = lambda line, group: ["--bootstrap-server", bootstrap, *shlex.split(line.format(group=group))]  # noqa: E731
    return both_ways.all_pairs(links, [("console-consumer", command(line, "kafkas"), command(line, "stream"), b"") for line in CONSUMING])


@pytest.mark.parametrize("number", range(len(CONSUMING)), ids=lambda number: CONSUMING[number].replace("--", "") or "nothing")
def test_prints_what_kafkas_tool_prints(consumed, number):
    consumed[number].check()


def test_a_group_goes_on_where_the_other_tool_stopped(bootstrap, consumed, links):
    """Both committed exactly the three records that they showed."""
    for group in ("kafkas", "stream"):
        arguments = ["--bootstrap-server", bootstrap, "--topic", TOPIC, "--group", group, "--max-messages", "1"]
        assert both_ways.run(links / "kafka-console-consumer.sh", arguments).out == "0\n"


def test_a_group_that_shall_not_commit_has_committed_nothing(bootstrap, consumed, links):
    arguments = ["--bootstrap-server", bootstrap, "--topic", TOPIC, "--group", "reads-only", "--from-beginning", "--max-messages", "1"]
    for _ in range(2):
        answer = both_ways.run(links / "kafka-console-consumer.sh", [*arguments, "--command-property", "enable.auto.commit=false"])
        assert answer.out == "one\n"


def test_a_terminal_gets_a_prompt(bootstrap, links, topic_name):
    topic = create_topic(bootstrap, topic_name())
    outside, inside = pty.openpty()
    program = [links / "kafka-console-producer.sh", "--bootstrap-server", bootstrap, "--topic", topic]
    typed = subprocess.Popen(program, stdin=inside, stdout=subprocess.PIPE)
    os.close(inside)
    os.write(outside, b"one\ntwo\n\x04")
    assert typed.communicate(timeout=SECONDS)[0] == b">>>"
    os.close(outside)
    assert [value for _, value, _ in stored(bootstrap, topic)] == ["one", "two"]


def test_offsets_are_formatted_as_by_kafkas_tool(bootstrap, consumed, links):
    """In any order: the topic has many partitions."""
    arguments = ["--bootstrap-server", bootstrap, "--topic", "__consumer_offsets", "--from-beginning", "--timeout-ms", "3000"]
    formatter = ["--formatter", "org.apache.kafka.tools.consumer.OffsetsMessageFormatter"]
    (pair,) = both_ways.all_pairs(links, [("console-consumer", [*arguments, *formatter], [*arguments, *formatter], b"")])
    ours, kafkas = (sorted(answer.out.replace("}{", "}\n{").splitlines()) for answer in (pair.ours, pair.kafka))
    assert ours and set(ours) <= set(kafkas)
