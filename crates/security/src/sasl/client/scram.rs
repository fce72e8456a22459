//! SCRAM (RFC 5802) without channel binding, as Kafka speaks it.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ExchangeError, ITERATIONS_ASKED_MAX, Step};
use crate::sasl::scram::{ITERATIONS_MIN, NONCE_BYTES, ScramMechanism, auth_message, escape_name};
use crate::secret::{Secret, same_secret};

/// `n,,` in base64: no channel binding, and nobody else's name.
const CHANNEL_BINDING: &str = "biws";

#[derive(Debug)]
pub(super) struct Scram {
    mechanism: ScramMechanism,
    password: Secret,
    nonce: String,
    state: State,
}

#[derive(Debug)]
enum State {
    /// The client's first message, without its header, has been sent.
    First {
        client_first_bare: String,
    },
    /// The proof has been sent; this is what the server must sign with.
    Final {
        server_signature: Secret,
    },
    Over,
}

impl Scram {
    pub(super) fn begin(
        mechanism: ScramMechanism,
        username: &str,
        password: Secret,
        is_token: bool,
        nonce: [u8; NONCE_BYTES],
    ) -> (Scram, Vec<u8>) {
        let nonce = STANDARD.encode(nonce);
        let token = if is_token { ",tokenauth=true" } else { "" };
        let client_first_bare = format!("n={},r={nonce}{token}", escape_name(username));
        let message = format!("n,,{client_first_bare}").into_bytes();
        (Scram { mechanism, password, nonce, state: State::First { client_first_bare } }, message)
    }

    pub(super) fn answer(&mut self, message: &[u8]) -> Result<Step, ExchangeError> {
        let text = std::str::from_utf8(message).map_err(|_| malformed("it is no text"))?;
        match std::mem::replace(&mut self.state, State::Over) {
            State::First { client_first_bare } => self.prove(&client_first_bare, text),
            State::Final { server_signature } => verify(&server_signature, text),
            State::Over => Err(malformed("nothing was to come")),
        }
    }

    /// From `r=nonce,s=salt,i=iterations` to the proof.
    fn prove(&mut self, client_first_bare: &str, server_first: &str) -> Result<Step, ExchangeError> {
        if let Some(reason) = server_first.strip_prefix("e=") {
            return Err(ExchangeError::Refused { reason: reason.to_owned() });
        }
        let mut parts = server_first.split(',');
        let mut value = |prefix| parts.next().and_then(|part| part.strip_prefix(prefix));
        let nonce = value("r=").ok_or_else(|| malformed("there is no nonce"))?;
        let salt = value("s=").ok_or_else(|| malformed("there is no salt"))?;
        let iterations = value("i=").and_then(|text| text.parse::<u32>().ok());
        let iterations = iterations.ok_or_else(|| malformed("there is no number of iterations"))?;
        if !nonce.starts_with(&self.nonce) || nonce.len() == self.nonce.len() {
            return Err(ExchangeError::OtherNonce);
        }
        let salt = STANDARD.decode(salt).map_err(|_| malformed("the salt is not base64"))?;
        if salt.is_empty() {
            return Err(malformed("the salt is empty"));
        }
        let rounds = NonZeroU32::new(iterations)
            .filter(|rounds| (ITERATIONS_MIN..=ITERATIONS_ASKED_MAX).contains(&rounds.get()))
            .ok_or(ExchangeError::Iterations { asked: iterations })?;
        let salted = self.mechanism.salted_password(self.password.as_bytes(), &salt, rounds);
        let without_proof = format!("c={CHANNEL_BINDING},r={nonce}");
        let signed = auth_message(client_first_bare, server_first, &without_proof);
        let proof = self.mechanism.client_proof(&self.mechanism.client_key(&salted), &signed);
        let server_signature = Secret::new(self.mechanism.signature(&self.mechanism.server_key(&salted), &signed));
        self.state = State::Final { server_signature };
        Ok(Step::Send(format!("{without_proof},p={}", STANDARD.encode(proof)).into_bytes()))
    }
}

/// Whether `v=signature` is what somebody signs who knows the password.
fn verify(expected: &Secret, server_final: &str) -> Result<Step, ExchangeError> {
    if let Some(reason) = server_final.strip_prefix("e=") {
        return Err(ExchangeError::Refused { reason: reason.to_owned() });
    }
    let first = server_final.split(',').next().and_then(|part| part.strip_prefix("v="));
    let signature = first.and_then(|text| STANDARD.decode(text).ok());
    let signature = signature.ok_or_else(|| malformed("there is no signature"))?;
    if same_secret(expected.as_bytes(), &signature) { Ok(Step::Done) } else { Err(ExchangeError::OtherServer) }
}

fn malformed(problem: &'static str) -> ExchangeError {
    ExchangeError::Malformed { problem }
}
