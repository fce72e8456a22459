//! Who is in sync: followers that catch up join, followers that lag leave, by leave of the controller.
//!
//! A change is proposed to the controller with the partition epoch (KIP-497) and takes effect when
//! it is answered. Until then the leader counts with the stricter of both sets: whoever may be in
//! sync has to have what is committed.

use std::time::Duration;

use stream_types::{Monotonic, NodeId, Offset, PartitionEpoch};

use crate::leader::{FlushPolicy, Leader};
use crate::progress::Progress;

/// What the leader asks of the controller (AlterPartition).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IsrProposal {
    /// The in-sync replicas to be.
    pub isr: Vec<NodeId>,
    /// The partition epoch that the proposal rests on.
    pub partition_epoch: PartitionEpoch,
}

/// What is to be done about the in-sync set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IsrDecision {
    /// Nothing, or an earlier proposal is still out.
    Keep,
    /// Sync the log up to here, then ask again: who is about to be the only one in sync must have
    /// everything on stable storage first.
    SyncFirst(Offset),
    /// Propose this to the controller.
    Propose(IsrProposal),
}

/// How far a follower is, as its leader knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FollowerStatus {
    /// First offset that it does not hold; none before its first fetch in this epoch.
    pub log_end: Option<Offset>,
    /// When it last fetched.
    pub last_fetch: Option<Monotonic>,
    /// The latest moment at which it held everything.
    pub last_caught_up: Monotonic,
}

/// A fetch that is not a follower's to make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotAReplica;

impl<Token> Leader<Token> {
    /// Takes over who is assigned, in sync, and in which partition epoch, as the metadata image has
    /// it. Older epochs are ignored. Those whose append is committed by that.
    pub fn assigned(
        &mut self,
        now: Monotonic,
        replicas: &[NodeId],
        isr: &[NodeId],
        partition_epoch: PartitionEpoch,
    ) -> Vec<Token> {
        if partition_epoch < self.partition_epoch {
            return Vec::new();
        }
        assert!(isr.contains(&self.node), "a leader is in its own in-sync set");
        if partition_epoch > self.partition_epoch {
            self.proposed = None;
        }
        self.partition_epoch = partition_epoch;
        self.isr = isr.to_vec();
        self.followers.retain(|node, _| replicas.contains(node));
        for node in replicas.iter().chain(isr).filter(|node| **node != self.node) {
            self.followers.entry(*node).or_insert_with(|| Progress::new(now));
        }
        self.advance()
    }

    /// A follower fetches from `offset`: it holds everything below. Those whose append is committed
    /// by that.
    ///
    /// # Errors
    /// When the partition is not assigned to `node`.
    pub fn fetched(&mut self, now: Monotonic, node: NodeId, offset: Offset) -> Result<Vec<Token>, NotAReplica> {
        let log_end = self.log_end;
        let progress = self.followers.get_mut(&node).ok_or(NotAReplica)?;
        progress.fetched(now, offset.min(log_end), log_end);
        Ok(self.advance())
    }

    /// What is to be done about the in-sync set: call it after a fetch, after a sync that was asked
    /// for, and every half `replica_lag_max` (`replica.lag.time.max.ms`).
    pub fn review_isr(&mut self, now: Monotonic, replica_lag_max: Duration) -> IsrDecision {
        if self.proposed.is_some() {
            return IsrDecision::Keep;
        }
        let mut isr: Vec<NodeId> =
            self.isr.iter().copied().filter(|node| !self.lags(*node, now, replica_lag_max)).collect();
        let joining = self.followers.keys().copied().filter(|node| self.may_join(*node));
        isr.extend(joining);
        isr.sort_unstable();
        let mut current = self.isr.clone();
        current.sort_unstable();
        if isr == current {
            return IsrDecision::Keep;
        }
        let alone = isr == [self.node] && self.flush_policy != FlushPolicy::Never;
        if alone && self.synced < self.log_end {
            return IsrDecision::SyncFirst(self.log_end);
        }
        self.proposed = Some(isr.clone());
        IsrDecision::Propose(IsrProposal { isr, partition_epoch: self.partition_epoch })
    }

