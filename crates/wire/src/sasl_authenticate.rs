//! SaslAuthenticate (key 36): carries one step of the SASL exchange (KIP-152).

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(SaslAuthenticate: SaslAuthenticateRequest => SaslAuthenticateResponse);

messages! {
    /// Request of SaslAuthenticate.
    SaslAuthenticateRequest, versions 0..=2, flexible 2 {
        auth_bytes: Bytes;
    }

    /// Response of SaslAuthenticate.
    SaslAuthenticateResponse, versions 0..=2, flexible 2 {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        auth_bytes: Bytes;
        session_lifetime_ms: i64, since 1, ignorable;
    }
}
