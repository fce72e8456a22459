"""What the authorization matrix is asked about: topics, groups and ACLs, a digest of them, and how to bring them back.

All of it is done by a super user on a connection of its own.
"""

from dataclasses import replace

from lib.broker import wait_for
from lib.wire import Connection
from security import rows
from security.grants import Grant

TOPICS = ("m-topic", "x-topic", "e-topic")
GROUPS = ("m-group", "x-group", "e-group")
TRANSACTIONS = ("m-txn", "x-txn", "e-txn")
DELETE_PROBE = {"deletions": [{"name": "probe", "mechanism": 1}], "upsertions": []}
REMOVE_QUOTA = {
    "entries": [{"entity": rows.PROBE_ENTITY, "ops": [{"key": "producer_byte_rate", "value": 0.0, "remove": True}]}], "validate_only": False,
}  # fmt: skip
VICTIM = Grant("topic", "READ", "victim", principal="User:victim")


class World:
    def __init__(self, connection: Connection, acls: list[dict]):
        self.connection = connection
        self.offered = {row.api_key for row in connection.ask("ApiVersions", 0).api_keys}
        self.ids = {}
        self._make_topics(TOPICS)
        self._make_groups()
        self._make_acls([*acls, VICTIM.creation("victim")])
        self.before = self.digest()

    # --- making

    def _make_topics(self, names) -> None:
        topics = [{"name": name, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []} for name in names]
        answer = self.connection.ask("CreateTopics", 7, topics=topics, timeout_ms=10_000, validate_only=False)
        assert all(topic.error_code == 0 for topic in answer.topics), answer
        wait_for(lambda: self._fill(names), 10, f"leaders of {names}")

    def _fill(self, names) -> bool:
        """A record in each topic that has none."""
        metadata = self.connection.ask("Metadata", 12, topics=None, allow_auto_topic_creation=False)
        self.ids = {topic.name: topic.topic_id for topic in metadata.topics}
        if not all(name in self.ids for name in names):
            return False
        request = rows.produce("name")(rows.Names(topics=tuple(names)))
        answer = self.connection.ask("Produce", 9, **request)
        return all(partition.error_code == 0 for response in answer.responses for partition in response.partition_responses)

    def _make_groups(self) -> None:
        for kind, keys in ((0, GROUPS), (1, TRANSACTIONS)):
            wait_for(lambda kind=kind, keys=keys: self._coordinators(kind, keys), 30, "coordinators", every=0.2)
        self._commit_offsets()
        for transaction in TRANSACTIONS:
            request = {"transactional_id": transaction, "transaction_timeout_ms": 1000, "producer_id": -1, "producer_epoch": -1}
            # Where transactions are not served yet, it is refused; rows about them say so too.
            wait_for(lambda request=request: self.connection.ask("InitProducerId", 4, **request).error_code not in (14, 15, 16, 51), 30, "a transaction")

    def _coordinators(self, kind: int, keys) -> bool:
        answer = self.connection.ask("FindCoordinator", 4, key_type=kind, coordinator_keys=list(keys))
        return all(found.error_code not in (14, 15) for found in answer.coordinators)

    def _commit_offsets(self) -> None:
        names = rows.Names(topics=TOPICS)

        def commit(group: str) -> bool:
            answer = self.connection.ask("OffsetCommit", 8, **rows.offset_commit(replace(names, groups=(group,))))
            return all(partition.error_code == 0 for topic in answer.topics for partition in topic.partitions)

        for group in GROUPS:
            wait_for(lambda group=group: commit(group), 30, f"the coordinator of {group}")

    def _make_acls(self, acls: list[dict]) -> None:
        for start in range(0, len(acls), 500):
            answer = self.connection.ask("CreateAcls", 3, creations=acls[start : start + 500])
            refused = [(acl, result.error_message) for acl, result in zip(acls[start:], answer.results, strict=False) if result.error_code]
            assert not refused, refused[:3]
        wait_for(lambda: self._acls("User:victim"), 30, "the ACLs in force")

    # --- looking

    def _acls(self, principal: str) -> int:
        return len(self.connection.ask("DescribeAcls", 3, **rows.acl_filter(principal)).resources)

    def digest(self) -> dict[str, str]:
        """Everything that a row may change, by what it is."""
        ask = self.connection.ask
        metadata = ask("Metadata", 12, topics=None, allow_auto_topic_creation=False)
        topics = {topic.name: len(topic.partitions) for topic in metadata.topics if not topic.name.startswith("__")}
        looks = {
            "topics": str(sorted(topics.items())),
            "log": self._log(topics),
            "configs": self._configs(topics),
            "groups": str(sorted(f"{group.group_id} {group.group_state}" for group in ask("ListGroups", 4, states_filter=[]).groups)),
            "offsets": self._offsets(),
            "acls": f"{self._acls('User:probe')} {self._acls('User:victim')}",
        }
        if 48 in self.offered:
            quotas = ask("DescribeClientQuotas", 1, components=[{"entity_type": "user", "match_type": 2, "match": None}], strict=False)
            looks["quotas"] = str(len(quotas.entries or []))
        if 50 in self.offered:
            users = ask("DescribeUserScramCredentials", 0, users=None).results
            looks["users"] = str(sorted(user.user for user in users))
        return looks

    def _log(self, topics) -> str:
        def offsets(timestamp: int) -> list[int]:
            place = {"partition_index": 0, "current_leader_epoch": -1, "timestamp": timestamp}
            asked = [{"name": name, "partitions": [place]} for name in TOPICS if name in topics]
            answer = self.connection.ask("ListOffsets", 6, replica_id=-1, isolation_level=0, topics=asked)
            return [topic.partitions[0].offset for topic in answer.topics]

        return f"{offsets(-2)} to {offsets(-1)}"

    def _configs(self, topics) -> str:
        asked = [{"resource_type": rows.TOPIC, "resource_name": name, "configuration_keys": ["retention.ms"]} for name in TOPICS if name in topics]
        answer = self.connection.ask("DescribeConfigs", 4, resources=asked, include_synonyms=False, include_documentation=False)
        dynamic = 1
        changed = [
            f"{resource.resource_name} {config.name}={config.value}"
            for resource in answer.results
            for config in resource.configs
            if config.config_source == dynamic
        ]
        return str(sorted(changed))

    def _offsets(self) -> str:
        asked = [{"group_id": group, "topics": None} for group in GROUPS]
        answer = self.connection.ask("OffsetFetch", 8, groups=asked, require_stable=False)
        found = [
            f"{group.group_id} {topic.name} {partition.committed_offset}"
            for group in answer.groups
            for topic in group.topics
            for partition in topic.partitions
        ]
        return str(sorted(found))

    def changes(self) -> list[str]:
        """What is not as it was."""
        now = self.digest()
        return [part for part in self.before if now[part] != self.before[part]]

    # --- bringing back

    def restore(self) -> None:
        """Undoes what a case was allowed to do."""
        ask = self.connection.ask
        changed = self.changes()
        if not changed:
            return
        metadata = ask("Metadata", 12, topics=None, allow_auto_topic_creation=False)
        wrong = [topic.name for topic in metadata.topics if not topic.name.startswith("__") and (topic.name not in TOPICS or len(topic.partitions) != 1)]
        if wrong:
            ask("DeleteTopics", 6, topics=[{"name": name, "topic_id": rows.NO_ID} for name in wrong], timeout_ms=10_000)
        there = {topic.name for topic in metadata.topics} - set(wrong)
        missing = [name for name in TOPICS if name not in there]
        if missing:
            wait_for(lambda: not set(missing) & set(self._topic_names()), 10, "topics that are gone")
            self._make_topics(missing)
        if "log" in changed:
            wait_for(lambda: self._fill(TOPICS), 10, "a record in each topic")
        if "configs" in changed:
            resources = [{"resource_type": rows.TOPIC, "resource_name": name, "configs": []} for name in TOPICS]
            ask("AlterConfigs", 2, resources=resources, validate_only=False)
        if "acls" in changed:
            ask("DeleteAcls", 3, filters=[rows.acl_filter("User:probe")])
            ask("CreateAcls", 3, creations=[VICTIM.creation("victim")])
        if "quotas" in changed:
            ask("AlterClientQuotas", 1, **REMOVE_QUOTA)
        if "users" in changed:
            ask("AlterUserScramCredentials", 0, **DELETE_PROBE)
        self._restore_groups()
        wait_for(self._is_back, 15, lambda: f"everything as it was: {self.changes()}\n{self.before}\n{self.digest()}")

    def _topic_names(self) -> list[str]:
        return [topic.name for topic in self.connection.ask("Metadata", 12, topics=None, allow_auto_topic_creation=False).topics]

    def _restore_groups(self) -> None:
        listed = [group.group_id for group in self.connection.ask("ListGroups", 4, states_filter=[]).groups]
        unexpected = [group for group in listed if group not in GROUPS]
        if unexpected:
            self.connection.ask("DeleteGroups", 2, groups_names=unexpected)
        self._commit_offsets()

    def _is_back(self) -> bool:
        now = self.digest()
        # Records stay: a log goes on from where it is, as long as it is not empty.
        self.before["log"] = now["log"]
        return now == self.before
