"""aiokafka."""

import asyncio
import ssl
import sys

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from lines import commands, next_command, records, run, say, say_record, security


def secure() -> dict:
    login = security()
    if login is None:
        return {}
    return {
        "security_protocol": login["protocol"], "ssl_context": ssl.create_default_context(cafile=login["authority"]), "sasl_mechanism": login["mechanism"],
        "sasl_plain_username": login["username"], "sasl_plain_password": login["password"],
    }  # fmt: skip


async def produce(bootstrap: str, topic: str, codec: str, idempotent: bool) -> int:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", compression_type=None if codec == "none" else codec, enable_idempotence=idempotent,
        linger_ms=5, **secure(),
    )  # fmt: skip
    await producer.start()
    try:
        sent = [
            await producer.send(topic, value=value, key=key, headers=headers, timestamp_ms=timestamp)
            for key, value, headers, timestamp in records()
        ]  # fmt: skip
        await asyncio.wait_for(asyncio.gather(*sent), 60)
        return len(sent)
    finally:
        await producer.stop()


def consumer_of(bootstrap: str, group: str | None) -> AIOKafkaConsumer:
    timeouts = {"session_timeout_ms": 10_000, "heartbeat_interval_ms": 500} if group else {}
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=group, auto_offset_reset="earliest", enable_auto_commit=False, **timeouts, **secure()
    )


def say_message(message) -> None:
    say_record(message.partition, message.offset, message.key, message.value, message.headers, message.timestamp)


class Rebalance(ConsumerRebalanceListener):
    def __init__(self, consumer: AIOKafkaConsumer):
        self.consumer = consumer

    async def on_partitions_revoked(self, revoked):
        if revoked:
            await self.consumer.commit()
        say(owns=[])

    async def on_partitions_assigned(self, assigned):
        say(owns=sorted(partition.partition for partition in assigned))


async def member(bootstrap: str, topic: str, group: str) -> None:
    consumer = consumer_of(bootstrap, group)
    consumer.subscribe([topic], listener=Rebalance(consumer))
    await consumer.start()
    lines = commands()
    try:
        while (command := next_command(lines)) != "stop":
            if command == "commit":
                await consumer.commit()
                say(committed=True)
            for messages in (await consumer.getmany(timeout_ms=50, max_records=500)).values():
                for message in messages:
                    say_message(message)
    finally:
        await consumer.stop()


async def seek(bootstrap: str, topic: str, partition: int, time_ms: int, count: int) -> None:
    consumer = consumer_of(bootstrap, None)
    await consumer.start()
    try:
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        found = (await consumer.offsets_for_times({place: time_ms}))[place]
        if found is None:
            say(offset=-1)
            return
        consumer.seek(place, found.offset)
        while count > 0:
            batch = await consumer.getmany(timeout_ms=30_000, max_records=count)
            if not batch:
                sys.exit(f"{count} records are missing")
            for message in batch[place]:
                say_message(message)
                count -= 1
    finally:
        await consumer.stop()


def blocking(coroutine):
    return lambda *arguments: asyncio.run(coroutine(*arguments))


run(blocking(produce), blocking(member), blocking(seek))
