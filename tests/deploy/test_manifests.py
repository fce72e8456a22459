"""The manifests of deploy/ fit the schemas of Kubernetes, each other, and the requirement documents' StatefulSet.

No cluster is here: what `kubectl apply` would do beyond the schemas is not tested.
"""

import re
import subprocess

import kubernetes_validate
import pytest
import yaml

from lib.broker import REPOSITORY, release_binary
from lib.manifests import DEPLOY, KUBERNETES, container, environment, only, render, render_secured

# The oldest version with the pod-index label, and the newest that the schemas know.
VERSIONS = ("1.28", str(kubernetes_validate.latest_version()))
# Not Kubernetes' own: their schemas belong to the Prometheus operator.
OPERATOR_KINDS = {"ServiceMonitor", "PrometheusRule"}


def password_variables() -> list[str]:
    catalog = yaml.safe_load((REPOSITORY / "config" / "topics.yaml").read_text())
    return [entry["password_env"] for entry in catalog["credentials"]]


@pytest.fixture(scope="module")
def base():
    return render(KUBERNETES / "base")


@pytest.fixture(scope="module")
def three_brokers():
    return render(KUBERNETES / "overlays" / "three-brokers")


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    return render_secured(tmp_path_factory.mktemp("secured"), {name: "never-in-a-manifest" for name in password_variables()})


