//! Why an operation of the client failed.

use std::time::Duration;

use stream_codec::{DecodeError, EncodeError};
use stream_types::ErrorCode;

/// Why an operation failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ClientError {
    /// No broker could be reached.
    #[error("cannot connect to {address}: {reason}")]
    Connect {
        /// What was dialled.
        address: String,
        /// The system's words.
        reason: String,
    },
    /// The two sides do not agree on TLS: certificates, names, versions.
    #[error("no TLS with {address}: {reason}")]
    Tls {
        /// The broker's address.
        address: String,
        /// What happened and what to do.
        reason: String,
    },
    /// The broker does not believe who the client is, or cannot be believed itself.
    #[error("{address}: {mechanism} authentication failed: {reason}")]
    Authentication {
        /// The broker's address.
        address: String,
        /// The SASL mechanism.
        mechanism: &'static str,
        /// What happened and what to do.
        reason: String,
    },
    /// The connection ended before the answer came.
    #[error("{address} closed the connection: {reason}")]
    Disconnected {
        /// The broker's address.
        address: String,
        /// What was seen.
        reason: String,
    },
    /// No answer in time.
    #[error("{address} did not answer {api} within {} ms", .waited.as_millis())]
    NoAnswer {
        /// The broker's address.
        address: String,
        /// The API that was asked.
        api: &'static str,
        /// How long.
        waited: Duration,
    },
    /// An address that cannot be one.
    #[error("'{address}' is not an address: write HOST:PORT")]
    InvalidAddress {
        /// What was given.
        address: String,
    },
    /// The broker does not offer an API, or none of the versions that this client knows.
    #[error("{address} does not offer {api}{}", .versions.map(|(first, last)| format!(" in a version that this client knows (it offers {first} to {last})")).unwrap_or_default())]
    Unsupported {
        /// The broker's address.
        address: String,
        /// The API.
        api: &'static str,
        /// What it offers instead.
        versions: Option<(i16, i16)>,
    },
    /// The answer is not one.
    #[error("{address} answered {api} with something else: {source}")]
    Malformed {
        /// The broker's address.
        address: String,
        /// The API.
        api: &'static str,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The request cannot be written in the version that the broker offers.
    #[error("{api} cannot be asked of {address}: {source}")]
    Unencodable {
        /// The broker's address.
        address: String,
        /// The API.
        api: &'static str,
        /// What has no place in it.
        source: EncodeError,
    },
    /// The cluster refused, in Kafka's words.
    #[error("{what}: {}{}", error_name(*code), message.as_deref().map(|text| format!(": {text}")).unwrap_or_default())]
    Refused {
        /// What it was about: a topic, a group, a partition.
        what: String,
        /// Kafka's number of the error.
        code: i16,
        /// The broker's explanation.
        message: Option<String>,
    },
    /// The cluster answered with something that is newer than this client.
    #[error("the cluster has {what}, which this version does not know")]
    Unknown {
        /// What it is.
        what: String,
    },
    /// Records that were fetched cannot be read.
    #[error("{what}: {reason}")]
    Records {
        /// Topic and partition.
        what: String,
        /// What is wrong with them.
        reason: String,
    },
}

/// Kafka's name for an error code; its number, if it is a new one.
pub(crate) fn error_name(code: i16) -> String {
    ErrorCode::from_code(code).map_or_else(|| format!("error {code}"), |code| code.name().to_owned())
}

impl ClientError {
    /// An answer as an error, unless the code is 0.
    ///
    /// # Errors
    /// [`ClientError::Refused`].
    pub fn check(what: impl Into<String>, code: i16, message: Option<&str>) -> Result<(), ClientError> {
        if code == 0 {
            return Ok(());
        }
        let message = message.filter(|text| !text.is_empty()).map(str::to_owned);
        Err(ClientError::Refused { what: what.into(), code, message })
    }

    /// A refusal without the broker's words.
    pub fn refused(what: impl Into<String>, code: ErrorCode) -> ClientError {
        ClientError::Refused { what: what.into(), code: code.code(), message: None }
    }

    /// Kafka's error, if the cluster gave one.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            ClientError::Refused { code, .. } => ErrorCode::from_code(*code),
            _ => None,
        }
    }

    /// Whether nobody could be reached, or nobody answered.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, ClientError::Connect { .. } | ClientError::Disconnected { .. } | ClientError::NoAnswer { .. })
    }

    /// Whether the same request may work a moment later.
    pub fn is_retriable(&self) -> bool {
        match self {
            ClientError::Connect { .. } | ClientError::Disconnected { .. } => true,
            ClientError::Refused { .. } => self.code().is_some_and(is_retriable),
            _ => false,
        }
    }

    /// Whether leaders or coordinators have to be looked up again.
    pub(crate) fn is_stale_metadata(&self) -> bool {
        use ErrorCode::*;
        self.is_unreachable()
            || matches!(
                self.code(),
                Some(
                    LeaderNotAvailable
                        | NotLeaderOrFollower
                        | ReplicaNotAvailable
                        | NotCoordinator
                        | CoordinatorNotAvailable
                        | FencedLeaderEpoch
                        | UnknownLeaderEpoch
                        | KafkaStorageError
                        | UnknownTopicOrPartition
                        | UnknownTopicId
                        | InconsistentTopicId
                )
            )
    }
}

/// The errors that Kafka's own clients repeat, but for an unknown topic: a person wants to hear of that at once.
fn is_retriable(code: ErrorCode) -> bool {
    use ErrorCode::*;
    matches!(
        code,
        LeaderNotAvailable
            | NotLeaderOrFollower
            | RequestTimedOut
            | ReplicaNotAvailable
            | NetworkException
            | CoordinatorLoadInProgress
            | CoordinatorNotAvailable
            | NotCoordinator
            | NotEnoughReplicas
            | NotEnoughReplicasAfterAppend
            | NotController
            | KafkaStorageError
            | FetchSessionIdNotFound
            | InvalidFetchSessionEpoch
            | ListenerNotFound
            | FencedLeaderEpoch
            | UnknownLeaderEpoch
            | OffsetNotAvailable
            | PreferredLeaderNotAvailable
            | UnstableOffsetCommit
            | ThrottlingQuotaExceeded
            | UnknownTopicId
            | InconsistentTopicId
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_kafkas_error() {
        let error = ClientError::check("topic 't'", 36, Some("already there")).expect_err("refused");
        assert_eq!(error.to_string(), "topic 't': TOPIC_ALREADY_EXISTS: already there");
        assert_eq!(error.code(), Some(ErrorCode::TopicAlreadyExists));
        assert!(!error.is_retriable());
        let unknown = ClientError::check("x", 999, None).expect_err("refused");
        assert_eq!(unknown.to_string(), "x: error 999");
        assert!(ClientError::check("x", 0, None).is_ok());
    }

    #[test]
    fn a_missing_leader_is_waited_for_and_a_missing_topic_is_not() {
        assert!(ClientError::refused("t-0", ErrorCode::NotLeaderOrFollower).is_retriable());
        assert!(!ClientError::refused("t", ErrorCode::UnknownTopicOrPartition).is_retriable());
        assert!(ClientError::refused("t", ErrorCode::UnknownTopicOrPartition).is_stale_metadata());
    }
}
