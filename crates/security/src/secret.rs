//! Secrets: wiped after use, never shown, compared in one place and in constant time.

use std::fmt;

use ring::digest;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A password, key or token. Its memory is wiped when it is dropped, and `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Keeps these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Secret {
        Secret(Zeroizing::new(bytes.into()))
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        same_secret(&self.0, &other.0)
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hidden]")
    }
}

/// Whether a secret and a guess are the same. The time it takes says nothing of where they differ, nor of whether their
/// lengths do: what is compared are digests.
pub fn same_secret(secret: &[u8], guess: &[u8]) -> bool {
    let digest = |bytes| digest::digest(&digest::SHA256, bytes);
    digest(secret).as_ref().ct_eq(digest(guess).as_ref()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_bytes_are_the_same_secret() {
        for (secret, guess, same) in [("a", "a", true), ("", "", true), ("a", "b", false), ("a", "ab", false)] {
            assert_eq!(same_secret(secret.as_bytes(), guess.as_bytes()), same, "{secret} {guess}");
            assert_eq!(Secret::new(secret) == Secret::new(guess), same, "{secret} {guess}");
        }
    }

    #[test]
    fn a_secret_shows_nothing() {
        assert_eq!(format!("{:?}", Some(Secret::new("hunter2"))), "Some([hidden])");
    }
}
