//! SCRAM (RFC 5802, RFC 7677) without channel binding, and with Kafka's `tokenauth` extension (KIP-48).
//!
//! ```text
//! client-first  n,[a=user],n=user,r=CLIENT[,tokenauth=true]
//! server-first  r=CLIENT SERVER,s=salt,i=iterations
//! client-final  c=base64("n,[a=user],"),r=CLIENT SERVER,p=proof
//! server-final  v=signature
//! ```
//!
//! The nonce and the channel binding of client-final must be those of this very exchange (CVE-2024-56128). For a user
//! that does not exist the salt is made from the name, and the proof is checked against a key that nobody has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use stream_types::WallMillis;

use super::{Context, Login, OTHER_AUTHORIZATION_ID, Refusal, Step};
use crate::sasl::scram::{ITERATIONS_MIN, ScramCredential, ScramMechanism, auth_message, unescape_name, xor};
use crate::secret::{Secret, same_secret};

/// Bytes of a salt that is made up, as Kafka's tool makes them.
const SALT_BYTES: usize = 26;
/// Longest message; names and nonces are short.
const MESSAGE_BYTES_MAX: usize = 16 * 1024;

/// The exchange of one client.
#[derive(Debug)]
pub(super) struct Scram {
    mechanism: ScramMechanism,
    waiting: Option<Box<Waiting>>,
}

/// What is kept between the two messages of the client.
#[derive(Debug)]
struct Waiting {
    gs2_header: String,
    client_first_bare: String,
    server_first: String,
    nonce: String,
    user: String,
    login: Login,
    credential: ScramCredential,
    exists: bool,
}

struct ClientFirst<'a> {
    gs2_header: &'a str,
    bare: &'a str,
    user: String,
    authorization_id: Option<String>,
    nonce: &'a str,
    by_token: bool,
}

struct ClientFinal<'a> {
    without_proof: &'a str,
    channel_binding: &'a str,
    nonce: &'a str,
    proof: Vec<u8>,
}

impl Scram {
    /// Waits for client-first.
    pub(super) fn begin(mechanism: ScramMechanism) -> Scram {
        Scram { mechanism, waiting: None }
    }

    /// Takes client-first or client-final.
    pub(super) fn step(&mut self, message: &[u8], context: &Context<'_>) -> Result<Step, Refusal> {
        if message.len() > MESSAGE_BYTES_MAX {
            return Err(Refusal::malformed(format!("a message of {} bytes", message.len())));
        }
        let text = std::str::from_utf8(message).map_err(|_| Refusal::malformed("a message is not UTF-8"))?;
        match self.waiting.take() {
            None => self.first(text, context),
            Some(waiting) => last(self.mechanism, &waiting, text),
        }
    }

    fn first(&mut self, text: &str, context: &Context<'_>) -> Result<Step, Refusal> {
        let first = parse_first(text).map_err(Refusal::malformed)?;
        if first.authorization_id.as_ref().is_some_and(|id| *id != first.user) {
            return Err(Refusal::told(Some(&first.user), OTHER_AUTHORIZATION_ID.to_owned()));
        }
        let known = if first.by_token {
            let token = context.users.delegation_token(self.mechanism, &first.user);
            token.map(|token| (token.credential, token.owner, Some(token.expires)))
        } else {
            let credential = context.users.scram(self.mechanism, &first.user);
            credential.map(|credential| (credential, first.user.clone(), None))
        };
        let exists = known.as_ref().is_some_and(|(credential, _, expires)| {
            let is_over = expires.is_some_and(|expires: WallMillis| expires <= context.now);
            credential.iterations >= ITERATIONS_MIN && !is_over
        });
        let made_up = || (self.made_up(&first.user, context), first.user.clone(), None);
        let (credential, owner, expires) = known.filter(|_| exists).unwrap_or_else(made_up);
        let nonce = format!("{}{}", first.nonce, STANDARD.encode(context.nonce));
        let salt = STANDARD.encode(&credential.salt);
        let server_first = format!("r={nonce},s={salt},i={}", credential.iterations);
        let waiting = Waiting {
            gs2_header: first.gs2_header.to_owned(),
            client_first_bare: first.bare.to_owned(),
            server_first: server_first.clone(),
            nonce,
            user: first.user,
            login: Login { user: owner, expires, by_delegation_token: first.by_token },
            credential,
            exists,
        };
        self.waiting = Some(Box::new(waiting));
        Ok(Step::Continue(server_first.into_bytes()))
    }

