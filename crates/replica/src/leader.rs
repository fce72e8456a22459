//! A leader's view of its partition.
//!
//! Invariants: `high_watermark ≤ log_end`, `synced ≤ log_end`, and neither `high_watermark` nor
//! `log_end` ever goes back. With one in-sync replica under `auto` or `always` the high watermark
//! is the synced offset; under `never` it is the end of the log. With several it is what all of
//! them have (see `isr`).

use std::collections::BTreeMap;

use stream_types::{LeaderEpoch, NodeId, Offset, PartitionEpoch};

use crate::progress::Progress;
use crate::purgatory::Purgatory;

/// What an acknowledgement waits for (`hanzo.flush.policy`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FlushPolicy {
    /// A sync while the in-sync set has one member; replicas when it has more.
    Auto,
    /// A sync on every in-sync replica.
    Always,
    /// No sync: Apache Kafka's default.
    Never,
}

/// The leader of one partition. `Token` is whatever the shell wants back when an append is
/// committed.
#[derive(Debug)]
pub struct Leader<Token> {
    pub(crate) node: NodeId,
    pub(crate) epoch: LeaderEpoch,
    /// Where the log ended when this epoch began.
    pub(crate) epoch_start: Offset,
    /// The in-sync set that the controller committed.
    pub(crate) isr: Vec<NodeId>,
    /// The in-sync set that the controller was asked for.
    pub(crate) proposed: Option<Vec<NodeId>>,
    pub(crate) partition_epoch: PartitionEpoch,
    /// Every other assigned replica.
    pub(crate) followers: BTreeMap<NodeId, Progress>,
    pub(crate) flush_policy: FlushPolicy,
    pub(crate) log_end: Offset,
    pub(crate) synced: Offset,
    pub(crate) high_watermark: Offset,
    purgatory: Purgatory<Token>,
}

impl<Token> Leader<Token> {
    /// Begins to lead with `isr` in sync, over a log that ends at `log_end` and is durable up to
    /// `synced`.
    pub fn new(
        node: NodeId,
        epoch: LeaderEpoch,
        isr: Vec<NodeId>,
        log_end: Offset,
        synced: Offset,
        flush_policy: FlushPolicy,
    ) -> Self {
        assert!(synced <= log_end, "nothing is durable that was not written");
        assert!(isr.contains(&node), "a leader is in its own in-sync set");
        let mut leader = Leader {
            node,
            epoch,
            epoch_start: log_end,
            isr,
            proposed: None,
            partition_epoch: PartitionEpoch(-1),
            followers: BTreeMap::new(),
            flush_policy,
            log_end,
            synced,
            high_watermark: Offset::ZERO,
            purgatory: Purgatory::new(),
        };
        leader.high_watermark = leader.replicated();
        leader
    }

    /// Begins with the high watermark that this replica knew as a follower.
    #[must_use]
    pub fn with_high_watermark(mut self, high_watermark: Offset) -> Self {
        self.high_watermark = self.high_watermark.max(high_watermark.min(self.log_end));
        self
    }

    /// The epoch in which this node leads.
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Leads on in a newer epoch: the controller elected this node again.
    pub fn begin_epoch(&mut self, epoch: LeaderEpoch) {
        assert!(epoch > self.epoch, "leader epochs only grow");
        self.epoch = epoch;
        self.epoch_start = self.log_end;
        self.proposed = None;
        for progress in self.followers.values_mut() {
            // What a follower held is known again once it fetches in this epoch.
            progress.log_end = None;
        }
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// The in-sync replicas.
    pub fn isr(&self) -> &[NodeId] {
        &self.isr
    }

    /// Everything below is committed.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// How many appends wait to be committed.
    pub fn waiting(&self) -> usize {
        self.purgatory.len()
    }

    /// The log now ends at `log_end`; those whose append is committed by that.
    pub fn appended(&mut self, log_end: Offset) -> Vec<Token> {
        assert!(log_end >= self.log_end, "a leader's log never goes back");
        self.log_end = log_end;
        self.advance()
    }

    /// Everything below `offset` is durable here; those whose append is committed by that.
    pub fn synced(&mut self, offset: Offset) -> Vec<Token> {
        assert!(offset <= self.log_end, "nothing is durable that was not written");
        self.synced = self.synced.max(offset);
        self.advance()
    }

    /// Waits until everything below `offset` is committed; the token comes back at once if it is.
    pub fn wait(&mut self, offset: Offset, token: Token) -> Option<Token> {
        if offset <= self.high_watermark {
            return Some(token);
        }
        self.purgatory.park(offset, token);
        None
    }

    /// Gives up on everybody who waits: the log failed.
    pub fn drain_waiting(&mut self) -> Vec<Token> {
        self.purgatory.drain()
    }

    /// Stops leading; everybody who waited.
    pub fn into_waiting(mut self) -> Vec<Token> {
        self.purgatory.drain()
    }

    pub(crate) fn advance(&mut self) -> Vec<Token> {
        let committed = self.replicated();
        if committed <= self.high_watermark {
            return Vec::new();
        }
        self.high_watermark = committed;
        assert!(self.high_watermark <= self.log_end, "only what was written is committed");
        self.purgatory.release(committed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs a script of `append N`, `sync N`, `wait N NAME` against a leader of one and gives what
    /// came of it, a line a step.
    fn check(flush_policy: FlushPolicy, script: &str, expected: &str) {
        let node = NodeId(1);
        let mut leader = Leader::new(node, LeaderEpoch(0), vec![node], Offset(0), Offset(0), flush_policy);
        let mut lines = Vec::new();
        for step in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let words: Vec<&str> = step.split(' ').collect();
            let offset = Offset(words[1].parse().unwrap());
            let released: Vec<String> = match words[0] {
                "append" => leader.appended(offset),
                "sync" => leader.synced(offset),
                _ => leader.wait(offset, words[2].to_owned()).into_iter().collect(),
            };
            lines.push(format!("hw={} {}", leader.high_watermark(), released.join(",")).trim_end().to_owned());
        }
        let expected: Vec<&str> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn alone_under_auto_an_append_is_committed_by_its_sync() {
        check(
            FlushPolicy::Auto,
            "append 5
             wait 5 first
             append 9
             wait 9 second
             sync 5
             wait 3 late
             sync 9",
            "hw=0
             hw=0
             hw=0
             hw=0
             hw=5 first
             hw=5 late
             hw=9 second",
        );
    }

    #[test]
    fn under_never_an_append_is_committed_at_once() {
        check(FlushPolicy::Never, "append 5\nwait 5 a", "hw=5\nhw=5 a");
    }

    #[test]
    fn an_older_sync_changes_nothing() {
        check(FlushPolicy::Always, "append 9\nsync 9\nsync 4", "hw=0\nhw=9\nhw=9");
    }

    #[test]
    fn losing_leadership_returns_everybody() {
        let node = NodeId(1);
        let mut leader = Leader::new(node, LeaderEpoch(0), vec![node], Offset(0), Offset(0), FlushPolicy::Auto);
        leader.appended(Offset(2));
        assert_eq!(leader.wait(Offset(2), "a"), None);
        assert_eq!(leader.wait(Offset(1), "b"), None);
        assert_eq!(leader.into_waiting(), ["b", "a"]);
    }
}
