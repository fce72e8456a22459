//! Entries in an encoding of our own.
//!
//! A change of members lies in the Raft entry's context; the entry's data, which the Raft library
//! fills with protobuf when it proposes, is never stored, sent or parsed.

use bytes::{BufMut, Bytes, BytesMut};
use raft::eraftpb::{Entry, EntryType};

use crate::change::Change;
use crate::reader::{Malformed, Reader, put_bytes};

/// What an entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Data,
    Change,
}

impl Kind {
    pub(crate) fn of(entry: &Entry) -> Kind {
        match entry.get_entry_type() {
            EntryType::EntryNormal => Kind::Data,
            EntryType::EntryConfChange | EntryType::EntryConfChangeV2 => Kind::Change,
        }
    }

    pub(crate) fn code(self) -> u8 {
        match self {
            Kind::Data => 0,
            Kind::Change => 1,
        }
    }

    pub(crate) fn from_code(code: u8) -> Result<Kind, Malformed> {
        match code {
            0 => Ok(Kind::Data),
            1 => Ok(Kind::Change),
            other => Err(Malformed::Value(u64::from(other))),
        }
    }
}

/// What the entry carries: the proposed bytes, or the encoded change.
pub(crate) fn payload(entry: &Entry) -> &Bytes {
    match Kind::of(entry) {
        Kind::Data => &entry.data,
        Kind::Change => &entry.context,
    }
}

/// Builds an entry, refusing a change that could not be applied later.
pub(crate) fn build(index: u64, term: u64, kind: Kind, payload: Bytes) -> Result<Entry, Malformed> {
    let mut entry = Entry { index, term, ..Entry::default() };
    match kind {
        Kind::Data => entry.data = payload,
        Kind::Change => {
            Change::decode(payload.clone())?;
            entry.set_entry_type(EntryType::EntryConfChangeV2);
            entry.context = payload;
        }
    }
    Ok(entry)
}

pub(crate) fn encode(out: &mut BytesMut, entry: &Entry) {
    out.put_u64(entry.index);
    out.put_u64(entry.term);
    out.put_u8(Kind::of(entry).code());
    put_bytes(out, payload(entry));
}

pub(crate) fn decode(reader: &mut Reader) -> Result<Entry, Malformed> {
    let index = reader.index()?;
    let term = reader.term()?;
    let kind = Kind::from_code(reader.u8()?)?;
    let payload = reader.bytes()?;
    build(index, term, kind, payload)
}
