//! What Java's consumers put into JoinGroup and SyncGroup, each behind its version.

use bytes::Bytes;

use crate::{DecodeError, Decoder, Message, Str, messages};

messages! {
    /// The subscription of a member.
    ConsumerProtocolSubscription, versions 0..=3 {
        topics: Vec<Str>;
        user_data: Option<Bytes>;
        owned_partitions: Vec<TopicPartition>, since 1, ignorable;
        generation_id: i32 = -1, since 2, ignorable;
        rack_id: Option<Str>, since 3, ignorable;
    }
    TopicPartition {
        topic: Str;
        partitions: Vec<i32>;
    }

    /// The assignment of a member.
    ConsumerProtocolAssignment, versions 0..=3 {
        assigned_partitions: Vec<TopicPartition>;
        user_data: Option<Bytes>;
    }
}

const VERSION_MAX: i16 = 3;

impl ConsumerProtocolSubscription {
    /// Reads what a member sent. As in Kafka a newer version is read as the newest one known, and
    /// what it appends is passed over.
    pub fn from_member(bytes: Bytes) -> Result<Self, DecodeError> {
        from_member(bytes)
    }
}

impl ConsumerProtocolAssignment {
    /// Reads what a leader assigned, as [`ConsumerProtocolSubscription::from_member`] does.
    pub fn from_member(bytes: Bytes) -> Result<Self, DecodeError> {
        from_member(bytes)
    }
}

fn from_member<M: Message>(bytes: Bytes) -> Result<M, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let version = decoder.i16()?;
    M::decode(&mut decoder, version.min(VERSION_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stored::encode_versioned;

    #[test]
    fn newer_versions_are_read_as_the_newest_known() {
        let subscription = ConsumerProtocolSubscription {
            topics: vec!["t".into()],
            generation_id: 4,
            ..ConsumerProtocolSubscription::default()
        };
        let mut bytes = encode_versioned(&subscription, 3).unwrap().to_vec();
        assert_eq!(ConsumerProtocolSubscription::from_member(bytes.clone().into()), Ok(subscription.clone()));
        bytes[1] = 9;
        bytes.extend_from_slice(b"more");
        assert_eq!(ConsumerProtocolSubscription::from_member(bytes.into()), Ok(subscription));
        assert!(ConsumerProtocolSubscription::from_member(Bytes::from_static(&[0xff, 0xff])).is_err());
    }
}
