"""Kafka's tools by our binary, beside transcripts of Kafka's own (lib/names.py says what they are and how they are recorded)."""

import re
import subprocess
from pathlib import Path

import pytest

from conftest import broker_class
from lib.broker import REPOSITORY, release_binary
from lib.commands import run
from lib.names import FOLDER, Runner, check

AUTHORIZER = "org.apache.kafka.metadata.authorizer.StandardAuthorizer"


@pytest.fixture(autouse=True)
def binary(request) -> Path:
    if request.config.getoption("--kafka"):
        pytest.skip("the transcripts are of this broker, and no binary is built")
    return release_binary().resolve()


@pytest.fixture
def names_broker(own_broker):
    broker = own_broker({"node.id": "1", "authorizer.class.name": AUTHORIZER, "super.users": "User:ANONYMOUS"})
    broker.start()
    return broker


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.txt")))
def test_transcript(request, tmp_path, names_broker, name):
    links = tmp_path / "bin"
    links.mkdir()
    check(name, Runner(links, names_broker, is_java=request.config.getoption("--record")))


def test_commands_of_older_releases(binary, names_broker, tmp_path):
    """What the requirement documents still write: Kafka 4 has neither the class nor these options."""
    server = names_broker.bootstrap
    run([binary, "kafka-topics", "--bootstrap-server", server, "--create", "--topic", "usage-events", "--partitions", "2"])
    link = tmp_path / "kafka-run-class.sh"
    link.symlink_to(binary)
    for name in ("kafka.tools.GetOffsetShell", "org.apache.kafka.tools.GetOffsetShell"):
        assert run([link, name, "--broker-list", server, "--topic", "usage-events"]) == "usage-events:0:0\nusage-events:1:0\n"
    described = run([binary, "kafka-log-dirs", "--bootstrap-server", server, "--describe", "--topic", "usage-events"])
    assert '"partition":"usage-events-1","size":0,"offsetLag":0,"isFuture":false' in described


def test_every_link_of_the_image_answers(binary, tmp_path):
    links = re.search(r"for tool in (.*?); do", (REPOSITORY / "deploy" / "Dockerfile").read_text(), re.DOTALL).group(1)
    names = links.replace("\\\n", " ").split()
    assert "kafka-topics" in names and len(names) >= 10
    for name in (spelled for tool in names for spelled in (tool, f"{tool}.sh")):
        link = tmp_path / name
        link.symlink_to(binary)
        # kafka-run-class runs what is named first.
        words = ["kafka.tools.GetOffsetShell"] if name.startswith("kafka-run-class") else []
        assert run([link, *words, "--version"]).startswith("4.3.1 ")


def test_help_and_version_and_unknown_names(binary):
    shown = run([binary, "kafka-topics.sh", "--help"])
    assert shown.startswith("Create, list, describe, alter and delete topics\n") and "--topics-with-overrides" in shown
    assert run([binary, "kafka-topics", "--version"]).startswith("4.3.1 ")
    for words, complaint in [
        (["kafka-nothing.sh"], "kafka-nothing: hanzo-stream does not answer for this tool; it does for kafka-"),
        (["kafka-run-class", "kafka.Nothing"], "kafka-run-class: hanzo-stream does not answer for kafka.Nothing; it does for "),
        (["kafka-topics", "--lits"], "kafka-topics: --lits is not a recognized option; did you mean --list?"),
    ]:
        done = subprocess.run([binary, *words], capture_output=True, text=True)
        assert done.returncode == 1 and done.stderr.startswith(complaint) and done.stderr.count("\n") == 1, done
