"""The systemd unit and the compose file. Neither a running systemd nor a container engine is here: what they would do beyond this is not tested."""

import os
import re
import subprocess

import pytest
import yaml

from lib.broker import REPOSITORY, release_binary
from lib.image import instruction
from lib.manifests import DEPLOY

UNIT = DEPLOY / "systemd" / "hanzo-stream.service"


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_systemd_has_nothing_to_say_about_the_unit(tmp_path):
    # systemd wants the program to be there.
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/usr/local/bin/hanzo-stream", str(release_binary())))
    checked = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
    said = [line for line in checked.stderr.splitlines() if UNIT.name in line]
    assert not said, said


def test_the_unit_is_confined():
    rated = subprocess.run(["systemd-analyze", "security", "--offline=yes", UNIT], capture_output=True, text=True, timeout=60)
    exposure = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", rated.stdout).group(1))
    assert exposure < 3.0, rated.stdout


def test_the_command_of_the_unit_is_one_that_the_binary_takes(tmp_path):
    """ExecStartPre with systemd's places filled in, and the file that the unit's head says to install."""
    [command] = re.findall(r"^ExecStartPre=(.*)$", UNIT.read_text(), re.MULTILINE)
    command = command.replace("/usr/local/bin/hanzo-stream", str(release_binary()))
    command = command.replace("%d/", f"{REPOSITORY}/config/").replace("%S", str(tmp_path))
    checked = subprocess.run(command.split(), capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr
    assert f"{tmp_path}/hanzo-stream" in checked.stdout


def test_the_environment_of_compose_is_one_that_the_broker_takes(compose, tmp_path):
    broker = compose["services"]["kafka"]
    variables = {**broker["environment"], "KAFKA_CFG_LOG_DIRS": str(tmp_path / "data")}
    checked = subprocess.run([release_binary(), "server", "--check"], env=variables, capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr
    assert "WARN" not in checked.stderr, checked.stderr
    assert "HOST://localhost:9092" in checked.stdout


def test_compose_builds_this_image_and_reaches_only_this_machine(compose):
    broker = compose["services"]["kafka"]
    assert os.path.samefile(DEPLOY / broker["build"]["context"], REPOSITORY)
    assert (REPOSITORY / broker["build"]["dockerfile"]).is_file()
    assert all(port.startswith("127.0.0.1:") for port in broker["ports"])
    exposed = {port for line in instruction("EXPOSE") for port in line.split()}
    assert {port.rsplit(":", 1)[1] for port in broker["ports"]} <= exposed
    assert {volume.split(":")[0] for volume in broker["volumes"]} <= compose["volumes"].keys()


def test_what_the_image_is_built_from_is_not_left_out():
    """`Dockerfile.dockerignore` leaves everything out but what it names: each member of the workspace must be there."""
    ignore = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert ignore[0] == "*"
    kept = {line.removeprefix("!") for line in ignore[1:]}
    members = re.search(r"^members = \[(.*?)\]", (REPOSITORY / "Cargo.toml").read_text(), re.MULTILINE).group(1)
    assert {member.strip(' "').removesuffix("/*") for member in members.split(",")} | {"Cargo.toml", "Cargo.lock"} <= kept
