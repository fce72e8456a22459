//! EndTxn (key 26): commits or aborts a transaction (KIP-98, KIP-890).

use stream_codec::{Str, messages};

use crate::api::request;

request!(EndTxn: EndTxnRequest => EndTxnResponse);

messages! {
    /// Request of EndTxn.
    EndTxnRequest, versions 0..=5, flexible 3 {
        transactional_id: Str;
        producer_id: i64;
        producer_epoch: i16;
        committed: bool;
    }

    /// Response of EndTxn.
    EndTxnResponse, versions 0..=5, flexible 3 {
        throttle_time_ms: i32;
        error_code: i16;
        producer_id: i64 = -1, since 5, ignorable;
        producer_epoch: i16 = -1, since 5, ignorable;
    }
}
