//! DescribeUserScramCredentials (key 50): which SCRAM mechanisms users have (KIP-554).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeUserScramCredentials: DescribeUserScramCredentialsRequest => DescribeUserScramCredentialsResponse);

messages! {
    /// Request of DescribeUserScramCredentials.
    DescribeUserScramCredentialsRequest, versions 0..=0, flexible 0 {
        users: Option<Vec<UserName>> = Some(vec![]);
    }
    UserName {
        name: Str;
    }

    /// Response of DescribeUserScramCredentials.
    DescribeUserScramCredentialsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        results: Vec<DescribeUserScramCredentialsResult>;
    }
    DescribeUserScramCredentialsResult {
        user: Str;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        credential_infos: Vec<CredentialInfo>;
    }
    CredentialInfo {
        mechanism: i8;
        iterations: i32;
    }
}
