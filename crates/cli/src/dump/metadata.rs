//! Records of the metadata log, as one line of text each.

use bytes::Bytes;
use stream_codec::Decoder;
use stream_codec::batch::RecordView;
use stream_codec::stored::metadata::*;
use stream_codec::stored::{MetadataRecordSchema, decode_metadata_frame};
use stream_security::is_secret_key;

/// Kind of a Raft entry that changes the members.
const CHANGE: u8 = 1;

macro_rules! read_as {
    ($frame:ident $($record:ident)*) => {
        match $frame.api_key {
            $(<$record as MetadataRecordSchema>::API_KEY => {
                $frame.read::<$record>().map(|record| format!("{record:?}"))
            })*
            ConfigRecord::API_KEY => $frame.read::<ConfigRecord>().map(|record| format!("{:?}", without_secret(record))),
            // Salts and keys of passwords stay where they are.
            UserScramCredentialRecord::API_KEY => Ok("UserScramCredentialRecord (hidden)".to_owned()),
            other => Ok(format!("a record of the unknown kind {other}")),
        }
    };
}

/// One framed record.
pub(super) fn record(bytes: Bytes) -> String {
    let read = decode_metadata_frame(bytes).and_then(|frame| {
        read_as!(frame
            RegisterBrokerRecord UnregisterBrokerRecord TopicRecord PartitionRecord PartitionChangeRecord
            FenceBrokerRecord UnfenceBrokerRecord RemoveTopicRecord DelegationTokenRecord FeatureLevelRecord
            ClientQuotaRecord ProducerIdsRecord BrokerRegistrationChangeRecord AccessControlEntryRecord
            RemoveAccessControlEntryRecord NoOpRecord ZkMigrationStateRecord RemoveUserScramCredentialRecord
            BeginTransactionRecord EndTransactionRecord AbortTransactionRecord RemoveDelegationTokenRecord
            RegisterControllerRecord ClearElrRecord DeclaredAclsRecord)
    });
    read.unwrap_or_else(|error| format!("unreadable: {error}"))
}

/// Passwords and login configurations stay where they are.
fn without_secret(mut record: ConfigRecord) -> ConfigRecord {
    if is_secret_key(&record.name) {
        record.value = record.value.map(|_| "(hidden)".into());
    }
    record
}

/// A Raft entry: records that count together, each behind its length; or a change of members.
pub(super) fn entry(record: &RecordView) -> Vec<String> {
    let value = record.value.clone().unwrap_or_default();
    if record.key.as_ref().and_then(|key| key.get(1)) == Some(&CHANGE) {
        return vec!["a change of the quorum's members".to_owned()];
    }
    if value.is_empty() {
        return vec!["empty: a new leader's first entry".to_owned()];
    }
    let mut decoder = Decoder::new(value);
    let mut lines = Vec::new();
    while decoder.remaining() > 0 {
        let framed = decoder.unsigned_varint().and_then(|length| decoder.take(length as usize, "metadata record"));
        match framed {
            Ok(framed) => lines.push(self::record(framed)),
            Err(error) => {
                lines.push(format!("unreadable: {error}"));
                break;
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use bytes::BufMut;
    use stream_codec::stored::encode_metadata_record;

    use super::*;

    fn view(kind: u8, value: &[u8]) -> RecordView {
        RecordView {
            offset_delta: 0,
            timestamp_delta: 0,
            key: Some(Bytes::from(vec![0, kind])),
            value: Some(Bytes::copy_from_slice(value)),
            headers: Vec::new(),
        }
    }

    #[test]
    fn the_records_of_an_entry_are_named() {
        let topic = TopicRecord { name: "orders".into(), ..TopicRecord::default() };
        let framed = encode_metadata_record(&topic, 0).expect("encodes");
        let mut value = Vec::new();
        for _ in 0..2 {
            value.put_u8(framed.len() as u8);
            value.extend_from_slice(&framed);
        }
        let lines = entry(&view(0, &value));
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("TopicRecord { name: \"orders\""), "{}", lines[0]);
        assert!(entry(&view(0, &value[..value.len() - 1])).last().expect("a line").starts_with("unreadable"));
        assert_eq!(entry(&view(1, &[])), ["a change of the quorum's members"]);
    }

    #[test]
    fn credentials_are_not_printed() {
        let credential = UserScramCredentialRecord { name: "u".into(), ..UserScramCredentialRecord::default() };
        let framed = encode_metadata_record(&credential, 0).expect("encodes");
        assert_eq!(record(framed), "UserScramCredentialRecord (hidden)");
        for (name, shown) in [("listener.name.a.plain.sasl.jaas.config", false), ("retention.ms", true)] {
            let config = ConfigRecord { name: name.into(), value: Some("hunter2".into()), ..ConfigRecord::default() };
            let line = record(encode_metadata_record(&config, 0).expect("encodes"));
            assert_eq!(line.contains("hunter2"), shown, "{line}");
        }
    }
}
