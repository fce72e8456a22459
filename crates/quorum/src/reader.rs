//! Reading our own encodings: every length is checked against the bytes that are left, and nothing
//! is reserved from an announced length.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use stream_types::{NodeId, Uuid};

use crate::replica::Replica;

/// Bytes that are not what they claim to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the bytes end early")]
    Truncated,
    #[error("bytes follow the end")]
    Trailing,
    #[error("an unknown format version {0}")]
    Version(u8),
    #[error("a field has the impossible value {0}")]
    Value(u64),
    #[error("its members contradict each other")]
    Members,
    #[error("a text is not UTF-8")]
    Text,
    #[error("the checksum is {found:08x} instead of {expected:08x}")]
    Checksum { expected: u32, found: u32 },
}

/// A cursor over bytes that nobody has checked yet.
#[derive(Debug)]
pub(crate) struct Reader {
    rest: Bytes,
}

impl Reader {
    pub(crate) fn new(bytes: Bytes) -> Reader {
        Reader { rest: bytes }
    }

    fn need(&self, len: usize) -> Result<(), Malformed> {
        if self.rest.len() < len { Err(Malformed::Truncated) } else { Ok(()) }
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        self.need(1)?;
        Ok(self.rest.get_u8())
    }

    pub(crate) fn bool(&mut self) -> Result<bool, Malformed> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed::Value(u64::from(other))),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.need(4)?;
        Ok(self.rest.get_u32())
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Malformed> {
        self.need(8)?;
        Ok(self.rest.get_u64())
    }

    /// A Raft index: it fits an offset, so that adding one to it never overflows.
    pub(crate) fn index(&mut self) -> Result<u64, Malformed> {
        let index = self.u64()?;
        if index > i64::MAX as u64 / 2 { Err(Malformed::Value(index)) } else { Ok(index) }
    }

    /// A Raft term: it fits a leader epoch.
    pub(crate) fn term(&mut self) -> Result<u64, Malformed> {
        let term = self.u64()?;
        if term > TERM_MAX { Err(Malformed::Value(term)) } else { Ok(term) }
    }

    pub(crate) fn bytes(&mut self) -> Result<Bytes, Malformed> {
        let len = self.u32()? as usize;
        self.need(len)?;
        Ok(self.rest.split_to(len))
    }

    pub(crate) fn text(&mut self) -> Result<String, Malformed> {
        let bytes = self.bytes()?;
        std::str::from_utf8(&bytes).map(str::to_owned).map_err(|_| Malformed::Text)
    }

    pub(crate) fn uuid(&mut self) -> Result<Uuid, Malformed> {
        self.need(16)?;
        let mut id = [0; 16];
        self.rest.copy_to_slice(&mut id);
        Ok(Uuid(id))
    }

    pub(crate) fn replica(&mut self) -> Result<Replica, Malformed> {
        let node = self.u32()? as i32;
        if node < 0 {
            return Err(Malformed::Value(node as u32 as u64));
        }
        Ok(Replica { node: NodeId(node), directory: self.uuid()? })
    }

    pub(crate) fn rest(&mut self) -> Bytes {
        self.rest.split_off(0)
    }

    pub(crate) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed::Trailing) }
    }
}

/// Terms are leader epochs: larger ones are refused, which also leaves room to count on.
pub(crate) const TERM_MAX: u64 = i32::MAX as u64 - 1_000;

pub(crate) fn put_bytes(out: &mut BytesMut, bytes: &[u8]) {
    out.put_u32(u32::try_from(bytes.len()).expect("sizes are limited long before 4 GiB"));
    out.put_slice(bytes);
}

pub(crate) fn put_replica(out: &mut BytesMut, replica: Replica) {
    out.put_i32(replica.node.0);
    out.put_slice(&replica.directory.0);
}
