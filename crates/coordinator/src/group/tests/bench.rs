//! A shard with its log and clocks, as the broker drives it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stream_types::{LeaderEpoch, Monotonic, Now, Offset, WallMillis};

use super::invariants;
use crate::{CoordinatorRecord, GroupCommand, GroupConfig, GroupShard, Step};

/// A token is the number of its command.
pub(super) type Token = u32;

pub(super) struct Bench {
    pub(super) config: Arc<GroupConfig>,
    pub(super) shard: GroupShard<Token>,
    pub(super) now: Now,
    /// A replica that only replays.
    mirror: GroupShard<Token>,
    /// What was replayed.
    pub(super) log: Vec<CoordinatorRecord>,
    /// What was proposed and not replayed yet.
    held: VecDeque<CoordinatorRecord>,
    pub(super) holds: bool,
    next_token: Token,
    loads: u64,
}

pub(super) fn config() -> GroupConfig {
    GroupConfig {
        session_timeout_min: Duration::from_secs(6),
        session_timeout_max: Duration::from_secs(1800),
        initial_rebalance_delay: Duration::from_secs(3),
        size_max: 1000,
        offset_metadata_bytes_max: 16,
        offsets_retention: Duration::from_secs(7 * 24 * 3600),
        offsets_retention_check_interval: Duration::from_secs(600),
    }
}

impl Bench {
    pub(super) fn new(config: GroupConfig, seed: u64) -> Self {
        let config = Arc::new(config);
        let now = Now { monotonic: Monotonic::from_millis(0), wall: WallMillis(1_700_000_000_000) };
        let mut shard = GroupShard::new(config.clone(), LeaderEpoch(0), seed);
        let mirror = GroupShard::new(config.clone(), LeaderEpoch(0), seed);
        assert!(shard.loaded(now).is_empty());
        Bench {
            config,
            shard,
            mirror,
            now,
            log: Vec::new(),
            held: VecDeque::new(),
            holds: false,
            next_token: 0,
            loads: seed,
        }
    }

    pub(super) fn handle(&mut self, command: GroupCommand) -> (Token, Step<Token>) {
        self.next_token += 1;
        let token = self.next_token;
        let step = self.shard.handle(self.now, command, token);
        self.take_in(&step);
        (token, step)
    }

    /// Lets time pass until the next deadline or `until`, whichever is first.
    pub(super) fn pass_until(&mut self, until: Monotonic) -> Step<Token> {
        let next = self.shard.next_deadline().filter(|deadline| *deadline < until).unwrap_or(until);
        let passed = next.since(self.now.monotonic);
        self.now.monotonic = self.now.monotonic.plus(passed);
        self.now.wall.0 += i64::try_from(passed.as_millis()).unwrap();
        let step = self.shard.tick(self.now);
        self.take_in(&step);
        step
    }

    pub(super) fn release(&mut self) {
        self.holds = false;
        self.replay_held();
        self.check();
    }

    /// Another broker, or this one after a restart, reads the log.
    pub(super) fn reload(&mut self) -> Step<Token> {
        self.held.clear();
        self.loads += 1;
        self.shard = self.rebuilt();
        invariants::check_durable(&self.shard, &self.mirror);
        let step = self.shard.loaded(self.now);
        self.take_in(&step);
        step
    }

    fn take_in(&mut self, step: &Step<Token>) {
        self.held.extend(step.records.iter().cloned());
        if !self.holds {
            self.replay_held();
        }
        self.check();
    }

    fn replay_held(&mut self) {
        for record in self.held.drain(..) {
            let offset = Offset(i64::try_from(self.log.len()).unwrap());
            self.shard.replay(offset, &record.key, record.value.as_ref()).unwrap();
            self.mirror.replay(offset, &record.key, record.value.as_ref()).unwrap();
            self.log.push(record);
        }
    }

    fn rebuilt(&self) -> GroupShard<Token> {
        let mut rebuilt = GroupShard::new(self.config.clone(), LeaderEpoch(0), self.loads);
        for (position, record) in self.log.iter().enumerate() {
            let offset = Offset(i64::try_from(position).unwrap());
            rebuilt.replay(offset, &record.key, record.value.as_ref()).unwrap();
        }
        rebuilt
    }

    fn check(&self) {
        invariants::check_durable(&self.shard, &self.mirror);
        invariants::check_groups(&self.shard, self.held.is_empty());
    }
}
