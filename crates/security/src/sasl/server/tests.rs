//! Exchanges as clients would have them, and as attackers would.

use std::num::NonZeroU32;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::sasl::scram::{auth_message, escape_name};

const NOW: WallMillis = WallMillis(1_000_000);
const PASSWORD: &str = "pencil";

/// `user`, `a,b=c` and the token `token-1` of `owner`, all with the same password; the bearer token `good`.
struct World;

impl Users for World {
    fn password(&self, user: &str) -> Option<Secret> {
        match user {
            "user" => Some(Secret::new(PASSWORD)),
            "empty" => Some(Secret::new("")),
            _ => None,
        }
    }

    fn scram(&self, mechanism: ScramMechanism, user: &str) -> Option<ScramCredential> {
        let iterations = if user == "weak" { 4095 } else { 4096 };
        ["user", "a,b=c", "weak"].contains(&user).then(|| credential(mechanism, iterations))
    }

    fn delegation_token(&self, mechanism: ScramMechanism, token_id: &str) -> Option<TokenLogin> {
        let expires = WallMillis(if token_id == "token-1" { NOW.0 + 5 } else { NOW.0 });
        let credential = credential(mechanism, 4096);
        token_id.starts_with("token-").then(|| TokenLogin { credential, owner: "owner".to_owned(), expires })
    }

    fn bearer(&self, token: &str, now: WallMillis) -> Result<BearerLogin, String> {
        match token {
            "good" => Ok(BearerLogin { user: "user".to_owned(), expires: WallMillis(now.0 + 60_000) }),
            _ => Err("not signed by anybody".to_owned()),
        }
    }
}

fn credential(mechanism: ScramMechanism, iterations: u32) -> ScramCredential {
    mechanism.credential(&salted(mechanism, b"salt of the user", iterations), b"salt of the user", iterations)
}

fn salted(mechanism: ScramMechanism, salt: &[u8], iterations: u32) -> Secret {
    mechanism.salted_password(PASSWORD.as_bytes(), salt, NonZeroU32::new(iterations).unwrap())
}

fn step_at(exchange: &mut Exchange, message: &[u8], nonce: u8) -> Step {
    let salt_key = Secret::new("salt key");
    exchange.step(message, &Context { users: &World, nonce: [nonce; NONCE_BYTES], salt_key: &salt_key, now: NOW })
}

fn step(exchange: &mut Exchange, message: &str) -> Step {
    step_at(exchange, message.as_bytes(), 7)
}

fn only_step(mechanism: Mechanism, message: &str) -> Step {
    step(&mut Exchange::begin(mechanism), message)
}

fn refusal(step: Step) -> Refusal {
    match step {
        Step::Refused(refusal) => refusal,
        other => panic!("{other:?} instead of a refusal"),
    }
}

fn user_of(step: Step) -> String {
    match step {
        Step::Done(login, _) => login.user,
        other => panic!("{other:?} instead of success"),
    }
}

fn sent(step: Step) -> String {
    match step {
        Step::Continue(message) => String::from_utf8(message).unwrap(),
        other => panic!("{other:?} instead of a message"),
    }
}

const SCRAM: Mechanism = Mechanism::Scram(ScramMechanism::Sha256);

/// client-final for a server-first, by somebody who knows the password.
fn client_final(mechanism: ScramMechanism, bare: &str, server_first: &str, channel_binding: &str) -> String {
    let attribute = |name: &str| server_first.split(',').find_map(|text| text.strip_prefix(name)).unwrap();
    let salt = STANDARD.decode(attribute("s=")).unwrap();
    let without_proof = format!("c={},r={}", STANDARD.encode(channel_binding), attribute("r="));
    let salted = salted(mechanism, &salt, attribute("i=").parse().unwrap());
    let auth_message = auth_message(bare, server_first, &without_proof);
    let proof = mechanism.client_proof(&mechanism.client_key(&salted), &auth_message);
    format!("{without_proof},p={}", STANDARD.encode(proof))
}

