//! The server's side of an exchange: one [`Exchange`] from the first message to success or failure.
//!
//! - Every message is answered by [`Step`]; after [`Step::Done`] and [`Step::Refused`] nothing more is taken.
//! - A user that does not exist costs the same work and gets the same answers as one whose password is wrong.
//! - Nothing that a client sends panics, and no refusal shows a secret.

mod oauthbearer;
mod password;
mod plain;
mod scram;
#[cfg(test)]
mod tests;

use stream_types::WallMillis;

use super::Mechanism;
use super::scram::{NONCE_BYTES, ScramCredential, ScramMechanism};
use crate::secret::Secret;

pub use password::check_password;
pub use scram::made_up_salt;

/// What an exchange may ask about users.
pub trait Users {
    /// The password of a user of PLAIN.
    fn password(&self, user: &str) -> Option<Secret>;

    /// What SCRAM knows of a user.
    fn scram(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential>;

    /// What SCRAM knows of a delegation token (KIP-48), by its id.
    fn delegation_token(&self, mechanism: ScramMechanism, token_id: &str) -> Option<TokenLogin>;

    /// Whom a signed token is about.
    ///
    /// # Errors
    /// Why it is refused, for the log.
    fn bearer(&self, token: &str, now: WallMillis) -> Result<BearerLogin, String>;
}

/// A delegation token as somebody logs in with it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenLogin {
    /// What the proof is checked by.
    pub credential: ScramCredential,
    /// Who the token speaks for.
    pub owner: String,
    /// When it ends.
    pub expires: WallMillis,
}

/// Whom a signed token is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BearerLogin {
    /// The user.
    pub user: String,
    /// When the token ends.
    pub expires: WallMillis,
}

/// What one step of an exchange may use.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Who there is.
    pub users: &'a dyn Users,
    /// Fresh random bytes.
    pub nonce: [u8; NONCE_BYTES],
    /// What the salts of users that do not exist are made from; the same for ever, and known to nobody else.
    pub salt_key: &'a Secret,
    /// The time.
    pub now: WallMillis,
}

impl std::fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("now", &self.now).finish_non_exhaustive()
    }
}

/// Who somebody turned out to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Login {
    /// The user.
    pub user: String,
    /// When what was shown stops to be valid.
    pub expires: Option<WallMillis>,
    /// Whether a delegation token was shown.
    pub by_delegation_token: bool,
}

/// Why somebody is turned away.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// What the client is told; none for no more than that its credentials are invalid.
    pub answer: Option<String>,
    /// What the log says.
    pub reason: String,
    /// Who they said they are.
    pub user: Option<String>,
}

/// What follows from a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// This is to be sent, and another message is to come.
    Continue(Vec<u8>),
    /// It is them; this is to be sent.
    Done(Login, Vec<u8>),
    /// It is not.
    Refused(Refusal),
}

/// One exchange.
#[derive(Debug)]
pub struct Exchange {
    mechanism: Mechanism,
    state: State,
}

#[derive(Debug)]
enum State {
    Plain,
    Scram(scram::Scram),
    OAuthBearer(oauthbearer::OAuthBearer),
    Over,
}

impl Exchange {
    /// Waits for the first message.
    pub fn begin(mechanism: Mechanism) -> Exchange {
        let state = match mechanism {
            Mechanism::Plain => State::Plain,
            Mechanism::Scram(mechanism) => State::Scram(scram::Scram::begin(mechanism)),
            Mechanism::OAuthBearer => State::OAuthBearer(oauthbearer::OAuthBearer::default()),
        };
        Exchange { mechanism, state }
    }

    /// How it is done.
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// Takes a message of the client.
    pub fn step(&mut self, message: &[u8], context: &Context<'_>) -> Step {
        let step = match &mut self.state {
            State::Plain => plain::check(message, context),
            State::Scram(scram) => scram.step(message, context),
            State::OAuthBearer(bearer) => bearer.step(message, context),
            State::Over => Err(Refusal::malformed("a message after the end of the exchange")),
        };
        match step {
            Ok(step) => {
                if !matches!(step, Step::Continue(_)) {
                    self.state = State::Over;
                }
                step
            }
            Err(refusal) => {
                self.state = State::Over;
                Step::Refused(refusal)
            }
        }
    }
}

impl Refusal {
    /// A message that is not what the mechanism says.
    fn malformed(reason: impl Into<String>) -> Refusal {
        Refusal { answer: None, reason: reason.into(), user: None }
    }

    /// Credentials that are wrong, which is all that the client learns.
    fn credentials(user: &str, reason: &str) -> Refusal {
        Refusal { answer: None, reason: reason.to_owned(), user: Some(user.to_owned()) }
    }

    /// A refusal with a sentence of Kafka's that clients show.
    fn told(user: Option<&str>, answer: String) -> Refusal {
        Refusal { reason: answer.clone(), answer: Some(answer), user: user.map(str::to_owned) }
    }
}

/// What Kafka says to somebody who asks to be another than the one whose credentials they show.
const OTHER_AUTHORIZATION_ID: &str =
    "Authentication failed: Client requested an authorization id that is different from username";
