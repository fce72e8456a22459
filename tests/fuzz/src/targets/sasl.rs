//! SASL exchanges and login configurations.

use core::num::NonZeroU32;

use stream_security::Secret;
use stream_security::sasl::scram::{NONCE_BYTES, ScramCredential, ScramMechanism};
use stream_security::sasl::server::{BearerLogin, Context, Exchange, Step, TokenLogin, Users};
use stream_security::sasl::{KeySet, Mechanism, jaas as logins};
use stream_types::WallMillis;

const NOW: WallMillis = WallMillis(1_000_000);
const PASSWORD: &str = "pencil";
const SALT: &[u8] = b"salt of the user";
/// Between two messages of a client.
const BETWEEN: u8 = 0x1e;

/// Only `user` exists, with one password.
struct World;

impl Users for World {
    fn password(&self, user: &str) -> Option<Secret> {
        (user == "user").then(|| Secret::new(PASSWORD))
    }

    fn scram(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential> {
        // As few iterations as there may be: thousands of inputs want to be tried.
        let iterations = NonZeroU32::MIN;
        let salted = mechanism.salted_password(PASSWORD.as_bytes(), SALT, iterations);
        (user == "user").then(|| mechanism.credential(&salted, SALT, 4096))
    }

    fn delegation_token(&self, _: ScramMechanism, _: &str) -> Option<TokenLogin> {
        None
    }

    fn bearer(&self, _: &str, _: WallMillis) -> Result<BearerLogin, String> {
        Err("nobody signs".to_owned())
    }
}

/// The first byte is the mechanism, then come messages. Nobody gets in but by the one password that there is.
pub(super) fn exchange(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let mechanism = Mechanism::ALL[usize::from(*first) % Mechanism::ALL.len()];
    let salt_key = Secret::new("salt key");
    let context = Context { users: &World, nonce: [7; NONCE_BYTES], salt_key: &salt_key, now: NOW };
    let mut exchange = Exchange::begin(mechanism);
    for message in rest.split(|byte| *byte == BETWEEN).take(4) {
        match exchange.step(message, &context) {
            Step::Continue(_) => {}
            Step::Refused(refusal) => {
                assert!(!refusal.reason.contains(PASSWORD), "a refusal shows no secret");
            }
            Step::Done(login, _) => {
                assert_eq!(login.user, "user", "nobody else is known");
                // A proof made without the password would be a discovery.
                assert_eq!(mechanism, Mechanism::Plain, "a proof was guessed");
                assert_eq!(message.rsplit(|byte| *byte == 0).next(), Some(PASSWORD.as_bytes()));
            }
        }
    }
}

/// A text of `sasl.jaas.config`, and a set of keys in JSON.
pub(super) fn jaas(bytes: &[u8]) {
    if let Ok(text) = core::str::from_utf8(bytes)
        && let Err(error) = logins::parse(text)
    {
        let _ = error.to_string();
    }
    let _ = KeySet::parse(bytes);
}

/// An exchange of each mechanism, and logins as they are written.
pub(super) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let exchanges: [(&str, u8, &[u8]); 7] = [
        ("plain", 0, b"\0user\0pencil"),
        ("plain-as-another", 0, b"root\0user\0pencil"),
        ("scram-256", 1, b"n,,n=user,r=nonce\x1ec=biws,r=nonceBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH,p=AAAA"),
        ("scram-512", 2, b"n,,n=user,r=nonce\x1ec=biws,r=nonceBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcH,p=AAAA"),
        ("scram-as-another", 2, b"n,a=root,n=user,r=nonce"),
        ("scram-token", 2, b"n,,n=token,r=nonce,tokenauth=true"),
        ("bearer", 3, b"n,,\x01auth=Bearer e30.e30.AAAA\x01\x01"),
    ];
    let mut seeds: Vec<(&'static str, String, Vec<u8>)> = exchanges
        .iter()
        .map(|(name, mechanism, messages)| {
            let mut input = vec![*mechanism];
            input.extend_from_slice(messages);
            ("sasl", (*name).to_owned(), input)
        })
        .collect();
    let texts: [(&str, &str); 3] = [
        (
            "plain",
            "org.apache.kafka.common.security.plain.PlainLoginModule required\n user_a=\"b\" username='c' password=\"d\\\"\";",
        ),
        ("two", "A required x=1; B sufficient y=\"2\";"),
        (
            "keys",
            r#"{"keys":[{"kty":"RSA","kid":"a","alg":"RS256","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#,
        ),
    ];
    seeds.extend(texts.iter().map(|(name, text)| ("jaas", (*name).to_owned(), text.as_bytes().to_vec())));
    seeds
}
