"""Each request is a line of the log at debug, with the ids to find it by: connection, client, correlation; and so is the end of a connection."""

import json
import re
import socket

import pytest

from lib.broker import wait_for
from lib.probe import API_VERSIONS, METADATA, request

ALL_TOPICS_V1 = b"\xff\xff\xff\xff"


@pytest.mark.parametrize("format", ["text", "json"])
def test_requests_carry_their_ids(broker_with, format):
    broker = broker_with({"hanzo.log.format": format, "hanzo.log.level": "info,request=debug"})
    host, port = broker.bootstrap.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        peer = "%s:%d" % connection.getsockname()[:2]
        request(connection, API_VERSIONS, 0, b"", correlation_id=4711)
        request(connection, METADATA, 1, ALL_TOPICS_V1, correlation_id=4712)
        # Metadata v1 that ends too early ends the connection.
        with pytest.raises(ConnectionError):
            request(connection, METADATA, 1, b"\x00", correlation_id=4713)

    def lines() -> list[dict[str, str]]:
        mine = [line for line in broker.log_lines() if peer in line]
        if format == "json":
            return [{key: str(value) for key, value in json.loads(line).items()} for line in mine]
        return [dict(re.findall(r"(\w+)=(\S+)", line)) | {"line": line} for line in mine]

    wait_for(lambda: len(lines()) == 3, 10, "the lines of three requests")
    first, second, end = lines()
    for line in (first, second, end):
        assert (line["peer"], line["client_id"], line["principal"], line["listener"]) == (peer, "probe", "User:ANONYMOUS", "PLAINTEXT"), line
        assert line["connection"] == first["connection"], line
    for line, (api, version, correlation_id) in ((first, ("ApiVersions", "0", "4711")), (second, ("Metadata", "1", "4712"))):
        assert (line["api"], line["version"], line["correlation_id"]) == (api, version, correlation_id), line
        assert int(line["request_bytes"]) > 8 and int(line["response_bytes"]) > 8 and int(line["micros"]) >= 0, line
    assert (end["api"], end["correlation_id"]) == ("Metadata", "4713"), end
    assert "connection closed: Metadata v1 request is malformed" in end.get("message", end.get("line")), end


@pytest.fixture
def broker_with(request, own_broker):
    if request.config.getoption("--kafka"):
        pytest.skip("Kafka's lines are its own")

    def make(settings):
        broker = own_broker(settings)
        broker.start()
        return broker

    return make
