//! Offsets that nobody needs any more, and groups that have nothing left (KIP-211).
//!
//! - Of a group that had members: `offsets_retention` after it became empty.
//! - Of a group that never had members: that long after each commit.
//! - Of a stable group of consumers: that long after the commit, if nobody subscribes to the topic.
//! - An offset that came with its own expiry time keeps to that.
//! - A wall clock that jumped deletes nothing at this search.

use std::time::Duration;

use stream_codec::Str;
use stream_types::{Now, PartitionIndex, WallMillis};

use super::offsets::CommittedOffset;
use super::timers::TimerKey;
use super::{Group, GroupShard, GroupState};
use crate::{Step, record};

/// Records that one search proposes before it lets others have their turn.
const EXPIRY_RECORDS_MAX: usize = 10_000;
const RESUME_AFTER: Duration = Duration::from_millis(10);
/// How far the clocks may drift apart between two searches.
const CLOCK_DRIFT_MAX: Duration = Duration::from_secs(60);

impl<Token> GroupShard<Token> {
    pub(super) fn expire_offsets(&mut self, now: Now, step: &mut Step<Token>) {
        let resume_at = self.retention.resume_at.take();
        if resume_at.is_none() {
            let jumped = wall_clock_jumped(self.retention.checked, now);
            self.retention.checked = now;
            if jumped {
                self.schedule_expiry(now, self.config.offsets_retention_check_interval);
                return;
            }
        }
        let group_ids = self.groups.range(resume_at.unwrap_or_default()..).map(|(group_id, _)| group_id.clone());
        let group_ids: Vec<Str> = group_ids.collect();
        for group_id in group_ids {
            if step.records.len() >= EXPIRY_RECORDS_MAX {
                self.retention.resume_at = Some(group_id);
                self.schedule_expiry(now, RESUME_AFTER);
                return;
            }
            self.expire_group(now, &group_id, step);
        }
        self.schedule_expiry(now, self.config.offsets_retention_check_interval);
    }

    pub(super) fn schedule_expiry(&mut self, now: Now, after: Duration) {
        self.timers.set(TimerKey::Retention, now.monotonic.plus(after));
    }

    fn expire_group(&mut self, now: Now, group_id: &Str, step: &mut Step<Token>) {
        let Some(group) = self.groups.get(group_id) else { return };
        if group.protocol_type.is_none() && self.foreign.contains(group_id) {
            return;
        }
        let mut expired: Vec<(Str, PartitionIndex)> = Vec::new();
        let mut kept_count = 0usize;
        for (topic, partition, committed) in self.offsets.of_group(group_id) {
            if group.has_expired(topic, committed, now.wall, self.config.offsets_retention) {
                expired.push((topic.clone(), partition));
            } else {
                kept_count += 1;
            }
        }
        let is_over = kept_count == 0 && group.state == GroupState::Empty && group.pending_members.is_empty();
        for (topic, partition) in expired {
            step.records.push(self.offsets.propose(group_id, &topic, partition, None));
        }
        if is_over {
            step.records.push(record::group_tombstone(group_id));
            self.remove_group(group_id);
        }
    }
}

fn wall_clock_jumped(earlier: Now, now: Now) -> bool {
    let monotonic = i64::try_from(now.monotonic.since(earlier.monotonic).as_millis()).unwrap_or(i64::MAX);
    let wall = now.wall.0.saturating_sub(earlier.wall.0);
    u128::from(wall.abs_diff(monotonic)) > CLOCK_DRIFT_MAX.as_millis()
}

impl<Token> Group<Token> {
    fn has_expired(&self, topic: &str, committed: &CommittedOffset, now: WallMillis, retention: Duration) -> bool {
        let kept_since = match self.state {
            _ if self.protocol_type.is_none() => committed.commit_timestamp,
            GroupState::Empty => self.state_since.unwrap_or(committed.commit_timestamp),
            GroupState::Stable if self.uses_consumer_protocol() && self.subscribed_topics.is_some() => {
                committed.commit_timestamp
            }
            _ => return false,
        };
        if self.state != GroupState::Empty && self.is_subscribed_to(topic) {
            return false;
        }
        if let Some(expire_timestamp) = committed.expire_timestamp {
            return now >= expire_timestamp;
        }
        let retention = i64::try_from(retention.as_millis()).unwrap_or(i64::MAX);
        now.0.saturating_sub(kept_since.0) >= retention
    }
}
