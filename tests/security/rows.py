"""The rows of the authorization matrix: every API with a request of it, and which permissions decide.

A request is built from `Names`, so that the same row can be asked about what the user may touch, about what it may not, and about
both at once. Fields are those of Kafka's definitions.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from lib.batch import Batch

TRANSACTIONAL_BIT = 0x10
BROKER, TOPIC, GROUP = 4, 2, 32
NO_ID = uuid.UUID(int=0)


@dataclass(frozen=True)
class Names:
    """What a request asks for. What begins with `m` is the user's own, with `x` somebody else's; `missing` does not exist."""

    topics: tuple[str, ...] = ("m-topic",)
    groups: tuple[str, ...] = ("m-group",)
    transactions: tuple[str, ...] = ("m-txn",)
    ids: dict[str, uuid.UUID] = field(default_factory=dict, hash=False, compare=False)

    @property
    def group(self) -> str:
        return self.groups[0]

    @property
    def transaction(self) -> str:
        return self.transactions[0]

    def new(self) -> tuple[str, ...]:
        """Names of topics to be created."""
        return tuple(name.replace("-topic", "-new") for name in self.topics)

    def id(self, topic: str) -> uuid.UUID:
        return self.ids.get(topic, uuid.uuid5(uuid.NAMESPACE_DNS, topic))


@dataclass(frozen=True)
class Row:
    """`sweeps` are the permissions to be looked at one by one: resource and operation, then what is given besides."""

    label: str
    api: str
    version: int
    build: Callable[[Names], dict]
    sweeps: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    changes: bool = False
    # Whether the request may name several topics, groups or transactions.
    several: str | None = None
    # Fields of the answer that are not looked into: what is in them differs from broker to broker.
    opaque: tuple[str, ...] = ()

    @property
    def follows(self) -> tuple[str, ...]:
        """What changes too, but at a time of its own: the offsets committed for a topic that is deleted."""
        return ("offsets",) if self.api == "DeleteTopics" else ()

    @property
    def creates(self) -> bool:
        """Whether the topics that it names are to be made."""
        return self.label in ("CreateTopics", "Metadata that creates")


def sweep(permission: str, *besides: str) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    resource, operation = permission.split()
    return resource, operation, tuple(tuple(other.split()) for other in besides)


def batch(**fields) -> bytes:
    return Batch([b"value"], timestamp_ms=1_700_000_000_000, **fields).encode()


def _rows(build_topic, key: str = "name"):
    return lambda names: [{key: name, **build_topic} for name in names]


PARTITION_INDEXES = {"partition_indexes": [0]}
LIST_OFFSETS_PARTITIONS = {"partitions": [{"partition_index": 0, "current_leader_epoch": -1, "timestamp": -1}]}
COMMIT_PARTITIONS = {"partitions": [{"partition_index": 0, "committed_offset": 1, "committed_leader_epoch": -1, "committed_metadata": ""}]}


def produce(key: str, transactional: bool = False, **fields):
    def build(names: Names) -> dict:
        attributes = TRANSACTIONAL_BIT if transactional else 0
        data = [{"index": 0, "records": batch(attributes=attributes, **fields)}]
        topics = [{key: name if key == "name" else names.id(name), "partition_data": data} for name in names.topics]
        return {"transactional_id": names.transaction if transactional else None, "acks": -1, "timeout_ms": 5000, "topic_data": topics}

    return build


def fetch(key: str, replica: int = -1):
    def build(names: Names) -> dict:
        place = {
            "partition": 0, "current_leader_epoch": -1, "fetch_offset": 0, "last_fetched_epoch": -1, "log_start_offset": -1,
            "partition_max_bytes": 1 << 20,
        }  # fmt: skip
        topics = [{key: name if key == "topic" else names.id(name), "partitions": [place]} for name in names.topics]
        return {
            "replica_id": replica, "max_wait_ms": 0, "min_bytes": 0, "max_bytes": 16 << 20, "isolation_level": 0, "session_id": 0,
            "session_epoch": -1, "topics": topics, "forgotten_topics_data": [], "rack_id": "",
        }  # fmt: skip

    return build


def metadata(topics: str, create: bool = False, operations: bool = False):
    def build(names: Names) -> dict:
        wanted = {
            "all": None,
            "named": [{"name": name, "topic_id": NO_ID} for name in names.topics],
            "by id": [{"name": None, "topic_id": names.id(name)} for name in names.topics],
            "new": [{"name": name} for name in names.new()],
            "none": [],
        }[topics]
        asked = {"topics": wanted, "allow_auto_topic_creation": create}
        if operations:
            asked |= {"include_cluster_authorized_operations": True, "include_topic_authorized_operations": True}
        return asked

    return build


def offset_commit(names: Names) -> dict:
    return {
        "group_id": names.group, "generation_id_or_member_epoch": -1, "member_id": "", "group_instance_id": None,
        "topics": _rows(COMMIT_PARTITIONS)(names.topics),
    }  # fmt: skip


def offset_fetch(all_topics: bool = False):
    def build(names: Names) -> dict:
        topics = None if all_topics else _rows(PARTITION_INDEXES)(names.topics)
        return {"groups": [{"group_id": group, "topics": topics} for group in names.groups], "require_stable": False}

    return build


def configs(kind: int, incremental: bool = False, describe: bool = False):
    key, value = {TOPIC: ("retention.ms", "7777777"), BROKER: ("log.cleaner.backoff.ms", "15001"), GROUP: ("consumer.session.timeout.ms", "46000")}[kind]

    def build(names: Names) -> dict:
        resources = {TOPIC: names.topics, GROUP: names.groups, BROKER: ("1",)}[kind]
        if describe:
            rows = [{"resource_type": kind, "resource_name": name, "configuration_keys": [key]} for name in resources]
            return {"resources": rows, "include_synonyms": False, "include_documentation": False}
        entry = {"name": key, "value": value, **({"config_operation": 0} if incremental else {})}
        rows = [{"resource_type": kind, "resource_name": name, "configs": [entry]} for name in resources]
        return {"resources": rows, "validate_only": kind != TOPIC}

    return build


def create_topics(names: Names) -> dict:
    topics = [{"name": name, "num_partitions": 1, "replication_factor": 1, "assignments": [], "configs": []} for name in names.new()]
    return {"topics": topics, "timeout_ms": 5000, "validate_only": False}


PROBE_ACL = {
    "resource_type": 2, "resource_name": "probe", "resource_pattern_type": 3, "principal": "User:probe", "host": "*", "operation": 3,
    "permission_type": 3,
}  # fmt: skip


def acl_filter(principal: str) -> dict:
    return {
        "resource_type_filter": 1, "resource_name_filter": None, "pattern_type_filter": 1, "principal_filter": principal,
        "host_filter": None, "operation": 1, "permission_type": 1,
    }  # fmt: skip


PROBE_SCRAM = {"name": "probe", "mechanism": 1, "iterations": 4096, "salt": b"salt-of-probe", "salted_password": b"p" * 32}
PROBE_ENTITY = [{"entity_type": "user", "entity_name": "probe"}]
MEMBER = {"generation_id": 1, "member_id": "nobody", "group_instance_id": None}

ROWS = (
    Row("Produce", "Produce", 9, produce("name"), (sweep("topic WRITE"),), True, "topics"),
    Row("Produce by id", "Produce", 13, produce("topic_id"), (sweep("topic WRITE"),), True, "topics"),
    Row("Produce idempotent", "Produce", 9, produce("name", producer_id=4242, producer_epoch=0, base_sequence=0),
        (sweep("topic WRITE"), sweep("cluster IDEMPOTENT_WRITE")), True),
    Row("Produce transactional", "Produce", 9, produce("name", True, producer_id=4242, producer_epoch=0, base_sequence=0),
        (sweep("txn WRITE", "topic WRITE"), sweep("topic WRITE", "txn WRITE"))),
    Row("Fetch", "Fetch", 12, fetch("topic"), (sweep("topic READ"),), several="topics", opaque=("records",)),
    Row("Fetch by id", "Fetch", 16, fetch("topic_id"), (sweep("topic READ"),), several="topics", opaque=("records",)),
    Row("Fetch as a replica", "Fetch", 12, fetch("topic", 1), (sweep("cluster CLUSTER_ACTION"), sweep("topic READ")), opaque=("records",)),
    Row("ListOffsets", "ListOffsets", 7, lambda names: {
        "replica_id": -1, "isolation_level": 0, "topics": _rows(LIST_OFFSETS_PARTITIONS)(names.topics)}, (sweep("topic DESCRIBE"),),
        several="topics"),
    Row("Metadata", "Metadata", 9, metadata("named", operations=True), (sweep("topic DESCRIBE"),), several="topics"),
    Row("Metadata by id", "Metadata", 12, metadata("by id"), (sweep("topic DESCRIBE"),), several="topics"),
    Row("Metadata of all topics", "Metadata", 12, metadata("all"), (sweep("topic DESCRIBE"),)),
    Row("Metadata of the cluster", "Metadata", 9, metadata("none", operations=True), (sweep("cluster DESCRIBE"),)),
    Row("Metadata that creates", "Metadata", 9, metadata("new", create=True), (sweep("topic CREATE", "topic DESCRIBE"), sweep("topic DESCRIBE"),
        sweep("cluster CREATE", "topic DESCRIBE")), True, "topics"),
    Row("OffsetCommit", "OffsetCommit", 8, offset_commit, (sweep("group READ", "topic READ"), sweep("topic READ", "group READ")), True, "topics"),
    Row("OffsetFetch", "OffsetFetch", 8, offset_fetch(), (sweep("group DESCRIBE", "topic DESCRIBE"), sweep("topic DESCRIBE", "group DESCRIBE")),
        several="topics"),
    Row("OffsetFetch of several groups", "OffsetFetch", 8, offset_fetch(), (sweep("group DESCRIBE", "topic DESCRIBE"),), several="groups"),
    Row("OffsetFetch of all topics", "OffsetFetch", 8, offset_fetch(True), (
        sweep("group DESCRIBE", "topic DESCRIBE"), sweep("topic DESCRIBE", "group DESCRIBE"))),
    Row("FindCoordinator of a group", "FindCoordinator", 4, lambda names: {"key_type": 0, "coordinator_keys": list(names.groups)},
        (sweep("group DESCRIBE"),), several="groups"),
    Row("FindCoordinator of a group v3", "FindCoordinator", 3, lambda names: {"key_type": 0, "key": names.group}, (sweep("group DESCRIBE"),)),
    Row("FindCoordinator of a transaction", "FindCoordinator", 4, lambda names: {"key_type": 1, "coordinator_keys": list(names.transactions)},
        (sweep("txn DESCRIBE"),), several="transactions"),
    Row("JoinGroup", "JoinGroup", 9, lambda names: {
        "group_id": names.group, "session_timeout_ms": 10000, "rebalance_timeout_ms": 10000, "member_id": "", "group_instance_id": None,
        "protocol_type": "consumer", "protocols": [{"name": "range", "metadata": b""}], "reason": None}, (sweep("group READ"),), True),
    Row("SyncGroup", "SyncGroup", 5, lambda names: {
        "group_id": names.group, **MEMBER, "protocol_type": "consumer", "protocol_name": "range", "assignments": []}, (sweep("group READ"),)),
    Row("Heartbeat", "Heartbeat", 4, lambda names: {"group_id": names.group, **MEMBER}, (sweep("group READ"),)),
    Row("LeaveGroup", "LeaveGroup", 5, lambda names: {
        "group_id": names.group, "members": [{"member_id": "nobody", "group_instance_id": None, "reason": None}]}, (sweep("group READ"),)),
    Row("DescribeGroups", "DescribeGroups", 5, lambda names: {"groups": list(names.groups), "include_authorized_operations": True},
        (sweep("group DESCRIBE"),), several="groups"),
    Row("ListGroups", "ListGroups", 4, lambda names: {"states_filter": []}, (sweep("cluster DESCRIBE"), sweep("group DESCRIBE"))),
    Row("CreateTopics", "CreateTopics", 7, create_topics, (
        sweep("topic CREATE"), sweep("cluster CREATE"), sweep("topic DESCRIBE_CONFIGS", "topic CREATE")), True, "topics", ("configs",)),
    Row("DeleteTopics", "DeleteTopics", 6, lambda names: {
        "topics": [{"name": name, "topic_id": NO_ID} for name in names.topics], "timeout_ms": 5000}, (sweep("topic DELETE"),), True, "topics"),
    Row("DeleteTopics by id", "DeleteTopics", 6, lambda names: {
        "topics": [{"name": None, "topic_id": names.id(name)} for name in names.topics], "timeout_ms": 5000},
        (sweep("topic DELETE"), sweep("topic DELETE", "topic DESCRIBE")), True, "topics"),
    Row("DeleteRecords", "DeleteRecords", 2, lambda names: {
        "topics": _rows({"partitions": [{"partition_index": 0, "offset": -1}]})(names.topics), "timeout_ms": 5000}, (sweep("topic DELETE"),), True, "topics"),
    Row("InitProducerId", "InitProducerId", 4, lambda names: {
        "transactional_id": None, "transaction_timeout_ms": 1000, "producer_id": -1, "producer_epoch": -1},
        (sweep("cluster IDEMPOTENT_WRITE"), sweep("topic WRITE"))),
    Row("InitProducerId transactional", "InitProducerId", 4, lambda names: {
        "transactional_id": names.transaction, "transaction_timeout_ms": 1000, "producer_id": -1, "producer_epoch": -1}, (sweep("txn WRITE"),)),
    Row("OffsetForLeaderEpoch", "OffsetForLeaderEpoch", 4, lambda names: {
        "replica_id": -1, "topics": _rows({"partitions": [{"partition": 0, "current_leader_epoch": -1, "leader_epoch": 0}]}, "topic")(names.topics)},
        (sweep("topic DESCRIBE"), sweep("cluster CLUSTER_ACTION")), several="topics"),
    Row("AddPartitionsToTxn", "AddPartitionsToTxn", 3, lambda names: {
        "v3_and_below_transactional_id": names.transaction, "v3_and_below_producer_id": 4242, "v3_and_below_producer_epoch": 0,
        "v3_and_below_topics": _rows({"partitions": [0]})(names.topics)},
        (sweep("txn WRITE", "topic WRITE"), sweep("topic WRITE", "txn WRITE")), several="topics"),
    Row("AddOffsetsToTxn", "AddOffsetsToTxn", 3, lambda names: {
        "transactional_id": names.transaction, "producer_id": 4242, "producer_epoch": 0, "group_id": names.group},
        (sweep("txn WRITE", "group READ"), sweep("group READ", "txn WRITE"))),
    Row("EndTxn", "EndTxn", 3, lambda names: {
        "transactional_id": names.transaction, "producer_id": 4242, "producer_epoch": 0, "committed": True}, (sweep("txn WRITE"),)),
    Row("WriteTxnMarkers", "WriteTxnMarkers", 1, lambda names: {"markers": [{
        "producer_id": 4242, "producer_epoch": 0, "transaction_result": False, "topics": _rows(PARTITION_INDEXES)(names.topics), "coordinator_epoch": 0}]},
        (sweep("cluster CLUSTER_ACTION"),), True),
    Row("TxnOffsetCommit", "TxnOffsetCommit", 3, lambda names: {
        "transactional_id": names.transaction, "group_id": names.group, "producer_id": 4242, "producer_epoch": 0, "generation_id": -1,
        "member_id": "", "group_instance_id": None, "topics": _rows(COMMIT_PARTITIONS)(names.topics)}, (
            sweep("txn WRITE", "group READ", "topic READ"), sweep("group READ", "txn WRITE", "topic READ"), sweep("topic READ", "txn WRITE", "group READ")),
        several="topics"),
    Row("DescribeAcls", "DescribeAcls", 3, lambda names: acl_filter("User:victim"), (sweep("cluster DESCRIBE"),)),
    Row("CreateAcls", "CreateAcls", 3, lambda names: {"creations": [PROBE_ACL]}, (sweep("cluster ALTER"),), True),
    Row("DeleteAcls", "DeleteAcls", 3, lambda names: {"filters": [acl_filter("User:victim")]}, (sweep("cluster ALTER"),), True),
    Row("DescribeConfigs of a topic", "DescribeConfigs", 4, configs(TOPIC, describe=True), (sweep("topic DESCRIBE_CONFIGS"),), several="topics",
        opaque=("configs",)),
    Row("DescribeConfigs of a broker", "DescribeConfigs", 4, configs(BROKER, describe=True), (sweep("cluster DESCRIBE_CONFIGS"),), opaque=("configs",)),
    Row("DescribeConfigs of a group", "DescribeConfigs", 4, configs(GROUP, describe=True), (sweep("group DESCRIBE_CONFIGS"),), several="groups",
        opaque=("configs",)),
    Row("AlterConfigs of a topic", "AlterConfigs", 2, configs(TOPIC), (sweep("topic ALTER_CONFIGS"),), True, "topics"),
    Row("AlterConfigs of a broker", "AlterConfigs", 2, configs(BROKER), (sweep("cluster ALTER_CONFIGS"),)),
    Row("IncrementalAlterConfigs of a topic", "IncrementalAlterConfigs", 1, configs(TOPIC, True), (sweep("topic ALTER_CONFIGS"),), True, "topics"),
    Row("IncrementalAlterConfigs of a broker", "IncrementalAlterConfigs", 1, configs(BROKER, True), (sweep("cluster ALTER_CONFIGS"),)),
    Row("IncrementalAlterConfigs of a group", "IncrementalAlterConfigs", 1, configs(GROUP, True), (sweep("group ALTER_CONFIGS"),), several="groups"),
    Row("AlterReplicaLogDirs", "AlterReplicaLogDirs", 2, lambda names: {
        "dirs": [{"path": "/nowhere", "topics": _rows({"partitions": [0]})(names.topics)}]}, (sweep("cluster ALTER"),)),
    Row("DescribeLogDirs", "DescribeLogDirs", 4, lambda names: {"topics": _rows({"partitions": [0]}, "topic")(names.topics)},
        (sweep("cluster DESCRIBE"),)),
    Row("CreatePartitions", "CreatePartitions", 3, lambda names: {
        "topics": _rows({"count": 2, "assignments": None})(names.topics), "timeout_ms": 5000, "validate_only": False}, (sweep("topic ALTER"),), True, "topics"),
    Row("CreateDelegationToken", "CreateDelegationToken", 3, lambda names: {
        "owner_principal_type": None, "owner_principal_name": None, "renewers": [], "max_lifetime_ms": 60000}, (sweep("user CREATE_TOKENS"),)),
    Row("CreateDelegationToken for another", "CreateDelegationToken", 3, lambda names: {
        "owner_principal_type": "User", "owner_principal_name": "m-owner", "renewers": [], "max_lifetime_ms": 60000}, (sweep("user CREATE_TOKENS"),)),
    Row("RenewDelegationToken", "RenewDelegationToken", 2, lambda names: {"hmac": b"unknown", "renew_period_ms": 1000}, (sweep("user CREATE_TOKENS"),)),
    Row("ExpireDelegationToken", "ExpireDelegationToken", 2, lambda names: {"hmac": b"unknown", "expiry_time_period_ms": -1}, (sweep("user CREATE_TOKENS"),)),
    Row("DescribeDelegationToken", "DescribeDelegationToken", 3, lambda names: {"owners": [{"principal_type": "User", "principal_name": "victim"}]},
        (sweep("user DESCRIBE_TOKENS"), sweep("token DESCRIBE"))),
    Row("DeleteGroups", "DeleteGroups", 2, lambda names: {"groups_names": list(names.groups)}, (sweep("group DELETE"),), True, "groups"),
    Row("ElectLeaders", "ElectLeaders", 2, lambda names: {
        "election_type": 0, "topic_partitions": _rows({"partitions": [0]}, "topic")(names.topics), "timeout_ms": 5000}, (sweep("cluster ALTER"),)),
    Row("AlterPartitionReassignments", "AlterPartitionReassignments", 0, lambda names: {
        "timeout_ms": 5000, "topics": _rows({"partitions": [{"partition_index": 0, "replicas": [1]}]})(names.topics)}, (sweep("cluster ALTER"),)),
    Row("ListPartitionReassignments", "ListPartitionReassignments", 0, lambda names: {"timeout_ms": 5000, "topics": _rows(PARTITION_INDEXES)(names.topics)},
        (sweep("cluster DESCRIBE"),)),
    Row("OffsetDelete", "OffsetDelete", 0, lambda names: {
        "group_id": names.group, "topics": _rows({"partitions": [{"partition_index": 0}]})(names.topics)},
        (sweep("group DELETE", "topic READ"), sweep("topic READ", "group DELETE")), True, "topics"),
    Row("DescribeClientQuotas", "DescribeClientQuotas", 1, lambda names: {"components": [{"entity_type": "user", "match_type": 2, "match": None}], "strict": False},
        (sweep("cluster DESCRIBE_CONFIGS"),)),
    Row("AlterClientQuotas", "AlterClientQuotas", 1, lambda names: {
        "entries": [{"entity": PROBE_ENTITY, "ops": [{"key": "producer_byte_rate", "value": 1e9, "remove": False}]}], "validate_only": False},
        (sweep("cluster ALTER_CONFIGS"),), True),
    Row("DescribeUserScramCredentials", "DescribeUserScramCredentials", 0, lambda names: {"users": [{"name": "victim"}]}, (sweep("cluster DESCRIBE"),)),
    Row("AlterUserScramCredentials", "AlterUserScramCredentials", 0, lambda names: {"deletions": [], "upsertions": [PROBE_SCRAM]},
        (sweep("cluster ALTER"),), True),
    Row("DescribeQuorum", "DescribeQuorum", 1, lambda names: {
        "topics": [{"topic_name": "__cluster_metadata", "partitions": [{"partition_index": 0}]}]}, (sweep("cluster DESCRIBE"),)),
    Row("UpdateFeatures", "UpdateFeatures", 1, lambda names: {"timeout_ms": 5000, "feature_updates": [], "validate_only": True}, (sweep("cluster ALTER"),)),
    Row("DescribeCluster", "DescribeCluster", 1, lambda names: {"include_cluster_authorized_operations": True, "endpoint_type": 1},
        (sweep("cluster DESCRIBE"),)),
    Row("DescribeProducers", "DescribeProducers", 0, lambda names: {"topics": _rows(PARTITION_INDEXES)(names.topics)}, (sweep("topic READ"),),
        several="topics", opaque=("active_producers",)),
    Row("DescribeTransactions", "DescribeTransactions", 0, lambda names: {"transactional_ids": list(names.transactions)}, (sweep("txn DESCRIBE"),),
        several="transactions"),
    Row("ListTransactions", "ListTransactions", 1, lambda names: {"state_filters": [], "producer_id_filters": [], "duration_filter": -1},
        (sweep("txn DESCRIBE"),)),
    Row("ListConfigResources", "ListConfigResources", 1, lambda names: {"resource_types": [TOPIC]}, (sweep("cluster DESCRIBE_CONFIGS"),)),
    Row("DescribeTopicPartitions", "DescribeTopicPartitions", 0, lambda names: {
        "topics": [{"name": name} for name in names.topics], "response_partition_limit": 100, "cursor": None}, (sweep("topic DESCRIBE"),), several="topics"),
)  # fmt: skip
