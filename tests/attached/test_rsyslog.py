"""rsyslog's omkafka: log lines that a program sends reach a topic, each once, with the key that the template gives."""

import os
import socket

import pytest
from confluent_kafka import Consumer, TopicPartition

from lib.admin import create_topic
from lib.broker import TOOLS, wait_for
from lib.ports import free_port
from lib.process import Process

HOME = TOOLS / "rsyslog"
LIBRARIES = HOME / "usr/lib/x86_64-linux-gnu"
COUNT = 200
CONFIGURATION = """
module(load="imudp")
module(load="omkafka")
input(type="imudp" address="127.0.0.1" port="{port}")
template(name="line" type="string" string="%programname%: %msg:2:$%")
action(
  type="omkafka" broker=["{bootstrap}"] topic="{topic}" template="line" key="%programname%" confParam=["acks=all", "linger.ms=20"]
  resubmitOnFailure="on" errorFile="{directory}/errors" action.resumeRetryCount="-1"
)
"""


@pytest.fixture
def topic(bootstrap, topic_name) -> str:
    return create_topic(bootstrap, topic_name())


def test_log_lines_reach_a_topic(bootstrap, topic, tmp_path):
    port = free_port()
    configuration = tmp_path / "rsyslog.conf"
    configuration.write_text(CONFIGURATION.format(port=port, bootstrap=bootstrap, topic=topic, directory=tmp_path))
    command = [HOME / "usr/sbin/rsyslogd", "-n", "-C", "-f", configuration, "-i", tmp_path / "pid", "-M", LIBRARIES / "rsyslog"]
    environment = {**os.environ, "LD_LIBRARY_PATH": f"{LIBRARIES}:{HOME}/lib/x86_64-linux-gnu"}
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "unused"})
    consumer.assign([TopicPartition(topic, 0, 0)])

    def is_heard() -> bool:
        """A datagram to a port that nobody has opened yet is lost, or refused."""
        try:
            sender.send(b"<13>Oct 11 22:14:15 host probe: are you there")
        except ConnectionRefusedError:
            return False
        return any(message.error() is None for message in consumer.consume(1, timeout=0.5))

    with Process(command, tmp_path / "rsyslog.log", environment) as rsyslog:
        sender.connect(("127.0.0.1", port))
        wait_for(is_heard, 30, lambda: f"the first line\n{rsyslog.tail()}")
        lines = [f"request {number} took {number * 7 % 90} ms" for number in range(COUNT)]
        for line in lines:
            sender.send(f"<13>Oct 11 22:14:15 host billing[42]: {line}".encode())
        messages = []

        def all_there() -> bool:
            messages.extend(message for message in consumer.consume(COUNT, timeout=0.5) if message.key() != b"probe")
            return len(messages) >= COUNT

        wait_for(all_there, 30, lambda: f"{len(messages)} of {COUNT} lines\n{rsyslog.tail()}")
    assert [message.value().decode() for message in messages] == [f"billing: {line}" for line in lines]
    consumer.close()
