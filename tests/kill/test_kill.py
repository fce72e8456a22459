"""kill -9 and SIGTERM while a client produces with acks=all: nothing acknowledged is lost, the order is kept."""

import random

import pytest

from lib.acknowledged import Ledger
from lib.admin import create_topic

PARTITIONS = 8


@pytest.fixture
def rounds(request, long_run) -> int:
    if request.config.getoption("--kafka"):
        return 2  # the oracle needs several seconds for each start
    return 200 if long_run else 10


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("idempotent", [False, True], ids=["plain", "idempotent"])
def test_acknowledged_records_survive_kill_9(own_broker, topic_name, rounds, seed, idempotent):
    chance = random.Random(seed)
    broker = own_broker()
    broker.start()
    topic = create_topic(broker.bootstrap, topic_name(), PARTITIONS)
    ledger = Ledger(broker.bootstrap, topic, PARTITIONS, seed, idempotent)
    ledger.start()
    starts = []
    for _ in range(rounds):
        ledger.wait_for_progress(chance.randint(1, 500), seconds=60)
        broker.kill()
        starts.append(broker.start())
    ledger.wait_for_progress(200, seconds=60)
    ledger.stop(seconds=175)
    counts = ledger.check()
    print(f"{rounds} kills: {counts}, slowest start {max(starts):.2f} s")
    assert counts["acknowledged"] > rounds

    # What was read once is read again after one more kill.
    broker.kill()
    broker.start()
    assert ledger.check() == counts


@pytest.mark.timeout(600)
def test_a_clean_stop_under_load_loses_nothing(own_broker, topic_name, seed):
    broker = own_broker()
    broker.start()
    topic = create_topic(broker.bootstrap, topic_name(), PARTITIONS)
    ledger = Ledger(broker.bootstrap, topic, PARTITIONS, seed, idempotent=False)
    ledger.start()
    for _ in range(2):
        ledger.wait_for_progress(300, seconds=60)
        broker.restart()
    ledger.wait_for_progress(100, seconds=60)
    ledger.stop(seconds=175)
    ledger.check()
