//! Kafka's errors as its tools print them: the class of the exception, and its own words.

use stream_client::ClientError;
use stream_types::ErrorCode;

use super::error::ToolError;

/// `org.apache.kafka.common.errors.GroupIdNotFoundException: The group id does not exist.`
pub(super) fn exception(code: ErrorCode, message: Option<&str>) -> String {
    format!("{}: {}", class(code), message.unwrap_or_else(|| words(code)))
}

/// What Kafka's tools print of a failure: class and words of the broker's error, or what happened to the connection.
pub(super) fn of(error: &ClientError) -> String {
    match (error, error.code()) {
        (ClientError::Refused { message, .. }, Some(code)) => exception(code, message.as_deref()),
        _ if error.is_unreachable() => exception(ErrorCode::RequestTimedOut, Some(&error.to_string())),
        _ => error.to_string(),
    }
}

/// As [`of`], of anything that made a tool fail.
pub(super) fn of_tool(error: &ToolError) -> String {
    match error {
        ToolError::Cluster(error) => of(error),
        error => error.to_string(),
    }
}

fn class(code: ErrorCode) -> String {
    let name = match code {
        ErrorCode::UnknownServerError => "UnknownServer".to_owned(),
        ErrorCode::NonEmptyGroup => "GroupNotEmpty".to_owned(),
        ErrorCode::RequestTimedOut => "Timeout".to_owned(),
        ErrorCode::GroupAuthorizationFailed => "GroupAuthorization".to_owned(),
        ErrorCode::TopicAuthorizationFailed => "TopicAuthorization".to_owned(),
        ErrorCode::ClusterAuthorizationFailed => "ClusterAuthorization".to_owned(),
        ErrorCode::MessageTooLarge => "RecordTooLarge".to_owned(),
        ErrorCode::RecordListTooLarge => "RecordBatchTooLarge".to_owned(),
        ErrorCode::InvalidTopicException => "InvalidTopic".to_owned(),
        code => format!("{code:?}"),
    };
    format!("org.apache.kafka.common.errors.{name}Exception")
}

/// The words that Kafka has for an error where the broker sends none.
pub(super) fn words(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::GroupIdNotFound => "The group id does not exist.",
        ErrorCode::NonEmptyGroup => "The group is not empty.",
        ErrorCode::InvalidGroupId => "The group id is invalid.",
        ErrorCode::GroupAuthorizationFailed => "Group authorization failed.",
        ErrorCode::TopicAuthorizationFailed => "Topic authorization failed.",
        ErrorCode::ClusterAuthorizationFailed => "Cluster authorization failed.",
        ErrorCode::OffsetOutOfRange => {
            "The requested offset is not within the range of offsets maintained by the server."
        }
        ErrorCode::UnknownTopicOrPartition => "This server does not host this topic-partition.",
        ErrorCode::UnknownMemberId => "The coordinator is not aware of this member.",
        ErrorCode::GroupSubscribedToTopic => {
            "Deleting offsets of a topic is forbidden while the consumer group is actively subscribed to it."
        }
        ErrorCode::InvalidTopicException => "The request attempted to perform an operation on an invalid topic.",
        ErrorCode::MessageTooLarge => {
            "The request included a message larger than the max message size the server will accept."
        }
        code => code.name(),
    }
}
