//! The groups of one `__consumer_offsets` partition.
//!
//! Durable, changed by [`GroupShard::replay`] only: each group's newest GroupMetadata record, and the committed offsets.
//! Soft, changed by commands and lost with the shard: who waits for which answer, deadlines, rebalances under way, and
//! the members as of the newest record that was *proposed*. When an append fails the shard is dropped and rebuilt.
//!
//! Between commands, of every group:
//! - `Empty` ⇔ no members (ids that were given out may be pending); no protocol and no leader then.
//! - Every member has exactly one session deadline, unless it waits for its JoinGroup or SyncGroup answer.
//! - Members wait for JoinGroup only in `PreparingRebalance`, for SyncGroup only in `CompletingRebalance`.
//! - A rebalance deadline ⇔ `PreparingRebalance`; a sync deadline ⇔ members of the generation have not synced.
//! - The leader is a member. All members share the protocol type and at least one protocol.
//! - `Stable`: the newest GroupMetadata record names exactly these members, with these assignments.
//! - The generation never goes back.

pub mod command;
pub mod reply;

mod commit;
mod delete;
mod delete_offsets;
mod describe;
mod expire;
mod fetch;
mod handle;
mod heartbeat;
mod join;
mod leave;
mod list;
mod members;
mod offsets;
mod rebalance;
mod replay;
mod session;
mod static_member;
mod sync;
mod timers;
mod topics_deleted;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_codec::stored::classic_group::GroupMetadataValue;
use stream_types::{LeaderEpoch, Now, WallMillis};

use crate::group::offsets::Offsets;
use crate::group::reply::GroupReply;
use crate::group::timers::{TimerKey, Timers};
use crate::random::Random;
use crate::{GroupConfig, JoinProtocol, Step};

/// The groups of one `__consumer_offsets` partition, led by this broker since `epoch`.
#[derive(Debug)]
pub struct GroupShard<Token> {
    config: Arc<GroupConfig>,
    epoch: LeaderEpoch,
    random: Random,
    /// Durable: the newest GroupMetadata record of each group.
    stored: BTreeMap<Str, GroupMetadataValue>,
    /// Durable, with what is proposed on top.
    offsets: Offsets,
    /// Durable: groups with metadata of a kind that this coordinator only keeps (KIP-848, KIP-932, KIP-1071).
    foreign: BTreeSet<Str>,
    groups: BTreeMap<Str, Group<Token>>,
    timers: Timers,
    retention: Retention,
    loaded: bool,
}

/// Where the search for old offsets stands.
#[derive(Debug, Default)]
struct Retention {
    /// When the last search began, on both clocks: if they disagree since, the wall clock jumped.
    checked: Now,
    /// The group to go on with, if the last search stopped half-way.
    resume_at: Option<Str>,
}

/// States of a classic group, in Kafka's words. A dead group is one that is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum GroupState {
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

#[derive(Debug)]
struct Group<Token> {
    id: Str,
    state: GroupState,
    /// When it came into `state`; `None` if an old record does not say.
    state_since: Option<WallMillis>,
    generation: i32,
    /// `None` of a group that never had members.
    protocol_type: Option<Str>,
    protocol_name: Option<Str>,
    leader: Option<Str>,
    members: BTreeMap<Str, Member<Token>>,
    /// Member ids by instance id.
    static_members: BTreeMap<Str, Str>,
    /// Ids that were given out with MEMBER_ID_REQUIRED and did not come back yet.
    pending_members: BTreeSet<Str>,
    /// Members of the generation that did not sync yet.
    pending_sync: BTreeSet<Str>,
    /// While the first rebalance of an empty group waits for more members.
    initial: Option<InitialRebalance>,
    /// What a group of consumers subscribes to; `None` if it cannot be told.
    subscribed_topics: Option<BTreeSet<Str>>,
}

#[derive(Debug)]
struct Member<Token> {
    id: Str,
    group_instance_id: Option<Str>,
    client_id: Str,
    client_host: Str,
    rebalance_timeout_ms: i32,
    session_timeout_ms: i32,
    protocols: Vec<JoinProtocol>,
    assignment: Bytes,
    /// Waits for its JoinGroup answer.
    joining: Option<Token>,
    /// Waits for its SyncGroup answer.
    syncing: Option<Token>,
    /// Has not been in a generation yet: does not live for ever by waiting.
    is_new: bool,
}

#[derive(Clone, Copy, Debug)]
struct InitialRebalance {
    delay: Duration,
    remaining: Duration,
    member_added: bool,
}

/// What a transition of one group needs and causes.
struct Context<'a, Token> {
    now: Now,
    config: &'a GroupConfig,
    random: &'a mut Random,
    timers: &'a mut Timers,
    step: &'a mut Step<Token>,
}

impl<Token> Context<'_, Token> {
    fn reply(&mut self, token: Token, reply: GroupReply) {
        self.step.replies.push((token, reply));
    }

    fn set_timer(&mut self, key: TimerKey, after: Duration) {
        self.timers.set(key, self.now.monotonic.plus(after));
    }
}

impl GroupState {
    fn name(self) -> &'static str {
        match self {
            GroupState::Empty => "Empty",
            GroupState::PreparingRebalance => "PreparingRebalance",
            GroupState::CompletingRebalance => "CompletingRebalance",
            GroupState::Stable => "Stable",
        }
    }
}

/// What Kafka calls the state of a group that is not there.
const DEAD: &str = "Dead";

/// The type of protocol of Java's consumers, whose subscriptions the coordinator can read.
const CONSUMER_PROTOCOL_TYPE: &str = "consumer";

fn milliseconds(value: i32) -> Duration {
    Duration::from_millis(u64::try_from(value).unwrap_or(0))
}
