"""What the image of deploy/Dockerfile does in the pod of deploy/kubernetes, without a container engine: see lib/image.py.

With HANZO_STREAM_BINARY naming the static binary that the Dockerfile builds, the very file of the image runs.
"""

import os
import shutil
import subprocess
import time

import pytest

from lib import secrets
from lib.broker import TOOLS
from lib.certificates import Authority
from lib.image import DOCKERFILE, Pod, assemble, tools
from lib.manifests import KUBERNETES, container, environment, render, render_secured

BROKER = "insights-kafka-0.insights-kafka.hanzo.svc.cluster.local:9092"
# The requirement documents' registry: partitions and retention of each topic.
TOPICS = {
    "events_plugin_ingestion": (16, 604800000),
    "llm_usage": (8, 1209600000),
    "billing_events": (4, 2592000000),
    "audit_log": (4, 7776000000),
    "agent_rpc_metering": (8, 604800000),
    "dead_letter": (1, 2592000000),
}


@pytest.fixture
def pod(tmp_path):
    made: list[Pod] = []

    def make(variables: dict[str, str]) -> Pod:
        root = tmp_path / "root"
        assemble(root)
        made.append(Pod(root, variables))
        return made[-1]

    yield make
    for each in made:
        each.kill()


def wait_until_ready(pod: Pod, scheme: str = "http") -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if pod.get("/readyz", scheme)[0] == 200:
                return
        except (AssertionError, IndexError, FileNotFoundError):
            pass
        time.sleep(0.1)
    raise AssertionError(f"not ready\n{pod.log()}")


def test_hadolint_has_nothing_to_say():
    checked = subprocess.run([TOOLS / "python/bin/hadolint", "--no-color", DOCKERFILE], capture_output=True, text=True, timeout=60)
    assert checked.returncode == 0, checked.stdout


def test_every_name_of_the_image_is_one_that_the_binary_answers_to(pod):
    root = pod({}).root

    def run(*command: str) -> subprocess.CompletedProcess:
        return subprocess.run(["chroot", root, *command], capture_output=True, text=True, timeout=30)

    refused = run("/usr/local/bin/hanzo-stream", "kafka-nonsense").stderr
    assert sorted(refused.split("it does for ")[1].strip().split(", ")) == sorted(tools()), refused
    for tool in tools():
        asked = run(f"/opt/bitnami/kafka/bin/{tool}.sh", "--version")
        assert "does not answer for this tool" not in asked.stderr, asked


def test_the_stateful_set_of_today_runs_its_runbook(pod):
    """The StatefulSet's environment as it is: topics are made, written, read and asked for lag; everything is there after a restart."""
    broker = pod(environment(render(KUBERNETES / "base")))
    broker.start()
    wait_until_ready(broker)
    assert broker.get("/healthz")[0] == 200

    for topic, (partitions, retention) in TOPICS.items():
        created = broker.exec(
            "kafka-topics.sh", "--bootstrap-server", BROKER, "--create", "--topic", topic,
            "--partitions", str(partitions), "--config", f"retention.ms={retention}",
        )  # fmt: skip
        assert created.returncode == 0 and f"Created topic {topic}." in created.stdout, created
    refused = broker.exec("kafka-console-producer.sh", "--bootstrap-server", BROKER, "--topic", "nobody_registered", stdin="x\n")
    assert "nobody_registered" in refused.stderr, "topics are made explicitly"

    written = broker.exec("/opt/bitnami/kafka/bin/kafka-console-producer.sh", "--bootstrap-server", BROKER, "--topic", "llm_usage", stdin="one\ntwo\n")
    assert written.returncode == 0, written
    read = broker.exec(
        "kafka-console-consumer.sh", "--bootstrap-server", "localhost:9092", "--topic", "llm_usage", "--from-beginning",
        "--group", "billing-agg", "--max-messages", "2",
    )  # fmt: skip
    assert sorted(read.stdout.split()) == ["one", "two"], read

    assert broker.stop() == 0, broker.log()
    broker.start()
    wait_until_ready(broker)
    listed = broker.exec("kafka-topics", "--bootstrap-server", BROKER, "--list")
    assert set(TOPICS) <= set(listed.stdout.split()), listed
    lag = broker.exec("kafka-consumer-groups.sh", "--bootstrap-server", "insights-kafka-0:9092", "--group", "billing-agg", "--describe")
    assert "llm_usage" in lag.stdout and lag.returncode == 0, lag
    assert broker.stop() == 0

    warnings = [line for line in broker.log().splitlines() if " WARN " in line or " ERROR " in line]
    assert not warnings, warnings


