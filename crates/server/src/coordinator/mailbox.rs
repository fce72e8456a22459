//! What waits for an owner.

use parking_lot::Mutex;
use stream_types::limits;
use tokio::sync::Notify;

use super::owner::Event;

/// The events of one owner. Commands of clients are refused while it is full; what the broker itself has to say is
/// always taken: it is one load, one append under way and its end for each shard, and changes of the metadata.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    state: Mutex<MailboxState>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct MailboxState {
    events: Vec<Event>,
    closed: bool,
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Too many wait already.
    Full,
    /// The owner is gone.
    Closed,
}

impl Mailbox {
    /// Leaves what the broker has to say. A closed mailbox drops it.
    pub(super) fn post(&self, event: Event) {
        let mut state = self.state.lock();
        if !state.closed {
            state.events.push(event);
            drop(state);
            self.arrived.notify_one();
        }
    }

    /// Leaves a client's command.
    pub(super) fn offer(&self, event: Event) -> Result<(), Refusal> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refusal::Closed);
        }
        if state.events.len() >= limits::COORDINATOR_MAILBOX_EVENTS_MAX {
            return Err(Refusal::Full);
        }
        state.events.push(event);
        drop(state);
        self.arrived.notify_one();
        Ok(())
    }

    /// Waits until there may be something.
    pub(super) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Takes everything, in the order of its arrival.
    pub(super) fn take(&self, events: &mut Vec<Event>) {
        std::mem::swap(&mut self.state.lock().events, events);
    }

    /// Takes no more; what is still there is dropped, which answers it.
    pub(super) fn close(&self) {
        let events = {
            let mut state = self.state.lock();
            state.closed = true;
            std::mem::take(&mut state.events)
        };
        drop(events);
    }
}
