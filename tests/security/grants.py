"""What a user of the authorization matrix may do: its ACLs, as records and as text."""

from dataclasses import dataclass, replace

ANY, DENY, ALLOW = 1, 2, 3
LITERAL, PREFIXED = 3, 4
# `User` is the kind of principal that may have tokens made for it, and its name is a resource.
RESOURCES = {"topic": 2, "group": 3, "cluster": 4, "txn": 5, "token": 6, "user": 7}
OPERATIONS = {
    "ALL": 2, "READ": 3, "WRITE": 4, "CREATE": 5, "DELETE": 6, "ALTER": 7, "DESCRIBE": 8, "CLUSTER_ACTION": 9, "DESCRIBE_CONFIGS": 10,
    "ALTER_CONFIGS": 11, "IDEMPOTENT_WRITE": 12, "CREATE_TOKENS": 13, "DESCRIBE_TOKENS": 14,
}  # fmt: skip
# Which operations an ACL on a resource may have.
POSSIBLE = {
    "topic": ("READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "ALL"),
    "group": ("READ", "DELETE", "DESCRIBE", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "ALL"),
    "cluster": ("CREATE", "CLUSTER_ACTION", "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "ALTER", "DESCRIBE", "ALL"),
    "txn": ("WRITE", "DESCRIBE", "ALL"),
    "token": ("DESCRIBE", "ALL"),
    "user": ("CREATE_TOKENS", "DESCRIBE_TOKENS", "ALL"),
}
CLUSTER = "kafka-cluster"


@dataclass(frozen=True)
class Grant:
    """One ACL; `principal` is left None for the user that the case is about."""

    resource: str
    operation: str
    name: str
    pattern: int = LITERAL
    permission: int = ALLOW
    host: str = "*"
    principal: str | None = None

    def __str__(self) -> str:
        words = ["deny"] if self.permission == DENY else []
        words += [self.resource, self.operation, self.name + ("..." if self.pattern == PREFIXED else "")]
        if self.principal is not None:
            words.append(f"for {self.principal}")
        if self.host != "*":
            words.append(f"from {self.host}")
        return " ".join(words)

    def creation(self, user: str) -> dict:
        """As CreateAcls wants it."""
        return {
            "resource_type": RESOURCES[self.resource], "resource_name": self.name, "resource_pattern_type": self.pattern,
            "principal": self.principal or f"User:{user}", "host": self.host, "operation": OPERATIONS[self.operation],
            "permission_type": self.permission,
        }  # fmt: skip


Grants = tuple[Grant, ...]


def text(grants: Grants) -> str:
    return ", ".join(str(grant) for grant in grants) or "nothing"


def single_operations(resource: str, name: str) -> list[Grants]:
    return [(Grant(resource, operation, name),) for operation in POSSIBLE[resource]]


def other_ways(resource: str, operation: str, name: str) -> list[Grants]:
    """The same operation allowed in other ways, some of which are none, and denied over everything."""
    exact = Grant(resource, operation, name)
    # The cluster has one name, and an ACL on it may have no other.
    everything = Grant(resource, "ALL", name if resource == "cluster" else "*")
    denied = replace(exact, permission=DENY)
    names = [
        (replace(exact, name=name[:2], pattern=PREFIXED),),
        (replace(exact, name="*"),),
        # An asterisk is only a wildcard as a literal name.
        (replace(exact, name="*", pattern=PREFIXED),),
        (replace(exact, name=name[:-1]),),
        (replace(exact, name=name + "s", pattern=PREFIXED),),
        (everything, replace(denied, name=name[:2], pattern=PREFIXED)),
        (everything, replace(denied, name="*")),
    ]
    ways = [
        (replace(exact, host="10.9.8.7"),),
        (replace(exact, host="127.0.0.1"),),
        (replace(exact, principal="Team:somebody"),),
        (everything, denied),
        (everything, replace(denied, host="127.0.0.1")),
        (everything, replace(denied, host="10.9.8.7")),
        (everything, replace(denied, operation="ALL")),
        (everything, replace(denied, operation="DESCRIBE")),
        (exact, denied),
    ]
    return ways if resource == "cluster" else names + ways
