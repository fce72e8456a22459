"""Every tool of Apache Kafka that makes sense on one node, and what it prints: as it does in front of Apache Kafka's own broker.

The sessions and Kafka's answers are in answers/*.txt (lib/transcript.py says how to read them), those of Kafka 3.7's tools in answers/3.7.
Recorded by `UPDATE_ANSWERS=1 tests/run --kafka tools -- -k matrix`; those of 3.7, with `--long` as well.
"""

import os
from pathlib import Path

import pytest

from lib import transcript
from lib.broker import REPOSITORY, TOOLS
from lib.tool_server import ToolServer

ANSWERS = Path(__file__).parent / "answers"
RECORD = "UPDATE_ANSWERS" in os.environ
# Not Kafka's answers but ours: what is not there yet is refused, and the tool says so.
OURS = ANSWERS / "not-there.txt"


@pytest.fixture(scope="module")
def tools():
    server = ToolServer()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def tools_of_3_7():
    server = ToolServer(TOOLS / "kafka37", REPOSITORY / "tests/setup/kafka37/tools.txt")
    yield server
    server.stop()


@pytest.fixture
def fresh(own_broker):
    """A broker whose ids are the same everywhere."""
    broker = own_broker({"node.id": "1", "offsets.topic.num.partitions": "8", "auto.create.topics.enable": "false"})
    broker.start()
    return broker


def play(path: Path, tools: ToolServer, broker, directory: Path, kafka: bool) -> None:
    """Runs a transcript; compares, or records: from Apache Kafka its answers, from this broker those that it has in its own way."""
    session = transcript.Session(tools, broker, directory)
    wrong, steps = [], transcript.read(path)
    try:
        for step in steps:
            answer = session.run(step)
            if RECORD and (kafka or path == OURS):
                step.answer = answer
            elif not step.is_answered_by(answer, kafka):
                expected = step.answer if kafka or not step.ours else step.ours
                wrong.append("\n".join([f"$ {step.command}", "--- expected", *expected, "--- answered", *answer]))
    finally:
        session.close()
    if RECORD:
        path.write_text("\n".join(step.text() for step in steps))
    assert not wrong, f"{path.name}: {len(wrong)} of {len(steps)} commands differ\n\n" + "\n\n".join(wrong)


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("*.txt")), ids=lambda path: path.stem)
def test_matrix(request, path, tools, fresh, tmp_path):
    kafka = request.config.getoption("--kafka")
    if path == OURS and kafka:
        pytest.skip("not Apache Kafka's answers")
    play(path, tools, fresh, tmp_path, kafka)


@pytest.mark.parametrize("path", sorted((ANSWERS / "3.7").glob("*.txt")), ids=lambda path: path.stem)
def test_matrix_of_3_7(request, path, long_run, fresh, tmp_path):
    if not long_run:
        pytest.skip("with --long")
    play(path, request.getfixturevalue("tools_of_3_7"), fresh, tmp_path, request.config.getoption("--kafka"))
