//! ShareGroupHeartbeat (key 76): the heartbeat of a member of a share group (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ShareGroupHeartbeat: ShareGroupHeartbeatRequest => ShareGroupHeartbeatResponse);

messages! {
    /// Request of ShareGroupHeartbeat.
    ShareGroupHeartbeatRequest, versions 1..=1, flexible 0 {
        group_id: Str;
        member_id: Str;
        member_epoch: i32;
        rack_id: Option<Str>;
        subscribed_topic_names: Option<Vec<Str>>;
    }

    /// Response of ShareGroupHeartbeat.
    ShareGroupHeartbeatResponse, versions 1..=1, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        member_id: Option<Str>;
        member_epoch: i32;
        heartbeat_interval_ms: i32;
        assignment: Option<Assignment>;
    }
    Assignment {
        topic_partitions: Vec<TopicPartitions>;
    }
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }
}
