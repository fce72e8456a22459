"""Events as the standard's services send them, the same ones for the same seed.

Each is an envelope (`hanzo.stream.v1`) around the payload of its type: LLM usage, insights, audit, gateway usage (to
`billing_events`), agent RPC metering, and now and then a dead letter. Keys follow the registry: skewed, so that a few teams
send most of the traffic, as in life.
"""

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from lib.topics import BY_NAME

# 2026-01-26T10:30:00Z: event time is part of what a seed decides, and never the wall clock.
EPOCH_MS = 1_769_423_400_000

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MODELS = (("zen-72b", "together", 0.9e-6), ("zen-7b", "local", 0.1e-6), ("claude-sonnet", "anthropic", 3e-6), ("gpt-4o", "openai", 5e-6))
_PAGES = ("/dashboard", "/billing", "/models/zen-72b", "/docs/quickstart", "/", "/settings/keys", "/playground?model=zen-7b")
_BROWSERS = (("Chrome", "macOS"), ("Firefox", "Linux"), ("Safari", "iOS"), ("Edge", "Windows"))
_AUDIT = ("iam.auth.login_success", "iam.auth.login_failed", "iam.key.created", "iam.key.revoked", "iam.member.invited")
_ENDPOINTS = (("GET", "/api/users"), ("POST", "/v1/chat/completions"), ("POST", "/v1/embeddings"), ("GET", "/v1/models"))
_RPC = ("eth_call", "eth_getLogs", "eth_sendRawTransaction", "eth_blockNumber")
# Names as people have them: multi-byte text must survive every client's codec.
_PEOPLE = ("Ada Lovelace", "José Núñez", "李小龙", "Zoë Ångström", "محمد علي", "Søren Kierkegaard 🎩")


@dataclass(frozen=True)
class Event:
    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]
    timestamp_ms: int


