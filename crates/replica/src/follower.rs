//! A follower's view of its partition: from where it fetches, and what it makes of the answers.
//!
//! Invariants: `high_watermark ≤ log_end`; the fetch offset is the end of what this replica may
//! vouch for, which under `always` is what it has synced, otherwise all that it has written.
//! A follower never cuts below its high watermark unless the leader's log ends there.

use stream_types::{LeaderEpoch, NodeId, Offset};

use crate::epoch::{EpochEnd, truncation_offset};
use crate::leader::FlushPolicy;

/// What to ask the leader for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchPosition {
    /// Whom.
    pub leader: NodeId,
    /// The epoch this follower believes in.
    pub current_leader_epoch: LeaderEpoch,
    /// First offset wanted; everything below is in this replica's log.
    pub fetch_offset: Offset,
    /// Epoch of the record before `fetch_offset`.
    pub last_fetched_epoch: LeaderEpoch,
}

/// What a leader answered for this partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FetchAnswer {
    /// Records from the fetch offset on, perhaps none.
    Records {
        /// The leader's high watermark.
        high_watermark: Offset,
        /// First offset of the leader's log.
        log_start: Offset,
    },
    /// The histories part: how far the leader's largest common epoch reaches.
    Diverging(EpochEnd),
    /// OFFSET_OUT_OF_RANGE: where the leader's log begins and ends.
    OutOfRange {
        /// First offset of the leader's log.
        log_start: Offset,
        /// The offset after the leader's last.
        log_end: Offset,
    },
    /// FENCED_LEADER_EPOCH, UNKNOWN_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER: wait for newer metadata.
    NotLeader,
}

/// What a follower does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FollowerAction {
    /// Append what came, then tell [`Follower::appended`].
    Append,
    /// Cut the log to this offset, then tell [`Follower::truncated`].
    TruncateTo(Offset),
    /// Drop the log and begin at this offset, then tell [`Follower::truncated`].
    RestartAt(Offset),
    /// Wait a little before the next fetch.
    BackOff,
}

/// The follower of one partition.
#[derive(Debug)]
pub struct Follower {
    leader: NodeId,
    epoch: LeaderEpoch,
    flush_policy: FlushPolicy,
    log_end: Offset,
    synced: Offset,
    last_epoch: LeaderEpoch,
    high_watermark: Offset,
}

impl Follower {
    /// Begins to follow `leader` in `epoch` with a log that ends at `log_end` with a record of
    /// `last_epoch`, durable up to `synced`.
    pub fn new(
        leader: NodeId,
        epoch: LeaderEpoch,
        log_end: EpochEnd,
        synced: Offset,
        high_watermark: Offset,
        flush_policy: FlushPolicy,
    ) -> Follower {
        let EpochEnd { epoch: last_epoch, end_offset: log_end } = log_end;
        assert!(synced <= log_end, "nothing is durable that was not written");
        let high_watermark = high_watermark.min(log_end);
        Follower { leader, epoch, flush_policy, log_end, synced, last_epoch, high_watermark }
    }

    /// Follows another leader, or the same in a newer epoch.
    pub fn follow(&mut self, leader: NodeId, epoch: LeaderEpoch) {
        assert!(epoch >= self.epoch, "leader epochs only grow");
        self.leader = leader;
        self.epoch = epoch;
    }

    /// The epoch that is followed.
    pub fn epoch(&self) -> LeaderEpoch {
        self.epoch
    }

    /// Everything below is committed, as far as this replica knows and holds it.
    pub fn high_watermark(&self) -> Offset {
        self.high_watermark
    }

    /// The next fetch, or none while what was written waits for its sync.
    pub fn next_fetch(&self) -> Option<FetchPosition> {
        // Fetching from an offset vouches for everything below it.
        if self.flush_policy == FlushPolicy::Always && self.synced < self.log_end {
            return None;
        }
        Some(FetchPosition {
            leader: self.leader,
            current_leader_epoch: self.epoch,
            fetch_offset: self.log_end,
            last_fetched_epoch: self.last_epoch,
        })
    }

    /// Judges an answer to the fetch at `position`. `local` is this log's largest epoch not above
    /// the one that the leader named, if it named one.
    pub fn answered(
        &mut self,
        position: FetchPosition,
        answer: FetchAnswer,
        local: Option<EpochEnd>,
    ) -> FollowerAction {
        let current = self.next_fetch() == Some(position);
        if !current {
            // The leader or the log has changed since; the answer is about another situation.
            return FollowerAction::BackOff;
        }
        match answer {
            FetchAnswer::Records { log_start, .. } if log_start > self.log_end => FollowerAction::RestartAt(log_start),
            FetchAnswer::Records { high_watermark, .. } => {
                self.leader_committed(high_watermark);
                FollowerAction::Append
            }
            FetchAnswer::Diverging(leader) => {
                let offset = truncation_offset(leader, local, self.log_end, self.high_watermark);
                if offset == self.log_end { FollowerAction::BackOff } else { FollowerAction::TruncateTo(offset) }
            }
            FetchAnswer::OutOfRange { log_start, .. } if log_start > self.log_end => {
                FollowerAction::RestartAt(log_start)
            }
            FetchAnswer::OutOfRange { log_end, .. } if log_end < self.log_end => FollowerAction::TruncateTo(log_end),
            FetchAnswer::OutOfRange { .. } | FetchAnswer::NotLeader => FollowerAction::BackOff,
        }
    }

