//! DescribeTransactions (key 65): state of transactions by transactional id (KIP-664).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeTransactions: DescribeTransactionsRequest => DescribeTransactionsResponse);

messages! {
    /// Request of DescribeTransactions.
    DescribeTransactionsRequest, versions 0..=0, flexible 0 {
        transactional_ids: Vec<Str>;
    }

    /// Response of DescribeTransactions.
    DescribeTransactionsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        transaction_states: Vec<TransactionState>;
    }
    TransactionState {
        error_code: i16;
        transactional_id: Str;
        transaction_state: Str;
        transaction_timeout_ms: i32;
        transaction_start_time_ms: i64;
        producer_id: i64;
        producer_epoch: i16;
        topics: Vec<TopicData>;
    }
    TopicData {
        topic: Str;
        partitions: Vec<i32>;
    }
}
