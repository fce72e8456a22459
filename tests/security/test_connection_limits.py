"""Connections above a limit are closed at once; those below it are served."""

import socket

import pytest

from lib.broker import wait_for
from lib.commands import kafka_tool
from lib.wire import Connection

INVALID_CONFIG = 40


def is_served(bootstrap: str) -> bool:
    try:
        with Connection(bootstrap) as connection:
            connection.ask("ApiVersions", 0)
        return True
    except (OSError, AssertionError, EOFError):
        return False


def is_open(connection: socket.socket) -> bool:
    connection.settimeout(0.5)
    try:
        return connection.recv(1) != b""
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def connect(bootstrap: str) -> socket.socket:
    host, port = bootstrap.rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=10)


def limited(request, own_broker, **settings: str):
    if request.config.getoption("--kafka"):
        pytest.skip("Apache Kafka lets some connections wait instead")
    broker = own_broker({key.replace("_", "."): value for key, value in settings.items()})
    broker.start()
    return broker


@pytest.mark.parametrize("settings", [
    {"max_connections_per_ip": "3"},
    {"max_connections": "3"},
    {"listener_name_plaintext_max_connections": "3"},
    {"max_connections_per_ip": "100", "max_connections_per_ip_overrides": "127.0.0.1:3"},
])  # fmt: skip
def test_a_connection_too_many_is_closed(request, own_broker, settings):
    bootstrap = limited(request, own_broker, **settings).bootstrap
    connections = wait_for(lambda: three(bootstrap), 10, "three connections")
    assert not is_open(connect(bootstrap))
    assert not is_served(bootstrap)
    connections[0].close()
    wait_for(lambda: is_served(bootstrap), 10, "a place is free again")
    for connection in connections:
        connection.close()


def test_limits_change_while_the_broker_runs(request, own_broker):
    """What is open stays; what comes next is measured by the new limit."""
    broker = limited(request, own_broker)
    with Connection(broker.bootstrap) as admin:

        def alter(resource: str, key: str, value: str | None) -> int:
            change = {"name": key, "config_operation": 0 if value else 1, "value": value}
            wanted = {"resource_type": 4, "resource_name": resource, "configs": [change]}
            return admin.ask("IncrementalAlterConfigs", 1, resources=[wanted], validate_only=False).responses[0].error_code

        assert is_served(broker.bootstrap)
        for resource, key in [
            ("", "max.connections"), ("", "max.connections.per.ip"), ("1", "max.connections"), ("1", "listener.name.plaintext.max.connections"),
            ("", "max.connections.per.ip.overrides"),
        ]:  # fmt: skip
            assert alter(resource, key, "127.0.0.1:1" if key.endswith("overrides") else "1") == 0
            assert not is_served(broker.bootstrap), f"{key} of broker '{resource}' counts at once"
            assert alter(resource, key, None) == 0
            assert is_served(broker.bootstrap)
        assert alter("", "max.connection.creation.rate", "1") == 0
        served = sum(is_served(broker.bootstrap) for _ in range(30))
        assert served < 30, "more than ten seconds' worth at once"
        assert alter("", "max.connections.per.ip.overrides", "localhost:1") == INVALID_CONFIG
        assert alter("", "max.connections", "-1") == INVALID_CONFIG


def three(bootstrap: str) -> list[socket.socket] | None:
    """Three connections that stay open; the connections of the start may still be about to end."""
    connections = [connect(bootstrap) for _ in range(3)]
    if all(is_open(connection) for connection in connections):
        return connections
    for connection in connections:
        connection.close()
    return None


def test_who_connects_too_fast_is_refused(request, own_broker):
    bootstrap = limited(request, own_broker, quota_window_num="3").bootstrap
    ips = ["--bootstrap-server", bootstrap, "--alter", "--entity-type", "ips", "--entity-name", "127.0.0.1"]
    kafka_tool("configs", *ips, "--add-config", "connection_creation_rate=2")
    served = sum(is_served(bootstrap) for _ in range(40))
    # Two seconds' worth at once at least, whatever the machine's speed adds.
    assert 4 <= served < 40
    wait_for(lambda: is_served(bootstrap), 60, "the rate is low again")
