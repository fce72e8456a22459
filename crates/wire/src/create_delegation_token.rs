//! CreateDelegationToken (key 38): makes a delegation token (KIP-48).

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(CreateDelegationToken: CreateDelegationTokenRequest => CreateDelegationTokenResponse);

messages! {
    /// Request of CreateDelegationToken.
    CreateDelegationTokenRequest, versions 1..=3, flexible 2 {
        owner_principal_type: Option<Str> = Some(Str::EMPTY), since 3;
        owner_principal_name: Option<Str> = Some(Str::EMPTY), since 3;
        renewers: Vec<CreatableRenewers>;
        max_lifetime_ms: i64;
    }
    CreatableRenewers {
        principal_type: Str;
        principal_name: Str;
    }

    /// Response of CreateDelegationToken.
    CreateDelegationTokenResponse, versions 1..=3, flexible 2 {
        error_code: i16;
        principal_type: Str;
        principal_name: Str;
        token_requester_principal_type: Str, since 3;
        token_requester_principal_name: Str, since 3;
        issue_timestamp_ms: i64;
        expiry_timestamp_ms: i64;
        max_timestamp_ms: i64;
        token_id: Str;
        hmac: Bytes;
        throttle_time_ms: i32;
    }
}
