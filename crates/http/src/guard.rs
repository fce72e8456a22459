//! Who may ask for what is not open, and what every answer carries.

use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::accept::Peer;
use crate::{Access, Backend, Caller, Credentials, Resource};

const BASIC: HeaderValue = HeaderValue::from_static("Basic realm=\"hanzo-stream\", charset=\"UTF-8\"");
const BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"hanzo-stream\"");

/// Lets a request through if whoever sends it may ask for the resource.
pub(crate) async fn guard(
    State((backend, resource)): State<(Arc<dyn Backend>, Resource)>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
    next: Next,
) -> Response {
    if backend.is_open(resource) {
        return next.run(request).await;
    }
    let Peer { address: peer, encrypted, certificate } = peer;
    let caller = Caller { peer, encrypted, certificate, credentials: credentials(request.headers()) };
    match backend.access(resource, caller).await {
        Access::Granted => next.run(request).await,
        Access::Refused(line) => (StatusCode::FORBIDDEN, format!("{line}\n")).into_response(),
        Access::Unknown { bearer } => {
            let mut response = (StatusCode::UNAUTHORIZED, "who are you?\n").into_response();
            response.headers_mut().append(header::WWW_AUTHENTICATE, BASIC);
            if bearer {
                response.headers_mut().append(header::WWW_AUTHENTICATE, BEARER);
            }
            response
        }
    }
}

/// Nothing is guessed to be a page, and nothing stays in a cache.
pub(crate) async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn credentials(headers: &HeaderMap) -> Option<Credentials> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?;
    let parsed = match (value.to_str(), values.next()) {
        (Ok(text), None) => parse(text),
        // Two headers, or bytes that are no text: which of them counts is nothing to guess.
        _ => None,
    };
    Some(parsed.unwrap_or(Credentials::Malformed))
}

fn parse(text: &str) -> Option<Credentials> {
    let (scheme, rest) = text.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return (!rest.is_empty()).then(|| Credentials::Bearer(Zeroizing::new(rest.to_owned())));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(rest).ok()?);
    let colon = decoded.iter().position(|byte| *byte == b':')?;
    let user = std::str::from_utf8(&decoded[..colon]).ok().filter(|user| !user.is_empty())?;
    Some(Credentials::Basic { user: user.to_owned(), password: Zeroizing::new(decoded[colon + 1..].to_vec()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Credentials> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).expect("a header"));
        }
        credentials(&headers)
    }

    fn basic(user: &str, password: &str) -> Option<Credentials> {
        let password = Zeroizing::new(password.as_bytes().to_vec());
        Some(Credentials::Basic { user: user.to_owned(), password })
    }

    #[test]
    fn names_end_at_the_first_colon() {
        assert_eq!(of(&["Basic YWxpY2U6YTpi"]), basic("alice", "a:b"));
        assert_eq!(of(&["basic  YWxpY2U6"]), basic("alice", ""));
        assert_eq!(of(&["Bearer abc.def"]), Some(Credentials::Bearer(Zeroizing::new("abc.def".to_owned()))));
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn what_cannot_be_read_is_nobody() {
        // No base64, no colon, no user, no UTF-8, no token, another scheme, two at once.
        for text in ["Basic ?", "Basic YWxpY2U=", "Basic OmE=", "Basic /zpi", "Bearer ", "Digest x", "Basic", ""] {
            assert_eq!(of(&[text]), Some(Credentials::Malformed), "{text}");
        }
        assert_eq!(of(&["Basic YWxpY2U6YTpi", "Basic YWxpY2U6YTpi"]), Some(Credentials::Malformed));
    }

    #[test]
    fn credentials_are_not_printed() {
        assert_eq!(format!("{:?}", of(&["Basic YWxpY2U6YTpi"])), "Some(Basic)");
    }
}
