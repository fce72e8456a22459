//! What can be wrong with a log that is replayed.

use stream_codec::DecodeError;
use stream_types::Offset;
use thiserror::Error;

/// A record of `__consumer_offsets` that cannot be replayed.
#[derive(Clone, PartialEq, Debug, Error)]
pub enum CoordinatorError {
    /// Key or value do not have the format that the key's kind says.
    #[error("the coordinator's record at offset {offset} cannot be read: {source}")]
    Undecodable {
        /// Where the record is.
        offset: Offset,
        /// What is wrong with it.
        source: DecodeError,
    },
}
