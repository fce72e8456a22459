//! ListTransactions (key 66): the transactions that this broker coordinates (KIP-664).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ListTransactions: ListTransactionsRequest => ListTransactionsResponse);

messages! {
    /// Request of ListTransactions.
    ListTransactionsRequest, versions 0..=2, flexible 0 {
        state_filters: Vec<Str>;
        producer_id_filters: Vec<i64>;
        duration_filter: i64 = -1, since 1;
        transactional_id_pattern: Option<Str>, since 2;
    }

    /// Response of ListTransactions.
    ListTransactionsResponse, versions 0..=2, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        unknown_state_filters: Vec<Str>;
        transaction_states: Vec<TransactionState>;
    }
    TransactionState {
        transactional_id: Str;
        producer_id: i64;
        transaction_state: Str;
    }
}