class Generator:
    """An endless source of events. Event time advances by a few milliseconds with each."""

    def __init__(self, seed: int, teams: int = 200, start_ms: int = EPOCH_MS):
        self._random = random.Random(seed)
        self._teams = [f"team_{self._token(6)}" for _ in range(teams)]
        self._organizations = [f"org_{self._token(6)}" for _ in range(max(1, teams // 5))]
        self._agents = [f"agent_{self._token(8)}" for _ in range(max(1, teams // 4))]
        self._now_ms = start_ms
        self._makers = {
            "llm_usage": self._llm_usage,
            "events_plugin_ingestion": self._insights,
            "audit_log": self._audit,
            "billing_events": self._gateway_usage,
            "agent_rpc_metering": self._agent_rpc,
            "dead_letter": self._dead_letter,
        }

    def of(self, topic: str) -> Event:
        """The next event, for this topic."""
        self._now_ms += self._random.randint(0, 12)
        return self._makers[topic]()

    def mixed(self, count: int) -> Iterator[Event]:
        """Events of all topics in the proportions of the platform: mostly insights, then LLM usage."""
        topics = list(self._makers)
        for topic in self._random.choices(topics, weights=(30, 50, 4, 8, 7, 1), k=count):
            yield self.of(topic)

    def many(self, topic: str, count: int) -> list[Event]:
        return [self.of(topic) for _ in range(count)]

    def _llm_usage(self) -> Event:
        model, provider, price = self._random.choice(_MODELS)
        prompt, completion = self._heavy_tail(150), self._heavy_tail(230)
        failed = self._random.random() < 0.02
        data = {
            "request_id": f"req_{self._token(10)}", "model": model, "provider": provider,
            "prompt_tokens": prompt, "completion_tokens": 0 if failed else completion,
            "total_tokens": prompt + (0 if failed else completion), "latency_ms": self._heavy_tail(900),
            "cost_usd": round((prompt + completion) * price, 8), "user_id": f"user_{self._random.randint(1, 5000)}",
            "api_key_hash": f"sha256:{self._random.getrandbits(256):064x}",
            "cache_hit": self._random.random() < 0.2, "stream": self._random.random() < 0.7,
        }  # fmt: skip
        kind = "llm.usage.failed" if failed else "llm.usage.completed"
        return self._event("llm_usage", kind, "llm-gateway", data, team_id=self._team(), org_id=self._organization())

    def _insights(self) -> Event:
        browser, system = self._random.choice(_BROWSERS)
        name = self._random.choice(("$pageview", "$pageleave", "$autocapture", "model_selected", "checkout_completed"))
        data = {
            "event": name, "distinct_id": f"user_{self._random.randint(1, 5000)}",
            "properties": {
                "$current_url": "https://hanzo.ai" + self._random.choice(_PAGES), "$browser": browser, "$os": system,
                "$screen_width": self._random.choice((390, 1280, 1440, 2560)), "name": self._random.choice(_PEOPLE),
                **{f"property_{n}": self._token(self._random.randint(4, 40)) for n in range(self._random.randint(0, 6))},
            },
            "ip": f"203.0.113.{self._random.randint(1, 254)}", "session_id": f"sess_{self._token(8)}",
            "sent_at": self._iso(self._now_ms - self._random.randint(50, 4000)),
        }  # fmt: skip
        return self._event("events_plugin_ingestion", "insights.event.captured", "insights-capture", data, team_id=self._team())

    def _audit(self) -> Event:
        kind = self._random.choice(_AUDIT)
        data = {
            "user_id": f"user_{self._random.randint(1, 5000)}", "email": f"user{self._random.randint(1, 5000)}@example.com",
            "display_name": self._random.choice(_PEOPLE), "method": self._random.choice(("oauth2", "password", "passkey")),
            "provider": self._random.choice(("github", "google", None)), "ip": f"203.0.113.{self._random.randint(1, 254)}",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64)", "application": "app-hanzo",
        }  # fmt: skip
        return self._event("audit_log", kind, "iam", data, org_id=self._organization())

    def _gateway_usage(self) -> Event:
        method, endpoint = self._random.choice(_ENDPOINTS)
        status = self._random.choices((200, 201, 400, 404, 429, 500, 503), weights=(80, 5, 4, 4, 4, 2, 1))[0]
        organization = self._organization()
        data = {
            "request_id": self._uuid(), "organization_id": organization, "api_key_id": self._uuid(),
            "endpoint": endpoint, "method": method, "status_code": status, "response_time_ms": self._heavy_tail(45),
            "timestamp": self._iso(self._now_ms), "billable": status < 500,
        }  # fmt: skip
        return self._event("billing_events", "gateway.request.metered", "billing-aggregator", data, org_id=organization)

    def _agent_rpc(self) -> Event:
        agent = self._random.choice(self._agents)
        data = {
            "agent_id": agent, "method": self._random.choice(_RPC), "chain_id": self._random.choice((1, 137, 8453)),
            "units": self._random.randint(1, 75), "price_wei": str(self._random.getrandbits(60)), "wallet": f"0x{self._random.getrandbits(160):040x}",
        }  # fmt: skip
        return self._event("agent_rpc_metering", "agent.rpc.metered", "bot-gateway", data, key=agent)

    def _dead_letter(self) -> Event:
        source = self._random.choice([name for name in BY_NAME if name != "dead_letter"])
        data = {"source_topic": source, "partition": 0, "offset": self._random.randint(0, 1 << 40), "error": "missing field `data`", "payload": '{"schema": '}
        return self._event("dead_letter", "stream.event.rejected", "analytics-ingest", data, key=source)

    def _event(self, topic: str, kind: str, source: str, data: dict, key: str | None = None, **owner: str) -> Event:
        envelope = {
            "schema": "hanzo.stream.v1", "id": f"evt_{self._ulid()}", "type": kind, "source": source,
            "timestamp": self._iso(self._now_ms), **owner, "data": data,
        }  # fmt: skip
        key = key or owner[BY_NAME[topic].key]
        headers = (("source", source.encode()), ("type", kind.encode()), ("trace", self._random.randbytes(8)))
        value = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        return Event(topic, key.encode(), value, headers, self._now_ms)

    def _team(self) -> str:
        return self._teams[min(int(self._random.paretovariate(0.7)) - 1, len(self._teams) - 1)]

    def _organization(self) -> str:
        return self._organizations[min(int(self._random.paretovariate(0.7)) - 1, len(self._organizations) - 1)]

    def _heavy_tail(self, median: int) -> int:
        return max(1, int(self._random.lognormvariate(0, 0.9) * median))

    def _token(self, length: int) -> str:
        return "".join(self._random.choices("abcdefghijklmnopqrstuvwxyz0123456789", k=length))

    def _ulid(self) -> str:
        number = self._now_ms << 80 | self._random.getrandbits(80)
        return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))

    def _uuid(self) -> str:
        digits = f"{self._random.getrandbits(128):032x}"
        return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))

    @staticmethod
    def _iso(milliseconds: int) -> str:
        moment = datetime.fromtimestamp(milliseconds // 1000, UTC)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
