//! Bounds what repeats itself: each event once a window, the rest as a count.
//!
//! A client that is denied once is mostly denied a thousand times a second.

use std::collections::HashMap;

use super::event::Event;

/// Different events of one window; above it they are only counted.
const EVENTS_MAX: usize = 256;

/// The events of the present window.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    seen: HashMap<String, Event>,
    left_out: u64,
}

impl Repeats {
    /// Whether the event is to be reported now: it is new in this window.
    pub(super) fn admit(&mut self, event: &Event) -> bool {
        let key = event.key();
        if let Some(seen) = self.seen.get_mut(&key) {
            seen.repeated += 1;
            return false;
        }
        if self.seen.len() >= EVENTS_MAX {
            self.left_out += 1;
            return false;
        }
        self.seen.insert(key, event.clone());
        true
    }

    /// Ends the window: the events that happened again, and how many were left out altogether.
    pub(super) fn take(&mut self) -> (Vec<Event>, u64) {
        let seen = std::mem::take(&mut self.seen);
        let repeated = seen.into_values().filter(|event| event.repeated > 0).collect();
        (repeated, std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::What;
    use super::*;

    fn failure(reason: &str) -> Event {
        let what = What::AuthenticationFailed { mechanism: "PLAIN".into(), reason: reason.into() };
        Event::new(None, None, "SASL_PLAINTEXT", what)
    }

    #[test]
    fn what_repeats_is_counted() {
        let mut repeats = Repeats::default();
        assert!(repeats.admit(&failure("a")));
        assert!(!repeats.admit(&failure("a")));
        assert!(!repeats.admit(&failure("a")));
        assert!(repeats.admit(&failure("b")));
        let (repeated, left_out) = repeats.take();
        assert_eq!((repeated.len(), repeated[0].repeated, left_out), (1, 2, 0));
        assert!(repeats.admit(&failure("a")), "a new window");
    }

    #[test]
    fn a_flood_of_different_events_is_bounded() {
        let mut repeats = Repeats::default();
        let reported = (0..10_000).filter(|n| repeats.admit(&failure(&n.to_string()))).count();
        let (repeated, left_out) = repeats.take();
        assert_eq!((reported, repeated.len(), left_out), (EVENTS_MAX, 0, 10_000 - EVENTS_MAX as u64));
    }
}
