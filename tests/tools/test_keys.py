"""The list of keys that the table of `stream-metadata` is compared with is Apache Kafka's own."""

import subprocess
from pathlib import Path

import pytest

from lib.broker import TOOLS

HERE = Path(__file__).resolve().parent
RECORDED = HERE.parents[1] / "crates" / "metadata" / "testdata" / "kafka_keys.tsv"


def test_the_recorded_keys_are_kafkas(request):
    if not request.config.getoption("--kafka"):
        pytest.skip("the record is compared with Apache Kafka only")
    command = ["java", "-Xmx256M", f"@{TOOLS}/kafka/classpath", str(HERE / "KafkaKeys.java")]
    printed = subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
    assert printed.splitlines() == RECORDED.read_text().splitlines()
