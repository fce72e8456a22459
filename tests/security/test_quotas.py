"""Client quotas: set by Kafka's own tool, kept by real clients. Times are compared with each other and with ten times the goal."""

import atexit
import functools
import time

import pytest
from confluent_kafka import Consumer, Producer

from conftest import broker_class
from lib.admin import create_topic
from lib.broker import wait_for
from lib.commands import CommandFailed
from lib.tool_server import ToolServer
from lib.wire import Connection

# Three seconds' worth at once instead of Kafka's eleven: tests wait for what is above it.
WINDOW = {"quota.window.num": "3"}
RATE = 50_000
VALUE = b"x" * 1000


@pytest.fixture(scope="module")
def shared_broker(request, tmp_path_factory):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    broker = broker_class(request.config)(tmp_path_factory.mktemp("quotas"), WINDOW)
    broker.start()
    yield broker
    broker.stop()


@functools.cache
def tools() -> ToolServer:
    """One JVM for all the calls of Kafka's tool."""
    server = ToolServer()
    atexit.register(server.stop)
    return server


def quota(bootstrap: str, *arguments: str) -> str:
    ran = tools().run("kafka-configs", "--bootstrap-server", bootstrap, *arguments)
    if ran.status != 0:
        raise CommandFailed(f"{arguments}: exit status {ran.status}\n{ran.output}\n{ran.errors}")
    return ran.output


def set_quota(bootstrap: str, kind: str, name: str, value: str) -> None:
    quota(bootstrap, "--alter", "--entity-type", kind, "--entity-name", name, "--add-config", value)


def produce(bootstrap: str, topic: str, client_id: str, count: int, **settings) -> tuple[float, float]:
    """Seconds for `count` records of 1000 bytes, and the longest pause that the broker asked for (seconds)."""
    throttled = [0.0]
    config = {"bootstrap.servers": bootstrap, "client.id": client_id, "linger.ms": 5, "batch.size": 20_000, "max.in.flight": 1, **settings}
    producer = Producer(config, throttle_cb=lambda event: throttled.append(event.throttle_time))
    start = time.monotonic()
    for _ in range(count):
        producer.produce(topic, VALUE)
        producer.poll(0)
    assert producer.flush(120) == 0
    elapsed = time.monotonic() - start
    producer.poll(0)
    return elapsed, max(throttled)


def consume(bootstrap: str, topic: str, client_id: str, count: int) -> tuple[float, float]:
    """Seconds to read `count` records, and the longest pause that the broker asked for (seconds)."""
    throttled = [0.0]
    config = {
        "bootstrap.servers": bootstrap, "client.id": client_id, "group.id": f"group-of-{client_id}",
        "auto.offset.reset": "earliest", "enable.auto.commit": False,
        "throttle_cb": lambda event: throttled.append(event.throttle_time),
    }  # fmt: skip
    consumer = Consumer(config)
    consumer.subscribe([topic])
    start, seen = time.monotonic(), 0
    while seen < count:
        assert time.monotonic() - start < 150, f"only {seen} of {count} records"
        message = consumer.poll(1.0)
        seen += message is not None and message.error() is None
    elapsed = time.monotonic() - start
    consumer.close()
    return elapsed, max(throttled)


def test_kafka_configs_sets_describes_and_removes(bootstrap):
    quota(
        bootstrap, "--alter", "--entity-type", "users", "--entity-name", "alice", "--entity-type", "clients", "--entity-name", "reports",
        "--add-config", "producer_byte_rate=1024,request_percentage=50",
    )  # fmt: skip
    quota(bootstrap, "--alter", "--entity-type", "clients", "--entity-default", "--add-config", "consumer_byte_rate=1e9")
    set_quota(bootstrap, "ips", "10.0.0.9", "connection_creation_rate=20")
    both = ["--describe", "--entity-type", "users", "--entity-name", "alice", "--entity-type", "clients"]
    assert "producer_byte_rate=1024.0" in quota(bootstrap, *both, "--entity-name", "reports")
    assert "request_percentage=50.0" in quota(bootstrap, *both, "--entity-name", "reports")
    default = ["--entity-type", "clients", "--entity-default"]
    assert "consumer_byte_rate=1.0E9" in quota(bootstrap, "--describe", *default)
    assert "connection_creation_rate=20.0" in quota(bootstrap, "--describe", "--entity-type", "ips")
    quota(bootstrap, "--alter", *default, "--delete-config", "consumer_byte_rate")
    assert "consumer_byte_rate" not in quota(bootstrap, "--describe", *default)
    with pytest.raises(CommandFailed, match="must be greater than 0"):
        set_quota(bootstrap, "clients", "reports", "producer_byte_rate=-5")


