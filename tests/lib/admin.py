"""Topics for tests that are about something else, made without starting a JVM."""

from confluent_kafka.admin import AdminClient, NewTopic

from lib.broker import wait_for

SECONDS = 30


def create_topic(bootstrap: str, name: str, partitions: int = 1, **config: str) -> str:
    """Creates a topic, waits until it is known, and returns its name. `retention_ms="-1"` is `retention.ms=-1`."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    settings = {key.replace("_", "."): value for key, value in config.items()}
    admin.create_topics([NewTopic(name, partitions, 1, config=settings)], operation_timeout=SECONDS)[name].result(SECONDS)
    # Kafka's broker may learn of its own topic a moment after it said so.
    wait_for(lambda: name in admin.list_topics(timeout=SECONDS).topics, 5, "the new topic in Metadata")
    return name
