//! DescribeDelegationToken (key 41): delegation tokens by owner (KIP-48).

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeDelegationToken: DescribeDelegationTokenRequest => DescribeDelegationTokenResponse);

messages! {
    /// Request of DescribeDelegationToken.
    DescribeDelegationTokenRequest, versions 1..=3, flexible 2 {
        owners: Option<Vec<DescribeDelegationTokenOwner>> = Some(vec![]);
    }
    DescribeDelegationTokenOwner {
        principal_type: Str;
        principal_name: Str;
    }

    /// Response of DescribeDelegationToken.
    DescribeDelegationTokenResponse, versions 1..=3, flexible 2 {
        error_code: i16;
        tokens: Vec<DescribedDelegationToken>;
        throttle_time_ms: i32;
    }
    DescribedDelegationToken {
        principal_type: Str;
        principal_name: Str;
        token_requester_principal_type: Str, since 3;
        token_requester_principal_name: Str, since 3;
        issue_timestamp: i64;
        expiry_timestamp: i64;
        max_timestamp: i64;
        token_id: Str;
        hmac: Bytes;
        renewers: Vec<DescribedDelegationTokenRenewer>;
    }
    DescribedDelegationTokenRenewer {
        principal_type: Str;
        principal_name: Str;
    }
}
