//! InitProducerId (key 22): a producer id and epoch, fencing earlier owners of the transactional id
//! (KIP-98, KIP-360).

use stream_codec::{Str, messages};

use crate::api::request;

request!(InitProducerId: InitProducerIdRequest => InitProducerIdResponse);

messages! {
    /// Request of InitProducerId.
    InitProducerIdRequest, versions 0..=6, flexible 2 {
        transactional_id: Option<Str> = Some(Str::EMPTY);
        transaction_timeout_ms: i32;
        producer_id: i64 = -1, since 3;
        producer_epoch: i16 = -1, since 3;
        enable2_pc: bool, since 6;
        keep_prepared_txn: bool, since 6;
    }

    /// Response of InitProducerId.
    InitProducerIdResponse, versions 0..=6, flexible 2 {
        throttle_time_ms: i32;
        error_code: i16;
        producer_id: i64 = -1;
        producer_epoch: i16;
        ongoing_txn_producer_id: i64 = -1, since 6;
        ongoing_txn_producer_epoch: i16 = -1, since 6;
    }
}
