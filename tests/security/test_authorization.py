"""Who may do what: every API, as asked by users with different ACLs, decided as Apache Kafka decides it.

`decisions.txt` holds what Apache Kafka's StandardAuthorizer said to each case of `cases.py`: the error codes of its answer and what of the
cluster was changed by it. To ask it again:

    UPDATE_DECISIONS=1 tests/run --kafka security -- -k authorization
"""

import os
import re
from pathlib import Path

import pytest

from conftest import broker_class
from lib.apache_kafka import HOME, ApacheKafka
from lib.wire import MESSAGES
from security import matrix
from security.cases import all_cases, users
from security.matrix import LISTENER, Matrix
from security.rows import ROWS, Row
from security.starting import start

DECISIONS = Path(__file__).parent / "decisions.txt"
HEAD = "# What {oracle} answered to the cases of cases.py, written by test_authorization.py: row | what was asked for | rights | answer | changes\n"
# Where another answer is meant (docs/protocol.md), what Kafka says and what is said here; changes of the cluster are the same.
DIFFERENT = {
    # There are no transactions yet: their ids are refused, and a batch that names one is a batch.
    "Produce transactional": (("INVALID_PRODUCER_ID_MAPPING", "NONE"),),
    "FindCoordinator of a transaction": ((r"txn NONE", "txn TRANSACTIONAL_ID_AUTHORIZATION_FAILED"),),
    "InitProducerId transactional": ((r"^{NONE}", "{TRANSACTIONAL_ID_AUTHORIZATION_FAILED}"),),
    # The replica that asks is the leader itself, which Kafka notices.
    "Fetch as a replica": (("NOT_LEADER_FOR_PARTITION records=none", "NONE records=some"),),
    # A topic is there when Metadata says that it was created.
    "Metadata that creates": ((r"UNKNOWN_TOPIC_OR_PARTITION (\S+) partitions=\[\](?=.*topics$)", r"NONE \1 partitions=[{NONE}]"),),
    # Kafka repeats the request in its refusal.
    "DescribeUserScramCredentials": (("{'' CLUSTER", "{victim CLUSTER"),),
}  # fmt: skip


def recorded() -> dict[str, str]:
    """Answer and changes by the key of the case."""
    lines = (line for line in DECISIONS.read_text().splitlines() if not line.startswith("#"))
    return {" | ".join(parts[:3]): " | ".join(parts[3:]) for parts in (line.split(" | ") for line in lines)}


def meant(row: Row, decision: str) -> str:
    """What is to be said here where Kafka says `decision`; the order of elements is that of their texts."""
    if row.label not in DIFFERENT:
        return decision
    for pattern, said in DIFFERENT[row.label]:
        decision = re.sub(pattern, said, decision)
    return _sorted(decision)


def _sorted(decision: str) -> str:
    return re.sub(r"(topics|coordinators)=\[(.*)\]", lambda found: f"{found[1]}=[{' '.join(sorted(_elements(found[2])))}]", decision, count=1)


def _elements(text: str) -> list[str]:
    """The outermost `{...}` of a list."""
    elements, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character == "{":
            start = position if depth == 0 else start
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                elements.append(text[start : position + 1])
    return elements


@pytest.fixture(scope="module")
def asked(request, tmp_path_factory):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    names = list(users(all_cases()).values())
    kind = broker_class(request.config)
    broker = kind(tmp_path_factory.mktemp("authorization"), matrix.settings(names) | matrix.TOKENS, listeners={LISTENER: "SASL_PLAINTEXT"})
    start(broker)
    asked = Matrix(broker, kind is ApacheKafka)
    yield asked
    asked.close()
    broker.stop()


@pytest.fixture(scope="module")
def decisions(request):
    """What was recorded; with `UPDATE_DECISIONS` a place for what is asked now, written at the end."""
    if not os.environ.get("UPDATE_DECISIONS"):
        yield recorded()
        return
    assert request.config.getoption("--kafka"), "only Apache Kafka is recorded"
    lines: list[str] = []
    yield lines
    # What was not asked this time stays, as long as there is such a case.
    known = recorded() | {" | ".join(line.split(" | ")[:3]): " | ".join(line.split(" | ")[3:]) for line in lines}
    kept = [f"{case.key} | {known[case.key]}\n" for case in all_cases() if case.key in known]
    DECISIONS.write_text(HEAD.format(oracle=_oracle_version()) + "".join(kept))


def _oracle_version() -> str:
    (jar,) = (HOME / "lib").glob("kafka-server-[0-9]*.jar")
    return "Apache Kafka " + re.fullmatch(r"kafka-server-(.*)\.jar", jar.name).group(1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label.replace(" ", "-"))
def test_authorization(asked, decisions, row):
    cases = [case for case in asked.cases if case.row is row]
    if not asked.offers(cases[0]):
        pytest.skip(f"{row.api} is not served")
    different = []
    for case in cases:
        line = asked.line(case, is_last=case is cases[-1])
        if isinstance(decisions, list):
            decisions.append(line)
            continue
        decided = line.removeprefix(case.key + " | ")
        expected = decisions[case.key] if asked.is_oracle else meant(row, decisions[case.key])
        if decided != expected:
            different.append(f"{case.key}\n  expected: {expected}\n  here:     {decided}")
    assert not different, f"{len(different)} of {len(cases)} cases are decided differently\n" + "\n".join(different[:30])


def test_every_case_is_recorded():
    if os.environ.get("UPDATE_DECISIONS"):
        pytest.skip("they are being recorded")
    assert recorded().keys() == {case.key for case in all_cases()}


def test_every_api_that_is_offered_has_a_row(asked):
    """ApiVersions and the two of SASL are for everybody."""
    keys = {MESSAGES[f"{row.api}Request"].API_KEY for row in ROWS}
    assert asked.is_oracle or asked.world.offered - keys == {17, 18, 36}