#[test]
fn plain_takes_the_password_and_nothing_else() {
    for message in ["\0user\0pencil", "user\0user\0pencil"] {
        assert_eq!(user_of(only_step(Mechanism::Plain, message)), "user", "{message:?}");
    }
    let wrong = "Authentication failed: Invalid username or password";
    for (message, answer) in [
        ("\0user\0pencil2", Some(wrong)),
        ("\0user\0penci", Some(wrong)),
        ("\0nobody\0pencil", Some(wrong)),
        ("\0nobody\0\u{1}", Some(wrong)),
        ("\0empty\0x", Some(wrong)),
        ("other\0user\0pencil", Some(OTHER_AUTHORIZATION_ID)),
        ("other\0user\0wrong", Some(wrong)),
        ("\0empty\0", None),
        ("\0\0pencil", None),
        ("user\0pencil", None),
        ("\0user\0pencil\0", None),
        ("", None),
    ] {
        let refusal = refusal(only_step(Mechanism::Plain, message));
        assert_eq!(refusal.answer.as_deref(), answer, "{message:?}");
        assert!(!refusal.reason.contains("pencil"), "{refusal:?}");
    }
}

#[test]
fn scram_takes_the_proof_of_the_password() {
    for mechanism in ScramMechanism::ALL {
        for (header, user) in [("n,,", "user"), ("y,,", "user"), ("n,a=a=2Cb=3Dc,", "a,b=c")] {
            let bare = format!("n={},r=fyko+d2lbbFgONRv9qkxdawL", escape_name(user));
            let mut exchange = Exchange::begin(Mechanism::Scram(*mechanism));
            let server_first = sent(step(&mut exchange, &format!("{header}{bare}")));
            assert!(server_first.starts_with("r=fyko+d2lbbFgONRv9qkxdawLBwcH"), "{server_first}");
            let last = client_final(*mechanism, &bare, &server_first, header);
            let Step::Done(login, message) = step(&mut exchange, &last) else { panic!("{last} was refused") };
            assert_eq!((login.user.as_str(), login.expires), (user, None));
            let without_proof = last.rsplit_once(",p=").unwrap().0;
            let signed = auth_message(&bare, &server_first, without_proof);
            let signature = mechanism.signature(&credential(*mechanism, 4096).server_key, &signed);
            assert_eq!(String::from_utf8(message).unwrap(), format!("v={}", STANDARD.encode(signature)));
            assert!(matches!(step(&mut exchange, &last), Step::Refused(_)), "a second end");
        }
    }
}

#[test]
fn a_delegation_token_speaks_for_its_owner_while_it_lasts() {
    let log_in = |token: &str| {
        let bare = format!("n={token},r=abc,tokenauth=true");
        let mut exchange = Exchange::begin(SCRAM);
        let server_first = sent(step(&mut exchange, &format!("n,,{bare}")));
        step(&mut exchange, &client_final(ScramMechanism::Sha256, &bare, &server_first, "n,,"))
    };
    let Step::Done(login, _) = log_in("token-1") else { panic!("a good token was refused") };
    let expected = Login { user: "owner".to_owned(), expires: Some(WallMillis(NOW.0 + 5)), by_delegation_token: true };
    assert_eq!(login, expected);
    assert!(matches!(log_in("token-2"), Step::Refused(_)), "it is over");
    assert!(matches!(log_in("user"), Step::Refused(_)), "a user is no token");
}

