//! AlterUserScramCredentials (key 51): sets and removes SCRAM credentials (KIP-554).

use bytes::Bytes;
use stream_codec::{Str, messages};

use crate::api::request;

request!(AlterUserScramCredentials: AlterUserScramCredentialsRequest => AlterUserScramCredentialsResponse);

messages! {
    /// Request of AlterUserScramCredentials.
    AlterUserScramCredentialsRequest, versions 0..=0, flexible 0 {
        deletions: Vec<ScramCredentialDeletion>;
        upsertions: Vec<ScramCredentialUpsertion>;
    }
    ScramCredentialDeletion {
        name: Str;
        mechanism: i8;
    }
    ScramCredentialUpsertion {
        name: Str;
        mechanism: i8;
        iterations: i32;
        salt: Bytes;
        salted_password: Bytes;
    }

    /// Response of AlterUserScramCredentials.
    AlterUserScramCredentialsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        results: Vec<AlterUserScramCredentialsResult>;
    }
    AlterUserScramCredentialsResult {
        user: Str;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
