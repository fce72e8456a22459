//! The mathematics of SCRAM (RFC 5802), which client and server share:
//!
//! ```text
//! SaltedPassword  = PBKDF2(password, salt, iterations)
//! ClientKey       = HMAC(SaltedPassword, "Client Key")     StoredKey = H(ClientKey)
//! ServerKey       = HMAC(SaltedPassword, "Server Key")
//! ClientSignature = HMAC(StoredKey, AuthMessage)           ClientProof = ClientKey xor ClientSignature
//! ServerSignature = HMAC(ServerKey, AuthMessage)
//! AuthMessage     = client-first-bare "," server-first "," client-final-without-proof
//! ```
//!
//! Names and passwords are taken as they are written, as Kafka takes them: no SASLprep.

use std::fmt;
use std::num::NonZeroU32;

use ring::{digest, hmac, pbkdf2};

use crate::secret::Secret;

/// Fewest iterations of a credential, and of what a client accepts (RFC 7677).
pub const ITERATIONS_MIN: u32 = 4096;
/// Most iterations of a credential that Kafka stores, so that one login costs no more than some milliseconds.
pub const ITERATIONS_MAX: u32 = 16_384;
/// Random bytes in a nonce: 192 bits.
pub const NONCE_BYTES: usize = 24;

/// A hash that SCRAM is done with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ScramMechanism {
    /// SCRAM-SHA-256.
    Sha256,
    /// SCRAM-SHA-512.
    Sha512,
}

/// What a server keeps of a password. It does not let anybody log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScramCredential {
    /// The salt.
    pub salt: Vec<u8>,
    /// The digest of the client's key.
    pub stored_key: Secret,
    /// The key of the server's signature.
    pub server_key: Secret,
    /// The rounds of PBKDF2.
    pub iterations: u32,
}

impl ScramMechanism {
    /// Every one.
    pub const ALL: &'static [ScramMechanism] = &[ScramMechanism::Sha256, ScramMechanism::Sha512];

    /// Its name on the wire and in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            ScramMechanism::Sha256 => "SCRAM-SHA-256",
            ScramMechanism::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// Its number in requests and records.
    pub fn code(self) -> i8 {
        match self {
            ScramMechanism::Sha256 => 1,
            ScramMechanism::Sha512 => 2,
        }
    }

    /// The one with this number.
    pub fn from_code(code: i8) -> Option<ScramMechanism> {
        ScramMechanism::ALL.iter().copied().find(|mechanism| mechanism.code() == code)
    }

    /// Bytes of its keys and signatures.
    pub fn key_bytes(self) -> usize {
        self.digest_algorithm().output_len()
    }

    /// The password after so many rounds with the salt.
    pub fn salted_password(self, password: &[u8], salt: &[u8], iterations: NonZeroU32) -> Secret {
        let algorithm = match self {
            ScramMechanism::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            ScramMechanism::Sha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let mut salted = vec![0; self.key_bytes()];
        pbkdf2::derive(algorithm, iterations, salt, password, &mut salted);
        Secret::new(salted)
    }

    /// The key that only the client can have.
    pub fn client_key(self, salted_password: &Secret) -> Secret {
        Secret::new(self.hmac(salted_password.as_bytes(), b"Client Key"))
    }

    /// What the server checks a client's key by.
    pub fn stored_key(self, client_key: &[u8]) -> Secret {
        Secret::new(digest::digest(self.digest_algorithm(), client_key).as_ref())
    }

    /// The key that the server signs with.
    pub fn server_key(self, salted_password: &Secret) -> Secret {
        Secret::new(self.hmac(salted_password.as_bytes(), b"Server Key"))
    }

    /// What a server is to keep of a salted password.
    pub fn credential(self, salted_password: &Secret, salt: &[u8], iterations: u32) -> ScramCredential {
        ScramCredential {
            salt: salt.to_vec(),
            stored_key: self.stored_key(self.client_key(salted_password).as_bytes()),
            server_key: self.server_key(salted_password),
            iterations,
        }
    }

    /// A key's signature of the messages exchanged: the client's by the stored key, the server's by the server key.
    pub fn signature(self, key: &Secret, auth_message: &[u8]) -> Vec<u8> {
        self.hmac(key.as_bytes(), auth_message)
    }

    /// The proof of a client that has this key.
    pub fn client_proof(self, client_key: &Secret, auth_message: &[u8]) -> Vec<u8> {
        let signature = self.signature(&self.stored_key(client_key.as_bytes()), auth_message);
        xor(client_key.as_bytes(), &signature)
    }

    fn hmac(self, key: &[u8], text: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            ScramMechanism::Sha256 => hmac::HMAC_SHA256,
            ScramMechanism::Sha512 => hmac::HMAC_SHA512,
        };
        hmac::sign(&hmac::Key::new(algorithm, key), text).as_ref().to_vec()
    }

