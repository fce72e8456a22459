use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::sasl::scram::auth_message;

const NONCE: [u8; NONCE_BYTES] = [7; NONCE_BYTES];

fn scram(mechanism: ScramMechanism) -> Credentials {
    Credentials::Scram { mechanism, username: "a,b".into(), password: Secret::new("pencil"), is_token: false }
}

/// The answer of a server to the client's first message.
fn server_first(iterations: u32) -> String {
    format!("r={}server,s={},i={iterations}", STANDARD.encode(NONCE), STANDARD.encode("salt"))
}

#[test]
fn a_server_that_knows_the_password_is_believed_and_another_is_not() {
    for &mechanism in ScramMechanism::ALL {
        for (known, expected) in [("pencil", Ok(Step::Done)), ("pen", Err(ExchangeError::OtherServer))] {
            let (mut exchange, first) = scram(mechanism).begin(NONCE);
            let first = String::from_utf8(first).unwrap();
            assert_eq!(first, format!("n,,n=a=2Cb,r={}", STANDARD.encode(NONCE)));
            let server_first = server_first(4096);
            let Ok(Step::Send(proof)) = exchange.answer(server_first.as_bytes()) else { panic!("no proof") };
            let proof = String::from_utf8(proof).unwrap();
            let (without_proof, _) = proof.split_once(",p=").unwrap();
            let signed = auth_message(first.strip_prefix("n,,").unwrap(), &server_first, without_proof);
            let salted = mechanism.salted_password(known.as_bytes(), b"salt", 4096.try_into().unwrap());
            let signature = mechanism.signature(&mechanism.server_key(&salted), &signed);
            let answer = exchange.answer(format!("v={}", STANDARD.encode(signature)).as_bytes());
            assert_eq!(answer, expected, "{mechanism} {known}");
        }
    }
}

#[test]
fn what_a_server_must_not_ask_for_is_refused() {
    let nonce = STANDARD.encode(NONCE);
    for (message, expected) in [
        (server_first(4095), ExchangeError::Iterations { asked: 4095 }),
        (server_first(0), ExchangeError::Iterations { asked: 0 }),
        (server_first(1_000_001), ExchangeError::Iterations { asked: 1_000_001 }),
        (format!("r={nonce},s=c2FsdA==,i=4096"), ExchangeError::OtherNonce),
        ("r=other,s=c2FsdA==,i=4096".into(), ExchangeError::OtherNonce),
        (format!("r={nonce}x,s=,i=4096"), ExchangeError::Malformed { problem: "the salt is empty" }),
        (format!("r={nonce}x,s=?,i=4096"), ExchangeError::Malformed { problem: "the salt is not base64" }),
        (format!("r={nonce}x,s=c2FsdA=="), ExchangeError::Malformed { problem: "there is no number of iterations" }),
        ("e=unknown-user".into(), ExchangeError::Refused { reason: "unknown-user".into() }),
        (String::new(), ExchangeError::Malformed { problem: "there is no nonce" }),
    ] {
        let (mut exchange, _) = scram(ScramMechanism::Sha256).begin(NONCE);
        assert_eq!(exchange.answer(message.as_bytes()), Err(expected), "{message}");
        assert!(exchange.answer(server_first(4096).as_bytes()).is_err());
    }
}

#[test]
fn plain_and_bearer_say_it_all_at_once() {
    let plain = Credentials::Plain { username: "alice".into(), password: Secret::new("pw") };
    let (mut exchange, first) = plain.begin(NONCE);
    assert_eq!(first, b"\0alice\0pw");
    assert_eq!(exchange.answer(b""), Ok(Step::Done));
    let extensions = vec![("cluster".to_owned(), "x".to_owned())];
    let bearer = Credentials::Bearer { token: Secret::new("t.o.k"), extensions };
    let (mut exchange, first) = bearer.begin(NONCE);
    assert_eq!(first, b"n,,\x01auth=Bearer t.o.k\x01cluster=x\x01\x01");
    assert_eq!(exchange.answer(b"{\"status\":\"invalid_token\"}"), Ok(Step::Send(vec![1])));
    assert_eq!(exchange.answer(b""), Ok(Step::Done));
}

#[test]
fn no_password_is_shown() {
    let (exchange, _) = scram(ScramMechanism::Sha512).begin(NONCE);
    for shown in [format!("{exchange:?}"), format!("{:?}", scram(ScramMechanism::Sha512))] {
        assert!(!shown.contains("pencil"), "{shown}");
    }
}
