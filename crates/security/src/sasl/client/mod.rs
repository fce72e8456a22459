//! The client's side of a SASL exchange.
//!
//! An [`Exchange`] begins with the bytes to send and takes every answer. It ends in [`Step::Done`], which for SCRAM
//! means that the server has shown that it knows the password too, or in an error.

mod scram;
#[cfg(test)]
mod tests;

use std::fmt;

use super::mechanism::Mechanism;
use super::scram::{NONCE_BYTES, ScramMechanism};
use crate::secret::Secret;

/// Most iterations that a server may ask of a client: some seconds of work.
pub const ITERATIONS_ASKED_MAX: u32 = 1_000_000;

/// What a client shows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Credentials {
    /// PLAIN: the password itself.
    Plain {
        /// The user's name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// SCRAM: a proof of the password.
    Scram {
        /// The hash.
        mechanism: ScramMechanism,
        /// The user's name, or a delegation token's id.
        username: String,
        /// The password, or the token's HMAC.
        password: Secret,
        /// Whether it is a delegation token.
        is_token: bool,
    },
    /// OAUTHBEARER: a token.
    Bearer {
        /// The token.
        token: Secret,
        /// Names and values that go with it.
        extensions: Vec<(String, String)>,
    },
}

/// Why a client ends an exchange.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ExchangeError {
    /// The server's message is none of this mechanism.
    Malformed {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The nonce of the server does not continue ours: the answer is not to this exchange.
    OtherNonce,
    /// So many iterations are too few to protect the password, or more than anybody needs.
    Iterations {
        /// What the server asked for.
        asked: u32,
    },
    /// The server refused.
    Refused {
        /// In its own words.
        reason: String,
    },
    /// The server does not know the password: it is another one.
    OtherServer,
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::Malformed { problem } => write!(f, "the server's message is malformed: {problem}"),
            ExchangeError::OtherNonce => f.write_str("the server's nonce does not continue the client's"),
            ExchangeError::Iterations { asked } => {
                write!(f, "the server asks for {asked} iterations; from 4096 to {ITERATIONS_ASKED_MAX} are accepted")
            }
            ExchangeError::Refused { reason } => f.write_str(reason),
            ExchangeError::OtherServer => f.write_str("the server could not show that it knows the password"),
        }
    }
}

impl std::error::Error for ExchangeError {}

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// These bytes are sent.
    Send(Vec<u8>),
    /// The exchange is over, and both sides are content.
    Done,
}

/// An exchange that has begun.
#[derive(Debug)]
pub struct Exchange(State);

#[derive(Debug)]
enum State {
    /// PLAIN: the server has only to say yes.
    Plain,
    Bearer,
    Scram(scram::Scram),
}

impl Credentials {
    /// The mechanism they are for.
    pub fn mechanism(&self) -> Mechanism {
        match self {
            Credentials::Plain { .. } => Mechanism::Plain,
            Credentials::Scram { mechanism, .. } => Mechanism::Scram(*mechanism),
            Credentials::Bearer { .. } => Mechanism::OAuthBearer,
        }
    }

    /// The exchange and the first bytes to send; `nonce` is random and never used again.
    pub fn begin(&self, nonce: [u8; NONCE_BYTES]) -> (Exchange, Vec<u8>) {
        match self {
            Credentials::Plain { username, password } => {
                let message = [b"\0", username.as_bytes(), b"\0", password.as_bytes()].concat();
                (Exchange(State::Plain), message)
            }
            Credentials::Bearer { token, extensions } => {
                let mut message = [b"n,,\x01auth=Bearer ", token.as_bytes(), b"\x01"].concat();
                for (name, value) in extensions {
                    message.extend_from_slice(format!("{name}={value}\x01").as_bytes());
                }
                message.push(1);
                (Exchange(State::Bearer), message)
            }
            Credentials::Scram { mechanism, username, password, is_token } => {
                let (scram, message) = scram::Scram::begin(*mechanism, username, password.clone(), *is_token, nonce);
                (Exchange(State::Scram(scram)), message)
            }
        }
    }
}

impl Exchange {
    /// Takes an answer of the server.
    ///
    /// # Errors
    /// When the server refuses, or is not to be trusted.
    pub fn answer(&mut self, message: &[u8]) -> Result<Step, ExchangeError> {
        match &mut self.0 {
            State::Plain if message.is_empty() => Ok(Step::Done),
            State::Plain => Err(ExchangeError::Malformed { problem: "PLAIN has no second message" }),
            State::Bearer if message.is_empty() => Ok(Step::Done),
            // RFC 7628: the server says why in JSON, and refuses when the client has acknowledged that.
            State::Bearer => Ok(Step::Send(vec![1])),
            State::Scram(scram) => scram.answer(message),
        }
    }
}
