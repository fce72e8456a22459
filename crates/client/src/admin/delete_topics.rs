//! DeleteTopics.

use stream_codec::Str;
use stream_wire::delete_topics::{DeleteTopicState, DeleteTopicsRequest};

use crate::client::{Client, Target};
use crate::error::ClientError;

/// The first version that can name topics by id, and carries names in another field.
const BY_STATE: i16 = 6;

impl Client {
    /// Deletes a topic and everything in it.
    ///
    /// # Errors
    /// Kafka's error for the topic, or when no broker answers in time.
    pub async fn delete_topic(&self, name: &str) -> Result<(), ClientError> {
        let request = |version: i16| {
            let mut request = DeleteTopicsRequest { timeout_ms: self.timeout_ms(), ..DeleteTopicsRequest::default() };
            if version >= BY_STATE {
                request.topics = vec![DeleteTopicState { name: Some(name.into()), ..DeleteTopicState::default() }];
            } else {
                request.topic_names = vec![Str::from(name)];
            }
            request
        };
        let mut retry = self.retry();
        loop {
            let response = self.call_versioned(Target::Any, i16::MAX, request).await?;
            let result = response.responses.into_iter().next().unwrap_or_default();
            let what = format!("topic '{name}'");
            match ClientError::check(what, result.error_code, result.error_message.as_deref()) {
                Ok(()) => {
                    self.forget_topic(name);
                    return Ok(());
                }
                Err(error) => retry.after(error).await?,
            }
        }
    }
}