    /// The controller agreed; the new set is in force. Those whose append is committed by that.
    pub fn isr_accepted(&mut self, now: Monotonic, isr: &[NodeId], partition_epoch: PartitionEpoch) -> Vec<Token> {
        let replicas: Vec<NodeId> = self.followers.keys().copied().collect();
        self.assigned(now, &replicas, isr, partition_epoch)
    }

    /// The controller refused, or did not answer in time and the image still has the old set: the
    /// proposal is withdrawn. Only safe once it can no longer be carried out.
    pub fn isr_refused(&mut self) -> Vec<Token> {
        self.proposed = None;
        self.advance()
    }

    /// Whether enough replicas are in sync for acks=all (`min.insync.replicas`): if not, produce is
    /// refused with NOT_ENOUGH_REPLICAS before the append and NOT_ENOUGH_REPLICAS_AFTER_APPEND
    /// once it is committed.
    pub fn has_enough_replicas(&self, min_isr: usize) -> bool {
        self.isr.len() >= min_isr
    }

    /// Replicas that are assigned but not in sync.
    pub fn is_under_replicated(&self) -> bool {
        self.isr.len() < self.followers.len() + 1
    }

    /// How far a follower is; none for a node that is not one.
    pub fn follower(&self, node: NodeId) -> Option<FollowerStatus> {
        let Progress { log_end, last_fetch, last_caught_up, .. } = *self.followers.get(&node)?;
        Some(FollowerStatus { log_end, last_fetch, last_caught_up })
    }

    fn lags(&self, node: NodeId, now: Monotonic, replica_lag_max: Duration) -> bool {
        if node == self.node {
            return false;
        }
        // One that holds everything is not late, however long ago it said so.
        self.followers.get(&node).is_none_or(|progress| {
            progress.log_end != Some(self.log_end) && now.since(progress.last_caught_up) > replica_lag_max
        })
    }

    /// A follower joins when it has everything that is committed, and everything that leaders before
    /// this epoch left: it could otherwise be elected without.
    fn may_join(&self, node: NodeId) -> bool {
        let Some(progress) = self.followers.get(&node) else { return false };
        !self.isr.contains(&node)
            && progress.log_end.is_some_and(|end| end >= self.high_watermark && end >= self.epoch_start)
    }

    /// The largest offset below which everybody who may be in sync has everything.
    pub(crate) fn replicated(&self) -> Offset {
        let proposed = self.proposed.as_deref().unwrap_or_default();
        let mut committed = self.own_offset();
        for node in self.isr.iter().chain(proposed).filter(|node| **node != self.node) {
            let end = self.followers.get(node).and_then(|progress| progress.log_end);
            // Before its first fetch in this epoch nothing is known beyond what was committed.
            committed = committed.min(end.unwrap_or(self.high_watermark));
        }
        committed
    }

