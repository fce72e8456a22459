//! The last offset of each key in the part of the log that was not compacted before.

use std::collections::HashMap;

use bytes::Bytes;
use stream_types::Offset;

/// What an entry takes beside its key (bytes).
const ENTRY_BYTES: usize = 48;

#[derive(Debug)]
pub(crate) struct KeyMap {
    offsets: HashMap<Box<[u8]>, Offset>,
    bytes: usize,
    bytes_max: usize,
    /// Records from here on are not in the map.
    end: Offset,
}

impl KeyMap {
    pub(crate) fn new(start: Offset, bytes_max: usize) -> KeyMap {
        KeyMap { offsets: HashMap::new(), bytes: 0, bytes_max, end: start }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= self.bytes_max
    }

    /// The offset from which on nothing is known.
    pub(crate) fn end(&self) -> Offset {
        self.end
    }

    pub(crate) fn insert(&mut self, key: &Bytes, offset: Offset) {
        if let Some(last) = self.offsets.get_mut(&key[..]) {
            *last = offset;
            return;
        }
        self.bytes += key.len() + ENTRY_BYTES;
        self.offsets.insert(key.to_vec().into_boxed_slice(), offset);
    }

    /// Says that the records below `end` are all in the map.
    pub(crate) fn pass(&mut self, end: Offset) {
        self.end = end;
    }

    /// Whether a later record of the same key is known.
    pub(crate) fn is_superseded(&self, key: &[u8], offset: Offset) -> bool {
        offset < self.end && self.offsets.get(key).is_some_and(|last| *last > offset)
    }
}
