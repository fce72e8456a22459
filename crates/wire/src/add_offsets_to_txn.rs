//! AddOffsetsToTxn (key 25): adds a group's offsets to a transaction (KIP-98).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AddOffsetsToTxn: AddOffsetsToTxnRequest => AddOffsetsToTxnResponse);

messages! {
    /// Request of AddOffsetsToTxn.
    AddOffsetsToTxnRequest, versions 0..=4, flexible 3 {
        transactional_id: Str;
        producer_id: i64;
        producer_epoch: i16;
        group_id: Str;
    }

    /// Response of AddOffsetsToTxn.
    AddOffsetsToTxnResponse, versions 0..=4, flexible 3 {
        throttle_time_ms: i32;
        error_code: i16;
    }
}
