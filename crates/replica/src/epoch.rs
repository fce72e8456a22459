//! Leader epochs: who may fetch, and where two logs part (KIP-320, KIP-595's diverging epoch).

use stream_types::{LeaderEpoch, Offset};

/// How far one epoch reaches in a log: the offset after its last record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochEnd {
    /// The epoch.
    pub epoch: LeaderEpoch,
    /// The offset after the epoch's last record.
    pub end_offset: Offset,
}

/// Why a request's leader epoch does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EpochMismatch {
    /// The requester believes in an older leader: FENCED_LEADER_EPOCH.
    Fenced,
    /// The requester knows a newer leader than this replica: UNKNOWN_LEADER_EPOCH.
    Unknown,
}

/// Compares the epoch that a request names with the leader's; [`LeaderEpoch::NONE`] asks for no check.
pub fn check_epoch(leader: LeaderEpoch, requested: LeaderEpoch) -> Result<(), EpochMismatch> {
    if requested == LeaderEpoch::NONE || requested == leader {
        Ok(())
    } else if requested < leader {
        Err(EpochMismatch::Fenced)
    } else {
        Err(EpochMismatch::Unknown)
    }
}

/// Whether a follower that holds records up to `fetch_offset`, the last of them of epoch
/// `last_fetched`, has another history than the leader. `known` is the leader's largest epoch not
/// above `last_fetched`; the answer is what the leader tells the follower.
pub fn diverging(last_fetched: LeaderEpoch, fetch_offset: Offset, known: Option<EpochEnd>) -> Option<EpochEnd> {
    if last_fetched == LeaderEpoch::NONE {
        return None;
    }
    let Some(known) = known else {
        // Nothing in common: the follower begins with what the leader has.
        return Some(EpochEnd { epoch: LeaderEpoch::NONE, end_offset: Offset::NONE });
    };
    (known.epoch < last_fetched || known.end_offset < fetch_offset).then_some(known)
}

/// Where a follower cuts its log after the leader answered with `leader`. `local` is the follower's
/// own largest epoch not above `leader.epoch`; `high_watermark` is its own.
///
/// If the follower lacks the leader's epoch, it cuts to where its own smaller epoch ends and asks
/// again: the next answer finds the next common point.
pub fn truncation_offset(leader: EpochEnd, local: Option<EpochEnd>, log_end: Offset, high_watermark: Offset) -> Offset {
    if leader.epoch == LeaderEpoch::NONE {
        return high_watermark.min(log_end);
    }
    match local {
        None => high_watermark.min(log_end),
        Some(local) if local.epoch < leader.epoch => local.end_offset.min(log_end),
        Some(local) => leader.end_offset.min(local.end_offset).min(log_end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(epoch: i32, offset: i64) -> EpochEnd {
        EpochEnd { epoch: LeaderEpoch(epoch), end_offset: Offset(offset) }
    }

    #[test]
    fn epochs_are_compared() {
        let check = |requested| check_epoch(LeaderEpoch(5), LeaderEpoch(requested));
        assert_eq!(check(5), Ok(()));
        assert_eq!(check(-1), Ok(()));
        assert_eq!(check(4), Err(EpochMismatch::Fenced));
        assert_eq!(check(6), Err(EpochMismatch::Unknown));
    }

    #[test]
    fn a_shared_history_does_not_diverge() {
        assert_eq!(diverging(LeaderEpoch(2), Offset(10), Some(end(2, 10))), None);
        assert_eq!(diverging(LeaderEpoch(2), Offset(10), Some(end(2, 25))), None);
        assert_eq!(diverging(LeaderEpoch::NONE, Offset(0), None), None);
    }

    #[test]
    fn a_longer_or_another_epoch_diverges() {
        assert_eq!(diverging(LeaderEpoch(2), Offset(12), Some(end(2, 10))), Some(end(2, 10)));
        assert_eq!(diverging(LeaderEpoch(3), Offset(12), Some(end(2, 10))), Some(end(2, 10)));
        assert_eq!(diverging(LeaderEpoch(3), Offset(12), None), Some(end(-1, -1)));
    }

    #[test]
    fn a_follower_cuts_where_the_histories_part() {
        let cut = |leader, local| truncation_offset(leader, local, Offset(30), Offset(8));
        assert_eq!(cut(end(2, 10), Some(end(2, 20))), Offset(10));
        assert_eq!(cut(end(2, 40), Some(end(2, 20))), Offset(20));
        assert_eq!(cut(end(3, 40), Some(end(1, 15))), Offset(15));
        assert_eq!(cut(end(3, 40), None), Offset(8));
        assert_eq!(cut(end(-1, -1), Some(end(1, 15))), Offset(8));
    }
}
