//! What must hold between any two commands; the list stands in `group/mod.rs`.

use super::super::timers::TimerKey;
use super::super::{Group, GroupShard, GroupState};
use super::bench::Token;

/// Live and rebuilt by replay, the durable state is the same.
pub(super) fn check_durable(live: &GroupShard<Token>, rebuilt: &GroupShard<Token>) {
    assert_eq!(live.stored, rebuilt.stored);
    assert_eq!(live.foreign, rebuilt.foreign);
    let live: Vec<_> = live.offsets.replayed().collect();
    let rebuilt: Vec<_> = rebuilt.offsets.replayed().collect();
    assert_eq!(live, rebuilt);
}

pub(super) fn check_groups(shard: &GroupShard<Token>, everything_is_replayed: bool) {
    assert!(shard.timers.contains(&TimerKey::Retention));
    let mut timer_count = 1;
    for (group_id, group) in &shard.groups {
        assert_eq!(*group_id, group.id);
        timer_count += check_group(shard, group);
        if everything_is_replayed && group.state == GroupState::Stable {
            check_stored(shard, group);
        }
    }
    assert_eq!(shard.timers.count(), timer_count, "every timer belongs to somebody");
}

/// Returns how many timers the group has.
fn check_group(shard: &GroupShard<Token>, group: &Group<Token>) -> usize {
    assert_eq!(group.state == GroupState::Empty, group.members.is_empty() && group.state == GroupState::Empty);
    if group.state == GroupState::Empty {
        assert!(group.members.is_empty() && group.leader.is_none() && group.protocol_name.is_none());
    }
    if matches!(group.state, GroupState::CompletingRebalance | GroupState::Stable) {
        assert!(!group.members.is_empty());
        let protocol = group.protocol_name.as_ref().unwrap();
        assert!(group.members.values().all(|member| member.metadata(protocol).is_some()));
        assert!(group.generation > 0);
    }
    if !group.members.is_empty() {
        assert!(group.members.contains_key(group.leader.as_ref().unwrap()));
        assert!(group.protocol_type.is_some());
        assert!(group.select_protocol().is_some());
    }
    let mut timer_count = 0;
    for (member_id, member) in &group.members {
        assert_eq!(*member_id, member.id);
        assert!(!group.pending_members.contains(member_id));
        assert!(member.joining.is_none() || group.state == GroupState::PreparingRebalance);
        assert!(member.syncing.is_none() || group.state == GroupState::CompletingRebalance);
        assert!(!member.is_new || member.joining.is_some());
        if let Some(instance_id) = &member.group_instance_id {
            assert_eq!(group.static_members.get(instance_id), Some(member_id));
        }
        let has_session = shard.timers.contains(&group.session_key(member_id));
        assert!(has_session || member.is_waiting());
        timer_count += usize::from(has_session);
    }
    for member_id in &group.pending_members {
        assert!(shard.timers.contains(&group.session_key(member_id)));
        timer_count += 1;
    }
    let static_count = group.members.values().filter(|member| member.group_instance_id.is_some()).count();
    assert_eq!(group.static_members.len(), static_count);
    assert!(group.pending_sync.iter().all(|member_id| group.members.contains_key(member_id)));
    let prepares = group.state == GroupState::PreparingRebalance;
    assert_eq!(shard.timers.contains(&group.rebalance_key()), prepares);
    assert_eq!(shard.timers.contains(&group.sync_key()), !group.pending_sync.is_empty());
    assert!(group.initial.is_none() || prepares);
    timer_count + usize::from(prepares) + usize::from(!group.pending_sync.is_empty())
}

/// The newest record says what the stable group is.
fn check_stored(shard: &GroupShard<Token>, group: &Group<Token>) {
    let stored = shard.stored.get(&group.id).unwrap();
    assert_eq!(stored.generation, group.generation);
    assert_eq!(stored.protocol, group.protocol_name);
    assert_eq!(Some(&stored.protocol_type), group.protocol_type.as_ref());
    assert_eq!(stored.leader, group.leader);
    let protocol = group.protocol_name.as_ref().unwrap();
    let stored_members: Vec<_> = stored
        .members
        .iter()
        .map(|member| (&member.member_id, &member.group_instance_id, &member.subscription, &member.assignment))
        .collect();
    let members: Vec<_> = group
        .members
        .values()
        .map(|member| (&member.id, &member.group_instance_id, member.metadata(protocol).unwrap(), &member.assignment))
        .collect();
    assert_eq!(stored_members, members);
}
