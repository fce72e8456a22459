//! DeleteTopics (key 20): deletes topics by name or id (KIP-4, KIP-516).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DeleteTopics: DeleteTopicsRequest => DeleteTopicsResponse);

messages! {
    /// Request of DeleteTopics.
    DeleteTopicsRequest, versions 1..=6, flexible 4 {
        topics: Vec<DeleteTopicState>, since 6;
        topic_names: Vec<Str>, until 5, ignorable;
        timeout_ms: i32;
    }
    DeleteTopicState {
        name: Option<Str>;
        topic_id: Uuid;
    }

    /// Response of DeleteTopics.
    DeleteTopicsResponse, versions 1..=6, flexible 4 {
        throttle_time_ms: i32;
        responses: Vec<DeletableTopicResult>;
    }
    DeletableTopicResult {
        name: Option<Str> = Some(Str::EMPTY), nullable 6;
        topic_id: Uuid, since 6, ignorable;
        error_code: i16;
        error_message: Option<Str>, since 5, ignorable;
    }
}
