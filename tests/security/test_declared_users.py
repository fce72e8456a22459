"""Users that the configuration declares: the variables of the Bitnami image, and passwords in mounted files."""

import subprocess
import urllib.request

import pytest
from confluent_kafka.admin import (
    AdminClient,
    ConfigResource,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from lib.broker import HanzoStream, WithVariables, release_binary
from security import registry
from security.registry import SECONDS, Principal

LISTENER = "CLIENTS"
ADA, BOB = Principal("ada"), Principal("bob")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@pytest.fixture
def start(request, tmp_path):
    """Starts a broker with variables and settings beside a SASL listener; it is looked at afterwards."""
    if request.config.getoption("--bootstrap") or request.config.getoption("--kafka"):
        pytest.skip("the environment is this broker's own")
    brokers = []

    def begin(variables: dict[str, str], settings: dict[str, str] | None = None, complaint: str | None = None) -> HanzoStream:
        broker = WithVariables(tmp_path / "broker", settings, listeners={LISTENER: "SASL_PLAINTEXT"})
        broker.variables = variables
        broker.expect_complaint(r"audit")
        if complaint:
            broker.expect_complaint(complaint)
        brokers.append(broker)
        broker.start()
        return broker

    yield begin
    for broker in brokers:
        broker.stop()
        assert not broker.unexpected_complaints()


def check_logins(broker: HanzoStream, *users: Principal) -> None:
    for user in users:
        for mechanism in MECHANISMS:
            configuration = registry.client(broker.address(LISTENER), user, mechanism)
            assert registry.logs_in(configuration), f"{user.name} by {mechanism}"
            assert not registry.logs_in(configuration | {"sasl.password": "wrong"}), f"{user.name} by {mechanism}"


def test_users_of_the_image_log_in_by_every_mechanism(start, tmp_path):
    secret = tmp_path / "inter-broker"
    secret.write_text(BOB.password + "\n")
    secret.chmod(0o600)
    broker = start({
        "KAFKA_CLIENT_USERS": f"other,{ADA.name}", "KAFKA_CLIENT_PASSWORDS": f"planted-password-of-other,{ADA.password}",
        "KAFKA_INTER_BROKER_USER": BOB.name, "KAFKA_INTER_BROKER_PASSWORD_FILE": str(secret),
        "KAFKA_CONTROLLER_USER": "", "KAFKA_KRAFT_BOOTSTRAP_SCRAM_USERS": "true",
    })  # fmt: skip
    check_logins(broker, ADA, BOB)


def test_nothing_that_can_be_asked_for_shows_a_password(start, tmp_path):
    root, carol = registry.SUPER_USER, Principal("carol")
    module = "org.apache.kafka.common.security.plain.PlainLoginModule"
    broker = start(
        {"KAFKA_CLIENT_USERS": ADA.name, "KAFKA_CLIENT_PASSWORDS": ADA.password},
        {
            f"listener.name.{LISTENER.lower()}.plain.sasl.jaas.config": f'{module} required user_{root.name}="{root.password}";',
            "hanzo.http.metrics.auth": "open",
        },
    )
    admin = AdminClient(registry.client(broker.address(LISTENER), root))
    # SCRAM's keys of a user in the cluster's metadata are as good as the password.
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_256, 4096)
    made = admin.alter_user_scram_credentials([UserScramCredentialUpsertion(carol.name, scram, carol.password.encode(), b"planted-salt-of-carol")])
    made[carol.name].result(SECONDS)
    described = admin.describe_configs([ConfigResource(ConfigResource.Type.BROKER, "1")])
    shown = [f"{entry.name}={entry.value}" for done in described.values() for entry in done.result(SECONDS).values()]
    assert any(line.startswith("listener.name.clients.plain.sasl.jaas.config=") for line in shown)
    shown.append(urllib.request.urlopen(f"http://127.0.0.1:{broker.http_port}/metrics", timeout=SECONDS).read().decode())
    broker.stop()
    for file in sorted((broker.data / "hanzo-metadata").iterdir()):
        dumped = subprocess.run([release_binary(), "dump", "--records", file], capture_output=True, timeout=SECONDS)
        shown += [dumped.stdout.decode(errors="replace"), dumped.stderr.decode(errors="replace")]
    assert any("UserScramCredentialRecord" in text for text in shown)
    assert not [text for text in shown if "planted" in text]


def test_passwords_in_files_and_one_warning_about_open_ones(start, tmp_path):
    catalog = tmp_path / "topics.yaml"
    users = "".join(f"- {{username: {user.name}, password_file: secrets/{user.name}}}\n" for user in (ADA, BOB))
    catalog.write_text("credentials:\n" + users)
    (tmp_path / "secrets").mkdir()
    for user in (ADA, BOB):
        (tmp_path / "secrets" / user.name).write_text(user.password + "\n")
        (tmp_path / "secrets" / user.name).chmod(0o644)
    broker = start({}, {"hanzo.catalog.file": str(catalog)}, "every user of this machine can read secrets in")
    (line,) = [line for line in broker.log_lines() if "can read secrets" in line]
    assert "secrets/ada" in line and "secrets/bob" in line
    check_logins(broker, ADA, BOB)


@pytest.mark.parametrize(
    "variables, protocol, expected",
    [
        ({"KAFKA_CLIENT_USERS": "ada,bob", "KAFKA_CLIENT_PASSWORDS": ADA.password}, "SASL_PLAINTEXT", "names 2 and KAFKA_CLIENT_PASSWORDS names 1"),
        ({"KAFKA_CLIENT_USERS": "ada", "KAFKA_CLIENT_PASSWORDS": ADA.password}, "PLAINTEXT", "no listener asks for one"),
        ({"KAFKA_INTER_BROKER_PASSWORD_FILE": "/nowhere"}, "SASL_PLAINTEXT", "cannot read /nowhere named by KAFKA_INTER_BROKER_PASSWORD_FILE"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_refuses_the_start(tmp_path, variables, protocol, expected):
    settings = ["--set", "listeners=CLIENTS://127.0.0.1:0", "--set", f"listener.security.protocol.map=CLIENTS:{protocol}"]
    variables = [f"{name}={text}" for name, text in variables.items()]
    command = ["env", *variables, str(release_binary()), "server", "--check", *settings]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2, done
    (line,) = done.stderr.splitlines()
    assert expected in line and "planted-password" not in line


def test_check_shows_who_may_do_what_and_no_password(tmp_path):
    catalog = tmp_path / "topics.yaml"
    catalog.write_text("credentials:\n- {username: ada, password_env: ADA, read: [orders]}\n")
    settings = [
        "listeners=CLIENTS://127.0.0.1:0", "listener.security.protocol.map=CLIENTS:SASL_PLAINTEXT", f"hanzo.catalog.file={catalog}",
        'listener.name.clients.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_x="planted-password";',
    ]  # fmt: skip
    flags = [flag for setting in settings for flag in ("--set", setting)]
    command = ["env", f"ADA={ADA.password}", str(release_binary()), "server", "--check", *flags]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done
    for line in (
        f"# User:ada has a password ({catalog} line 2)",
        "# User:ada may READ TOPIC orders",
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    ):
        assert line in done.stdout, done.stdout
    assert "planted-password" not in done.stdout + done.stderr
