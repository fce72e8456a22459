//! Which names a topic may have.

use stream_types::ErrorCode;
use stream_types::limits::TOPIC_NAME_CHARS_MAX;

use super::ApiError;

/// The name of the metadata log's topic in Kafka, which nobody may create.
const METADATA_TOPIC: &str = "__cluster_metadata";

/// Checks a topic's name by Kafka's rules.
pub fn check_topic_name(name: &str) -> Result<(), ApiError> {
    let refused = |message: String| Err(ApiError::new(ErrorCode::InvalidTopicException, message));
    if name.is_empty() {
        return refused("the topic name is empty".to_owned());
    }
    if name == "." || name == ".." {
        return refused(format!("the topic name cannot be {name:?}"));
    }
    let length = name.chars().count();
    if length > TOPIC_NAME_CHARS_MAX {
        return refused(format!(
            "the topic name is {length} characters long, at most {TOPIC_NAME_CHARS_MAX} are allowed"
        ));
    }
    let illegal = name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')));
    if let Some(illegal) = illegal {
        return refused(format!(
            "the topic name {name:?} contains {illegal:?}; only ASCII letters, digits, '.', '_' and '-' are allowed"
        ));
    }
    if name == METADATA_TOPIC {
        return refused(format!("the topic name {name} is reserved"));
    }
    Ok(())
}

/// The name as metrics show it: two names that become the same there collide.
pub(super) fn metric_name(name: &str) -> String {
    name.replace('.', "_")
}

/// Whether the name can collide with another.
pub(super) fn can_collide(name: &str) -> bool {
    name.contains(['.', '_'])
}