    /// The log now ends at `log_end`, the last record being of `log_end.epoch`; `leader_high_watermark`
    /// came with the records.
    pub fn appended(&mut self, log_end: EpochEnd, leader_high_watermark: Offset) {
        assert!(log_end.end_offset >= self.log_end, "an append makes a log longer");
        self.log_end = log_end.end_offset;
        self.last_epoch = log_end.epoch;
        self.leader_committed(leader_high_watermark);
    }

    /// Everything below `offset` is durable here.
    pub fn synced(&mut self, offset: Offset) {
        self.synced = self.synced.max(offset.min(self.log_end));
    }

    /// The log was cut, or dropped and begun anew, and now ends at `log_end`.
    pub fn truncated(&mut self, log_end: EpochEnd) {
        self.log_end = log_end.end_offset;
        self.last_epoch = log_end.epoch;
        self.synced = self.synced.min(self.log_end);
        self.high_watermark = self.high_watermark.min(self.log_end);
    }

    fn leader_committed(&mut self, high_watermark: Offset) {
        self.high_watermark = self.high_watermark.max(high_watermark.min(self.log_end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEADER: NodeId = NodeId(1);

    fn end(epoch: i32, offset: i64) -> EpochEnd {
        EpochEnd { epoch: LeaderEpoch(epoch), end_offset: Offset(offset) }
    }

    fn records(high_watermark: i64) -> FetchAnswer {
        FetchAnswer::Records { high_watermark: Offset(high_watermark), log_start: Offset(0) }
    }

    fn follower(flush_policy: FlushPolicy) -> Follower {
        Follower::new(LEADER, LeaderEpoch(3), end(2, 10), Offset(10), Offset(6), flush_policy)
    }

    #[test]
    fn the_high_watermark_follows_the_leaders_as_far_as_the_log_goes() {
        let mut follower = follower(FlushPolicy::Auto);
        let position = follower.next_fetch().unwrap();
        assert_eq!((position.fetch_offset, position.last_fetched_epoch), (Offset(10), LeaderEpoch(2)));
        assert_eq!(follower.answered(position, records(50), None), FollowerAction::Append);
        assert_eq!(follower.high_watermark(), Offset(10));
        follower.appended(end(3, 20), Offset(15));
        assert_eq!(follower.high_watermark(), Offset(15));
        assert_eq!(follower.next_fetch().unwrap().fetch_offset, Offset(20));
    }

    #[test]
    fn under_always_nothing_is_fetched_beyond_what_is_synced() {
        let mut follower = follower(FlushPolicy::Always);
        follower.appended(end(3, 20), Offset(10));
        assert_eq!(follower.next_fetch(), None);
        follower.synced(Offset(20));
        assert_eq!(follower.next_fetch().unwrap().fetch_offset, Offset(20));
    }

    #[test]
    fn another_history_is_cut_off() {
        let mut follower = follower(FlushPolicy::Auto);
        let position = follower.next_fetch().unwrap();
        let action = follower.answered(position, FetchAnswer::Diverging(end(1, 7)), Some(end(1, 8)));
        assert_eq!(action, FollowerAction::TruncateTo(Offset(7)));
        follower.truncated(end(1, 7));
        assert_eq!(follower.high_watermark(), Offset(6));
        assert_eq!(follower.next_fetch().unwrap().last_fetched_epoch, LeaderEpoch(1));
    }

    #[test]
    fn outside_the_leaders_log_it_starts_over_or_cuts() {
        let mut follower = follower(FlushPolicy::Auto);
        let position = follower.next_fetch().unwrap();
        let ahead = FetchAnswer::OutOfRange { log_start: Offset(0), log_end: Offset(4) };
        assert_eq!(follower.answered(position, ahead, None), FollowerAction::TruncateTo(Offset(4)));
        let behind = FetchAnswer::OutOfRange { log_start: Offset(40), log_end: Offset(90) };
        assert_eq!(follower.answered(position, behind, None), FollowerAction::RestartAt(Offset(40)));
    }

    #[test]
    fn an_answer_from_before_a_change_of_leader_is_ignored() {
        let mut follower = follower(FlushPolicy::Auto);
        let position = follower.next_fetch().unwrap();
        follower.follow(NodeId(2), LeaderEpoch(4));
        assert_eq!(follower.answered(position, records(50), None), FollowerAction::BackOff);
        assert_eq!(follower.high_watermark(), Offset(6));
    }
}
