//! Every kind of record that a group coordinator keeps in `__consumer_offsets`.

use bytes::Bytes;

use super::classic_group::*;
use super::consumer_group::*;
use super::coordinator::{CoordinatorKey, decode_key, decode_versioned, record_type};
use super::offset_commit::*;
use super::share_group::*;
use super::streams_group::*;
use crate::DecodeError;

macro_rules! group_records {
    ($($name:ident $key:ident $value:ident;)*) => {
        /// A record of `__consumer_offsets`, read. A missing value deletes what the key names.
        #[derive(Clone, PartialEq, Debug)]
        #[allow(missing_docs)]
        pub enum GroupRecord {
            $($name($key, Option<Box<$value>>),)*
            /// A kind that this version does not know; Kafka warns and goes on.
            Unknown {
                /// The number of the kind.
                record_type: i16,
            },
        }

        impl GroupRecord {
            /// Reads key and value of a record.
            pub fn decode(key: Bytes, value: Option<Bytes>) -> Result<GroupRecord, DecodeError> {
                match record_type(&key)? {
                    $(<$key>::RECORD_TYPE => Ok(GroupRecord::$name(
                        decode_key(key)?,
                        value.map(decode_versioned).transpose()?.map(Box::new),
                    )),)*
                    record_type => Ok(GroupRecord::Unknown { record_type }),
                }
            }
        }
    };
}

group_records! {
    LegacyOffsetCommit LegacyOffsetCommitKey LegacyOffsetCommitValue;
    OffsetCommit OffsetCommitKey OffsetCommitValue;
    GroupMetadata GroupMetadataKey GroupMetadataValue;
    ConsumerGroupMetadata ConsumerGroupMetadataKey ConsumerGroupMetadataValue;
    ConsumerGroupPartitionMetadata ConsumerGroupPartitionMetadataKey ConsumerGroupPartitionMetadataValue;
    ConsumerGroupMemberMetadata ConsumerGroupMemberMetadataKey ConsumerGroupMemberMetadataValue;
    ConsumerGroupTargetAssignmentMetadata
        ConsumerGroupTargetAssignmentMetadataKey ConsumerGroupTargetAssignmentMetadataValue;
    ConsumerGroupTargetAssignmentMember
        ConsumerGroupTargetAssignmentMemberKey ConsumerGroupTargetAssignmentMemberValue;
    ConsumerGroupCurrentMemberAssignment
        ConsumerGroupCurrentMemberAssignmentKey ConsumerGroupCurrentMemberAssignmentValue;
    ConsumerGroupRegularExpression ConsumerGroupRegularExpressionKey ConsumerGroupRegularExpressionValue;
    ShareGroupMetadata ShareGroupMetadataKey ShareGroupMetadataValue;
    ShareGroupMemberMetadata ShareGroupMemberMetadataKey ShareGroupMemberMetadataValue;
    ShareGroupTargetAssignmentMetadata
        ShareGroupTargetAssignmentMetadataKey ShareGroupTargetAssignmentMetadataValue;
    ShareGroupTargetAssignmentMember
        ShareGroupTargetAssignmentMemberKey ShareGroupTargetAssignmentMemberValue;
    ShareGroupCurrentMemberAssignment
        ShareGroupCurrentMemberAssignmentKey ShareGroupCurrentMemberAssignmentValue;
    ShareGroupStatePartitionMetadata
        ShareGroupStatePartitionMetadataKey ShareGroupStatePartitionMetadataValue;
    StreamsGroupMetadata StreamsGroupMetadataKey StreamsGroupMetadataValue;
    StreamsGroupTopology StreamsGroupTopologyKey StreamsGroupTopologyValue;
    StreamsGroupMemberMetadata StreamsGroupMemberMetadataKey StreamsGroupMemberMetadataValue;
    StreamsGroupTargetAssignmentMetadata
        StreamsGroupTargetAssignmentMetadataKey StreamsGroupTargetAssignmentMetadataValue;
    StreamsGroupTargetAssignmentMember
        StreamsGroupTargetAssignmentMemberKey StreamsGroupTargetAssignmentMemberValue;
    StreamsGroupCurrentMemberAssignment
        StreamsGroupCurrentMemberAssignmentKey StreamsGroupCurrentMemberAssignmentValue;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::coordinator::{encode_key, encode_versioned};

    #[test]
    fn a_record_is_known_by_its_key() {
        let key = OffsetCommitKey { group: "g".into(), topic: "t".into(), partition: 3 };
        let value = OffsetCommitValue { offset: 42, ..OffsetCommitValue::default() };
        let key_bytes = encode_key(&key).unwrap();
        assert_eq!(key_bytes[..], [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 3]);
        let value_bytes = encode_versioned(&value, 3).unwrap();
        assert_eq!(value_bytes[..2], [0, 3]);
        let read = GroupRecord::decode(key_bytes.clone(), Some(value_bytes));
        assert_eq!(read, Ok(GroupRecord::OffsetCommit(key.clone(), Some(Box::new(value)))));
        let tombstone = GroupRecord::decode(key_bytes, None);
        assert_eq!(tombstone, Ok(GroupRecord::OffsetCommit(key, None)));
    }

    #[test]
    fn unknown_kinds_are_named_and_broken_records_refused() {
        let unknown = GroupRecord::decode(Bytes::from_static(&[0, 99, 1]), None);
        assert_eq!(unknown, Ok(GroupRecord::Unknown { record_type: 99 }));
        assert!(GroupRecord::decode(Bytes::from_static(&[0]), None).is_err());
        assert!(GroupRecord::decode(Bytes::from_static(&[0, 2, 0, 9]), None).is_err());
    }
}
