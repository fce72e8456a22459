//! `.snapshot`: what is known of producers.

use std::path::Path;

use bytes::Bytes;
use serde_json::json;
use stream_codec::stored::producer_snapshot::ProducerSnapshot;
use stream_codec::{Decoder, Message};

use super::{DumpError, Sink};
use crate::time::format_moment;

pub(super) fn dump(path: &Path, sink: &mut Sink) -> Result<(), DumpError> {
    let bytes = Bytes::from(std::fs::read(path)?);
    let malformed = |error: stream_codec::DecodeError| DumpError::Malformed(error.to_string());
    let checked = bytes.get(6..).map(stream_codec::batch::crc32c);
    let mut decoder = Decoder::new(bytes.clone());
    let version = decoder.i16().map_err(malformed)?;
    // What this broker writes behind Kafka's entries is left alone here, as Kafka's own tool does.
    let snapshot = ProducerSnapshot::decode(&mut decoder, version).map_err(malformed)?;
    if checked != Some(snapshot.crc) {
        return Err(DumpError::Malformed(format!("checksum {:#010x} does not match", snapshot.crc)));
    }
    for entry in snapshot.producer_entries {
        let transaction = (entry.current_txn_first_offset >= 0).then_some(entry.current_txn_first_offset);
        let line = format!(
            "producer {} epoch {} last-sequence {} last-offset {} timestamp {} coordinator-epoch {} open-transaction {}",
            entry.producer_id,
            entry.epoch,
            entry.last_sequence,
            entry.last_offset,
            format_moment(entry.timestamp),
            entry.coordinator_epoch,
            crate::output::cell(transaction)
        );
        let object = json!({
            "producer_id": entry.producer_id,
            "epoch": entry.epoch,
            "last_sequence": entry.last_sequence,
            "last_offset": entry.last_offset,
            "offset_delta": entry.offset_delta,
            "timestamp": entry.timestamp,
            "coordinator_epoch": entry.coordinator_epoch,
            "transaction_first_offset": transaction,
        });
        sink.item(&line, object)?;
    }
    Ok(())
}
