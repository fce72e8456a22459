//! OAUTHBEARER (RFC 7628): one message with a token. A client whose token is refused gets a JSON object, answers it with
//! one byte, and is then told the same in the error.

use super::{Context, Login, Refusal, Step};
use crate::sasl::scram::unescape_name;

const SEPARATOR: char = '\u{1}';
/// The only reason that clients are told; the log knows more.
const INVALID_TOKEN: &str = "{\"status\":\"invalid_token\"}";

/// The exchange of one client.
#[derive(Debug, Default)]
pub(super) struct OAuthBearer {
    /// What was wrong with the token, once the client was told that something is.
    refused: Option<String>,
}

impl OAuthBearer {
    /// Takes the token, or the byte that follows its refusal.
    pub(super) fn step(&mut self, message: &[u8], context: &Context<'_>) -> Result<Step, Refusal> {
        if let Some(reason) = self.refused.take() {
            return Err(Refusal { answer: Some(INVALID_TOKEN.to_owned()), reason, user: None });
        }
        let text = std::str::from_utf8(message).map_err(|_| Refusal::malformed("the message is not UTF-8"))?;
        let (authorization_id, token) = parse(text).map_err(Refusal::malformed)?;
        let login = match context.users.bearer(token, context.now) {
            Ok(login) => login,
            Err(reason) => {
                self.refused = Some(reason);
                return Ok(Step::Continue(INVALID_TOKEN.as_bytes().to_vec()));
            }
        };
        if let Some(id) = authorization_id.filter(|id| *id != login.user) {
            let answer = format!(
                "Authentication failed: Client requested an authorization id ({id}) that is different from the token's \
                 principal name ({})",
                login.user
            );
            return Err(Refusal::told(Some(&login.user), answer));
        }
        let login = Login { user: login.user, expires: Some(login.expires), by_delegation_token: false };
        Ok(Step::Done(login, Vec::new()))
    }
}

/// `n,[a=user],^Aauth=Bearer token^A[key=value^A...]^A`: the authorization id and the token.
fn parse(text: &str) -> Result<(Option<String>, &str), &'static str> {
    let (header, pairs) = text.split_once(SEPARATOR).ok_or("the message has no token")?;
    let header = header.strip_prefix("n,").or_else(|| header.strip_prefix("y,"));
    let header = header.and_then(|header| header.strip_suffix(',')).ok_or("the message has no header of GS2")?;
    let authorization_id = match header {
        "" => None,
        text => {
            let name = text.strip_prefix("a=").and_then(unescape_name);
            Some(name.filter(|name| !name.is_empty()).ok_or("the authorization id is malformed")?)
        }
    };
    let pairs = pairs.strip_suffix(SEPARATOR).ok_or("the message does not end as it should")?;
    if !pairs.is_empty() && !pairs.ends_with(SEPARATOR) {
        return Err("a pair of the message does not end as it should");
    }
    let mut token = None;
    for pair in pairs.split_terminator(SEPARATOR) {
        let (key, value) = pair.split_once('=').ok_or("a pair of the message has no value")?;
        if key != "auth" {
            continue;
        }
        let (scheme, value) = value.split_once(' ').ok_or("the message has no token")?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_some() {
            return Err("the message has no token, or two");
        }
        token = Some(value.trim());
    }
    Ok((authorization_id, token.filter(|token| !token.is_empty()).ok_or("the message has no token")?))
}
