//! Names of a partition's files: 20 digits of the base offset and a suffix.

use std::path::{Path, PathBuf};

use stream_types::Offset;

pub(crate) const LOG: &str = ".log";
pub(crate) const INDEX: &str = ".index";
pub(crate) const TIME_INDEX: &str = ".timeindex";
pub(crate) const TXN_INDEX: &str = ".txnindex";
pub(crate) const SNAPSHOT: &str = ".snapshot";
/// Every suffix that belongs to a segment; a snapshot belongs to the state before it.
pub(crate) const SEGMENT_SUFFIXES: [&str; 4] = [LOG, INDEX, TIME_INDEX, TXN_INDEX];
/// Written by a compaction that has not finished.
pub(crate) const CLEANED: &str = ".cleaned";
/// Written and synced by a compaction, and to take its segments' place.
pub(crate) const SWAP: &str = ".swap";
/// To be removed, with every segment before it. Not Kafka's `.deleted`, which says nothing of other segments.
pub(crate) const EXPIRED: &str = ".expired";
/// What Kafka has left to be removed.
pub(crate) const DELETED: &str = ".deleted";
pub(crate) const EPOCH_CHECKPOINT: &str = "leader-epoch-checkpoint";
pub(crate) const PARTITION_METADATA: &str = "partition.metadata";

pub(crate) fn path(dir: &Path, offset: Offset, suffix: &str) -> PathBuf {
    dir.join(format!("{:020}{suffix}", offset.0))
}

/// The offset and the suffix of a name that begins with 20 digits.
pub(crate) fn parse(name: &str) -> Option<(Offset, &str)> {
    let (digits, suffix) = name.split_at_checked(20)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !suffix.starts_with('.') {
        return None;
    }
    // No log gets that far; and so no sum of offsets overflows.
    let offset: i64 = digits.parse().ok().filter(|offset| *offset <= i64::MAX / 2)?;
    Some((Offset(offset), suffix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kafkas() {
        let path = path(Path::new("t-0"), Offset(1234), LOG);
        assert_eq!(path, Path::new("t-0/00000000000000001234.log"));
        assert_eq!(parse("00000000000000001234.log"), Some((Offset(1234), ".log")));
        assert_eq!(parse("00000000000000001234.log.swap"), Some((Offset(1234), ".log.swap")));
        assert_eq!(parse("leader-epoch-checkpoint"), None);
        assert_eq!(parse("99999999999999999999.log"), None);
        assert_eq!(parse("09223372036854775807.log"), None);
        assert_eq!(parse("0000000000000000123x.log"), None);
    }
}
