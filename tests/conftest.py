"""Which broker the suites talk to, and the rule that it may not complain.

- default: this repository's release binary, started for each test file on free ports;
- `--kafka`: Apache Kafka in its place (the oracle);
- `--bootstrap HOST:PORT`: a broker that runs already. Tests that stop or kill their broker are skipped then.
"""

import itertools
import time
from pathlib import Path

import pytest

from lib import probe
from lib.apache_kafka import ApacheKafka
from lib.broker import Broker, HanzoStream

_topic_numbers = itertools.count(1)


def pytest_addoption(parser):
    group = parser.getgroup("hanzo-stream")
    group.addoption("--bootstrap", metavar="HOST:PORT", help="test a broker that runs already")
    group.addoption("--kafka", action="store_true", help="test Apache Kafka instead of hanzo-stream")
    group.addoption("--long", action="store_true", help="many more rounds of the random tests")
    group.addoption("--record", action="store_true", help="write the transcripts of tests/tools/names anew, with Kafka's own tools")
    group.addoption("--seed", type=int, default=None, help="seed of the random tests (default: a new one, printed)")


class _RunningElsewhere:
    """A broker that this run did not start."""

    def __init__(self, bootstrap: str):
        self.bootstrap = bootstrap

    def unexpected_complaints(self) -> list[str]:
        return []


def broker_class(config) -> type[Broker]:
    return ApacheKafka if config.getoption("--kafka") else HanzoStream


@pytest.fixture(scope="module")
def shared_broker(request, tmp_path_factory):
    """One broker for all tests of a file."""
    if bootstrap := request.config.getoption("--bootstrap"):
        probe.wait_until_serving(bootstrap, 10)
        yield _RunningElsewhere(bootstrap)
        return
    broker = broker_class(request.config)(tmp_path_factory.mktemp("broker"))
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def broker(shared_broker):
    """The file's broker; the test fails when it logged a warning or an error meanwhile."""
    before = len(shared_broker.unexpected_complaints())
    yield shared_broker
    complaints = shared_broker.unexpected_complaints()[before:]
    assert not complaints, "the broker complained:\n" + "\n".join(complaints)


@pytest.fixture
def bootstrap(broker) -> str:
    return broker.bootstrap


@pytest.fixture
def own_broker(request, tmp_path):
    """Makes brokers for one test alone: `own_broker(settings, data=, listeners=)`; their logs are looked at afterwards."""
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    brokers: list[Broker] = []

    def make(settings: dict[str, str] | None = None, data: Path | None = None, listeners: dict[str, str] | None = None) -> Broker:
        broker = broker_class(request.config)(tmp_path / f"broker-{len(brokers)}", settings, data, listeners)
        brokers.append(broker)
        return broker

    yield make
    for broker in brokers:
        broker.kill()
        broker.check_secrets()
    complaints = [line for broker in brokers for line in broker.unexpected_complaints()]
    assert not complaints, "the broker complained:\n" + "\n".join(complaints)


@pytest.fixture
def topic_name(request):
    """Names no other test of this or an earlier run uses: `topic_name("gzip")`."""
    stem = request.node.originalname.removeprefix("test_")[:40]
    run = f"{time.time_ns() // 1_000_000 % 100_000_000:08d}"

    def name(suffix: str = "events") -> str:
        return f"{stem}-{suffix}-{run}-{next(_topic_numbers)}"

    return name


@pytest.fixture
def seed(request) -> int:
    """The seed of a random test; printed, because a failure shows captured output."""
    value = request.config.getoption("--seed")
    if value is None:
        value = time.time_ns() % 1_000_000_007
    print(f"--seed={value}")
    return value


@pytest.fixture
def long_run(request) -> bool:
    return request.config.getoption("--long")
