//! What records of the cluster's own logs say.

use std::path::Path;

use bytes::Bytes;
use stream_codec::batch::RecordView;
use stream_codec::stored::control::{ControlRecordTypeSchema, EndTxnMarker};
use stream_codec::stored::{GroupRecord, decode_versioned};

use super::metadata;

/// Whose log a segment is of, by its directory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A topic's.
    Topic,
    /// This broker's metadata log: a Raft entry in each record.
    RaftMetadata,
    /// Apache Kafka's metadata log, or a snapshot of it.
    KafkaMetadata,
    /// The group coordinators'.
    ConsumerOffsets,
}

impl Kind {
    pub(super) fn of(path: &Path) -> Kind {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let dir = absolute.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        match dir.as_deref() {
            Some("hanzo-metadata") => Kind::RaftMetadata,
            Some("__cluster_metadata-0") => Kind::KafkaMetadata,
            Some(name) if name.starts_with("__consumer_offsets-") => Kind::ConsumerOffsets,
            _ => Kind::Topic,
        }
    }
}

/// What a record says, if it is not a client's: a line each.
pub(super) fn meaning(kind: Kind, is_control: bool, record: &RecordView) -> Option<Vec<String>> {
    let value = record.value.clone();
    match kind {
        _ if is_control => Some(vec![control(record)]),
        Kind::Topic => None,
        Kind::RaftMetadata => Some(metadata::entry(record)),
        Kind::KafkaMetadata => Some(vec![metadata::record(value.unwrap_or_default())]),
        Kind::ConsumerOffsets => {
            let decoded = GroupRecord::decode(record.key.clone().unwrap_or_default(), value);
            Some(vec![decoded.map_or_else(|error| format!("unreadable: {error}"), |record| format!("{record:?}"))])
        }
    }
}

fn control(record: &RecordView) -> String {
    let key = record.key.clone().unwrap_or_default();
    let Ok(key) = decode_versioned::<ControlRecordTypeSchema>(key) else {
        return "control of an unknown kind".to_owned();
    };
    let marker = |name: &str, value: Option<Bytes>| match value.map(decode_versioned::<EndTxnMarker>) {
        Some(Ok(marker)) => format!("{name} coordinator-epoch {}", marker.coordinator_epoch),
        _ => name.to_owned(),
    };
    match key.r#type {
        0 => marker("abort", record.value.clone()),
        1 => marker("commit", record.value.clone()),
        2 => "leader change".to_owned(),
        3 => "snapshot header".to_owned(),
        4 => "snapshot footer".to_owned(),
        5 => "quorum version".to_owned(),
        6 => "voters".to_owned(),
        other => format!("control type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_directory_says_whose_log_it_is() {
        assert_eq!(Kind::of(Path::new("data/hanzo-metadata/0.log")), Kind::RaftMetadata);
        assert_eq!(Kind::of(Path::new("data/__consumer_offsets-12/0.log")), Kind::ConsumerOffsets);
        assert_eq!(Kind::of(Path::new("data/__cluster_metadata-0/0.log")), Kind::KafkaMetadata);
        assert_eq!(Kind::of(Path::new("data/orders-0/0.log")), Kind::Topic);
    }
}
