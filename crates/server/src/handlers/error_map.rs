//! Operating errors of the machines to Kafka's error codes: the one place where they meet.

use stream_codec::batch::BatchError;
use stream_log::{AppendError, CheckError, LogError, ReadError};
use stream_types::{ErrorCode, TopicPartition};

use crate::partitions::AppendOutcome;

/// What a producer is told of a batch that was not appended.
pub(crate) fn append_error(error: &AppendError) -> ErrorCode {
    match error {
        AppendError::NoSpace(_) | AppendError::Offline { .. } => ErrorCode::KafkaStorageError,
        AppendError::OutOfOrderSequence { .. } => ErrorCode::OutOfOrderSequenceNumber,
        AppendError::InvalidProducerEpoch { .. } => ErrorCode::InvalidProducerEpoch,
        AppendError::LargerThanSegment { .. } => ErrorCode::RecordListTooLarge,
        AppendError::Batch(error) => batch_error(error),
        // Only followers and their leaders can see these; a client sees a broker in transition.
        AppendError::OffsetGoesBack { .. } | AppendError::EpochGoesBack { .. } => ErrorCode::NotLeaderOrFollower,
    }
}

/// What a producer is told of a batch that is not valid, with the records at fault where they are known (KIP-467).
pub(crate) fn check_error(error: &CheckError) -> AppendOutcome {
    let (code, records): (ErrorCode, &[i32]) = match error {
        CheckError::Batch(error) => (batch_error(error), &[]),
        CheckError::NotOneBatch { .. }
        | CheckError::ControlBatch
        | CheckError::NoSequence { .. }
        | CheckError::BaseOffset { .. } => (ErrorCode::InvalidRecord, &[]),
        CheckError::TooLarge { .. } => (ErrorCode::MessageTooLarge, &[]),
        CheckError::Keyless { records } => (ErrorCode::InvalidRecord, records),
        CheckError::TimestampOutOfWindow { records, .. } => (ErrorCode::InvalidTimestamp, records),
    };
    let mut outcome = AppendOutcome::refused(code, error.to_string());
    outcome.record_errors = records.iter().map(|index| (*index, error.to_string())).collect();
    outcome
}

fn batch_error(error: &BatchError) -> ErrorCode {
    match error {
        BatchError::UnsupportedMagic { magic: 0 | 1 } => ErrorCode::UnsupportedForMessageFormat,
        BatchError::InvalidCount { .. } | BatchError::InvalidRecord { .. } | BatchError::TrailingBytes { .. } => {
            ErrorCode::InvalidRecord
        }
        BatchError::UnknownCompression { .. } => ErrorCode::UnsupportedCompressionType,
        BatchError::TooLarge { .. } => ErrorCode::MessageTooLarge,
        BatchError::UnsupportedMagic { .. }
        | BatchError::Truncated { .. }
        | BatchError::InvalidLength { .. }
        | BatchError::ChecksumMismatch { .. }
        | BatchError::Compression(_) => ErrorCode::CorruptMessage,
    }
}

/// What somebody is told whose work on a log failed.
pub(crate) fn log_error(error: &LogError) -> ErrorCode {
    match error {
        LogError::OffsetOutOfRange { .. } => ErrorCode::OffsetOutOfRange,
        _ => ErrorCode::KafkaStorageError,
    }
}

/// What a consumer is told when its read failed.
pub(crate) fn read_error(partition: &TopicPartition, error: &ReadError) -> ErrorCode {
    match error {
        ReadError::OffsetOutOfRange { .. } => ErrorCode::OffsetOutOfRange,
        // That the directory is offline was said once.
        ReadError::Offline { .. } => ErrorCode::KafkaStorageError,
        ReadError::Disk(_) | ReadError::Corrupt { .. } => {
            tracing::error!(%partition, "read failed: {error}");
            ErrorCode::KafkaStorageError
        }
    }
}