def test_clients_are_sent_to_a_name_that_other_pods_resolve(pod):
    broker = pod(environment(render(KUBERNETES / "base")))
    broker.start()
    wait_until_ready(broker)
    brokers = broker.exec("hanzo-stream", "cluster", "brokers", "--output", "json")
    assert "insights-kafka-0.insights-kafka.hanzo.svc.cluster.local" in brokers.stdout, brokers


def test_the_secured_overlay_lets_services_in_by_password_and_tls_alone(pod, tmp_path):
    passwords = {entry: f"{entry.lower()}-{time.time_ns()}" for entry in _password_variables()}
    secrets.plant({}, passwords)
    objects = render_secured(tmp_path, passwords)
    broker = pod({**environment(objects), **passwords})
    mounts = broker.root / "etc/hanzo-stream"
    (mounts / "tls").mkdir(parents=True)
    (mounts / "catalog").mkdir()
    authority = Authority(tmp_path / "authority")
    name = "insights-kafka-0.insights-kafka.hanzo.svc.cluster.local"
    server = authority.issue("server", hosts=(name,))
    (mounts / "tls/tls-combined.pem").write_bytes(server.key_pem + server.chain_pem)
    (mounts / "catalog/topics.yaml").write_text(_catalog(objects))
    # A secret's files are of the pod's group.
    os.chown(mounts / "tls/tls-combined.pem", 1001, 0)
    (mounts / "tls/tls-combined.pem").chmod(0o640)
    shutil.copy(authority.pem_file, broker.root / "etc/ca.pem")
    broker.start()
    # The scheme of the probes.
    wait_until_ready(broker, container(objects)["startupProbe"]["httpGet"]["scheme"].lower())
    assert broker.get("/metrics", "https")[0] == 401

    assert broker.exec("kafka-topics.sh", "--bootstrap-server", "localhost:9092", "--create", "--topic", "llm_usage").returncode == 0
    (broker.root / "etc/client.properties").write_text(
        "security.protocol=SASL_SSL\nssl.truststore.type=PEM\nssl.truststore.location=/etc/ca.pem\nsasl.mechanism=PLAIN\n"
        "sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required "
        f'username="llm-gateway" password="{passwords["LLM_GATEWAY_PASSWORD"]}";\n'
    )
    as_gateway = ("--bootstrap-server", f"{name}:9093", "--command-config", "/etc/client.properties")
    assert broker.exec("kafka-console-producer.sh", *as_gateway, "--topic", "llm_usage", stdin="one\n").returncode == 0
    refused = broker.exec("hanzo-stream", "consume", "llm_usage", "--from-beginning", "-n", "1", *as_gateway)
    assert refused.returncode == 1 and "TOPIC_AUTHORIZATION_FAILED" in refused.stderr, refused
    in_the_clear = broker.exec("hanzo-stream", "topics", "list", "--bootstrap-server", f"{name}:9092", "--timeout", "2s")
    assert in_the_clear.returncode == 3, in_the_clear
    assert broker.stop() == 0
    assert not secrets.leaks(broker.log().splitlines())


def _password_variables() -> list[str]:
    example = KUBERNETES / "overlays" / "secured" / "passwords.env.example"
    return [line.split("=")[0] for line in example.read_text().splitlines()]


def _catalog(objects: list[dict]) -> str:
    [catalog] = [item for item in objects if item["kind"] == "ConfigMap"]
    assert {"name": "catalog", "mountPath": "/etc/hanzo-stream/catalog", "readOnly": True} in container(objects)["volumeMounts"]
    return catalog["data"]["topics.yaml"]
