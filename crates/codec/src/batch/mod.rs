//! Record batches of magic 2 (KIP-98), the only format that Kafka 4 stores.
//!
//! ```text
//!  0 base offset i64            21 attributes i16         43 producer id i64
//!  8 batch length i32           23 last offset delta i32  51 producer epoch i16
//! 12 partition leader epoch i32 27 base timestamp i64     53 base sequence i32
//! 16 magic i8                   35 max timestamp i64      57 record count i32
//! 17 CRC-32C u32 of all from 21                           61 records
//! ```
//! Base offset and leader epoch lie outside the checksum: a broker patches them without touching
//! the body.

mod build;
mod check;
mod error;
mod find;
mod header;
mod open;
mod read;
mod records;
mod varint;

pub use build::{BatchBuilder, RecordHeader};
pub use check::{BodyFacts, check_body, check_checksum, check_counts, check_records, crc32c};
pub use error::BatchError;
pub use find::RecordPlace;
pub use header::{Attributes, BATCH_OVERHEAD_BYTES, BatchHeader, HEADER_BYTES, TimestampType};
pub use open::{OPENED_WHOLE_BYTES_MAX, OpenedRecords};
pub use read::{Batch, BatchIter};
pub use records::{RecordIter, RecordView};
