//! What can go wrong with a log, with the facts as fields.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use stream_codec::batch::BatchError;
use stream_types::{LeaderEpoch, Offset, ProducerEpoch, ProducerId, Sequence};

use crate::segment::DamagedBatch;

/// An operation of the disk that failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{operation} {}: {source}", path.display())]
pub struct DiskError {
    /// What was tried.
    pub operation: &'static str,
    /// On which file or directory.
    pub path: PathBuf,
    /// What the operating system said.
    pub source: Arc<io::Error>,
}

impl DiskError {
    pub(crate) fn new(operation: &'static str, path: &Path, source: io::Error) -> DiskError {
        DiskError { operation, path: path.to_owned(), source: Arc::new(source) }
    }

    /// Whether there was too little of something that may be there again later: space, quota, descriptors.
    pub fn is_no_space(&self) -> bool {
        is_no_space(&self.source)
    }
}

pub(crate) fn is_no_space(error: &io::Error) -> bool {
    /// EMFILE and ENFILE.
    const TOO_MANY_OPEN_FILES: [i32; 2] = [24, 23];
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        || error.raw_os_error().is_some_and(|code| TOO_MANY_OPEN_FILES.contains(&code))
}

/// Shortens `map_err` at every call of the disk.
pub(crate) trait Context<T> {
    fn context(self, operation: &'static str, path: &Path) -> Result<T, DiskError>;
}

impl<T> Context<T> for io::Result<T> {
    fn context(self, operation: &'static str, path: &Path) -> Result<T, DiskError> {
        self.map_err(|source| DiskError::new(operation, path, source))
    }
}

/// Why a log could not be opened or maintained.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LogError {
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A batch that had been synced is damaged. Nothing was cut off.
    #[error("{}: batch at position {position}, offset {offset}, is damaged below the recovery point {recovery_point}: {reason}", segment.display())]
    Corrupt {
        /// The segment's file.
        segment: PathBuf,
        /// Where in the file the batch begins (bytes).
        position: u64,
        /// The offset that the batch should begin with, or a smaller one after compaction.
        offset: Offset,
        /// Everything below was synced once.
        recovery_point: Offset,
        /// What is wrong with it.
        reason: String,
    },
    /// The log ends before the offset up to which it had been synced.
    #[error("{}: log ends at {log_end}, but was synced up to {recovery_point}", dir.display())]
    EndsBelowRecoveryPoint {
        /// The partition's directory.
        dir: PathBuf,
        /// Where the log ends.
        log_end: Offset,
        /// Where it should at least end.
        recovery_point: Offset,
    },
    /// The directory holds another topic's partition.
    #[error("{}: belongs to topic id {found}, expected {expected}", dir.display())]
    TopicIdMismatch {
        /// The partition's directory.
        dir: PathBuf,
        /// The id in partition.metadata.
        found: stream_types::Uuid,
        /// The id of the topic.
        expected: stream_types::Uuid,
    },
    /// A small file of the directory is not what it should be.
    #[error("{}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The directory is in use by another process.
    #[error("{}: in use by another process", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// An earlier write or sync failed; nothing is done until the log is opened again.
    #[error("log is offline: {reason}")]
    Offline {
        /// What failed.
        reason: String,
    },
    /// The log was to be closed before a sync that is under way was reported.
    #[error("{}: a sync is under way", dir.display())]
    SyncUnderWay {
        /// The partition's directory.
        dir: PathBuf,
    },
    /// The offset is outside the log.
    #[error("offset {offset} is outside {log_start} to {log_end}")]
    OffsetOutOfRange {
        /// The offset asked for.
        offset: Offset,
        /// First offset of the log.
        log_start: Offset,
        /// The offset after the last.
        log_end: Offset,
    },
}

impl LogError {
    /// Whether there was too little space, which takes nothing offline.
    pub fn is_no_space(&self) -> bool {
        matches!(self, LogError::Disk(error) if error.is_no_space())
    }
}

impl ReadError {
    /// Whether the disk would have to be waited for, and the caller did not want to
    /// ([`crate::disk::file::without_waiting`]).
    pub fn would_wait(&self) -> bool {
        matches!(self, ReadError::Disk(error) if error.source.kind() == io::ErrorKind::WouldBlock)
    }

    /// What `error` means, which came up when a segment's file was read.
    pub(crate) fn of_segment(operation: &'static str, path: &Path, error: io::Error) -> ReadError {
        match error.downcast::<DamagedBatch>() {
            Ok(DamagedBatch { position, source }) => ReadError::Corrupt { segment: path.to_owned(), position, source },
            Err(error) => ReadError::Disk(DiskError::new(operation, path, error)),
        }
    }
}

/// Why a batch was not appended.
#[derive(Clone, Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk is full. The log is as it was and takes writes again when there is space.
    #[error("no space: {0}")]
    NoSpace(DiskError),
    /// A write failed otherwise, now or earlier; nothing is done until the log is opened again.
    #[error("log is offline: {reason}")]
    Offline {
        /// What failed.
        reason: String,
    },
    /// The batch does not follow the producer's last one (KIP-98).
    #[error("producer {producer_id} epoch {producer_epoch}: sequence {found}, expected {expected}")]
    OutOfOrderSequence {
        /// The producer.
        producer_id: ProducerId,
        /// Its epoch in the batch.
        producer_epoch: ProducerEpoch,
        /// The sequence that would follow.
        expected: Sequence,
        /// The batch's base sequence.
        found: Sequence,
    },
    /// The producer has a newer incarnation (KIP-98).
    #[error("producer {producer_id}: epoch {found}, current is {current}")]
    InvalidProducerEpoch {
        /// The producer.
        producer_id: ProducerId,
        /// The newest epoch known.
        current: ProducerEpoch,
        /// The batch's epoch.
        found: ProducerEpoch,
    },
    /// A follower was given a batch that begins before its log ends.
    #[error("batch begins at {base_offset}, the log ends at {log_end}")]
    OffsetGoesBack {
        /// The batch's base offset.
        base_offset: Offset,
        /// The offset after the last.
        log_end: Offset,
    },
    /// A batch carries an older leader epoch than the log already has.
    #[error("batch of leader epoch {found}, the log has {current}")]
    EpochGoesBack {
        /// The batch's leader epoch.
        found: LeaderEpoch,
        /// The newest epoch of the log.
        current: LeaderEpoch,
    },
    /// A batch is larger than a segment can be.
    #[error("batches of {bytes} bytes do not fit a segment of at most {segment_bytes_max}")]
    LargerThanSegment {
        /// Size of the batch.
        bytes: usize,
        /// `segment.bytes`.
        segment_bytes_max: u64,
    },
    /// The batch is not valid.
    #[error(transparent)]
    Batch(#[from] BatchError),
}

/// Why records could not be read.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ReadError {
    /// The offset is not in the log.
    #[error("offset {offset} is outside {log_start} to {log_end}")]
    OffsetOutOfRange {
        /// The offset asked for.
        offset: Offset,
        /// First offset of the log.
        log_start: Offset,
        /// The offset after the last.
        log_end: Offset,
    },
    /// The disk refused.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// A batch on the disk is damaged.
    #[error("{}: batch at position {position} is damaged: {source}", segment.display())]
    Corrupt {
        /// The segment's file.
        segment: PathBuf,
        /// Where in the file the batch begins (bytes).
        position: u64,
        /// What is wrong with it.
        source: BatchError,
    },
    /// An earlier write or sync failed.
    #[error("log is offline: {reason}")]
    Offline {
        /// What failed.
        reason: String,
    },
}