    /// What a user that does not exist would have: always the same for the same name.
    fn made_up(&self, user: &str, context: &Context<'_>) -> ScramCredential {
        let made = |what: &str| made_up(self.mechanism, what, user, context.salt_key);
        ScramCredential {
            salt: made_up_salt(self.mechanism, user, context.salt_key),
            stored_key: self.mechanism.stored_key(&made("stored key")),
            server_key: Secret::new(made("server key")),
            iterations: ITERATIONS_MIN,
        }
    }
}

/// The salt of a user that nothing is stored of: always the same for the same name and key.
pub fn made_up_salt(mechanism: ScramMechanism, user: &str, salt_key: &Secret) -> Vec<u8> {
    let mut salt = made_up(mechanism, "salt", user, salt_key);
    salt.truncate(SALT_BYTES);
    salt
}

fn made_up(mechanism: ScramMechanism, what: &str, user: &str, salt_key: &Secret) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt_key.as_bytes());
    hmac::sign(&key, format!("{mechanism} {what} {user}").as_bytes()).as_ref().to_vec()
}

fn last(mechanism: ScramMechanism, waiting: &Waiting, text: &str) -> Result<Step, Refusal> {
    let refuse = |reason: &str| Refusal::credentials(&waiting.user, reason);
    let last = parse_final(text).map_err(refuse)?;
    if last.nonce != waiting.nonce {
        return Err(refuse("Invalid client nonce in the final client message."));
    }
    if last.channel_binding != STANDARD.encode(&waiting.gs2_header) {
        return Err(refuse("the channel binding of the final message is not that of the first"));
    }
    if last.proof.len() != mechanism.key_bytes() {
        return Err(refuse("the proof has another length than a key"));
    }
    let auth_message = auth_message(&waiting.client_first_bare, &waiting.server_first, last.without_proof);
    let client_key = xor(&last.proof, &mechanism.signature(&waiting.credential.stored_key, &auth_message));
    let stored_key = mechanism.stored_key(&client_key);
    let is_proof = same_secret(waiting.credential.stored_key.as_bytes(), stored_key.as_bytes());
    if !(is_proof && waiting.exists) {
        return Err(refuse(if waiting.exists { "wrong password" } else { "no such user, or no credential for it" }));
    }
    let signature = STANDARD.encode(mechanism.signature(&waiting.credential.server_key, &auth_message));
    Ok(Step::Done(waiting.login.clone(), format!("v={signature}").into_bytes()))
}

fn parse_first(text: &str) -> Result<ClientFirst<'_>, &'static str> {
    // `n`: the client knows no channel binding; `y`: it does and thinks that the server does not, which is true.
    let rest = text.strip_prefix("n,").or_else(|| text.strip_prefix("y,"));
    let rest = rest.ok_or("the first message asks for channel binding, or is none of SCRAM")?;
    let (authorization, bare) = rest.split_once(',').ok_or("the first message has no user")?;
    let authorization_id = match authorization {
        "" => None,
        text => {
            let name = text.strip_prefix("a=").and_then(unescape_name);
            Some(name.ok_or("the authorization id is malformed")?)
        }
    };
    let mut attributes = bare.split(',');
    let user = attributes.next().and_then(|text| text.strip_prefix("n=")).and_then(unescape_name);
    let user = user.filter(|user| !user.is_empty()).ok_or("the first message has no user")?;
    let nonce = attributes.next().and_then(|text| text.strip_prefix("r=")).filter(|nonce| is_nonce(nonce));
    let nonce = nonce.ok_or("the first message has no nonce")?;
    let mut by_token = false;
    for extension in attributes {
        let (name, value) = extension.split_once('=').ok_or("an extension is malformed")?;
        // What a client must be able to rely on is refused (RFC 5802); Kafka's own extension is the one that is known.
        if name == "m" {
            return Err("an extension that is mandatory is not known");
        }
        by_token |= name == "tokenauth" && value.eq_ignore_ascii_case("true");
    }
    let gs2_header = &text[..text.len() - bare.len()];
    Ok(ClientFirst { gs2_header, bare, user, authorization_id, nonce, by_token })
}

fn parse_final(text: &str) -> Result<ClientFinal<'_>, &'static str> {
    let (without_proof, proof) = text.rsplit_once(",p=").ok_or("the final message has no proof")?;
    let mut attributes = without_proof.split(',');
    let channel_binding = attributes.next().and_then(|text| text.strip_prefix("c="));
    let channel_binding = channel_binding.ok_or("the final message has no channel binding")?;
    let nonce = attributes.next().and_then(|text| text.strip_prefix("r="));
    let nonce = nonce.ok_or("the final message has no nonce")?;
    let proof = STANDARD.decode(proof).map_err(|_| "the proof is not base64")?;
    Ok(ClientFinal { without_proof, channel_binding, nonce, proof })
}

fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte) && byte != b',')
}
