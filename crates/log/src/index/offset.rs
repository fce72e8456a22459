//! `.index`: the last offset of a batch (relative to the segment's base) and where the batch begins.

use super::Entry;

/// Eight bytes: relative offset, position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct OffsetEntry {
    /// Last offset of the batch less the segment's base offset.
    pub(crate) relative_offset: u32,
    /// Where the batch begins in the segment (bytes).
    pub(crate) position: u32,
}

impl Entry for OffsetEntry {
    const BYTES: usize = 8;

    fn decode(bytes: &[u8]) -> Self {
        let mut word = [0; 8];
        word.copy_from_slice(bytes);
        let word = u64::from_be_bytes(word);
        OffsetEntry { relative_offset: (word >> 32) as u32, position: word as u32 }
    }

    fn encode(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.relative_offset.to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }
}
