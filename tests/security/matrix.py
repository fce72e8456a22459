"""Asks every case of the authorization matrix and writes down what came back, one line a case."""

import time

from lib.broker import Broker
from lib.wire import MESSAGES, Connection
from security import answers, cases
from security.cases import DENIED_TO_EVERYBODY, SUPER_USER, Case
from security.world import World

PASSWORD = "matrix-secret"
LISTENER = "CLIENTS"
TOKENS = {"delegation.token.secret.key": "token-secret-of-the-matrix"}


def settings(users: list[str]) -> dict[str, str]:
    """Of a broker with an authorizer and SASL/PLAIN."""
    accounts = " ".join(f'user_{user}="{PASSWORD}"' for user in [SUPER_USER, *users])
    login = f'org.apache.kafka.common.security.plain.PlainLoginModule required {accounts};'
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": f"User:ANONYMOUS;User:{SUPER_USER}",
        "sasl.enabled.mechanisms": "PLAIN",
        f"listener.name.{LISTENER.lower()}.plain.sasl.jaas.config": login,
        "auto.create.topics.enable": "true",
        "num.partitions": "1",
        # The records of the cases carry a time that is long past.
        "log.retention.ms": "-1",
    }


class Matrix:
    """One broker and a connection for each user."""

    def __init__(self, broker: Broker, is_oracle: bool):
        self.broker, self.is_oracle = broker, is_oracle
        self.cases = cases.all_cases()
        self.users = cases.users(self.cases)
        acls = [grant.creation(user) for rights, user in self.users.items() for grant in rights]
        acls += [grant.creation("") for grant in DENIED_TO_EVERYBODY]
        self._connections: dict[str, Connection] = {}
        self.world = World(self._connect(SUPER_USER), acls)

    def close(self) -> None:
        self.world.connection.socket.close()
        for connection in self._connections.values():
            connection.socket.close()

    def offers(self, case: Case) -> bool:
        return MESSAGES[f"{case.row.api}Request"].API_KEY in self.world.offered

    def line(self, case: Case, is_last: bool) -> str:
        """`KEY | answer | what changed`; a row that changes nothing is looked after only at its end."""
        user = SUPER_USER if case.grants is None else self.users[case.grants]
        case.names.ids.clear()
        case.names.ids.update(self.world.ids)
        answer = self._ask(user, case)
        changed = self._changes(case, answer) if case.row.changes or is_last else []
        if changed:
            self.world.restore()
        told = ", ".join(part for part in changed if part not in case.row.follows)
        return f"{case.key} | {answer} | {told or 'unchanged'}"

    def _ask(self, user: str, case: Case) -> str:
        connection = self._connections.get(user) or self._connect(user)
        self._connections[user] = connection
        try:
            answer = connection.ask(case.row.api, case.row.version, **case.row.build(case.names))
        except ConnectionError:
            del self._connections[user]
            return "closed"
        return answers.reduced(answer, case.row.opaque)

    def _connect(self, user: str) -> Connection:
        return Connection(self.broker.address(LISTENER), timeout=30).log_in(user, PASSWORD)

    def _changes(self, case: Case, answer: str) -> list[str]:
        changed = self.world.changes()
        if self.is_oracle and case.row.changes and "NONE" in answer:
            # Kafka answers before its own broker knows. Ours must not.
            deadline = time.monotonic() + 1
            while not changed and time.monotonic() < deadline:
                changed = self.world.changes()
        if self.is_oracle and changed:
            # Nor all at once.
            time.sleep(0.1)
            changed = self.world.changes()
        return changed
