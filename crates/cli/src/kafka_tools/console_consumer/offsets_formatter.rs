//! A committed offset as Kafka's `OffsetsMessageFormatter` shows it: JSON without a line's end.

use serde_json::Value;
use stream_codec::batch::RecordView;
use stream_codec::stored::GroupRecord;
use stream_codec::stored::offset_commit::{OffsetCommitKey, OffsetCommitValue};

use super::ToolError;

/// Adds a committed offset, or the end of one; other records of the topic are passed over.
pub(super) fn write(record: &RecordView, out: &mut Vec<u8>) -> Result<(), ToolError> {
    let Some(key) = record.key.clone() else { return Ok(()) };
    let version = record.value.as_ref().and_then(|value| value.get(..2)).map(|head| match head {
        [high, low] => i16::from_be_bytes([*high, *low]),
        _ => 0,
    });
    // Records of a kind that is not known are passed over as well.
    if let Ok(GroupRecord::OffsetCommit(key, value)) = GroupRecord::decode(key, record.value.clone()) {
        out.extend_from_slice(as_json(&key, value.as_deref(), version.unwrap_or_default()).as_bytes());
    }
    Ok(())
}

fn as_json(key: &OffsetCommitKey, value: Option<&OffsetCommitValue>, version: i16) -> String {
    let text = |text: &str| Value::from(text).to_string();
    let (group, topic) = (text(&key.group), text(&key.topic));
    let partition = key.partition;
    let value = value.map_or_else(
        || "null".to_owned(),
        |value| {
            let mut data = format!("\"offset\":{}", value.offset);
            if version >= 3 {
                data += &format!(",\"leaderEpoch\":{}", value.leader_epoch);
            }
            data += &format!(",\"metadata\":{},\"commitTimestamp\":{}", text(&value.metadata), value.commit_timestamp);
            if version == 1 {
                data += &format!(",\"expireTimestamp\":{}", value.expire_timestamp);
            }
            if version >= 4 {
                data += &format!(",\"topicId\":{}", text(&value.topic_id.to_string()));
            }
            format!("{{\"version\":{version},\"data\":{{{data}}}}}")
        },
    );
    format!(
        "{{\"key\":{{\"type\":1,\"data\":{{\"group\":{group},\"topic\":{topic},\"partition\":{partition}}}}},\"value\":{value}}}"
    )
}
