//! Errors as people read them: what was tried, what happened, what to do; and the exit status.

use std::fmt;
use std::io;
use std::process::ExitCode;

use stream_client::ClientError;
use stream_types::ErrorCode;

/// Why a command failed.
#[derive(Debug)]
pub enum CliError {
    /// Wrong usage or configuration: exit status 2.
    Usage(String),
    /// The cluster refused (1), or could not be reached in time (3).
    Cluster {
        /// What was tried: "creating topic 'orders'".
        tried: String,
        /// What happened.
        error: Box<ClientError>,
    },
    /// A file or the terminal failed: exit status 1.
    Local {
        /// What was tried.
        tried: String,
        /// The system's words.
        reason: String,
        /// Whether somebody closed the pipe that was written to.
        closed_pipe: bool,
    },
}

impl CliError {
    /// Wrong usage.
    pub(crate) fn usage(message: impl Into<String>) -> CliError {
        CliError::Usage(message.into())
    }

    /// A failure of this machine.
    pub(crate) fn local(tried: impl Into<String>, error: &io::Error) -> CliError {
        let closed_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        CliError::Local { tried: tried.into(), reason: error.to_string(), closed_pipe }
    }

    /// Whether the reader of standard output has gone, which is no error.
    pub(crate) fn is_closed_pipe(&self) -> bool {
        matches!(self, CliError::Local { closed_pipe: true, .. })
    }

    fn status(&self) -> u8 {
        match self {
            CliError::Usage(_) => 2,
            CliError::Cluster { error, .. } if error.is_unreachable() => 3,
            CliError::Cluster { error, .. } if matches!(**error, ClientError::Tls { .. }) => 3,
            CliError::Cluster { error, .. } if matches!(**error, ClientError::InvalidAddress { .. }) => 2,
            CliError::Cluster { .. } | CliError::Local { .. } => 1,
        }
    }

    /// The exit status of the contract.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status())
    }
}

/// Says what was tried.
pub(crate) trait Tried<T> {
    /// The error with what was tried: "listing topics".
    fn tried(self, tried: impl FnOnce() -> String) -> Result<T, CliError>;
}

impl<T> Tried<T> for Result<T, ClientError> {
    fn tried(self, tried: impl FnOnce() -> String) -> Result<T, CliError> {
        self.map_err(|error| CliError::Cluster { tried: tried(), error: Box::new(error) })
    }
}

impl<T> Tried<T> for io::Result<T> {
    fn tried(self, tried: impl FnOnce() -> String) -> Result<T, CliError> {
        self.map_err(|error| CliError::local(tried(), &error))
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CliError::Usage(message) => f.write_str(&one_line(message)),
            CliError::Local { tried, reason, .. } => write!(f, "{tried}: {}", one_line(reason)),
            CliError::Cluster { tried, error } => {
                let happened = error.to_string();
                // What was tried names its object already.
                let happened = match &**error {
                    ClientError::Refused { what, .. } if tried.contains(what.as_str()) => {
                        happened.strip_prefix(&format!("{what}: ")).unwrap_or(&happened)
                    }
                    _ => &happened,
                };
                write!(f, "{tried}: {}", one_line(happened))?;
                match advice(error) {
                    "" => Ok(()),
                    advice => write!(f, "; {advice}"),
                }
            }
        }
    }
}

fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").trim_end_matches('.').to_owned()
}

/// What to do about an error.
fn advice(error: &ClientError) -> &'static str {
    use ErrorCode::*;
    match error {
        ClientError::Connect { reason, .. } if reason.contains("TLS") => "",
        ClientError::Connect { .. } => "is a broker running there? --bootstrap-server HOST:PORT names another",
        ClientError::NoAnswer { .. } => "it may be overloaded: try again, or with a longer --timeout",
        ClientError::Disconnected { .. } => "its log says why it closed",
        ClientError::Unsupported { .. } => "the broker is older, or does not have this part of Kafka",
        ClientError::Malformed { .. } => "is it a Kafka listener?",
        ClientError::Refused { .. } => match error.code() {
            Some(UnknownTopicOrPartition | UnknownTopicId) => "'hanzo-stream topics list' shows what there is",
            Some(TopicAlreadyExists) => "--if-not-exists makes that a success",
            Some(SecurityDisabled) => "the broker has no authorizer: set authorizer.class.name there",
            Some(ResourceNotFound) => "'hanzo-stream users list' shows who there is",
            Some(ClusterAuthorizationFailed | TopicAuthorizationFailed | GroupAuthorizationFailed) => {
                "'hanzo-stream acls list' shows who may do what; --command-config says who you are"
            }
            Some(GroupIdNotFound) => "'hanzo-stream groups list' shows what there is",
            Some(NonEmptyGroup | UnknownMemberId) => "stop the group's members first",
            Some(InvalidConfig) => "'hanzo-stream configs describe --all' shows keys and values",
            Some(OffsetOutOfRange) => "'hanzo-stream topics offsets' shows what is left",
            Some(InvalidReplicationFactor) => "'hanzo-stream cluster brokers' shows how many brokers there are",
            Some(MessageTooLarge | RecordListTooLarge) => {
                "send smaller records, or raise max.message.bytes of the topic"
            }
            Some(LeaderNotAvailable | NotLeaderOrFollower) => "a broker is missing: see 'hanzo-stream cluster status'",
            Some(NotEnoughReplicas | NotEnoughReplicasAfterAppend) => {
                "too few replicas are in sync: see 'hanzo-stream topics describe'"
            }
            Some(KafkaStorageError) => "the broker's disk is full or broken: see its log",
            _ => "",
        },
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(error: ClientError, status: u8, expected: &str) {
        let error = Err::<(), _>(error).tried(|| "creating topic 't'".to_owned()).expect_err("an error");
        assert_eq!(error.status(), status);
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn an_error_is_one_line_with_advice() {
        check(
            ClientError::Refused {
                what: "topic 't'".into(),
                code: 36,
                message: Some("Topic 't'\nalready exists.".into()),
            },
            1,
            "creating topic 't': TOPIC_ALREADY_EXISTS: Topic 't' already exists; --if-not-exists makes that a success",
        );
        check(
            ClientError::Connect { address: "localhost:1".into(), reason: "connection refused".into() },
            3,
            "creating topic 't': cannot connect to localhost:1: connection refused; is a broker running there? \
             --bootstrap-server HOST:PORT names another",
        );
        check(
            ClientError::Refused { what: "partition t-0".into(), code: 87, message: None },
            1,
            "creating topic 't': partition t-0: INVALID_RECORD",
        );
    }

    #[test]
    fn statuses_are_those_of_the_contract() {
        assert_eq!(CliError::usage("x").status(), 2);
        let unsupported = ClientError::Unsupported { address: "a:1".into(), api: "DescribeQuorum", versions: None };
        let cluster = |error| CliError::Cluster { tried: String::new(), error: Box::new(error) };
        assert_eq!(cluster(unsupported).status(), 1);
        assert_eq!(cluster(ClientError::InvalidAddress { address: "x:".into() }).status(), 2);
    }
}
