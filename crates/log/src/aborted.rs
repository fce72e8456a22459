//! Transactions that were aborted, of which readers with `read_committed` are told (`.txnindex` files).
//!
//! A file has, for each transaction that was aborted in its segment, 34 bytes: version i16 = 0, producer id i64, first
//! and last offset i64, last stable offset i64. This broker has no transactions yet: all there are come from Apache Kafka,
//! and are read once, when the log is opened.

use std::path::Path;

use stream_types::{Offset, ProducerId};

use crate::disk::Disk;
use crate::error::{Context, DiskError};
use crate::name;

const ENTRY_BYTES: usize = 34;
/// Largest file that is read (bytes).
const FILE_BYTES_MAX: usize = 256 * 1024 * 1024;

/// A transaction that was aborted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AbortedTransaction {
    /// Whose it was.
    pub producer_id: ProducerId,
    /// Its first record.
    pub first_offset: Offset,
    /// The marker that ended it.
    pub last_offset: Offset,
}

/// Whether records of an aborted transaction ended in the segment that begins at `base_offset`.
pub(crate) fn has_any(disk: &dyn Disk, dir: &Path, base_offset: Offset) -> bool {
    disk.file_len(&name::path(dir, base_offset, name::TXN_INDEX)).is_ok_and(|len| len > 0)
}

/// All that the segments with these base offsets know of.
pub(crate) fn load(disk: &dyn Disk, dir: &Path, segments: &[Offset]) -> Result<Vec<AbortedTransaction>, DiskError> {
    let mut aborted = Vec::new();
    for base_offset in segments {
        let path = name::path(dir, *base_offset, name::TXN_INDEX);
        let bytes = match disk.read(&path, FILE_BYTES_MAX) {
            // It went with its segment, which recovery has cut off.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            result => result.context("read", &path)?,
        };
        aborted.extend(bytes.chunks_exact(ENTRY_BYTES).filter_map(parse));
    }
    Ok(aborted)
}

fn parse(entry: &[u8]) -> Option<AbortedTransaction> {
    let long = |at: usize| entry.get(at..at + 8)?.try_into().ok().map(i64::from_be_bytes);
    Some(AbortedTransaction {
        producer_id: ProducerId(long(2)?),
        first_offset: Offset(long(10)?),
        last_offset: Offset(long(18)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_kafkas() {
        let mut entry = vec![0, 0];
        for field in [1000i64, 6, 9, 10] {
            entry.extend_from_slice(&field.to_be_bytes());
        }
        let expected =
            AbortedTransaction { producer_id: ProducerId(1000), first_offset: Offset(6), last_offset: Offset(9) };
        assert_eq!((entry.len(), parse(&entry)), (ENTRY_BYTES, Some(expected)));
    }
}
