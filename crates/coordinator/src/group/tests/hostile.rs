//! A log may hold anything: other kinds of groups, versions of the future, nonsense. None of it ends the process.

use std::time::Duration;

use bytes::Bytes;
use stream_codec::Str;
use stream_codec::stored::classic_group::{GroupMetadataKey, GroupMetadataValue, MemberMetadata};
use stream_codec::stored::consumer_group::{ConsumerGroupMetadataKey, ConsumerGroupMetadataValue};
use stream_codec::stored::offset_commit::{LegacyOffsetCommitKey, LegacyOffsetCommitValue};
use stream_codec::stored::{encode_key, encode_versioned};
use stream_types::{ErrorCode, LeaderEpoch, Monotonic, Now, Offset, PartitionIndex};

use super::super::GroupShard;
use super::bench::{Token, config};
use crate::random::Random;
use crate::*;

fn shard() -> GroupShard<Token> {
    GroupShard::new(config().into(), LeaderEpoch(0), 1)
}

fn member(member_id: &str, instance_id: &str) -> MemberMetadata {
    MemberMetadata {
        member_id: member_id.into(),
        group_instance_id: Some(instance_id.into()),
        session_timeout: -5,
        rebalance_timeout: -7,
        subscription: Bytes::from_static(b"?"),
        ..MemberMetadata::default()
    }
}

#[test]
fn other_kinds_of_groups_are_kept_and_passed_over() {
    let mut shard = shard();
    let key = ConsumerGroupMetadataKey { group_id: "g".into() };
    let key = encode_key(&key).unwrap();
    let value = encode_versioned(&ConsumerGroupMetadataValue::default(), 0).unwrap();
    shard.replay(Offset(0), &key, Some(&value)).unwrap();
    // Its value may be of a version of the future, and so may whole kinds.
    shard.replay(Offset(1), &key, Some(&Bytes::from_static(&[0x7f, 0xff, 1, 2, 3]))).unwrap();
    shard.replay(Offset(2), &Bytes::from_static(&[0x7f, 0, 1, 2]), Some(&Bytes::new())).unwrap();
    shard.replay(Offset(3), &Bytes::from_static(&[0, 3, 9, 9, 9]), None).unwrap();
    // The offsets of such a group do not expire.
    let key = encode_key(&LegacyOffsetCommitKey { group: "g".into(), topic: "t".into(), partition: 1 }).unwrap();
    let value = encode_versioned(&LegacyOffsetCommitValue { offset: 7, ..Default::default() }, 0).unwrap();
    shard.replay(Offset(4), &key, Some(&value)).unwrap();
    assert!(shard.loaded(Now::default()).is_empty());
    let year = Duration::from_secs(365 * 24 * 3600);
    let mut now = Now::default();
    while now.monotonic.0 < year {
        now.monotonic.0 += Duration::from_secs(24 * 3600);
        now.wall.0 += 24 * 3600 * 1000;
        assert!(shard.tick(now).is_empty());
    }
    let offsets: Vec<_> = shard.committed_offsets().map(|(_, _, partition, offset)| (partition, offset)).collect();
    assert_eq!(offsets, [(PartitionIndex(1), Offset(7))]);
}

#[test]
fn what_cannot_be_read_is_an_error_and_changes_nothing() {
    let mut shard = shard();
    let key = encode_key(&GroupMetadataKey { group: "g".into() }).unwrap();
    let bad_value = Bytes::from_static(&[0, 3, 0]);
    let error = shard.replay(Offset(9), &key, Some(&bad_value)).unwrap_err();
    assert!(matches!(error, CoordinatorError::Undecodable { offset: Offset(9), .. }));
    assert!(shard.replay(Offset(9), &Bytes::new(), None).is_err());
    let mut random = Random::new(7);
    for _ in 0..20_000 {
        let mut bytes = || -> Bytes { (0..random.next() % 40).map(|_| (random.next() & 3) as u8).collect() };
        let (key, value) = (bytes(), bytes());
        // It may be an error, it may be a record by chance.
        let _ = shard.replay(Offset(9), &key, Some(&value));
    }
    let _ = shard.loaded(Now::default());
}

