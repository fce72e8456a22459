"""Until there are transactions: a transactional producer is told so with a code that it does not retry."""

import pytest

TRANSACTIONAL_ID_AUTHORIZATION_FAILED = 53
A_TRANSACTION = 1


@pytest.fixture(autouse=True)
def not_kafka(request):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka has transactions")


def test_a_transactional_producer_ends_at_once(connection):
    found = connection.ask("FindCoordinator", 3, key="my-transactions", key_type=A_TRANSACTION)
    assert found.error_code == TRANSACTIONAL_ID_AUTHORIZATION_FAILED
    begun = connection.ask(
        "InitProducerId", 4, transactional_id="my-transactions", transaction_timeout_ms=1000, producer_id=-1, producer_epoch=-1
    )
    assert begun.error_code == TRANSACTIONAL_ID_AUTHORIZATION_FAILED