    /// What this replica itself vouches for: what it has synced while it is, or is about to be, the
    /// only one in sync.
    fn own_offset(&self) -> Offset {
        let alone = self.isr.len() == 1 || self.proposed.as_ref().is_some_and(|isr| isr.len() == 1);
        match self.flush_policy {
            FlushPolicy::Never => self.log_end,
            FlushPolicy::Always => self.synced,
            FlushPolicy::Auto if alone => self.synced,
            FlushPolicy::Auto => self.log_end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use stream_types::LeaderEpoch;

    const ME: NodeId = NodeId(1);
    const LAG: Duration = Duration::from_secs(10);

    fn nodes(list: &str) -> Vec<NodeId> {
        list.split(',').map(|node| NodeId(node.parse().unwrap())).collect()
    }

    /// Runs a script against node 1 leading replicas 1, 2, 3 that are all in sync over an empty log,
    /// and compares what came of each step.
    ///
    /// ```text
    /// SECONDS append N | sync N | wait N NAME | fetch NODE N | review | accept EPOCH NODES | refuse
    /// ```
    fn check(flush_policy: FlushPolicy, script: &str) {
        let mut leader: Leader<String> = Leader::new(ME, LeaderEpoch(0), vec![ME], Offset(0), Offset(0), flush_policy);
        leader.assigned(Monotonic::from_millis(0), &nodes("1,2,3"), &nodes("1,2,3"), PartitionEpoch(1));
        for line in script.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let (step, expected) = line.split_once("=>").unwrap();
            let words: Vec<&str> = step.split_whitespace().collect();
            let now = Monotonic::from_millis(words[0].parse::<u64>().unwrap() * 1000);
            let number = |position: usize| words[position].parse::<i64>().unwrap();
            let (released, said) = match words[1] {
                "append" => (leader.appended(Offset(number(2))), String::new()),
                "sync" => (leader.synced(Offset(number(2))), String::new()),
                "wait" => (leader.wait(Offset(number(2)), words[3].to_owned()).into_iter().collect(), String::new()),
                "fetch" => match leader.fetched(now, NodeId(number(2) as i32), Offset(number(3))) {
                    Ok(released) => (released, String::new()),
                    Err(NotAReplica) => (Vec::new(), "stranger".to_owned()),
                },
                "review" => (Vec::new(), describe(&leader.review_isr(now, LAG))),
                "accept" => {
                    let epoch = PartitionEpoch(number(2) as i32);
                    (leader.isr_accepted(now, &nodes(words[3]), epoch), String::new())
                }
                "refuse" => (leader.isr_refused(), String::new()),
                other => panic!("no step {other}"),
            };
            let found = format!("hw={} {} {said}", leader.high_watermark(), released.join(","));
            let found: Vec<&str> = found.split_whitespace().collect();
            assert_eq!(found, expected.split_whitespace().collect::<Vec<_>>(), "after {step:?}");
        }
    }

    fn describe(decision: &IsrDecision) -> String {
        match decision {
            IsrDecision::Keep => "keep".to_owned(),
            IsrDecision::SyncFirst(offset) => format!("sync-to-{offset}"),
            IsrDecision::Propose(proposal) => {
                let isr: Vec<String> = proposal.isr.iter().map(ToString::to_string).collect();
                format!("propose {} at {}", isr.join(","), proposal.partition_epoch)
            }
        }
    }

    #[test]
    fn with_several_in_sync_the_slowest_decides_and_no_sync_is_needed() {
        check(
            FlushPolicy::Auto,
            "0 append 10     => hw=0
             0 wait 10 a     => hw=0
             1 fetch 2 10    => hw=0
             1 fetch 3 4     => hw=4
             1 fetch 9 10    => hw=4 stranger
             2 fetch 3 10    => hw=10 a
             3 fetch 3 2     => hw=10",
        );
    }

    #[test]
    fn under_always_the_leader_counts_what_it_has_synced() {
        check(
            FlushPolicy::Always,
            "0 append 10  => hw=0
             1 fetch 2 10 => hw=0
             1 fetch 3 10 => hw=0
             2 sync 7     => hw=7
             2 sync 10    => hw=10",
        );
    }

    #[test]
    fn who_lags_is_proposed_to_leave_and_counts_until_the_controller_agrees() {
        check(
            FlushPolicy::Auto,
            "0  append 10      => hw=0
             5  fetch 2 10     => hw=0
             5  fetch 3 5      => hw=5
             10 review         => hw=5 keep
             11 review         => hw=5 propose 1,2 at 1
             11 review         => hw=5 keep
             12 wait 10 a      => hw=5
             12 accept 2 1,2   => hw=10 a
             13 fetch 3 9      => hw=10
             13 review         => hw=10 keep
             14 fetch 3 10     => hw=10
             14 review         => hw=10 propose 1,2,3 at 2
             15 append 20      => hw=10
             15 fetch 2 20     => hw=10
             16 refuse         => hw=20",
        );
    }

    #[test]
    fn a_joining_follower_counts_from_the_proposal_on() {
        check(
            FlushPolicy::Auto,
            "0  accept 2 1,2   => hw=0
             0  fetch 2 0      => hw=0
             0  fetch 3 0      => hw=0
             0  review         => hw=0 propose 1,2,3 at 2
             1  append 5       => hw=0
             1  fetch 2 5      => hw=0
             1  fetch 3 5      => hw=5
             2  accept 3 1,2,3 => hw=5",
        );
    }

    #[test]
    fn before_it_is_alone_a_leader_syncs_everything() {
        check(
            FlushPolicy::Auto,
            "0  append 10    => hw=0
             1  fetch 2 8    => hw=0
             1  fetch 3 8    => hw=8
             12 review       => hw=8 sync-to-10
             12 append 12    => hw=8
             13 sync 10      => hw=8
             13 review       => hw=8 sync-to-12
             13 sync 12      => hw=8
             13 review       => hw=8 propose 1 at 1
             14 append 20    => hw=8
             14 fetch 2 20   => hw=8
             14 fetch 3 20   => hw=12
             15 accept 2 1   => hw=12
             15 wait 20 a    => hw=12
             16 sync 20      => hw=20 a",
        );
    }

    #[test]
    fn under_never_being_alone_needs_no_sync() {
        check(
            FlushPolicy::Never,
            "0  append 10  => hw=0
             12 review     => hw=0 propose 1 at 1
             13 accept 2 1 => hw=10",
        );
    }

    #[test]
    fn who_holds_everything_is_in_sync_however_long_the_silence() {
        check(
            FlushPolicy::Auto,
            "0  append 10  => hw=0
             1  fetch 2 10 => hw=0
             1  fetch 3 10 => hw=10
             60 review     => hw=10 keep
             60 append 11  => hw=10
             60 review     => hw=10 sync-to-11",
        );
    }

    #[test]
    fn a_follower_that_keeps_up_with_a_moving_end_is_not_late() {
        check(
            FlushPolicy::Auto,
            "0  append 10  => hw=0
             4  fetch 2 0  => hw=0
             4  fetch 3 0  => hw=0
             5  append 20  => hw=0
             8  fetch 2 10 => hw=0
             8  fetch 3 9  => hw=9
             12 review     => hw=9 propose 1,2 at 1",
        );
    }

    #[test]
    fn a_new_leader_keeps_the_high_watermark_until_it_hears_from_everybody_in_sync() {
        let mut leader: Leader<()> =
            Leader::new(ME, LeaderEpoch(4), nodes("1,2"), Offset(20), Offset(20), FlushPolicy::Auto)
                .with_high_watermark(Offset(12));
        let start = Monotonic::from_millis(0);
        leader.assigned(start, &nodes("1,2"), &nodes("1,2"), PartitionEpoch(3));
        assert_eq!(leader.high_watermark(), Offset(12));
        leader.fetched(start, NodeId(2), Offset(15)).unwrap();
        assert_eq!(leader.high_watermark(), Offset(15));
        assert!(!leader.is_under_replicated());
        assert!(!leader.has_enough_replicas(3));
    }

    #[test]
    fn a_follower_without_what_earlier_leaders_left_does_not_join() {
        let mut leader: Leader<()> =
            Leader::new(ME, LeaderEpoch(4), nodes("1"), Offset(20), Offset(10), FlushPolicy::Auto);
        let start = Monotonic::from_millis(0);
        leader.assigned(start, &nodes("1,2"), &nodes("1"), PartitionEpoch(3));
        leader.fetched(start, NodeId(2), Offset(15)).unwrap();
        assert_eq!((leader.high_watermark(), leader.review_isr(start, LAG)), (Offset(10), IsrDecision::Keep));
        leader.fetched(start, NodeId(2), Offset(20)).unwrap();
        assert!(matches!(leader.review_isr(start, LAG), IsrDecision::Propose(_)));
    }
}
