//! Why a directory is not adopted.

use std::io;
use std::path::PathBuf;

use stream_log::LogError;
use stream_metadata::MetadataError;
use stream_metadata::adoption::AdoptionError;
use stream_quorum::QuorumError;

/// Every way in which an adoption ends without one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdoptError {
    #[error("{} is not the data directory of an Apache Kafka node: {problem}; name its log.dirs", dir.display())]
    NotKafka { dir: PathBuf, problem: String },
    #[error("{} is in use by another process; stop Kafka first", dir.display())]
    InUse { dir: PathBuf },
    #[error("cannot adopt {}: {reason}", dir.display())]
    Refused { dir: PathBuf, reason: String },
    #[error("cannot adopt {}: its metadata log {file}: {source}; restore it, or start Kafka on it once more", dir.display())]
    Metadata { dir: PathBuf, file: String, source: AdoptionError },
    #[error("cannot adopt {}: its metadata contradicts itself: {source}", dir.display())]
    Contradiction { dir: PathBuf, source: MetadataError },
    #[error("cannot {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot read the data directory: {0}")]
    Log(#[from] LogError),
    #[error("cannot write the metadata log: {0}")]
    Quorum(#[from] QuorumError),
    #[error("cannot write the metadata log: {0}")]
    Proposal(String),
    #[error("cannot print: {0}")]
    Output(io::Error),
}

impl AdoptError {
    /// Whether the storage failed; everything else is about what was asked.
    pub(crate) fn is_storage(&self) -> bool {
        matches!(self, AdoptError::Io { .. } | AdoptError::Log(_) | AdoptError::Quorum(_) | AdoptError::Proposal(_))
    }
}

/// For `map_err`: an operation on a path that the system refused.
pub(super) fn io_error(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> AdoptError {
    let path = path.into();
    move |source| AdoptError::Io { action, path, source }
}
