"""The cases of the authorization matrix: each row asked by users with different rights, about different things."""

from dataclasses import dataclass

from security import grants
from security.grants import DENY, PREFIXED, Grant, Grants
from security.rows import ROWS, Names, Row

SUPER_USER = "root"
OWN = {"topic": "m-topic", "group": "m-group", "txn": "m-txn", "cluster": grants.CLUSTER, "token": "m-token", "user": "User:m-owner"}
EVERYBODYS = Names(("e-topic",), ("e-group",), ("e-txn",))
# Denied to everybody: over any ACL that allows it.
DENIED_TO_EVERYBODY = tuple(
    Grant(resource, "ALL", "e-", PREFIXED, DENY, principal="User:*") for resource in ("topic", "group", "txn")
)  # fmt: skip
SEVERAL = {
    "topics": Names(topics=("m-topic", "x-topic", "m-missing-topic", "x-missing-topic")),
    "groups": Names(groups=("m-group", "x-group", "m-missing-group", "x-missing-group")),
    "transactions": Names(transactions=("m-txn", "x-txn", "m-missing-txn", "x-missing-txn")),
}


@dataclass(frozen=True)
class Case:
    row: Row
    grants: Grants | None  # None: the super user
    names: Names
    about: str

    @property
    def key(self) -> str:
        who = "super user" if self.grants is None else grants.text(self.grants)
        return f"{self.row.label} | {self.about} | {who}"


def all_cases() -> list[Case]:
    """In a fixed order, none twice."""
    cases = {case.key: case for row in ROWS for case in _cases(row)}
    return list(cases.values())


def _cases(row: Row):
    yield Case(row, None, Names(), "own")
    for resource, operation, others in row.sweeps:
        besides = tuple(Grant(other, needed, _own(row, other)) for other, needed in others)
        name = _own(row, resource)
        for varied in [(), *grants.single_operations(resource, name), *grants.other_ways(resource, operation, name)]:
            yield Case(row, varied + besides, Names(), "own")
        if resource in ("topic", "group", "txn"):
            everything = tuple(Grant(kind, "ALL", "*") for kind in dict.fromkeys((resource, *(other for other, _ in others))))
            yield Case(row, everything, EVERYBODYS, "denied to everybody")
        if row.several is not None:
            own = Grant(resource, operation, name) if resource == "cluster" else Grant(resource, operation, "m-", PREFIXED)
            wide = tuple(Grant(kind, needed, "*") for kind, needed in others)
            everything = Grant(resource, "ALL", name if resource == "cluster" else "*")
            for rights in ((own, *wide), wide, (everything, *wide)):
                yield Case(row, rights, SEVERAL[row.several], "several")


def _own(row: Row, resource: str) -> str:
    if resource == "topic" and row.creates:
        return "m-new"
    return OWN[resource]


def users(cases: list[Case]) -> dict[Grants, str]:
    """A user for each set of rights."""
    distinct = dict.fromkeys(case.grants for case in cases if case.grants is not None)
    return {rights: f"user-{number:03}" for number, rights in enumerate(distinct)}
