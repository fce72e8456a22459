//! AddPartitionsToTxn (key 24): adds partitions to a transaction; brokers verify in batches
//! (KIP-98, KIP-890).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AddPartitionsToTxn: AddPartitionsToTxnRequest => AddPartitionsToTxnResponse);

messages! {
    /// Request of AddPartitionsToTxn.
    AddPartitionsToTxnRequest, versions 0..=5, flexible 3 {
        transactions: Vec<AddPartitionsToTxnTransaction>, since 4;
        v3_and_below_transactional_id: Str, until 3;
        v3_and_below_producer_id: i64, until 3;
        v3_and_below_producer_epoch: i16, until 3;
        v3_and_below_topics: Vec<AddPartitionsToTxnTopic>, until 3;
    }
    AddPartitionsToTxnTransaction {
        transactional_id: Str;
        producer_id: i64;
        producer_epoch: i16;
        verify_only: bool;
        topics: Vec<AddPartitionsToTxnTopic>;
    }
    AddPartitionsToTxnTopic {
        name: Str;
        partitions: Vec<i32>;
    }

    /// Response of AddPartitionsToTxn.
    AddPartitionsToTxnResponse, versions 0..=5, flexible 3 {
        throttle_time_ms: i32;
        error_code: i16, since 4, ignorable;
        results_by_transaction: Vec<AddPartitionsToTxnResult>, since 4;
        results_by_topic_v3_and_below: Vec<AddPartitionsToTxnTopicResult>, until 3;
    }
    AddPartitionsToTxnResult {
        transactional_id: Str;
        topic_results: Vec<AddPartitionsToTxnTopicResult>;
    }
    AddPartitionsToTxnTopicResult {
        name: Str;
        results_by_partition: Vec<AddPartitionsToTxnPartitionResult>;
    }
    AddPartitionsToTxnPartitionResult {
        partition_index: i32;
        partition_error_code: i16;
    }
}
