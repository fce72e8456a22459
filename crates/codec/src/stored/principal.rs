//! How a principal is forwarded and kept in a delegation token.

use crate::{Str, messages};

messages! {
    /// Type and name of a principal.
    DefaultPrincipalData, versions 0..=0, flexible 0 {
        r#type: Str;
        name: Str;
        token_authenticated: bool;
    }
}
