//! Whom a request is for. A page that somebody opens in a browser may have its name point to 127.0.0.1 (DNS rebinding) and
//! then read what is served there; its requests still carry its own name. So a listener on loopback answers only those
//! that name this machine as loopback does: `localhost`, or an address.

use std::net::IpAddr;

use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

/// Refuses requests to a loopback listener that were meant for another host.
pub(crate) async fn only_loopback(request: Request, next: Next) -> Response {
    let named = request.headers().get(header::HOST).map(|host| host.to_str().is_ok_and(is_loopback));
    if named == Some(false) {
        let text = "this listener is on loopback and answers to localhost and to addresses only\n";
        return (StatusCode::MISDIRECTED_REQUEST, text).into_response();
    }
    next.run(request).await
}

/// Whether `host` (`name`, `name:port`, an IPv6 address in brackets) cannot be somebody else's name.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_and_localhost_are_this_machine() {
        for host in ["localhost", "LOCALHOST:8080", "localhost.:1", "127.0.0.1:8080", "[::1]:8080", "[::1]", "10.0.0.1"]
        {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "127.0.0.1.evil.example", "", ":8080", "[evil]"] {
            assert!(!is_loopback(host), "{host}");
        }
    }
}
