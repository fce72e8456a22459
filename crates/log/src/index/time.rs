//! `.timeindex`: the largest timestamp so far and the last offset of the batch that has it.

use super::Entry;

/// Twelve bytes: timestamp, relative offset. Timestamps of later entries are larger.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct TimeEntry {
    /// Largest timestamp of the segment up to here (milliseconds).
    pub(crate) timestamp: i64,
    /// Last offset of the batch with that timestamp, less the segment's base offset.
    pub(crate) relative_offset: u32,
}

impl Entry for TimeEntry {
    const BYTES: usize = 12;

    fn decode(bytes: &[u8]) -> Self {
        let mut word = [0; 16];
        word[4..].copy_from_slice(bytes);
        let word = u128::from_be_bytes(word);
        TimeEntry { timestamp: (word >> 32) as i64, relative_offset: word as u32 }
    }

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
    }
}
