//! DescribeLogDirs (key 35): sizes of replicas and log directories (KIP-113, KIP-827, KIP-1066).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeLogDirs: DescribeLogDirsRequest => DescribeLogDirsResponse);

messages! {
    /// Request of DescribeLogDirs.
    DescribeLogDirsRequest, versions 1..=5, flexible 2 {
        topics: Option<Vec<DescribableLogDirTopic>> = Some(vec![]);
    }
    DescribableLogDirTopic {
        topic: Str;
        partitions: Vec<i32>;
    }

    /// Response of DescribeLogDirs.
    DescribeLogDirsResponse, versions 1..=5, flexible 2 {
        throttle_time_ms: i32;
        error_code: i16, since 3, ignorable;
        results: Vec<DescribeLogDirsResult>;
    }
    DescribeLogDirsResult {
        error_code: i16;
        log_dir: Str;
        topics: Vec<DescribeLogDirsTopic>;
        total_bytes: i64 = -1, since 4, ignorable;
        usable_bytes: i64 = -1, since 4, ignorable;
        is_cordoned: bool, since 5, ignorable;
    }
    DescribeLogDirsTopic {
        name: Str;
        partitions: Vec<DescribeLogDirsPartition>;
    }
    DescribeLogDirsPartition {
        partition_index: i32;
        partition_size: i64;
        offset_lag: i64;
        is_future_key: bool;
    }
}
