//! AllocateProducerIds (key 67): a broker gets a block of producer ids from the controller
//! (KIP-730).

use stream_codec::messages;

use crate::api::request;

request!(AllocateProducerIds: AllocateProducerIdsRequest => AllocateProducerIdsResponse);

messages! {
    /// Request of AllocateProducerIds.
    AllocateProducerIdsRequest, versions 0..=0, flexible 0 {
        broker_id: i32;
        broker_epoch: i64 = -1;
    }

    /// Response of AllocateProducerIds.
    AllocateProducerIdsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        producer_id_start: i64;
        producer_id_len: i32;
    }
}
