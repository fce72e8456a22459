//! Indexes: entries of a fixed size. Trailing zeros are room that was reserved.

use std::path::Path;

use serde_json::json;
use stream_codec::Decoder;

use super::{DumpError, Sink};
use crate::time::format_moment;

const OFFSET_ENTRY_BYTES: usize = 8;
const TIME_ENTRY_BYTES: usize = 12;
const TRANSACTION_ENTRY_BYTES: usize = 34;

pub(super) fn dump_offsets(path: &Path, base: i64, sink: &mut Sink) -> Result<(), DumpError> {
    each_entry(path, OFFSET_ENTRY_BYTES, sink, |entry, sink| {
        let offset = base + i64::from(entry.u32().unwrap_or(0));
        let position = entry.u32().unwrap_or(0);
        sink.item(&format!("offset {offset} position {position}"), json!({"offset": offset, "position": position}))
    })
}

pub(super) fn dump_times(path: &Path, base: i64, sink: &mut Sink) -> Result<(), DumpError> {
    each_entry(path, TIME_ENTRY_BYTES, sink, |entry, sink| {
        let timestamp = entry.i64().unwrap_or(0);
        let offset = base + i64::from(entry.u32().unwrap_or(0));
        let line = format!("timestamp {timestamp} ({}) offset {offset}", format_moment(timestamp));
        sink.item(&line, json!({"timestamp": timestamp, "offset": offset}))
    })
}

pub(super) fn dump_transactions(path: &Path, sink: &mut Sink) -> Result<(), DumpError> {
    each_entry(path, TRANSACTION_ENTRY_BYTES, sink, |entry, sink| {
        let version = entry.i16().unwrap_or(0);
        let mut next = || entry.i64().unwrap_or(0);
        let (producer, first, last, stable) = (next(), next(), next(), next());
        let line = format!("version {version} producer {producer} first {first} last {last} last-stable {stable}");
        let object = json!({
            "version": version,
            "producer_id": producer,
            "first_offset": first,
            "last_offset": last,
            "last_stable_offset": stable,
        });
        sink.item(&line, object)
    })
}

fn each_entry(
    path: &Path,
    size: usize,
    sink: &mut Sink,
    mut print: impl FnMut(&mut Decoder, &mut Sink) -> Result<(), DumpError>,
) -> Result<(), DumpError> {
    let bytes = std::fs::read(path)?;
    let used = used(&bytes, size);
    for entry in bytes.get(..used * size).unwrap_or_default().chunks_exact(size) {
        print(&mut Decoder::new(bytes::Bytes::copy_from_slice(entry)), sink)?;
    }
    let left = bytes.len() % size;
    if left > 0 {
        return Err(DumpError::Malformed(format!("{left} bytes are left after {used} whole entries of {size}")));
    }
    Ok(())
}

/// Entries before the room that was reserved; a first entry may be all zeros.
fn used(bytes: &[u8], size: usize) -> usize {
    let is_zero = |entry: &[u8]| entry.iter().all(|byte| *byte == 0);
    let last = bytes.chunks_exact(size).rposition(|entry| !is_zero(entry));
    last.map_or_else(|| usize::from(bytes.len() == size), |last| last + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_room_is_not_printed() {
        assert_eq!(used(&[0, 0, 0, 1, 0, 0, 0, 0], 2), 2);
        assert_eq!(used(&[0, 0], 2), 1);
        assert_eq!(used(&[0, 0, 0, 0], 2), 0);
        assert_eq!(used(&[], 2), 0);
    }
}
