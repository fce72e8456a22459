//! Compaction: of each key, the last value stays.

use std::path::Path;

use crate::disk::Disk;
use crate::error::LogError;

/// Completes or takes back replacements of segments that were under way. Whether there were any.
pub(crate) fn finish_swaps(_disk: &dyn Disk, _dir: &Path, _names: &[String]) -> Result<bool, LogError> {
    Ok(false)
}
