//! The record data of one partition, in pieces that are never copied.

use std::fmt;

use bytes::Bytes;

/// One piece of record data.
#[derive(Clone, PartialEq, Eq)]
pub enum RecordPart {
    /// Bytes in memory, sent as they are.
    Bytes(Bytes),
    /// `len` bytes that the connection sends from elsewhere (a file); `id` is the sender's own
    /// number for the place.
    External {
        /// The sender's number for the place of the bytes.
        id: u32,
        /// Bytes.
        len: usize,
    },
}

impl RecordPart {
    /// Bytes of this piece.
    pub fn len(&self) -> usize {
        match self {
            RecordPart::Bytes(bytes) => bytes.len(),
            RecordPart::External { len, .. } => *len,
        }
    }

    /// Whether the piece has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl fmt::Debug for RecordPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordPart::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
            RecordPart::External { id, len } => write!(f, "External({id}, {len} bytes)"),
        }
    }
}

/// The record batches of one partition as Produce and Fetch carry them. Decoding gives one
/// [`RecordPart::Bytes`], a slice of the frame.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Records {
    /// The pieces, in the order of the wire.
    pub parts: Vec<RecordPart>,
}

impl Records {
    /// A record set without bytes. An empty answer must be this and not null: librdkafka 2.0.2 treats
    /// a null set in a Fetch response as a protocol error.
    pub fn empty() -> Records {
        Records::default()
    }

    /// Bytes of all pieces.
    pub fn len(&self) -> usize {
        self.parts.iter().map(RecordPart::len).sum()
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All bytes in one buffer, without copying when there is one piece. None if a piece is external.
    pub fn to_bytes(&self) -> Option<Bytes> {
        match self.parts.as_slice() {
            [] => Some(Bytes::new()),
            [RecordPart::Bytes(bytes)] => Some(bytes.clone()),
            parts => {
                let mut joined = Vec::with_capacity(self.len());
                for part in parts {
                    match part {
                        RecordPart::Bytes(bytes) => joined.extend_from_slice(bytes),
                        RecordPart::External { .. } => return None,
                    }
                }
                Some(joined.into())
            }
        }
    }
}

impl From<Bytes> for Records {
    fn from(bytes: Bytes) -> Records {
        if bytes.is_empty() {
            return Records::empty();
        }
        Records { parts: vec![RecordPart::Bytes(bytes)] }
    }
}

impl From<Vec<u8>> for Records {
    fn from(bytes: Vec<u8>) -> Records {
        Records::from(Bytes::from(bytes))
    }
}