ALICE = {"entity_type": "user", "entity_name": "alice"}
ADDRESS = {"entity_type": "ip", "entity_name": "10.0.0.1"}
TWICE = "Ignoring duplicate entity ClientQuotaEntity(entries={user=alice})"
COMBINED = "Invalid quota entity combination, IP entity shouldnot be combined with User or ClientId"
TOO_LARGE = "Proposed value for producer_byte_rate is too large for a LONG."
# Entities, quotas, and what Apache Kafka 4.3.1 says: this file with --kafka asks it.
REFUSED = [
    ([], {"producer_byte_rate": 1.0}, "Invalid empty client quota entity"),
    ([{"entity_type": "group", "entity_name": "g"}], {"producer_byte_rate": 1.0}, "Unhandled client quota entity type: group"),
    ([{"entity_type": "user", "entity_name": ""}], {"producer_byte_rate": 1.0}, "Empty user not supported"),
    ([ADDRESS, ALICE], {"connection_creation_rate": 1.0}, COMBINED),
    ([{"entity_type": "ip", "entity_name": "10.0.0.256"}], {"connection_creation_rate": 1.0}, "10.0.0.256 is not a valid IP or resolvable host"),
    ([ALICE], {"bytes": 1.0}, "Invalid configuration key bytes"),
    ([ALICE], {"connection_creation_rate": 1.0}, "Invalid configuration key connection_creation_rate"),
    ([ADDRESS], {"producer_byte_rate": 1.0}, "Invalid configuration key producer_byte_rate"),
    ([ALICE], {"request_percentage": 0.0}, "Quota request_percentage must be greater than 0"),
    ([ALICE], {"producer_byte_rate": -1.0}, "Quota producer_byte_rate must be greater than 0"),
    ([ALICE], {"producer_byte_rate": 1.5}, "producer_byte_rate cannot be a fractional value."),
    ([ALICE], {"producer_byte_rate": 1e19}, TOO_LARGE),
    ([ALICE], {"producer_byte_rate": float("inf")}, TOO_LARGE),
    ([ADDRESS], {"connection_creation_rate": 2147483648.0}, "Proposed value for connection_creation_rate is too large for an INT."),
]


def test_what_is_refused_is_refused_in_kafkas_words(bootstrap):
    def ask(connection, *entries, validate_only=True) -> list[tuple[int, str]]:
        asked = [
            {"entity": entity, "ops": [{"key": key, "value": value, "remove": False} for key, value in ops]} for entity, ops in entries
        ]  # fmt: skip
        answer = connection.ask("AlterClientQuotas", 1, entries=asked, validate_only=validate_only)
        return [(entry.error_code, entry.error_message) for entry in answer.entries]

    with Connection(bootstrap) as connection:
        for entity, quotas, expected in REFUSED:
            [(code, message)] = ask(connection, (entity, quotas.items()))
            # Where Kafka resolves names, we say that we do not.
            assert code == 42 and message.startswith(expected), (entity, quotas, message)
        rates = [("producer_byte_rate", 1.0), ("producer_byte_rate", 2.0)]
        assert ask(connection, ([ALICE], rates)) == [(42, TWICE)]
        assert ask(connection, ([ALICE], rates[:1]), ([ALICE], rates[1:])) == [(42, TWICE)], "one outcome for one entity"
        # What is not there may be removed, whatever it is called.
        remove = {"entity": [ALICE], "ops": [{"key": "bytes", "value": 0.0, "remove": True}]}
        assert connection.ask("AlterClientQuotas", 1, entries=[remove], validate_only=False).entries[0].error_code == 0


