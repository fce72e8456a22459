//! OffsetFetch (key 9): the offsets that groups have stored (several groups: KIP-709).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(OffsetFetch: OffsetFetchRequest => OffsetFetchResponse);

messages! {
    /// Request of OffsetFetch.
    OffsetFetchRequest, versions 1..=10, flexible 6 {
        group_id: Str, until 7;
        topics: Option<Vec<OffsetFetchRequestTopic>> = Some(vec![]), until 7, nullable 2;
        groups: Vec<OffsetFetchRequestGroup>, since 8;
        require_stable: bool, since 7;
    }
    OffsetFetchRequestTopic {
        name: Str;
        partition_indexes: Vec<i32>;
    }
    OffsetFetchRequestGroup {
        group_id: Str;
        member_id: Option<Str>, since 9, ignorable;
        member_epoch: i32 = -1, since 9, ignorable;
        topics: Option<Vec<OffsetFetchRequestTopics>> = Some(vec![]);
    }
    OffsetFetchRequestTopics {
        name: Str, until 9, ignorable;
        topic_id: Uuid, since 10, ignorable;
        partition_indexes: Vec<i32>;
    }

    /// Response of OffsetFetch.
    OffsetFetchResponse, versions 1..=10, flexible 6 {
        throttle_time_ms: i32, since 3, ignorable;
        topics: Vec<OffsetFetchResponseTopic>, until 7;
        error_code: i16, since 2, until 7, ignorable;
        groups: Vec<OffsetFetchResponseGroup>, since 8;
    }
    OffsetFetchResponseTopic {
        name: Str;
        partitions: Vec<OffsetFetchResponsePartition>;
    }
    OffsetFetchResponsePartition {
        partition_index: i32;
        committed_offset: i64;
        committed_leader_epoch: i32 = -1, since 5, ignorable;
        metadata: Option<Str> = Some(Str::EMPTY);
        error_code: i16;
    }
    OffsetFetchResponseGroup {
        group_id: Str;
        topics: Vec<OffsetFetchResponseTopics>;
        error_code: i16;
    }
    OffsetFetchResponseTopics {
        name: Str, until 9, ignorable;
        topic_id: Uuid, since 10, ignorable;
        partitions: Vec<OffsetFetchResponsePartitions>;
    }
    OffsetFetchResponsePartitions {
        partition_index: i32;
        committed_offset: i64;
        committed_leader_epoch: i32 = -1;
        metadata: Option<Str> = Some(Str::EMPTY);
        error_code: i16;
    }
}
