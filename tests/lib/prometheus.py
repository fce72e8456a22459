"""Debian's Prometheus as a process on loopback, and promtool."""

import json
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from lib.broker import TOOLS, wait_for
from lib.ports import free_port

PROMETHEUS = TOOLS / "prometheus"


def promtool(*arguments: str | Path, stdin: str | None = None) -> subprocess.CompletedProcess:
    return subprocess.run([PROMETHEUS / "promtool", *arguments], input=stdin, capture_output=True, text=True, timeout=60)


def scrape(http_port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{http_port}/metrics", timeout=10) as answer:
        return answer.read().decode()


class Prometheus:
    """Scrapes one broker each second and evaluates `rules` as often."""

    def __init__(self, directory: Path, http_port: int, rules: str):
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        (directory / "rules.yaml").write_text(rules)
        (directory / "prometheus.yml").write_text(
            "global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
            "rule_files: [rules.yaml]\n"
            "scrape_configs:\n"
            f'  - {{job_name: hanzo-stream, static_configs: [{{targets: ["127.0.0.1:{http_port}"]}}]}}\n'
        )
        self.log_file = directory / "prometheus.log"
        command = [
            PROMETHEUS / "prometheus",
            f"--config.file={directory / 'prometheus.yml'}",
            f"--storage.tsdb.path={directory / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]
        with open(self.log_file, "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=directory)

    def get(self, path: str, **parameters: str):
        """The `data` of an answer of its API."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def wait_until_up(self) -> None:
        """Until the broker was scraped once."""

        def is_up() -> bool:
            assert self.process.poll() is None, self.log_file.read_text()
            try:
                targets = self.get("targets")["activeTargets"]
            except (urllib.error.URLError, ConnectionError):
                return False
            return bool(targets) and targets[0]["health"] == "up"

        wait_for(is_up, 20, "a scrape")

    def alerts(self, name: str) -> list[dict]:
        return [alert for alert in self.get("alerts")["alerts"] if alert["labels"]["alertname"] == name]

    def query(self, expression: str) -> dict[str, float]:
        """Values of an instant query by their labels, in JSON, without job and instance."""
        values = {}
        for sample in self.get("query", query=expression)["result"]:
            labels = {name: value for name, value in sample["metric"].items() if name not in ("job", "instance")}
            values[json.dumps(labels, sort_keys=True)] = float(sample["value"][1])
        return values

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
