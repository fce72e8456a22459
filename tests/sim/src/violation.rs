//! What an oracle says when a promise is broken.

use std::fmt;

/// A broken promise, in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Violation {}

/// Whether every promise was kept.
pub type Checked = Result<(), Violation>;

/// A promise: `format!` arguments say how it was broken.
macro_rules! promise {
    ($holds:expr, $($words:tt)+) => {
        if !$holds {
            return Err($crate::violation::Violation(format!($($words)+)));
        }
    };
}

pub(crate) use promise;
