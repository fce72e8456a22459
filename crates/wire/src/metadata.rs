//! Metadata (key 3): the brokers, and topics with their partitions, leaders and replicas.

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(Metadata: MetadataRequest => MetadataResponse);

messages! {
    /// Request of Metadata.
    MetadataRequest, versions 0..=13, flexible 9 {
        topics: Option<Vec<MetadataRequestTopic>> = Some(vec![]), nullable 1;
        allow_auto_topic_creation: bool = true, since 4;
        include_cluster_authorized_operations: bool, since 8, until 10;
        include_topic_authorized_operations: bool, since 8;
    }
    MetadataRequestTopic {
        topic_id: Uuid, since 10, ignorable;
        name: Option<Str> = Some(Str::EMPTY), nullable 10;
    }

    /// Response of Metadata.
    MetadataResponse, versions 0..=13, flexible 9 {
        throttle_time_ms: i32, since 3, ignorable;
        brokers: Vec<MetadataResponseBroker>;
        cluster_id: Option<Str>, since 2, ignorable;
        controller_id: i32 = -1, since 1, ignorable;
        topics: Vec<MetadataResponseTopic>;
        cluster_authorized_operations: i32 = i32::MIN, since 8, until 10;
        error_code: i16, since 13, ignorable;
    }
    MetadataResponseBroker {
        node_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>, since 1, ignorable;
    }
    MetadataResponseTopic {
        error_code: i16;
        name: Option<Str> = Some(Str::EMPTY), nullable 12;
        topic_id: Uuid, since 10, ignorable;
        is_internal: bool, since 1, ignorable;
        partitions: Vec<MetadataResponsePartition>;
        topic_authorized_operations: i32 = i32::MIN, since 8;
    }
    MetadataResponsePartition {
        error_code: i16;
        partition_index: i32;
        leader_id: i32;
        leader_epoch: i32 = -1, since 7, ignorable;
        replica_nodes: Vec<i32>;
        isr_nodes: Vec<i32>;
        offline_replicas: Vec<i32>, since 5, ignorable;
    }
}
