//! A password that is shown as it is, outside of SASL (HTTP's Basic, RFC 7617), for whoever may log in by PLAIN or by SCRAM.

use std::num::NonZeroU32;

use super::{Login, Refusal, Users, made_up_salt};
use crate::sasl::scram::{ITERATIONS_MAX, ITERATIONS_MIN, ScramCredential, ScramMechanism};
use crate::secret::{Secret, same_secret};

/// Whether this is the user's password. It takes the milliseconds of one SCRAM login, whether the user exists or not.
///
/// # Errors
/// Why it is not, for the log; the caller says no more than that.
pub fn check_password(user: &str, password: &[u8], users: &dyn Users, salt_key: &Secret) -> Result<Login, Refusal> {
    let plain = users.password(user).filter(|expected| !expected.is_empty());
    let is_plain = same_secret(plain.as_ref().map_or(&[][..], Secret::as_bytes), password) && plain.is_some();
    let known =
        ScramMechanism::ALL.iter().rev().find_map(|mechanism| Some((*mechanism, users.scram(*mechanism, user)?)));
    let is_scram = match known {
        Some((mechanism, credential)) => fits(mechanism, &credential, password),
        None => {
            // Whether there is such a user is not to be seen by the time it takes.
            let mechanism = ScramMechanism::Sha512;
            let salt = made_up_salt(mechanism, user, salt_key);
            let nobodys = ScramCredential {
                stored_key: mechanism.stored_key(&salt),
                server_key: Secret::new(Vec::new()),
                iterations: ITERATIONS_MIN,
                salt,
            };
            let _ = fits(mechanism, &nobodys, password);
            false
        }
    };
    if !password.is_empty() && (is_plain | is_scram) {
        return Ok(Login { user: user.to_owned(), expires: None, by_delegation_token: false });
    }
    Err(Refusal::credentials(user, "wrong password, or no such user"))
}

fn fits(mechanism: ScramMechanism, credential: &ScramCredential, password: &[u8]) -> bool {
    let Some(iterations) = NonZeroU32::new(credential.iterations.min(ITERATIONS_MAX)) else { return false };
    let salted = mechanism.salted_password(password, &credential.salt, iterations);
    let stored_key = mechanism.stored_key(mechanism.client_key(&salted).as_bytes());
    same_secret(credential.stored_key.as_bytes(), stored_key.as_bytes()) && credential.iterations >= ITERATIONS_MIN
}

#[cfg(test)]
mod tests {
    use stream_types::WallMillis;

    use super::*;
    use crate::sasl::server::{BearerLogin, TokenLogin};

    /// `plain` has a password in the configuration, `scram` a credential for SHA-256.
    struct Two;

    impl Users for Two {
        fn password(&self, user: &str) -> Option<Secret> {
            match user {
                "plain" => Some(Secret::new("plain-secret")),
                "empty" => Some(Secret::new("")),
                _ => None,
            }
        }

        fn scram(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential> {
            let iterations = NonZeroU32::new(ITERATIONS_MIN)?;
            let salted = mechanism.salted_password(b"scram-secret", b"salt", iterations);
            (user == "scram" && mechanism == ScramMechanism::Sha256)
                .then(|| mechanism.credential(&salted, b"salt", ITERATIONS_MIN))
        }

        fn delegation_token(&self, _: ScramMechanism, _: &str) -> Option<TokenLogin> {
            None
        }

        fn bearer(&self, _: &str, _: WallMillis) -> Result<BearerLogin, String> {
            Err("none".to_owned())
        }
    }

    fn is_let_in(user: &str, password: &str) -> bool {
        match check_password(user, password.as_bytes(), &Two, &Secret::new("key")) {
            Ok(login) => {
                assert_eq!(login.user, user);
                true
            }
            Err(refusal) => {
                assert!(!refusal.reason.contains(password) || password.is_empty(), "the reason shows the password");
                false
            }
        }
    }

    #[test]
    fn either_kind_of_password_lets_its_user_in_and_nobody_else() {
        assert!(is_let_in("plain", "plain-secret"));
        assert!(is_let_in("scram", "scram-secret"));
        for (user, password) in [
            ("plain", "scram-secret"),
            ("scram", "plain-secret"),
            ("plain", ""),
            ("empty", ""),
            ("nobody", "plain-secret"),
            ("nobody", ""),
        ] {
            assert!(!is_let_in(user, password), "{user} {password}");
        }
    }
}
