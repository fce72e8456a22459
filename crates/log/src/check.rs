//! What can be said of a producer's batch without knowing the log: done before the batch reaches the
//! thread that writes.
//!
//! - Exactly one batch of magic 2, as large as it says and at most `max.message.bytes`, with its checksum.
//! - As many records as offsets; uncompressed records are walked. A compressed body is opened only for
//!   a key check or a change of codec.
//! - `message.timestamp.type`: CreateTime has to lie in the window; LogAppendTime is set here.

use bytes::Bytes;
use stream_codec::batch::{
    Batch, BatchBuilder, BatchError, BatchHeader, BodyFacts, HEADER_BYTES, OpenedRecords, RecordIter, RecordView,
    TimestampType, check_body, check_checksum, check_counts,
};
use stream_codec::compression::Compression;
use stream_types::WallMillis;
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;

const NO_TIMESTAMP: i64 = -1;
/// A refusal names at most so many records without a key.
const KEYLESS_NAMED_MAX: usize = 10_000;

/// A topic's rules for batches.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckRules {
    /// `max.message.bytes`, of the whole batch as stored.
    pub message_bytes_max: usize,
    /// `message.timestamp.type`.
    pub timestamp_type: TimestampType,
    /// `message.timestamp.before.max.ms`.
    pub timestamp_before_max_ms: i64,
    /// `message.timestamp.after.max.ms`.
    pub timestamp_after_max_ms: i64,
    /// Whether every record needs a key: `cleanup.policy` contains `compact`.
    pub keys_required: bool,
    /// `compression.type`; `None` for `producer`.
    pub compression: Option<Compression>,
    /// `compression.<codec>.level`, if it is not the default (KIP-390).
    pub compression_level: Option<i32>,
}

/// Why a producer's batch is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CheckError {
    /// The bytes are not one batch of magic 2.
    #[error(transparent)]
    Batch(#[from] BatchError),
    /// There is more than one batch.
    #[error("{bytes} bytes of records, the first batch has {batch_bytes}")]
    NotOneBatch {
        /// Bytes that were sent.
        bytes: usize,
        /// Bytes of the first batch.
        batch_bytes: usize,
    },
    /// The batch is larger than `max.message.bytes`.
    #[error("batch of {bytes} bytes, the topic takes {bytes_max}")]
    TooLarge {
        /// Size of the batch.
        bytes: usize,
        /// `max.message.bytes`.
        bytes_max: usize,
    },
    /// Clients may not write control records.
    #[error("control batch from a client")]
    ControlBatch,
    /// An idempotent producer's batch has no sequence number.
    #[error("producer {producer_id} without a sequence number")]
    NoSequence {
        /// The producer.
        producer_id: i64,
    },
    /// Only the leader numbers records: a producer's batch begins at 0.
    #[error("base offset {base_offset} from a client")]
    BaseOffset {
        /// What it says instead of 0.
        base_offset: i64,
    },
    /// Records of a compacted topic have no key.
    #[error("{} records without a key in a compacted topic", records.len())]
    Keyless {
        /// Their places in the batch, from 0.
        records: Vec<i32>,
    },
    /// Timestamps lie outside the topic's window; no places are given for a compressed batch.
    #[error("timestamp {timestamp} is outside {earliest} to {latest}")]
    TimestampOutOfWindow {
        /// One of them (milliseconds).
        timestamp: i64,
        /// First that is taken (milliseconds).
        earliest: i64,
        /// Last that is taken (milliseconds).
        latest: i64,
        /// Places in the batch, from 0.
        records: Vec<i32>,
    },
}

/// A batch that may be appended, as far as can be said without the log.
#[derive(Clone, Debug)]
pub struct CheckedBatch {
    /// As it will be stored, but for base offset and leader epoch.
    pub(crate) header: BatchHeader,
    pub(crate) body: Bytes,
    /// Size of the buffer that `body` keeps in memory (bytes).
    pub(crate) buffer_bytes: usize,
}

impl CheckedBatch {
    /// Checks what a producer sent for one partition. `now` is the batch's time under LogAppendTime.
    pub fn check(records: Bytes, rules: &CheckRules, now: WallMillis) -> Result<CheckedBatch, CheckError> {
        let header = check_frame(&records, rules)?;
        check_checksum(&records, &header)?;
        check_counts(&header)?;
        let facts = check_body(&records, &header)?;
        let mut batch = CheckedBatch { header, buffer_bytes: records.len(), body: records.slice(HEADER_BYTES..) };
        batch.check_keys(rules, facts)?;
        batch.stamp(rules, now, facts)?;
        batch.change_codec(rules)?;
        let bytes = batch.header.size();
        if bytes > rules.message_bytes_max {
            return Err(CheckError::TooLarge { bytes, bytes_max: rules.message_bytes_max });
        }
        Ok(batch)
    }

    /// Takes a batch that this process has built itself: only its header is looked at.
    pub fn trusted(records: Bytes) -> Result<CheckedBatch, BatchError> {
        let batch = Batch::parse(&records)?;
        Ok(CheckedBatch { header: *batch.header(), buffer_bytes: batch.bytes().len(), body: batch.stored_body() })
    }

    /// Says how large the buffer is that the batch came in, so that a small batch is copied into the
    /// tail cache and does not keep a large buffer in memory.
    #[must_use]
    pub fn in_buffer_of(mut self, bytes: usize) -> CheckedBatch {
        self.buffer_bytes = bytes.max(self.buffer_bytes);
        self
    }

    /// The header as it will be stored, but for base offset and leader epoch.
    pub fn header(&self) -> &BatchHeader {
        &self.header
    }

    /// Size of the whole batch (bytes).
    pub fn size(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }

    fn opened(&self) -> Result<OpenedRecords<'_>, BatchError> {
        OpenedRecords::new(&self.header, self.body.clone(), DECOMPRESSED_BATCH_BYTES_MAX)
    }

    fn check_keys(&self, rules: &CheckRules, facts: Option<BodyFacts>) -> Result<(), CheckError> {
        if !rules.keys_required || facts.is_some_and(|facts| facts.first_keyless.is_none()) {
            return Ok(());
        }
        let mut records = Vec::new();
        let mut index = 0;
        self.opened()?.each(|record| {
            // The client is told of the first ones.
            if record.key.is_none() && records.len() < KEYLESS_NAMED_MAX {
                records.push(index);
            }
            in_sequence(&record, index)?;
            index += 1;
            Ok(true)
        })?;
        if records.is_empty() { Ok(()) } else { Err(CheckError::Keyless { records }) }
    }

    fn stamp(&mut self, rules: &CheckRules, now: WallMillis, facts: Option<BodyFacts>) -> Result<(), CheckError> {
        let stored = self.header;
        match rules.timestamp_type {
            TimestampType::LogAppendTime => self.header.max_timestamp = now.0,
            TimestampType::CreateTime => {
                let (min, max) = match facts {
                    Some(facts) => (facts.min_timestamp, facts.max_timestamp),
                    None => (stored.base_timestamp, stored.max_timestamp),
                };
                self.check_window(rules, now, min, max, facts.is_some())?;
                self.header.max_timestamp = max;
            }
        }
        self.header.attributes = stored.attributes.with_timestamp_type(rules.timestamp_type);
        if self.header != stored {
            self.header.seal(&self.body);
        }
        Ok(())
    }

    fn check_window(
        &self,
        rules: &CheckRules,
        now: WallMillis,
        min: i64,
        max: i64,
        has_places: bool,
    ) -> Result<(), CheckError> {
        let earliest = now.0.saturating_sub(rules.timestamp_before_max_ms);
        let latest = now.0.saturating_add(rules.timestamp_after_max_ms);
        let is_outside = |timestamp: i64| timestamp != NO_TIMESTAMP && (timestamp < earliest || timestamp > latest);
        let Some(timestamp) = [min, max].into_iter().find(|timestamp| is_outside(*timestamp)) else {
            return Ok(());
        };
        let mut records = Vec::new();
        if has_places {
            for (index, record) in (0..).zip(RecordIter::new(self.body.clone(), self.header.record_count)) {
                if is_outside(self.header.base_timestamp.saturating_add(record?.timestamp_delta)) {
                    records.push(index);
                }
            }
        }
        Err(CheckError::TimestampOutOfWindow { timestamp, earliest, latest, records })
    }

    fn change_codec(&mut self, rules: &CheckRules) -> Result<(), CheckError> {
        let Some(wanted) = rules.compression else { return Ok(()) };
        let current = self.header.attributes.compression()?;
        if wanted == current {
            return Ok(());
        }
        let body: Bytes = if current == Compression::None {
            wanted.compress_with_level(&self.body, rules.compression_level).map_err(BatchError::from)?.into()
        } else {
            self.recompress(wanted, rules)?
        };
        let delta = body.len() as i64 - self.body.len() as i64;
        let bytes = HEADER_BYTES + body.len();
        self.header.batch_length =
            i32::try_from(i64::from(self.header.batch_length) + delta).map_err(|_| BatchError::TooLarge { bytes })?;
        self.header.attributes = self.header.attributes.with_compression(wanted);
        self.header.seal(&body);
        self.buffer_bytes = body.len();
        self.body = body;
        Ok(())
    }

    /// The body in another codec, made piece by piece: neither what it opens to nor what it becomes has to fit in memory.
    fn recompress(&self, wanted: Compression, rules: &CheckRules) -> Result<Bytes, CheckError> {
        let header = &self.header;
        let mut builder = BatchBuilder::new().compression(wanted).compression_level(rules.compression_level);
        builder = builder.base_timestamp(header.base_timestamp);
        let mut index = 0;
        self.opened()?.each(|record| {
            in_sequence(&record, index)?;
            index += 1;
            let timestamp = header.base_timestamp.wrapping_add(record.timestamp_delta);
            let (key, value) = (record.key.as_deref(), record.value.as_deref());
            builder.push_at(record.offset_delta, timestamp, key, value, &record.headers);
            let bytes = builder.packed_size();
            if bytes > rules.message_bytes_max { Err(BatchError::TooLarge { bytes }) } else { Ok(true) }
        })?;
        Ok(builder.build()?.slice(HEADER_BYTES..))
    }
}

fn in_sequence(record: &RecordView, index: i32) -> Result<(), BatchError> {
    let reason = "offset delta out of sequence";
    if record.offset_delta == index { Ok(()) } else { Err(BatchError::InvalidRecord { index, reason }) }
}

fn check_frame(records: &Bytes, rules: &CheckRules) -> Result<BatchHeader, CheckError> {
    let header = BatchHeader::parse(records)?;
    let bytes = header.size();
    if records.len() < bytes {
        return Err(BatchError::Truncated { needed: bytes, available: records.len() }.into());
    }
    if records.len() > bytes {
        return Err(CheckError::NotOneBatch { bytes: records.len(), batch_bytes: bytes });
    }
    if bytes > rules.message_bytes_max {
        return Err(CheckError::TooLarge { bytes, bytes_max: rules.message_bytes_max });
    }
    if header.attributes.is_control() {
        return Err(CheckError::ControlBatch);
    }
    if header.base_offset.0 != 0 {
        return Err(CheckError::BaseOffset { base_offset: header.base_offset.0 });
    }
    if header.has_producer_id() && header.base_sequence.0 < 0 {
        return Err(CheckError::NoSequence { producer_id: header.producer_id.0 });
    }
    Ok(header)
}
