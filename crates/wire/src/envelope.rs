//! Envelope (key 58): carries another principal's request from a broker to the controller
//! (KIP-590).

use bytes::Bytes;
use stream_codec::messages;

use crate::api::request;

request!(Envelope: EnvelopeRequest => EnvelopeResponse);

messages! {
    /// Request of Envelope.
    EnvelopeRequest, versions 0..=0, flexible 0 {
        request_data: Bytes;
        request_principal: Option<Bytes> = Some(Bytes::new());
        client_host_address: Bytes;
    }

    /// Response of Envelope.
    EnvelopeResponse, versions 0..=0, flexible 0 {
        response_data: Option<Bytes>;
        error_code: i16;
    }
}
