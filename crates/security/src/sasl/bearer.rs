//! JSON Web Tokens (RFC 7519) as OAUTHBEARER takes them: signed by a known key, in time, from the right place and for us.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use stream_types::WallMillis;

use super::key_set::{Algorithm, KeySet};
use super::server::BearerLogin;

/// Longest token.
const TOKEN_BYTES_MAX: usize = 64 * 1024;

/// What a token must say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BearerPolicy {
    /// Of these audiences one must be the token's; empty for any.
    pub audiences: Vec<String>,
    /// Who must have made it; none for anybody with a key of the set.
    pub issuer: Option<String>,
    /// The claim that names the user.
    pub user_claim: String,
    /// The claim that names the scope, which must be text or a list of texts where it is there.
    pub scope_claim: String,
    /// How far clocks may differ.
    pub clock_skew_seconds: i64,
}

/// Why a token is refused. Nothing of the token itself is shown but names of keys, claims and algorithms.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BearerError {
    /// It is no signed token in compact form.
    Malformed,
    /// It is not signed, or in a way that is not taken.
    Algorithm(String),
    /// No key has this id: the set may have changed.
    UnknownKey(Option<String>),
    /// The signature is not that of the key.
    Signature,
    /// A claim is missing or of another type.
    Claim(String),
    /// It is over.
    Expired,
    /// It is not valid yet.
    NotYet,
    /// Another made it.
    Issuer,
    /// It is for others.
    Audience,
}

impl fmt::Display for BearerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BearerError::Malformed => f.write_str("it is no signed JSON Web Token"),
            BearerError::Algorithm(name) => write!(f, "algorithm {name} is not taken"),
            BearerError::UnknownKey(Some(id)) => write!(f, "the identity provider has no key {id}"),
            BearerError::UnknownKey(None) => f.write_str("the identity provider's keys are not known"),
            BearerError::Signature => f.write_str("the signature is wrong"),
            BearerError::Claim(name) => write!(f, "claim {name} is missing or of another type"),
            BearerError::Expired => f.write_str("it has expired"),
            BearerError::NotYet => f.write_str("it is not valid yet"),
            BearerError::Issuer => f.write_str("another than the expected issuer made it"),
            BearerError::Audience => f.write_str("it is for another audience"),
        }
    }
}

impl std::error::Error for BearerError {}

impl BearerPolicy {
    /// Whom a token is about.
    ///
    /// # Errors
    /// Why it is refused.
    pub fn check(&self, token: &str, keys: &KeySet, now: WallMillis) -> Result<BearerLogin, BearerError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(BearerError::Malformed);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(BearerError::Malformed)?;
        let (header, payload) = signed.split_once('.').ok_or(BearerError::Malformed)?;
        let header = object(header)?;
        let name = header.get("alg").and_then(Value::as_str).ok_or(BearerError::Malformed)?;
        let algorithm = Algorithm::from_name(name);
        let algorithm = algorithm.ok_or_else(|| BearerError::Algorithm(name.chars().take(32).collect()))?;
        // What a token demands to be understood is not understood here (RFC 7515, 4.1.11).
        if header.contains_key("crit") {
            return Err(BearerError::Malformed);
        }
        let key_id = match header.get("kid") {
            None => None,
            Some(Value::String(id)) => Some(id.as_str()),
            Some(_) => return Err(BearerError::Malformed),
        };
        if !keys.knows(key_id) {
            return Err(BearerError::UnknownKey(key_id.map(|id| id.chars().take(128).collect())));
        }
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| BearerError::Malformed)?;
        if !keys.verifies(key_id, algorithm, signed.as_bytes(), &signature) {
            return Err(BearerError::Signature);
        }
        self.check_claims(&object(payload)?, now)
    }

    fn check_claims(&self, claims: &Map<String, Value>, now: WallMillis) -> Result<BearerLogin, BearerError> {
        let now_seconds = now.0.div_euclid(1000);
        let expires = seconds(claims, "exp")?.ok_or_else(|| missing("exp"))?;
        if expires.saturating_add(self.clock_skew_seconds) <= now_seconds {
            return Err(BearerError::Expired);
        }
        // Kafka asks for iat too.
        let issued = seconds(claims, "iat")?.ok_or_else(|| missing("iat"))?;
        let not_before = seconds(claims, "nbf")?.unwrap_or(issued);
        if issued.max(not_before).saturating_sub(self.clock_skew_seconds) > now_seconds {
            return Err(BearerError::NotYet);
        }
        if let Some(issuer) = &self.issuer
            && claims.get("iss").and_then(Value::as_str) != Some(issuer)
        {
            return Err(BearerError::Issuer);
        }
        if !self.audiences.is_empty() {
            let audiences = texts(claims, "aud")?.unwrap_or_default();
            if !audiences.iter().any(|audience| self.audiences.contains(audience)) {
                return Err(BearerError::Audience);
            }
        }
        texts(claims, &self.scope_claim)?;
        let user = claims.get(&self.user_claim).and_then(Value::as_str).map(str::trim).unwrap_or_default();
        if user.is_empty() {
            return Err(missing(&self.user_claim));
        }
        Ok(BearerLogin { user: user.to_owned(), expires: WallMillis(expires.saturating_mul(1000)) })
    }
}

