//! PLAIN (RFC 4616): one message, `authzid NUL user NUL password`.

use super::{Context, Login, OTHER_AUTHORIZATION_ID, Refusal, Step};
use crate::secret::{Secret, same_secret};

/// Compared with the guess where there is no such user.
const NOBODYS_PASSWORD: &[u8] = b"\0nobody has this password";

/// Checks the message.
pub(super) fn check(message: &[u8], context: &Context<'_>) -> Result<Step, Refusal> {
    let tokens: Vec<&[u8]> = message.split(|byte| *byte == 0).collect();
    let [authorization_id, user, password] = tokens[..] else {
        let found = tokens.len();
        return Err(Refusal::malformed(format!("Invalid SASL/PLAIN response: expected 3 tokens, got {found}")));
    };
    let Ok(user) = std::str::from_utf8(user) else {
        return Err(Refusal::malformed("the user name is not UTF-8"));
    };
    if user.is_empty() {
        return Err(Refusal::malformed("Authentication failed: username not specified"));
    }
    if password.is_empty() {
        return Err(Refusal::credentials(user, "Authentication failed: password not specified"));
    }
    let expected = context.users.password(user);
    let is_password = same_secret(expected.as_ref().map_or(NOBODYS_PASSWORD, Secret::as_bytes), password);
    if !(is_password && expected.is_some_and(|expected| !expected.is_empty())) {
        return Err(Refusal::told(Some(user), "Authentication failed: Invalid username or password".to_owned()));
    }
    if !authorization_id.is_empty() && authorization_id != user.as_bytes() {
        return Err(Refusal::told(Some(user), OTHER_AUTHORIZATION_ID.to_owned()));
    }
    let login = Login { user: user.to_owned(), expires: None, by_delegation_token: false };
    Ok(Step::Done(login, Vec::new()))
}
