//! Why a tool failed, in Kafka's words where Kafka has them.

use std::fmt;

use stream_client::ClientError;

use crate::error::CliError;

/// Why a tool failed; the exit status is 1 all the same.
#[derive(Debug)]
pub(crate) enum ToolError {
    /// Options that do not go together: one line on stderr.
    Usage(String),
    /// What the tool itself found wrong.
    Failed(String),
    /// What the cluster refused, or that it cannot be reached.
    Cluster(Box<ClientError>),
    /// Everything is printed already; this is the exit status.
    Done(u8),
}

impl ToolError {
    /// Options that do not go together.
    pub(crate) fn usage(message: impl Into<String>) -> ToolError {
        ToolError::Usage(message.into())
    }

    /// Something that the tool found wrong.
    pub(crate) fn failed(message: impl Into<String>) -> ToolError {
        ToolError::Failed(message.into())
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ToolError::Usage(message) | ToolError::Failed(message) => f.write_str(message),
            ToolError::Cluster(error) => match &**error {
                // The broker's explanation is what Kafka's tools print.
                ClientError::Refused { message: Some(message), .. } => f.write_str(message),
                error => write!(f, "{error}"),
            },
            ToolError::Done(status) => write!(f, "exit status {status}"),
        }
    }
}

impl From<ClientError> for ToolError {
    fn from(error: ClientError) -> ToolError {
        ToolError::Cluster(Box::new(error))
    }
}

impl From<CliError> for ToolError {
    fn from(error: CliError) -> ToolError {
        match error {
            // Who reads the output has had enough.
            error if error.is_closed_pipe() => ToolError::Done(0),
            CliError::Usage(message) => ToolError::Usage(message),
            CliError::Cluster { error, .. } => ToolError::Cluster(error),
            error @ CliError::Local { .. } => ToolError::Failed(error.to_string()),
        }
    }
}