def test_a_producer_is_paused(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name())
    free, asked = produce(bootstrap, topic, "free", 300)
    assert asked == 0
    set_quota(bootstrap, "clients", "paced", f"producer_byte_rate={RATE}")
    # The window takes a burst of two or three seconds' worth; what is above it has to wait.
    paced, asked = produce(bootstrap, topic, "paced", 300)
    assert asked > 0, "the broker asked for no pause"
    assert paced > free
    # 300 kB at 50 kB/s, of which 150 kB are the burst: three seconds, and twenty times that at most.
    assert 0.5 < paced < 60
    assert produce(bootstrap, topic, "free", 300)[1] == 0, "others are not paused"


def test_a_producer_that_wants_no_answer_pays_too(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name())
    set_quota(bootstrap, "clients", "silent", f"producer_byte_rate={RATE}")
    produce(bootstrap, topic, "silent", 250, acks=0)
    _, asked = produce(bootstrap, topic, "silent", 100)
    assert asked > 0, "what acks=0 produced was not counted"


def test_a_consumer_is_paused_and_gets_everything(bootstrap, topic_name):
    topic = create_topic(bootstrap, topic_name())
    produce(bootstrap, topic, "free", 300)
    free, asked = consume(bootstrap, topic, "free", 300)
    assert asked == 0
    set_quota(bootstrap, "clients", "slow", f"consumer_byte_rate={RATE}")
    slow, asked = consume(bootstrap, topic, "slow", 300)
    assert asked > 0, "the broker asked for no pause"
    assert slow < 100


@pytest.mark.parametrize(
    ("api", "version", "fields"),
    [("Metadata", 9, {"topics": None}), ("ApiVersions", 3, {"client_software_name": "test", "client_software_version": "1"})],
)
def test_the_answer_comes_before_the_pause(bootstrap, api, version, fields):
    """KIP-219: the answer leaves at once with the time in it; then nothing is read for that time."""
    set_quota(bootstrap, "clients", "wire-test", "request_percentage=0.0001")

    def throttled() -> int:
        with Connection(bootstrap) as connection:
            start = time.monotonic()
            answer = connection.ask(api, version, **fields)
            answered = time.monotonic() - start
            if answer.throttle_time_ms < 300:
                return 0
            assert answered < answer.throttle_time_ms / 1000, "the answer came after the pause"
            connection.socket.settimeout(150)
            connection.ask("Metadata", 9, topics=None)
            assert time.monotonic() - start >= answer.throttle_time_ms / 1000 * 0.9, "the next request was read in the pause"
            return answer.throttle_time_ms

    try:
        wait_for(throttled, 60, "a pause")
    finally:
        quota(bootstrap, "--alter", "--entity-type", "clients", "--entity-name", "wire-test", "--delete-config", "request_percentage")


def test_topic_changes_are_bounded(bootstrap, topic_name):
    """A bucket of a window's worth at once, then nothing until it is filled again (KIP-599)."""
    set_quota(bootstrap, "clients", "wire-test", "controller_mutation_rate=1")
    name = topic_name()

    def create(connection, number: int) -> tuple[int, int]:
        wanted = {"name": f"{name}-{number}", "num_partitions": 8, "replication_factor": 1, "assignments": [], "configs": []}
        answer = connection.ask("CreateTopics", 7, topics=[wanted], timeout_ms=10_000, validate_only=False)
        return answer.topics[0].error_code, answer.throttle_time_ms

    try:
        codes = []
        for number in range(4):
            with Connection(bootstrap, timeout=60) as connection:
                codes.append(create(connection, number))
        assert codes[0] == (0, 0)
        assert codes[-1][0] == 89 and codes[-1][1] > 0, codes
    finally:
        quota(bootstrap, "--alter", "--entity-type", "clients", "--entity-name", "wire-test", "--delete-config", "controller_mutation_rate")
