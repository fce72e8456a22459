//! One event, as a line of the log and as a record.

use std::fmt::Write;
use std::net::SocketAddr;

use serde_json::{Map, Value};
use stream_security::Principal;
use stream_security::acl::{Operation, ResourceType};

use crate::net::Session;

/// Longest text of an event that comes from a client (characters).
const TEXT_CHARS_MAX: usize = 1024;

/// Who did what, from where.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// None for whoever is not known, and for the broker itself.
    principal: Option<Principal>,
    /// None for the broker itself.
    from: Option<SocketAddr>,
    listener: String,
    what: What,
    /// How often it happened again since it was reported.
    pub(super) repeated: u64,
}

/// What was done or tried.
#[derive(Clone, Debug)]
pub(super) enum What {
    Denied { operation: Operation, resource_type: ResourceType, name: String },
    AuthenticationFailed { mechanism: String, reason: String },
    Changed { action: &'static str, what: String },
    LeftOut { events: u64 },
}

impl Event {
    pub(super) fn new(principal: Option<Principal>, from: Option<SocketAddr>, listener: &str, what: What) -> Event {
        Event { principal, from, listener: listener.to_owned(), what: what.shortened(), repeated: 0 }
    }

    /// An event of a connection whose principal is known.
    pub(super) fn of(session: &Session, what: What) -> Event {
        Event::new(Some(session.principal.clone()), Some(session.peer), &session.listener.name, what)
    }

    /// The same for events that say the same, whatever port they come from.
    pub(super) fn key(&self) -> String {
        let Event { principal, from, listener, what, repeated: _ } = self;
        let mut key = String::new();
        // Writing to a String cannot fail.
        let _ = write!(key, "{principal:?} {:?} {listener:?} {what:?}", from.map(|from| from.ip()));
        key
    }

    /// Writes the event's line.
    pub(super) fn log(&self) {
        let principal = self.principal.as_ref().map(ToString::to_string);
        let (principal, from) = (principal.as_deref(), self.from.map(tracing::field::display));
        let listener = Some(self.listener.as_str()).filter(|listener| !listener.is_empty());
        let repeated = Some(self.repeated).filter(|repeated| *repeated > 0);
        match &self.what {
            What::Denied { operation, resource_type, name } => {
                let (operation, resource) = (operation.name(), resource_type.name());
                tracing::info!(target: "audit", principal, from, listener, operation, resource, name, repeated, "audit: denied");
            }
            What::AuthenticationFailed { mechanism, reason } => {
                tracing::info!(target: "audit", from, listener, mechanism, reason, repeated, "audit: authentication failed");
            }
            What::Changed { action, what } => {
                tracing::info!(target: "audit", principal, from, listener, action, what, "audit: changed");
            }
            What::LeftOut { events } => tracing::info!(target: "audit", events, "audit: left out"),
        }
    }

    /// The event's record.
    pub(super) fn json(&self, at: i64) -> Value {
        let mut fields = Map::new();
        let mut text = |name: &str, value: &str| fields.insert(name.to_owned(), Value::from(value));
        match &self.what {
            What::Denied { operation, resource_type, name } => {
                text("event", "denied");
                text("operation", operation.name());
                text("resource", resource_type.name());
                text("name", name);
            }
            What::AuthenticationFailed { mechanism, reason } => {
                text("event", "authentication_failed");
                text("mechanism", mechanism);
                text("reason", reason);
            }
            What::Changed { action, what } => {
                text("event", "changed");
                text("action", action);
                text("what", what);
            }
            What::LeftOut { .. } => {
                text("event", "left_out");
            }
        }
        if let Some(principal) = &self.principal {
            text("principal", &principal.to_string());
        }
        if let Some(from) = &self.from {
            text("from", &from.to_string());
            text("listener", &self.listener);
        }
        fields.insert("time".to_owned(), at.into());
        if let What::LeftOut { events } = self.what {
            fields.insert("events".to_owned(), events.into());
        }
        if self.repeated > 0 {
            fields.insert("repeated".to_owned(), self.repeated.into());
        }
        Value::Object(fields)
    }
}

impl What {
    fn shortened(mut self) -> What {
        match &mut self {
            What::Denied { name, .. } => shorten(name),
            What::AuthenticationFailed { mechanism, reason } => {
                shorten(mechanism);
                shorten(reason);
            }
            What::Changed { what, .. } => shorten(what),
            What::LeftOut { .. } => {}
        }
        self
    }
}

fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS_MAX) {
        text.truncate(end);
        text.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(port: u16, name: &str) -> Event {
        let what =
            What::Denied { operation: Operation::Read, resource_type: ResourceType::Topic, name: name.to_owned() };
        Event::new(Some(Principal::user("alice")), Some(([127, 0, 0, 1], port).into()), "SASL_SSL", what)
    }

    #[test]
    fn a_record_says_who_from_where_and_what() {
        let json = denied(7, "a\"\n\u{1b}").json(5).to_string();
        let expected = r#"{"event":"denied","from":"127.0.0.1:7","listener":"SASL_SSL","name":"a\"\n\u001b","operation":"READ","principal":"User:alice","resource":"TOPIC","time":5}"#;
        assert_eq!(json, expected);
    }

    #[test]
    fn the_port_makes_no_other_event() {
        assert_eq!(denied(1, "t").key(), denied(2, "t").key());
        assert_ne!(denied(1, "t").key(), denied(1, "u").key());
    }

    #[test]
    fn long_texts_are_cut() {
        let json = denied(1, &"ä".repeat(5000)).json(0);
        assert_eq!(json["name"].as_str().unwrap().chars().count(), TEXT_CHARS_MAX + 1);
    }
}
