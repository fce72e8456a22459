//! ExpireDelegationToken (key 40): changes when a delegation token expires (KIP-48).

use bytes::Bytes;
use stream_codec::messages;

use crate::api::request;

request!(ExpireDelegationToken: ExpireDelegationTokenRequest => ExpireDelegationTokenResponse);

messages! {
    /// Request of ExpireDelegationToken.
    ExpireDelegationTokenRequest, versions 1..=2, flexible 2 {
        hmac: Bytes;
        expiry_time_period_ms: i64;
    }

    /// Response of ExpireDelegationToken.
    ExpireDelegationTokenResponse, versions 1..=2, flexible 2 {
        error_code: i16;
        expiry_timestamp_ms: i64;
        throttle_time_ms: i32;
    }
}
