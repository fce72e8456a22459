"""The alert rules, their tests and the dashboard that ship in deploy/, and the format of /metrics, as Prometheus' own tool sees them."""

import json
import re

from lib.broker import REPOSITORY
from lib.prometheus import promtool, scrape

RULES = REPOSITORY / "deploy/prometheus"
DASHBOARD = REPOSITORY / "deploy/grafana/hanzo-stream.json"
METRIC = re.compile(r"\b(?:kafka|hanzo|schema_registry|process)_[a-z0-9_]+")
# promtool would choose other names; docs/metrics.md says why these are kept.
KEPT = {"kafka_messages_in_per_sec", "kafka_bytes_in_per_sec", "kafka_bytes_out_per_sec", "schema_registry_schemas_total"}


def documented() -> set[str]:
    text = (REPOSITORY / "docs/metrics.md").read_text()
    names = set(re.findall(r"^\| `([a-z0-9_]+)", text, re.M))
    assert len(names) > 50, "the table of docs/metrics.md is not understood"
    histograms = set(re.findall(r"^\| `([a-z0-9_]+)(?:\{[^`]*\})?` \| histogram", text, re.M))
    assert histograms
    return names | {name + suffix for name in histograms for suffix in ("_bucket", "_sum", "_count")}


def expressions(text: str) -> list[str]:
    """The expressions of a rule file, one line or several."""
    found = re.findall(r"^        expr: (?:\|\n((?:          .*\n)+)|(.*)\n)", text, re.M)
    return [block or line for block, line in found]


def alerts() -> list[str]:
    return re.findall(r"- alert: (\w+)", (RULES / "rules.yaml").read_text())


def test_promtool_accepts_what_ships():
    for what in (["check", "rules", RULES / "rules.yaml"], ["check", "config", RULES / "prometheus.yml"]):
        done = promtool(*what)
        assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_fires_when_it_should_and_not_before():
    done = promtool("test", "rules", RULES / "tests.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    tested = set(re.findall(r'alertname="(\w+)"', (RULES / "tests.yaml").read_text()))
    assert tested == set(alerts()), "alerts and tests differ"
    described = re.findall(r"^\| (Kafka\w+) \| (\w+) \|", (REPOSITORY / "docs/metrics.md").read_text(), re.M)
    severities = re.findall(r"- alert: (\w+)\n(?:.*\n)*?        labels: {severity: (\w+)}", (RULES / "rules.yaml").read_text())
    assert described == severities, "docs/metrics.md and the rules differ"


def test_the_thresholds_are_those_of_the_requirement_documents():
    rules = (RULES / "rules.yaml").read_text()
    for expression in [
        r"kafka_under_replicated_partitions > 0\n        for: 5m",
        r"\(kafka_consumer_group_lag\) > 100000\n.*\n        labels: \{severity: warning\}",
        r"\(kafka_consumer_group_lag\) > 1000000\n.*\n        labels: \{severity: critical\}",
        r"\(kafka_consumer_lag\) > 10000\n",
        r"\(rate\(kafka_requests_total\[5m\]\)\) > 50000\n",
        r"kafka_bytes_in_total.* > 100e6\n",
        r"\(kafka_topic_partitions\) > 100\n",
    ]:
        assert re.search(expression, rules), expression


def test_rules_and_dashboard_use_metrics_that_exist():
    rules = expressions((RULES / "rules.yaml").read_text())
    assert len(rules) == len(alerts())
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    targets = [target["expr"] for panel in panels for target in panel["targets"]]
    assert dashboard["title"] and len(targets) > 20 and all(panel["title"] for panel in panels)
    variables = [variable["query"] for variable in dashboard["templating"]["list"] if variable["type"] == "query"]
    names = {name for expression in rules + targets + variables for name in METRIC.findall(expression)}
    # The name that a scrape adds by itself, and a label.
    assert names <= documented(), names - documented()
    positions = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in dashboard["panels"]]
    assert len(set(positions)) == len(positions), "panels lie on each other"


def test_promtool_finds_nothing_wrong_with_the_metrics(broker):
    text = scrape(broker.http_port)
    done = promtool("check", "metrics", stdin=text)
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if line.split()[0] not in KEPT]
    assert not complaints, complaints
    exported = set(re.findall(r"^# TYPE (\S+)", text, re.M))
    families = {name for name in documented() if not name.endswith(("_bucket", "_sum", "_count"))}
    assert exported == families, exported ^ families
