//! RenewDelegationToken (key 39): prolongs a delegation token (KIP-48).

use bytes::Bytes;
use stream_codec::messages;

use crate::api::request;

request!(RenewDelegationToken: RenewDelegationTokenRequest => RenewDelegationTokenResponse);

messages! {
    /// Request of RenewDelegationToken.
    RenewDelegationTokenRequest, versions 1..=2, flexible 2 {
        hmac: Bytes;
        renew_period_ms: i64;
    }

    /// Response of RenewDelegationToken.
    RenewDelegationTokenResponse, versions 1..=2, flexible 2 {
        error_code: i16;
        expiry_timestamp_ms: i64;
        throttle_time_ms: i32;
    }
}
