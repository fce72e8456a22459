//! ConsumerGroupHeartbeat (key 68): the one request of a member of a consumer group (KIP-848).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ConsumerGroupHeartbeat: ConsumerGroupHeartbeatRequest => ConsumerGroupHeartbeatResponse);

messages! {
    /// Request of ConsumerGroupHeartbeat.
    ConsumerGroupHeartbeatRequest, versions 0..=1, flexible 0 {
        group_id: Str;
        member_id: Str;
        member_epoch: i32;
        instance_id: Option<Str>;
        rack_id: Option<Str>;
        rebalance_timeout_ms: i32 = -1;
        subscribed_topic_names: Option<Vec<Str>>;
        subscribed_topic_regex: Option<Str>, since 1;
        server_assignor: Option<Str>;
        topic_partitions: Option<Vec<TopicPartitions>>;
    }
    TopicPartitions {
        topic_id: Uuid;
        partitions: Vec<i32>;
    }

    /// Response of ConsumerGroupHeartbeat.
    ConsumerGroupHeartbeatResponse, versions 0..=1, flexible 0 {
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
}
