//! Messages that the Raft library would panic on are refused before it sees them.
//!
//! The library treats an impossible message as a bug of its own cluster. Here it is a peer's
//! mistake, which must cost nothing but the message.

use raft::eraftpb::{Message, MessageType, Snapshot};

use crate::entry::Kind;
use crate::error::StepError;
use crate::membership::MEMBERS_MAX;
use crate::storage::EntryStorage;

/// What the checks need to know of the receiver.
pub(crate) struct Receiver<'a> {
    pub(crate) log: &'a raft::RaftLog<EntryStorage>,
    pub(crate) term: u64,
}

impl Receiver<'_> {
    pub(crate) fn check(&self, message: &Message) -> Result<(), StepError> {
        if message.term == 0 {
            return impossible("a message without a term");
        }
        if message.term < self.term {
            // Late, not impossible: what it speaks of may have been replaced since. The library ignores it.
            return Ok(());
        }
        match message.get_msg_type() {
            MessageType::MsgAppend => self.check_append(message),
            MessageType::MsgHeartbeat => {
                if message.commit > self.log.last_index() {
                    return impossible("a heartbeat that commits what was never sent");
                }
                no_entries(message)
            }
            MessageType::MsgSnapshot => {
                no_entries(message)?;
                check_snapshot(message.get_snapshot(), message.term)
            }
            MessageType::MsgAppendResponse => {
                if !message.reject && message.index > self.log.last_index() {
                    return impossible("an acknowledgement of what was never sent");
                }
                no_entries(message)
            }
            _ => no_entries(message),
        }
    }

    fn check_append(&self, message: &Message) -> Result<(), StepError> {
        if (message.index == 0) != (message.log_term == 0) {
            return impossible("an append whose position has no term");
        }
        if message.log_term > message.term {
            return impossible("an append after a later term");
        }
        let mut index = message.index;
        let mut term = message.log_term.max(1);
        let mut changes = 0;
        for entry in message.entries.iter() {
            if entry.index != index + 1 {
                return impossible("entries that do not follow each other");
            }
            if entry.term < term || entry.term > message.term {
                return impossible("entries whose terms do not ascend");
            }
            let held = index + 1 > self.log.store.base().index && entry.index <= self.log.committed;
            if held && self.log.term(entry.index).is_ok_and(|held| held != entry.term) {
                return impossible("an entry that contradicts a committed one");
            }
            index = entry.index;
            term = entry.term;
            changes += usize::from(Kind::of(entry) == Kind::Change);
        }
        if changes > MEMBERS_MAX {
            return impossible("an append full of membership changes");
        }
        Ok(())
    }
}

/// Its members were checked when it was decoded.
fn check_snapshot(snapshot: &Snapshot, term: u64) -> Result<(), StepError> {
    let metadata = snapshot.get_metadata();
    if metadata.index == 0 || metadata.term == 0 || metadata.term > term {
        return impossible("a snapshot of nothing");
    }
    Ok(())
}

fn no_entries(message: &Message) -> Result<(), StepError> {
    if message.entries.is_empty() { Ok(()) } else { impossible("entries where none belong") }
}

fn impossible(reason: &'static str) -> Result<(), StepError> {
    Err(StepError::Impossible { reason })
}
