//! WriteTxnMarkers (key 27): writes the outcome of transactions into partitions (KIP-98).

use stream_codec::{Str, messages};

use crate::api::request;

request!(WriteTxnMarkers: WriteTxnMarkersRequest => WriteTxnMarkersResponse);

messages! {
    /// Request of WriteTxnMarkers.
    WriteTxnMarkersRequest, versions 1..=2, flexible 1 {
        markers: Vec<WritableTxnMarker>;
    }
    WritableTxnMarker {
        producer_id: i64;
        producer_epoch: i16;
        transaction_result: bool;
        topics: Vec<WritableTxnMarkerTopic>;
        coordinator_epoch: i32;
        transaction_version: i8, since 2, ignorable;
    }
    WritableTxnMarkerTopic {
        name: Str;
        partition_indexes: Vec<i32>;
    }

    /// Response of WriteTxnMarkers.
    WriteTxnMarkersResponse, versions 1..=2, flexible 1 {
        markers: Vec<WritableTxnMarkerResult>;
    }
    WritableTxnMarkerResult {
        producer_id: i64;
        topics: Vec<WritableTxnMarkerTopicResult>;
    }
    WritableTxnMarkerTopicResult {
        name: Str;
        partitions: Vec<WritableTxnMarkerPartitionResult>;
    }
    WritableTxnMarkerPartitionResult {
        partition_index: i32;
        error_code: i16;
    }
}
