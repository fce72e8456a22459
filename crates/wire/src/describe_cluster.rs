//! DescribeCluster (key 60): cluster id, controller, and brokers or controllers (KIP-700, KIP-919).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeCluster: DescribeClusterRequest => DescribeClusterResponse);

messages! {
    /// Request of DescribeCluster.
    DescribeClusterRequest, versions 0..=2, flexible 0 {
        include_cluster_authorized_operations: bool;
        endpoint_type: i8 = 1, since 1;
        include_fenced_brokers: bool, since 2;
    }

    /// Response of DescribeCluster.
    DescribeClusterResponse, versions 0..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str>;
        endpoint_type: i8 = 1, since 1;
        cluster_id: Str;
        controller_id: i32 = -1;
        brokers: Vec<DescribeClusterBroker>;
        cluster_authorized_operations: i32 = i32::MIN;
    }
    DescribeClusterBroker {
        broker_id: i32;
        host: Str;
        port: i32;
        rack: Option<Str>;
        is_fenced: bool, since 2;
    }
}