#[test]
fn a_group_that_contradicts_itself_is_served_and_ends() {
    let mut shard = shard();
    let value = GroupMetadataValue {
        protocol_type: Str::EMPTY,
        generation: i32::MAX,
        protocol: None,
        leader: Some("nobody".into()),
        current_state_timestamp: -1,
        members: vec![member("a", "same"), member("b", "same"), member("a", "other")],
    };
    let record = record::group_metadata(&"g".into(), &value);
    shard.replay(Offset(0), &record.key, record.value.as_ref()).unwrap();
    assert!(shard.loaded(Now::default()).is_empty());
    let answer = |shard: &mut GroupShard<Token>, command| shard.handle(Now::default(), command, 1).replies.remove(0).1;
    let heartbeat =
        Heartbeat { group_id: "g".into(), generation_id: i32::MAX, member_id: "a".into(), ..Default::default() };
    assert_eq!(answer(&mut shard, GroupCommand::Heartbeat(heartbeat)), GroupReply::Heartbeat(ErrorCode::None));
    let describe = DescribeGroup { group_id: "g".into(), unknown_is_error: true };
    assert!(matches!(answer(&mut shard, GroupCommand::Describe(describe)), GroupReply::Describe(_)));
    let leaving = LeavingMember { member_id: "a".into(), ..Default::default() };
    let leave = LeaveGroup { group_id: "g".into(), members: vec![leaving] };
    assert!(matches!(answer(&mut shard, GroupCommand::Leave(leave)), GroupReply::Leave(_)));
    let later = Now { monotonic: Monotonic::from_millis(3_600_000), ..Now::default() };
    let _ = shard.tick(later);
    let states: Vec<String> = shard.groups().map(|group| group.state.to_string()).collect();
    assert_eq!(states, ["Empty"]);
}

#[test]
fn texts_that_no_record_can_hold_are_refused() {
    let mut shard = shard();
    let _ = shard.loaded(Now::default());
    let long = Str::from("x".repeat(40_000));
    let join = JoinGroup {
        group_id: "g".into(),
        client_id: "c".into(),
        session_timeout_ms: 10_000,
        protocol_type: "consumer".into(),
        protocols: vec![JoinProtocol { name: "range".into(), metadata: Bytes::new() }],
        ..JoinGroup::default()
    };
    let mut protocols = join.protocols.clone();
    protocols[0].name = long.clone();
    let refused = [
        (JoinGroup { group_id: long.clone(), ..join.clone() }, ErrorCode::InvalidGroupId),
        (JoinGroup { client_id: long.clone(), ..join.clone() }, ErrorCode::InvalidRequest),
        (JoinGroup { group_instance_id: Some(long.clone()), ..join.clone() }, ErrorCode::InvalidRequest),
        (JoinGroup { protocol_type: long.clone(), ..join.clone() }, ErrorCode::InvalidRequest),
        (JoinGroup { protocols, ..join.clone() }, ErrorCode::InvalidRequest),
    ];
    for (join, error) in refused {
        let step = shard.handle(Now::default(), GroupCommand::Join(join), 1);
        assert!(step.records.is_empty());
        assert!(matches!(&step.replies[..], [(1, GroupReply::Join(reply))] if reply.error == error));
    }
    let partitions = vec![CommitPartition::default()];
    let topic = CommitTopic { name: long.clone(), partitions, ..CommitTopic::default() };
    let commit = CommitOffsets { topics: vec![topic], ..CommitOffsets::default() };
    let step = shard.handle(Now::default(), GroupCommand::CommitOffsets(commit.clone()), 1);
    assert!(step.records.is_empty());
    let step = shard.handle(Now::default(), GroupCommand::CommitOffsets(CommitOffsets { group_id: long, ..commit }), 1);
    assert!(step.records.is_empty());
    assert_eq!(shard.groups().count(), 1);
}
