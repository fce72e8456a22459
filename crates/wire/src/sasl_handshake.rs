//! SaslHandshake (key 17): chooses the SASL mechanism of the connection.

use stream_codec::{Str, messages};

use crate::api::request;

request!(SaslHandshake: SaslHandshakeRequest => SaslHandshakeResponse);

messages! {
    /// Request of SaslHandshake.
    SaslHandshakeRequest, versions 0..=1 {
        mechanism: Str;
    }

    /// Response of SaslHandshake.
    SaslHandshakeResponse, versions 0..=1 {
        error_code: i16;
        mechanisms: Vec<Str>;
    }
}
