"""Metrics are this broker's own: there is nothing to ask of another one."""

import pytest


@pytest.fixture(autouse=True, scope="module")
def _own_broker_only(request):
    if request.config.getoption("--kafka") or request.config.getoption("--bootstrap"):
        pytest.skip("Apache Kafka has no /metrics, and a broker elsewhere need not show its own")
