//! What can be wrong with a batch.

use crate::compression::CompressionError;

/// Why bytes are not a valid batch of magic 2.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BatchError {
    /// Fewer bytes than the batch says it has.
    #[error("batch needs {needed} bytes, {available} are left")]
    Truncated {
        /// Bytes that the header or the length field asks for.
        needed: usize,
        /// Bytes that there are.
        available: usize,
    },
    /// Message formats 0 and 1 are gone since Kafka 4; others never existed.
    #[error("magic {magic} is not supported")]
    UnsupportedMagic {
        /// The format's number.
        magic: i8,
    },
    /// The length field is smaller than a header.
    #[error("batch length {length} is smaller than a batch header")]
    InvalidLength {
        /// The length field.
        length: i32,
    },
    /// The bytes are not those that were checksummed.
    #[error("checksum {stored:#010x} in the header, {computed:#010x} of the bytes")]
    ChecksumMismatch {
        /// CRC-32C in the header.
        stored: u32,
        /// CRC-32C of the bytes.
        computed: u32,
    },
    /// Record count and last offset delta do not agree.
    #[error("{record_count} records with last offset delta {last_offset_delta}")]
    InvalidCount {
        /// The header's record count.
        record_count: i32,
        /// The header's last offset delta.
        last_offset_delta: i32,
    },
    /// The attributes name a codec that does not exist.
    #[error("compression codec {id} does not exist")]
    UnknownCompression {
        /// The codec's number.
        id: i8,
    },
    /// A record is not one.
    #[error("record {index}: {reason}")]
    InvalidRecord {
        /// The record's place in the batch, from 0.
        index: i32,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Bytes are left after the last record.
    #[error("{bytes} bytes after the last record")]
    TrailingBytes {
        /// How many.
        bytes: usize,
    },
    /// The batch would be larger than a length field can say.
    #[error("batch of {bytes} bytes is too large")]
    TooLarge {
        /// The batch's size.
        bytes: usize,
    },
    /// The body cannot be opened.
    #[error(transparent)]
    Compression(#[from] CompressionError),
}