#[test]
fn users_that_do_not_exist_look_like_those_that_do() {
    let first = |user: &str, nonce: u8| {
        let message = format!("n,,n={user},r=abc");
        sent(step_at(&mut Exchange::begin(SCRAM), message.as_bytes(), nonce))
    };
    let salt = |server_first: String| server_first.split(',').nth(1).map(str::to_owned).unwrap();
    assert_eq!(salt(first("nobody", 1)), salt(first("nobody", 2)), "the salt of a user does not change");
    assert_ne!(salt(first("nobody", 1)), salt(first("somebody", 1)));
    assert!(first("nobody", 1).ends_with(",i=4096"));
    for user in ["nobody", "weak"] {
        let bare = format!("n={user},r=abc");
        let mut exchange = Exchange::begin(SCRAM);
        let server_first = sent(step(&mut exchange, &format!("n,,{bare}")));
        let last = client_final(ScramMechanism::Sha256, &bare, &server_first, "n,,");
        assert_eq!(refusal(step(&mut exchange, &last)).answer, None);
    }
}

#[test]
fn malformed_first_messages_of_scram_are_refused() {
    for message in [
        "",
        "n",
        "n,",
        "n,,",
        "n,,n=user",
        "n,,n=user,r=",
        "n,,n=,r=abc",
        "n,,n=us=er,r=abc",
        "n,,n=user,r=a\u{1}b",
        "n,,n=user,r=abé",
        "n,,m=x,n=user,r=abc",
        "n,,n=user,r=abc,m=x",
        "n,,n=user,r=abc,x",
        "n,a=other,n=user,r=abc",
        "n,b=user,n=user,r=abc",
        "p=tls-unique,,n=user,r=abc",
        "N,,n=user,r=abc",
        "c=biws,r=abc,p=AAAA",
    ] {
        let refusal = refusal(only_step(SCRAM, message));
        assert_eq!(refusal.answer.is_some(), message.contains("a=other"), "{message:?}");
    }
    assert!(matches!(step_at(&mut Exchange::begin(SCRAM), &[0xff, 0xfe], 7), Step::Refused(_)));
    assert!(matches!(only_step(SCRAM, &format!("n,,n=user,r={}", "a".repeat(20_000))), Step::Refused(_)));
}

/// What somebody does to a final message.
type Change = Box<dyn Fn(&str) -> String>;

#[test]
fn final_messages_of_scram_must_belong_to_their_exchange() {
    let bare = "n=user,r=abc";
    let run = |nonce: u8, change: &dyn Fn(&str) -> String| {
        let mut exchange = Exchange::begin(SCRAM);
        let server_first = sent(step_at(&mut exchange, format!("n,,{bare}").as_bytes(), nonce));
        let last = client_final(ScramMechanism::Sha256, bare, &server_first, "n,,");
        step(&mut exchange, &change(&last))
    };
    assert_eq!(user_of(run(1, &str::to_owned)), "user");
    let recorded = std::cell::RefCell::new(String::new());
    run(1, &|last| {
        *recorded.borrow_mut() = last.to_owned();
        last.to_owned()
    });
    let recorded = recorded.into_inner();
    let replace = |from: &'static str, to: &'static str| move |last: &str| last.replacen(from, to, 1);
    let changes: [(&str, Change); 10] = [
        ("replayed", Box::new(move |_| recorded.clone())),
        ("short nonce", Box::new(|last| last.replacen("r=abcAg", "r=abc", 1))),
        ("only its own nonce", Box::new(|last| format!("c=biws,r=abc,p={}", last.rsplit_once(",p=").unwrap().1))),
        ("no nonce", Box::new(replace("r=", "x="))),
        ("another channel binding", Box::new(replace("c=biws", "c=eSws"))),
        ("no channel binding", Box::new(replace("c=biws,", ""))),
        ("no proof", Box::new(|last| last.rsplit_once(",p=").unwrap().0.to_owned())),
        ("short proof", Box::new(|last| format!("{},p=AAAA", last.rsplit_once(",p=").unwrap().0))),
        ("empty proof", Box::new(|last| format!("{},p=", last.rsplit_once(",p=").unwrap().0))),
        ("an extension after signing", Box::new(replace(",p=", ",x=y,p="))),
    ];
    for (name, change) in changes {
        assert!(matches!(run(2, &*change), Step::Refused(_)), "{name}");
    }
}

