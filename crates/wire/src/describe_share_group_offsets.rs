//! DescribeShareGroupOffsets (key 90): start offsets of share groups (KIP-932).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(DescribeShareGroupOffsets: DescribeShareGroupOffsetsRequest => DescribeShareGroupOffsetsResponse);

messages! {
    /// Request of DescribeShareGroupOffsets.
    DescribeShareGroupOffsetsRequest, versions 0..=1, flexible 0 {
        groups: Vec<DescribeShareGroupOffsetsRequestGroup>;
    }
    DescribeShareGroupOffsetsRequestGroup {
        group_id: Str;
        topics: Option<Vec<DescribeShareGroupOffsetsRequestTopic>> = Some(vec![]);
    }
    DescribeShareGroupOffsetsRequestTopic {
        topic_name: Str;
        partitions: Vec<i32>;
    }

    /// Response of DescribeShareGroupOffsets.
    DescribeShareGroupOffsetsResponse, versions 0..=1, flexible 0 {
        throttle_time_ms: i32;
        groups: Vec<DescribeShareGroupOffsetsResponseGroup>;
    }
    DescribeShareGroupOffsetsResponseGroup {
        group_id: Str;
        topics: Vec<DescribeShareGroupOffsetsResponseTopic>;
        error_code: i16;
        error_message: Option<Str>;
    }
    DescribeShareGroupOffsetsResponseTopic {
        topic_name: Str;
        topic_id: Uuid;
        partitions: Vec<DescribeShareGroupOffsetsResponsePartition>;
    }
    DescribeShareGroupOffsetsResponsePartition {
        partition_index: i32;
        start_offset: i64;
        leader_epoch: i32;
        lag: i64 = -1, since 1, ignorable;
        error_code: i16;
        error_message: Option<Str>;
    }
}
