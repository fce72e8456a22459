//! Transactions in `__transaction_state` (KIP-98).

use crate::stored::coordinator::coordinator_keys;
use crate::{Str, messages};

messages! {
    /// A transactional id.
    TransactionLogKey, versions 0..=0 {
        transactional_id: Str;
    }

    /// State of its producer and transaction.
    TransactionLogValue, versions 0..=1, flexible 1 {
        producer_id: i64;
        producer_epoch: i16;
        transaction_timeout_ms: i32;
        transaction_status: i8;
        transaction_partitions: Option<Vec<PartitionsSchema>> = Some(vec![]);
        transaction_last_update_timestamp_ms: i64;
        transaction_start_timestamp_ms: i64;
        @0 previous_producer_id: i64 = -1, since 1;
        @1 next_producer_id: i64 = -1, since 1;
        @2 client_transaction_version: i16, since 1;
        @3 next_producer_epoch: i16 = -1, since 1;
    }
    PartitionsSchema {
        topic: Str;
        partition_ids: Vec<i32>;
    }
}

coordinator_keys! {
    0 TransactionLogKey => TransactionLogValue;
}
