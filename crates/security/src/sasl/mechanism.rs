//! The mechanisms that are spoken.

use std::fmt;

use super::scram::ScramMechanism;

/// A SASL mechanism.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Mechanism {
    /// A user name and a password (RFC 4616).
    Plain,
    /// A proof that somebody knows a password (RFC 5802, RFC 7677).
    Scram(ScramMechanism),
    /// A token that an identity provider signed (RFC 7628).
    OAuthBearer,
}

impl Mechanism {
    /// Every one.
    pub const ALL: &'static [Mechanism] = &[
        Mechanism::Plain,
        Mechanism::Scram(ScramMechanism::Sha256),
        Mechanism::Scram(ScramMechanism::Sha512),
        Mechanism::OAuthBearer,
    ];

    /// Its name on the wire and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Mechanism::Plain => "PLAIN",
            Mechanism::Scram(mechanism) => mechanism.name(),
            Mechanism::OAuthBearer => "OAUTHBEARER",
        }
    }

    /// The one with exactly this name.
    pub fn from_name(name: &str) -> Option<Mechanism> {
        Mechanism::ALL.iter().copied().find(|mechanism| mechanism.name() == name)
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
