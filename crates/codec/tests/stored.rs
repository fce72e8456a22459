//! Stored records that Kafka 4.3.1's own classes have read and written again to the same bytes.
//!
//! A line is a message, its version and its bytes in hexadecimal; the first of each version are the
//! defaults, the others have random values.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use bytes::Bytes;
use stream_codec::{Message, decode_body, stored, to_bytes};

const FIXTURES: &str = include_str!("fixtures/stored-kafka-4.3.1.txt");

fn bytes(hex: &str) -> Bytes {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn check<M: Message>(checked: &mut BTreeSet<&'static str>) {
    for version in M::VERSIONS.0..=M::VERSIONS.1 {
        let start = format!("{} {version} ", M::NAME);
        let lines: Vec<_> = FIXTURES.lines().filter_map(|line| line.strip_prefix(&start)).collect();
        assert!(lines.len() > 1, "{start}has no fixtures");
        assert_eq!(to_bytes(&M::default(), version), Ok(bytes(lines[0])), "{start}default");
        for line in lines {
            let message: M = decode_body(bytes(line), version).unwrap_or_else(|e| panic!("{start}{line}: {e}"));
            assert_eq!(to_bytes(&message, version), Ok(bytes(line)), "{start}{message:?}");
        }
    }
    checked.insert(M::NAME);
}

macro_rules! check_all {
    ($checked:ident $($module:ident { $($message:ident)* })*) => {
        $($(check::<stored::$module::$message>(&mut $checked);)*)*
    };
}

#[test]
fn records_are_read_and_written_as_kafka_does() {
    let mut checked = BTreeSet::new();
    check_all! { checked
        metadata {
            RegisterBrokerRecord
            UnregisterBrokerRecord
            BrokerRegistrationChangeRecord
            FenceBrokerRecord
            UnfenceBrokerRecord
            RegisterControllerRecord
            TopicRecord
            RemoveTopicRecord
            PartitionRecord
            PartitionChangeRecord
            ClearElrRecord
            ConfigRecord
            FeatureLevelRecord
            ProducerIdsRecord
            ClientQuotaRecord
            UserScramCredentialRecord
            RemoveUserScramCredentialRecord
            AccessControlEntryRecord
            RemoveAccessControlEntryRecord
            DelegationTokenRecord
            RemoveDelegationTokenRecord
            BeginTransactionRecord
            EndTransactionRecord
            AbortTransactionRecord
            NoOpRecord
            ZkMigrationStateRecord
        }
        offset_commit {
            OffsetCommitKey
            OffsetCommitValue
            LegacyOffsetCommitKey
            LegacyOffsetCommitValue
        }
        classic_group {
            GroupMetadataKey
            GroupMetadataValue
        }
        consumer_group {
            ConsumerGroupMetadataKey
            ConsumerGroupMetadataValue
            ConsumerGroupPartitionMetadataKey
            ConsumerGroupPartitionMetadataValue
            ConsumerGroupMemberMetadataKey
            ConsumerGroupMemberMetadataValue
            ConsumerGroupTargetAssignmentMetadataKey
            ConsumerGroupTargetAssignmentMetadataValue
            ConsumerGroupTargetAssignmentMemberKey
            ConsumerGroupTargetAssignmentMemberValue
            ConsumerGroupCurrentMemberAssignmentKey
            ConsumerGroupCurrentMemberAssignmentValue
            ConsumerGroupRegularExpressionKey
            ConsumerGroupRegularExpressionValue
        }
        share_group {
            ShareGroupMetadataKey
            ShareGroupMetadataValue
            ShareGroupMemberMetadataKey
            ShareGroupMemberMetadataValue
            ShareGroupTargetAssignmentMetadataKey
            ShareGroupTargetAssignmentMetadataValue
            ShareGroupTargetAssignmentMemberKey
            ShareGroupTargetAssignmentMemberValue
            ShareGroupCurrentMemberAssignmentKey
            ShareGroupCurrentMemberAssignmentValue
            ShareGroupStatePartitionMetadataKey
            ShareGroupStatePartitionMetadataValue
        }
        streams_group {
            StreamsGroupMetadataKey
            StreamsGroupMetadataValue
            StreamsGroupTopologyKey
            StreamsGroupTopologyValue
            StreamsGroupMemberMetadataKey
            StreamsGroupMemberMetadataValue
            StreamsGroupTargetAssignmentMetadataKey
            StreamsGroupTargetAssignmentMetadataValue
            StreamsGroupTargetAssignmentMemberKey
            StreamsGroupTargetAssignmentMemberValue
            StreamsGroupCurrentMemberAssignmentKey
            StreamsGroupCurrentMemberAssignmentValue
        }
        transaction {
            TransactionLogKey
            TransactionLogValue
        }
        share_state {
            ShareSnapshotKey
            ShareSnapshotValue
            ShareUpdateKey
            ShareUpdateValue
        }
        control {
            ControlRecordTypeSchema
            EndTxnMarker
            LeaderChangeMessage
            SnapshotHeaderRecord
            SnapshotFooterRecord
            KRaftVersionRecord
            VotersRecord
        }
        principal {
            DefaultPrincipalData
        }
        consumer_protocol {
            ConsumerProtocolSubscription
            ConsumerProtocolAssignment
        }
        producer_snapshot {
            ProducerSnapshot
        }
    }
    let known: BTreeSet<_> = FIXTURES.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(checked, known);
}