#[test]
fn bearer_tokens_are_taken_and_refused_as_rfc_7628_says() {
    let good = "n,,\u{1}auth=Bearer good\u{1}\u{1}";
    let Step::Done(login, message) = only_step(Mechanism::OAuthBearer, good) else { panic!("refused") };
    assert_eq!((login.user.as_str(), login.expires), ("user", Some(WallMillis(NOW.0 + 60_000))));
    assert!(message.is_empty());
    let extended = "n,a=user,\u{1}host=h\u{1}auth=bearer good\u{1}port=1\u{1}\u{1}";
    assert_eq!(user_of(only_step(Mechanism::OAuthBearer, extended)), "user");

    let mut exchange = Exchange::begin(Mechanism::OAuthBearer);
    let told = sent(step(&mut exchange, "n,,\u{1}auth=Bearer bad\u{1}\u{1}"));
    assert_eq!(told, "{\"status\":\"invalid_token\"}");
    let refusal_of_bad = refusal(step(&mut exchange, "\u{1}"));
    assert_eq!(refusal_of_bad.answer.as_deref(), Some("{\"status\":\"invalid_token\"}"));
    assert_eq!(refusal_of_bad.reason, "not signed by anybody");

    let mut exchange = Exchange::begin(Mechanism::OAuthBearer);
    step(&mut exchange, "n,,\u{1}auth=Bearer bad\u{1}\u{1}");
    assert!(matches!(step(&mut exchange, good), Step::Refused(_)), "one token an exchange");

    for message in [
        "",
        "n,,",
        "n,,\u{1}",
        "n,,\u{1}\u{1}",
        "n,,\u{1}auth=Bearer good",
        "n,,\u{1}auth=Bearer good\u{1}",
        "n,\u{1}auth=Bearer good\u{1}\u{1}",
        "n,,\u{1}auth=Basic good\u{1}\u{1}",
        "n,,\u{1}auth=Bearer \u{1}\u{1}",
        "n,,\u{1}auth=Bearer good\u{1}auth=Bearer good\u{1}\u{1}",
        "p=x,,\u{1}auth=Bearer good\u{1}\u{1}",
        "n,a=,\u{1}auth=Bearer good\u{1}\u{1}",
        "n,a=other,\u{1}auth=Bearer good\u{1}\u{1}",
    ] {
        let step = only_step(Mechanism::OAuthBearer, message);
        assert!(matches!(step, Step::Refused(_)), "{message:?}: {step:?}");
    }
}

/// Random bytes and mutated good messages, in every state: no panic, no success.
#[test]
fn garbage_is_refused_in_every_state() {
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let good = ["\0user\0pencil", "n,,n=user,r=abc", "c=biws,r=abc,p=AAAA", "n,,\u{1}auth=Bearer bad\u{1}\u{1}"];
    for round in 0..4_000 {
        let mechanism = Mechanism::ALL[round % Mechanism::ALL.len()];
        let mut exchange = Exchange::begin(mechanism);
        for _ in 0..3 {
            let mut message = good[random() as usize % good.len()].as_bytes().to_vec();
            for _ in 0..1 + random() % 3 {
                let position = random() as usize % (message.len() + 1);
                match random() % 3 {
                    0 if position < message.len() => drop(message.remove(position)),
                    1 if position < message.len() => message[position] = random() as u8,
                    _ => message.insert(position, random() as u8),
                }
            }
            let step = step_at(&mut exchange, &message, 7);
            let is_success = matches!(step, Step::Done(..));
            // A change may leave PLAIN's message what it was, or name the user as authorization id.
            assert!(!is_success || mechanism == Mechanism::Plain, "{mechanism}: {message:?}");
            if matches!(step, Step::Refused(_)) {
                assert!(matches!(step_at(&mut exchange, &message, 7), Step::Refused(_)), "{mechanism}: after the end");
                break;
            }
        }
    }
}