    fn digest_algorithm(self) -> &'static digest::Algorithm {
        match self {
            ScramMechanism::Sha256 => &digest::SHA256,
            ScramMechanism::Sha512 => &digest::SHA512,
        }
    }
}

impl fmt::Display for ScramMechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The bytes of one combined with those of the other; as long as the shorter one.
pub fn xor(one: &[u8], other: &[u8]) -> Vec<u8> {
    one.iter().zip(other).map(|(one, other)| one ^ other).collect()
}

/// The messages that both sides sign, in one.
pub fn auth_message(client_first_bare: &str, server_first: &str, client_final_without_proof: &str) -> Vec<u8> {
    [client_first_bare, server_first, client_final_without_proof].join(",").into_bytes()
}

/// A user name as it stands in a message: `=` and `,` escaped.
pub fn escape_name(name: &str) -> String {
    name.replace('=', "=3D").replace(',', "=2C")
}

/// The user name of a message; none when something else than `=2C` and `=3D` is escaped.
pub fn unescape_name(escaped: &str) -> Option<String> {
    let mut name = String::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((before, after)) = rest.split_once('=') {
        name.push_str(before);
        name.push(match after.get(..2)? {
            "2C" => ',',
            "3D" => '=',
            _ => return None,
        });
        rest = &after[2..];
    }
    name.push_str(rest);
    (!name.contains('\0')).then_some(name)
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    /// The client's proof and the server's signature for the exchange of RFC 7677 with this hash.
    fn check(mechanism: ScramMechanism, proof: &str, signature: &str) {
        let salt = STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let salted = mechanism.salted_password(b"pencil", &salt, NonZeroU32::new(4096).unwrap());
        let auth_message = auth_message(
            "n=user,r=rOprNGfwEbeRWgbNEkqO",
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
        );
        let found = mechanism.client_proof(&mechanism.client_key(&salted), &auth_message);
        assert_eq!(STANDARD.encode(&found), proof);
        let credential = mechanism.credential(&salted, &salt, 4096);
        assert_eq!(STANDARD.encode(mechanism.signature(&credential.server_key, &auth_message)), signature);
        let client_key = xor(&found, &mechanism.signature(&credential.stored_key, &auth_message));
        assert_eq!(mechanism.stored_key(&client_key), credential.stored_key);
    }

    #[test]
    fn the_exchange_of_rfc_7677_comes_out_as_printed() {
        check(
            ScramMechanism::Sha256,
            "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
            "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        );
    }

    #[test]
    fn the_same_exchange_with_sha_512_is_what_another_library_computes() {
        check(
            ScramMechanism::Sha512,
            "gMGXRcevScNtxZ6/8lQYpGtnsNAc3mGcmNomv+xnoOMw+3R2xNJdMNnzMlTN8PPC6wdp6dybEmDYXYTxwnYPJQ==",
            "ZQnYEgWQMFmmsM8aQMF0nDDCy/AgCzkwk8CmMZYcMg0vSVlKDanekLtifDSeVGT4+5ZxXnJq199RVG2rR7N7Zw==",
        );
    }

    #[test]
    fn names_are_escaped_and_back() {
        for (name, escaped) in [("user", "user"), ("a,b=c", "a=2Cb=3Dc"), ("=2C", "=3D2C"), ("", ""), ("é=", "é=3D")]
        {
            assert_eq!(escape_name(name), escaped);
            assert_eq!(unescape_name(escaped).as_deref(), Some(name));
        }
        for malformed in ["=", "a=2", "a=2c", "=3d", "=41", "=é1", "a\0"] {
            assert_eq!(unescape_name(malformed), None, "{malformed}");
        }
    }

    #[test]
    fn a_credential_shows_no_key() {
        let salted = ScramMechanism::Sha256.salted_password(b"pencil", b"salt", NonZeroU32::MIN);
        let credential = ScramMechanism::Sha256.credential(&salted, &[7], 1);
        let shown = "ScramCredential { salt: [7], stored_key: [hidden], server_key: [hidden], iterations: 1 }";
        assert_eq!(format!("{credential:?}"), shown);
    }
}