/// A part of a token that is a JSON object.
fn object(part: &str) -> Result<Map<String, Value>, BearerError> {
    let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| BearerError::Malformed)?;
    serde_json::from_slice(&json).map_err(|_| BearerError::Malformed)
}

fn missing(claim: &str) -> BearerError {
    BearerError::Claim(claim.to_owned())
}

/// A moment in seconds since 1970; some write fractions.
fn seconds(claims: &Map<String, Value>, claim: &str) -> Result<Option<i64>, BearerError> {
    let Some(value) = claims.get(claim) else { return Ok(None) };
    let number = value.as_i64().or_else(|| value.as_f64().map(|number| number as i64));
    number.map(Some).ok_or_else(|| missing(claim))
}

/// A text, or a list of them.
fn texts(claims: &Map<String, Value>, claim: &str) -> Result<Option<Vec<String>>, BearerError> {
    match claims.get(claim) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(vec![text.clone()])),
        Some(Value::Array(values)) => {
            let texts = values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(|| missing(claim)));
            texts.collect::<Result<_, _>>().map(Some)
        }
        Some(_) => Err(missing(claim)),
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;
    use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};

    use super::*;

    const NOW: WallMillis = WallMillis(1_700_000_000_000);

    struct Provider {
        ec: EcdsaKeyPair,
        ed: Ed25519KeyPair,
        keys: KeySet,
    }

    fn encode(bytes: impl AsRef<[u8]>) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    impl Provider {
        fn new() -> Provider {
            let random = SystemRandom::new();
            let rule = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let ec = EcdsaKeyPair::generate_pkcs8(rule, &random).unwrap();
            let ec = EcdsaKeyPair::from_pkcs8(rule, ec.as_ref(), &random).unwrap();
            let ed = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random).unwrap().as_ref()).unwrap();
            let point = ec.public_key().as_ref();
            let set = format!(
                r#"{{"keys": [
                    {{"kty": "EC", "crv": "P-256", "kid": "ec", "x": "{}", "y": "{}"}},
                    {{"kty": "OKP", "crv": "Ed25519", "kid": "ed", "alg": "EdDSA", "use": "sig", "x": "{}"}},
                    {{"kty": "oct", "kid": "shared", "k": "AAAA"}},
                    {{"kty": "RSA", "kid": "short", "n": "AQAB", "e": "AQAB"}},
                    {{"kty": "OKP", "crv": "Ed25519", "kid": "enc", "use": "enc", "x": "{}"}}
                ]}}"#,
                encode(&point[1..33]),
                encode(&point[33..]),
                encode(ed.public_key().as_ref()),
                encode(ed.public_key().as_ref())
            );
            let keys = KeySet::parse(set.as_bytes()).unwrap();
            assert_eq!(keys.len(), 2);
            Provider { ec, ed, keys }
        }

        fn token(&self, header: &str, claims: &str) -> String {
            let signed = format!("{}.{}", encode(header), encode(claims));
            let signature = if header.contains("EdDSA") {
                self.ed.sign(signed.as_bytes()).as_ref().to_vec()
            } else {
                self.ec.sign(&SystemRandom::new(), signed.as_bytes()).unwrap().as_ref().to_vec()
            };
            format!("{signed}.{}", encode(signature))
        }
    }

    fn policy() -> BearerPolicy {
        BearerPolicy {
            audiences: vec!["kafka".to_owned(), "other".to_owned()],
            issuer: Some("https://idp".to_owned()),
            user_claim: "sub".to_owned(),
            scope_claim: "scope".to_owned(),
            clock_skew_seconds: 30,
        }
    }

    const CLAIMS: &str =
        r#"{"sub":"alice","iss":"https://idp","aud":["x","kafka"],"iat":1700000000,"exp":1700000600,"scope":"a b"}"#;
    const HEADER: &str = r#"{"alg":"ES256","kid":"ec"}"#;

    #[test]
    fn a_good_token_names_its_user_and_its_end() {
        let provider = Provider::new();
        for header in [HEADER, r#"{"alg":"EdDSA","kid":"ed","typ":"JWT"}"#, r#"{"alg":"ES256"}"#] {
            let login = policy().check(&provider.token(header, CLAIMS), &provider.keys, NOW);
            let expected = BearerLogin { user: "alice".to_owned(), expires: WallMillis(1_700_000_600_000) };
            assert_eq!(login, Ok(expected), "{header}");
        }
    }

    #[test]
    fn what_a_token_says_must_be_right() {
        let provider = Provider::new();
        let check = |claims: String| policy().check(&provider.token(HEADER, &claims), &provider.keys, NOW);
        let claim = |name: &str| BearerError::Claim(name.to_owned());
        for (from, to, error) in [
            ("1700000600", "1699999970", BearerError::Expired),
            ("\"exp\":1700000600,", "", claim("exp")),
            ("1700000600", "\"soon\"", claim("exp")),
            ("\"iat\":1700000000,", "", claim("iat")),
            ("\"iat\":1700000000", "\"iat\":1700000031", BearerError::NotYet),
            ("\"iat\":1700000000", "\"iat\":1700000000,\"nbf\":1700000031", BearerError::NotYet),
            ("https://idp", "https://other", BearerError::Issuer),
            ("\"kafka\"", "\"kafka2\"", BearerError::Audience),
            ("[\"x\",\"kafka\"]", "[1]", claim("aud")),
            ("\"alice\"", "7", claim("sub")),
            ("\"alice\"", "\" \"", claim("sub")),
            ("\"a b\"", "{}", claim("scope")),
        ] {
            assert_eq!(check(CLAIMS.replace(from, to)), Err(error), "{to}");
        }
        // Clocks may differ a little.
        assert!(check(CLAIMS.replace("1700000600", "1699999971")).is_ok());
        assert!(check(CLAIMS.replace("\"iat\":1700000000", "\"iat\":1700000030.5")).is_ok());
        assert!(check(CLAIMS.replace("[\"x\",\"kafka\"]", "\"other\"")).is_ok());
    }

    #[test]
    fn only_signatures_of_known_keys_are_taken() {
        let provider = Provider::new();
        let check = |token: &str| policy().check(token, &provider.keys, NOW);
        let header = |text: &str| check(&provider.token(text, CLAIMS)).unwrap_err();
        assert_eq!(header(r#"{"alg":"none"}"#), BearerError::Algorithm("none".to_owned()));
        assert_eq!(header(r#"{"alg":"HS256","kid":"ec"}"#), BearerError::Algorithm("HS256".to_owned()));
        assert_eq!(header(r#"{"alg":"ES256","kid":"new"}"#), BearerError::UnknownKey(Some("new".to_owned())));
        assert_eq!(header(r#"{"alg":"ES256","kid":"ed"}"#), BearerError::Signature);
        assert_eq!(header(r#"{"alg":"RS256","kid":"ec"}"#), BearerError::Signature);
        for text in ["{}", "[]", "{", r#"{"alg":"ES256","kid":7}"#, r#"{"alg":"ES256","crit":["x"]}"#] {
            assert_eq!(header(text), BearerError::Malformed, "{text}");
        }
        let good = provider.token(HEADER, CLAIMS);
        let (signed, signature) = good.rsplit_once('.').unwrap();
        let other = provider.token(HEADER, &CLAIMS.replace("alice", "admin"));
        assert_eq!(check(&format!("{}.{signature}", other.rsplit_once('.').unwrap().0)), Err(BearerError::Signature));
        assert_eq!(check(&format!("{signed}.")), Err(BearerError::Signature));
        for token in ["", ".", "..", "a.b", "a.b.c", signed, &good[1..], &format!("{good}.x")] {
            assert!(check(token).is_err(), "{token}");
        }
        assert_eq!(
            policy().check(&provider.token(r#"{"alg":"ES256"}"#, CLAIMS), &KeySet::default(), NOW),
            Err(BearerError::UnknownKey(None))
        );
    }

    #[test]
    fn what_is_no_set_of_keys_is_refused() {
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[]}"#, r#"{"keys":[{"kty":"oct","k":"AA"}]}"#] {
            assert!(KeySet::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
