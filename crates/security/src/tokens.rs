//! The secrets of delegation tokens (KIP-48).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::Secret;

/// The secret of a token: HMAC-SHA-512 of its id, as Kafka computes it.
pub fn token_secret(key: &Secret, token_id: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA512, key.as_bytes());
    hmac::sign(&key, token_id.as_bytes()).as_ref().to_vec()
}

/// What a client gives as its password: the secret in base64.
pub fn token_password(key: &Secret, token_id: &str) -> Secret {
    Secret::new(STANDARD.encode(token_secret(key, token_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_an_hmac_of_the_id() {
        // RFC 4231, test case 2.
        let secret = token_secret(&Secret::new("Jefe"), "what do ya want for nothing?");
        let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(hexadecimal.starts_with("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"));
        assert_eq!(token_password(&Secret::new("k"), "id").as_bytes().len(), 88);
    }
}
