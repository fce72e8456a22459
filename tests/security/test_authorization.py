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
from security import matrix
from security.cases import all_cases, users
from security.matrix import LISTENER, Matrix
from security.rows import ROWS
from security.starting import start

DECISIONS = Path(__file__).parent / "decisions.txt"
HEAD = "# What {oracle} answered to the cases of cases.py, written by test_authorization.py: row | what was asked for | rights | answer | changes\n"
# Rows that are answered in another way on purpose (docs/protocol.md says why).
DIFFERENT = {}  # fmt: skip


def recorded() -> dict[str, str]:
    """Answer and changes by the key of the case."""
    lines = (line for line in DECISIONS.read_text().splitlines() if not line.startswith("#"))
    return {" | ".join(parts[:3]): " | ".join(parts[3:]) for parts in (line.split(" | ") for line in lines)}


@pytest.fixture(scope="module")
def asked(request, tmp_path_factory):
    if request.config.getoption("--bootstrap"):
        pytest.skip("needs a broker of its own")
    names = list(users(all_cases()).values())
    kind = broker_class(request.config)
    broker = kind(tmp_path_factory.mktemp("authorization"), matrix.settings(names), listeners={LISTENER: "SASL_PLAINTEXT"})
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
    DECISIONS.write_text(HEAD.format(oracle=_oracle_version()) + "".join(line + "\n" for line in lines))


def _oracle_version() -> str:
    (jar,) = (HOME / "lib").glob("kafka-server-[0-9]*.jar")
    return "Apache Kafka " + re.fullmatch(r"kafka-server-(.*)\.jar", jar.name).group(1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.label.replace(" ", "-"))
def test_authorization(asked, decisions, row):
    if row.label in DIFFERENT and not asked.is_oracle:
        pytest.skip(DIFFERENT[row.label])
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
        if decided != decisions[case.key]:
            different.append(f"{case.key}\n  Kafka: {decisions[case.key]}\n  here:  {decided}")
    assert not different, f"{len(different)} of {len(cases)} cases are decided differently\n" + "\n".join(different[:30])


def test_every_case_is_recorded():
    if os.environ.get("UPDATE_DECISIONS"):
        pytest.skip("they are being recorded")
    assert recorded().keys() == {case.key for case in all_cases()}
