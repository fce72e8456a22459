"""Apache Kafka as the broker under test: the oracle that every suite must agree with."""

import subprocess
from pathlib import Path

from lib.broker import TOOLS, Broker

HOME = TOOLS / "kafka"
CLUSTER_ID = "b2FjbGUtb2YtdGVzdHMtMQ"


class ApacheKafka(Broker):
    # Four seconds on a quiet machine, but a JVM beside a compiler is slow, and a killed one recovers its logs first.
    seconds_to_start = 90.0

    def command(self) -> list[str]:
        configuration = self._write_configuration()
        if not (self.data / "meta.properties").exists():
            self._format(configuration)
        return [
            "java", "-Xms512M", "-Xmx512M", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20", "-XX:InitiatingHeapOccupancyPercent=35",
            f"-Dlog4j2.configurationFile={HOME}/log4j2.properties", f"@{HOME}/classpath", "kafka.Kafka", str(configuration),
        ]  # fmt: skip

    def _format(self, configuration: Path) -> None:
        subprocess.run(
            [HOME / "bin" / "kafka-storage.sh", "format", "-t", CLUSTER_ID, "-c", configuration],
            check=True, capture_output=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def _write_configuration(self) -> Path:
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            **self.listener_settings(),
            "log.dirs": str(self.data),
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "8",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            **{key: value for key, value in self.settings.items() if not key.startswith("hanzo.")},
        }
        path = self.directory / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        return path

    def clean_exits(self) -> tuple[int, ...]:
        return (0, 143)

    def unexpected_complaints(self) -> list[str]:
        # The oracle's own warnings are not ours to judge.
        return []
