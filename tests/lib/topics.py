"""The event standard's topic registry: six topics, their partitions, retention, key and consumer groups."""

from dataclasses import dataclass

_DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    name: str
    partitions: int
    retention_ms: int
    key: str
    groups: tuple[str, ...]


REGISTRY = (
    Topic("events_plugin_ingestion", 16, 7 * _DAY_MS, "team_id", ("analytics-ingest",)),
    Topic("llm_usage", 8, 14 * _DAY_MS, "team_id", ("billing-agg", "llm-metrics")),
    Topic("billing_events", 4, 30 * _DAY_MS, "org_id", ()),
    Topic("audit_log", 4, 90 * _DAY_MS, "org_id", ("audit-archive",)),
    Topic("agent_rpc_metering", 8, 7 * _DAY_MS, "agent_id", ("rpc-billing",)),
    Topic("dead_letter", 1, 30 * _DAY_MS, "source_topic", ("dead-letter-monitor",)),
)

BY_NAME = {topic.name: topic for topic in REGISTRY}