@pytest.mark.parametrize("overlay", ["base", "three_brokers", "secured"])
def test_every_object_fits_the_schema_of_its_kind(overlay, request):
    objects = request.getfixturevalue(overlay)
    assert {item["kind"] for item in objects} >= {"Service", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"} | OPERATOR_KINDS
    for item in objects:
        assert item["metadata"]["namespace"] == "hanzo", item["metadata"]
        if item["kind"] not in OPERATOR_KINDS:
            for version in VERSIONS:
                kubernetes_validate.validate(item, version, strict=True)


def test_a_misspelt_field_would_be_seen(base):
    broken = {**only(base, "NetworkPolicy"), "sepc": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(broken, VERSIONS[0], strict=True)


def test_the_stateful_set_is_the_one_that_runs_today(base):
    stateful_set = only(base, "StatefulSet")
    broker = container(base)
    assert stateful_set["metadata"]["name"] == "insights-kafka"
    assert stateful_set["spec"]["replicas"] == 1
    assert {port["containerPort"] for port in broker["ports"]} >= {9092, 9093, 9094}
    assert environment(base) == {
        "KAFKA_CFG_PROCESS_ROLES": "broker,controller",
        "KAFKA_CFG_NODE_ID": "0",
        "KAFKA_CFG_CONTROLLER_QUORUM_VOTERS": "0@insights-kafka-0.insights-kafka.hanzo.svc:9094",
        "KAFKA_CFG_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9094",
        "KAFKA_CFG_LOG_RETENTION_HOURS": "168",
        "KAFKA_CFG_AUTO_CREATE_TOPICS_ENABLE": "false",
    }
    assert broker["resources"] == {"requests": {"memory": "1Gi", "cpu": "500m"}, "limits": {"memory": "2Gi", "cpu": "1000m"}}
    [claim] = stateful_set["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "50Gi"
    assert claim["spec"]["storageClassName"] == "do-block-storage"
    assert [(mount["name"], mount["mountPath"]) for mount in broker["volumeMounts"]] == [(claim["metadata"]["name"], "/bitnami/kafka")]


@pytest.mark.parametrize("overlay", ["base", "three_brokers", "secured"])
def test_what_refers_to_the_pods_finds_them(overlay, request):
    objects = request.getfixturevalue(overlay)
    template = only(objects, "StatefulSet")["spec"]["template"]
    labels = template["metadata"]["labels"].items()
    service = only(objects, "Service")
    ports = {port["name"]: port["containerPort"] for port in container(objects)["ports"]}

    assert only(objects, "StatefulSet")["spec"]["serviceName"] == service["metadata"]["name"]
    assert service["spec"]["clusterIP"] == "None"
    for selector in (
        service["spec"]["selector"],
        only(objects, "StatefulSet")["spec"]["selector"]["matchLabels"],
        only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels
    assert only(objects, "ServiceMonitor")["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert {endpoint["port"] for endpoint in only(objects, "ServiceMonitor")["spec"]["endpoints"]} <= {
        port["name"] for port in service["spec"]["ports"]
    }
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container(objects)[probe]["httpGet"]["port"] in ports


def test_only_the_namespace_and_for_controllers_only_brokers_may_connect(base):
    clients, controllers = only(base, "NetworkPolicy")["spec"]["ingress"]
    # A pod selector without a namespace selector means this namespace.
    assert clients["from"] == [{"podSelector": {}}]
    assert {port["port"] for port in clients["ports"]} == {9092, 9093, 8080}
    assert controllers["from"] == [{"podSelector": {"matchLabels": {"app": "insights-kafka"}}}]
    assert [port["port"] for port in controllers["ports"]] == [9094]


def test_pods_run_as_nobody_special(base):
    pod = only(base, "StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["runAsUser"] == 1001
    assert container(base)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_rules_are_those_of_prometheus(base):
    """`tests/observe` has promtool test the file; the manifest must hold the same, and `deploy/kubernetes/copy-rules` copies it."""
    rules = yaml.safe_load((DEPLOY / "prometheus" / "rules.yaml").read_text())
    assert only(base, "PrometheusRule")["spec"] == rules, "run deploy/kubernetes/copy-rules"


def test_three_brokers_have_numbers_and_names_of_their_own(three_brokers):
    assert only(three_brokers, "StatefulSet")["spec"]["replicas"] == 3
    names = [entry["name"] for entry in container(three_brokers)["env"]]
    assert len(names) == len(set(names))
    [node_id] = [entry for entry in container(three_brokers)["env"] if entry["name"] == "KAFKA_CFG_NODE_ID"]
    assert node_id["valueFrom"]["fieldRef"]["fieldPath"] == "metadata.labels['apps.kubernetes.io/pod-index']"
    voters = environment(three_brokers)["KAFKA_CFG_CONTROLLER_QUORUM_VOTERS"]
    assert voters == ",".join(f"{node}@insights-kafka-{node}.insights-kafka.hanzo.svc:9094" for node in range(3))


def test_until_there_are_clusters_of_several_nodes_three_voters_are_refused_in_one_line(three_brokers, tmp_path):
    variables = {**environment(three_brokers), "KAFKA_CFG_NODE_ID": "0", "KAFKA_CFG_LOG_DIRS": str(tmp_path / "data")}
    checked = subprocess.run([release_binary(), "server", "--check"], env=variables, capture_output=True, text=True, timeout=30)
    assert checked.returncode == 2, checked.stdout + checked.stderr
    assert re.search(r"controller\.quorum\.voters", checked.stderr) and len(checked.stderr.splitlines()) == 1


def test_the_example_of_passwords_names_those_of_the_catalog():
    example = (KUBERNETES / "overlays" / "secured" / "passwords.env.example").read_text()
    assert [line.split("=")[0] for line in example.splitlines()] == password_variables()
    assert all(line.endswith("=") for line in example.splitlines()), "no passwords in the repository"


def test_passwords_are_in_the_secret_and_nowhere_else(secured):
    for item in secured:
        holds = "never-in-a-manifest" in yaml.safe_dump(item) or "bmV2ZXItaW4tYS1tYW5pZmVzdA==" in yaml.safe_dump(item)
        assert holds == (item["kind"] == "Secret"), item["kind"]


def test_the_secured_broker_has_no_open_port(secured):
    listeners = dict(entry.split("://") for entry in environment(secured)["KAFKA_CFG_LISTENERS"].split(","))
    protocols = dict(entry.split(":") for entry in environment(secured)["KAFKA_CFG_LISTENER_SECURITY_PROTOCOL_MAP"].split(","))
    for name, address in listeners.items():
        assert protocols[name] == "SASL_SSL" or address.startswith("127.0.0.1:"), (name, address)
