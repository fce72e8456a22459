"""The standard's table of access as data, and clients of its principals.

`TABLE` is written down here and not read from `config/topics.yaml`: the test compares what the broker does with the standard.
"""

import time
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

SECONDS = 20
ROOT = "root"


@dataclass(frozen=True)
class Principal:
    name: str
    reads: str | None = None
    writes: str | None = None
    group: str | None = None

    @property
    def variable(self) -> str:
        """Where `config/topics.yaml` looks for the password."""
        return self.name.upper().replace("-", "_") + "_PASSWORD"

    @property
    def password(self) -> str:
        return f"planted-password-of-{self.name}"

    def may(self, operation: str, topic: str) -> bool:
        if operation == "write":
            return topic in (self.writes, "dead_letter")
        return topic == self.reads


TABLE = (
    Principal("insights-capture", writes="events_plugin_ingestion"),
    Principal("llm-gateway", writes="llm_usage"),
    Principal("iam-service", writes="audit_log"),
    Principal("analytics-ingest", reads="events_plugin_ingestion", group="analytics-ingest"),
    Principal("billing-aggregator", reads="llm_usage", writes="billing_events", group="billing-agg"),
    Principal("audit-archiver", reads="audit_log", group="audit-archive"),
)
BY_NAME = {principal.name: principal for principal in TABLE}
# Nobody in the table, and over every ACL: `super.users` of the test's broker.
SUPER_USER = Principal(ROOT)


def client(address: str, principal: Principal, mechanism: str = "PLAIN", **settings) -> dict:
    return {
        "bootstrap.servers": address, "security.protocol": "SASL_PLAINTEXT", "sasl.mechanism": mechanism,
        "sasl.username": principal.name, "sasl.password": principal.password, "log_level": 0,
        **settings,
    }  # fmt: skip


def anonymous(address: str) -> dict:
    return {"bootstrap.servers": address, "log_level": 0}


def code(error: KafkaError | None) -> str:
    return "NONE" if error is None else error.name()


def produce(configuration: dict, topics: list[str]) -> dict[str, str]:
    """What came of one record to each topic, by an idempotent producer."""
    outcomes = {}
    producer = Producer({"enable.idempotence": True, "message.timeout.ms": SECONDS * 1000, **configuration})
    for topic in topics:
        producer.produce(topic, b"{}", on_delivery=lambda error, _, topic=topic: outcomes.update({topic: code(error)}))
    assert producer.flush(SECONDS) == 0, f"no answer about {set(topics) - set(outcomes)}"
    return outcomes


def fill(configuration: dict, topics: list[str]) -> None:
    """A record in the first partition of each."""
    producer = Producer(configuration)
    for topic in topics:
        producer.produce(topic, b"{}", partition=0)
    assert producer.flush(SECONDS) == 0


def read(configuration: dict, topic: str) -> str:
    """What came of reading the topic from its beginning, without a group's help."""
    consumer = Consumer({"group.id": "unused", "enable.auto.commit": False, **configuration})
    try:
        # Of a topic that may not even be seen librdkafka says nothing more than this.
        if error := consumer.list_topics(topic, timeout=SECONDS).topics[topic].error:
            return code(error)
        consumer.assign([TopicPartition(topic, 0, OFFSET_BEGINNING)])
        while True:
            message = consumer.poll(SECONDS)
            assert message is not None, f"neither a record nor an error of {topic}"
            # librdkafka asks for the group's coordinator all the same.
            if code(message.error()) != "GROUP_AUTHORIZATION_FAILED":
                return code(message.error())
    finally:
        consumer.close()


def offsets(configuration: dict, group: str) -> str:
    """What came of asking for a group's offsets."""
    admin = AdminClient(configuration)
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)], request_timeout=SECONDS)
    try:
        asked[group].result(SECONDS)
    except KafkaException as refused:
        return code(refused.args[0])
    return "NONE"


def consume(configuration: dict, topic: str, group: str) -> str:
    """What came of joining the group, reading one record and committing it."""
    consumer = Consumer({"group.id": group, "auto.offset.reset": "earliest", "enable.auto.commit": False, **configuration})
    try:
        consumer.subscribe([topic])
        message = consumer.poll(SECONDS)
        assert message is not None, f"neither a record nor an error of {topic} in {group}"
        if message.error() is not None:
            return code(message.error())
        (committed,) = consumer.commit(message, asynchronous=False)
        return code(committed.error)
    except KafkaException as refused:
        return code(refused.args[0])
    finally:
        consumer.close()


def logs_in(configuration: dict) -> bool:
    """Whether somebody gets in at all."""
    errors = []
    admin = AdminClient({**configuration, "error_cb": errors.append})
    deadline = time.monotonic() + SECONDS
    # The client goes on trying after a refusal: a question that waits long would only wait.
    while time.monotonic() < deadline:
        try:
            admin.list_topics(timeout=0.2)
            return True
        except KafkaException:
            admin.poll(0)
            if any(error.code() == KafkaError._AUTHENTICATION for error in errors):
                return False
    raise AssertionError(f"neither let in nor refused: {errors}")
