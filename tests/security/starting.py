"""Starts a broker with security settings."""

import pytest

from lib.broker import Broker


def start(broker: Broker) -> None:
    """Skips the test where the broker says that it cannot honour a setting: it refuses rather than to leave open what should be closed."""
    try:
        broker.start()
    except RuntimeError:
        if broker.process is not None and broker.process.returncode == 2:
            pytest.skip(f"refused: {broker.log_lines()[-1]}")
        raise
