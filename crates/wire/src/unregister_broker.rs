//! UnregisterBroker (key 64): removes a broker from the cluster for good (KIP-631).

use stream_codec::{Str, messages};

use crate::api::request;

request!(UnregisterBroker: UnregisterBrokerRequest => UnregisterBrokerResponse);

messages! {
    /// Request of UnregisterBroker.
    UnregisterBrokerRequest, versions 0..=0, flexible 0 {
        broker_id: i32;
    }

    /// Response of UnregisterBroker.
    UnregisterBrokerResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
