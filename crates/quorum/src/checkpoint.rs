//! Snapshots of the state machine, as files and on the wire.
//!
//! The name is Kafka's: `<end offset, 20 digits>-<epoch, 10 digits>.checkpoint`; the end offset is
//! the index of the last entry contained. The content (ours): magic `HQS1`, CRC-32C of the rest,
//! index, term, cluster id, members, and the state machine's own bytes to the end. A leader sends
//! a lagging follower these very bytes.

use bytes::{BufMut, Bytes, BytesMut};
use raft::eraftpb::Snapshot;

use crate::error::QuorumError;
use crate::membership::Membership;
use crate::reader::{Malformed, Reader, put_bytes};
use crate::state_files::StateFiles;

const MAGIC: u32 = u32::from_be_bytes(*b"HQS1");
const SUFFIX: &str = ".checkpoint";

/// Which snapshot: the last entry that it contains.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct SnapshotId {
    pub(crate) index: u64,
    pub(crate) term: u64,
}

impl SnapshotId {
    pub(crate) fn file_name(self) -> String {
        format!("{:020}-{:010}{SUFFIX}", self.index, self.term)
    }

    pub(crate) fn from_file_name(name: &str) -> Option<SnapshotId> {
        let (index, term) = name.strip_suffix(SUFFIX)?.split_once('-')?;
        if index.len() != 20 || term.len() != 10 {
            return None;
        }
        Some(SnapshotId { index: index.parse().ok()?, term: term.parse().ok()? })
    }
}

/// A decoded snapshot.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Checkpoint {
    pub(crate) id: SnapshotId,
    pub(crate) cluster_id: String,
    pub(crate) members: Membership,
    pub(crate) data: Bytes,
    /// The whole file.
    pub(crate) encoded: Bytes,
}

impl Checkpoint {
    pub(crate) fn new(id: SnapshotId, cluster_id: String, members: Membership, data: Bytes) -> Checkpoint {
        let mut out = BytesMut::new();
        out.put_u32(MAGIC);
        out.put_u32(0);
        out.put_u64(id.index);
        out.put_u64(id.term);
        put_bytes(&mut out, cluster_id.as_bytes());
        members.encode(&mut out);
        out.put_slice(&data);
        let checksum = crc32c::crc32c(&out[8..]);
        out[4..8].copy_from_slice(&checksum.to_be_bytes());
        Checkpoint { id, cluster_id, members, data, encoded: out.freeze() }
    }

    pub(crate) fn decode(encoded: Bytes) -> Result<Checkpoint, Malformed> {
        let mut reader = Reader::new(encoded.clone());
        let magic = reader.u32()?;
        if magic != MAGIC {
            return Err(Malformed::Value(u64::from(magic)));
        }
        let expected = reader.u32()?;
        let found = crc32c::crc32c(&encoded[8..]);
        if expected != found {
            return Err(Malformed::Checksum { expected, found });
        }
        let id = SnapshotId { index: reader.index()?, term: reader.term()? };
        let cluster_id = reader.text()?;
        let members = Membership::decode(&mut reader)?;
        Ok(Checkpoint { id, cluster_id, members, data: reader.rest(), encoded })
    }

    pub(crate) fn read(files: &StateFiles, id: SnapshotId) -> Result<Checkpoint, QuorumError> {
        let file = id.file_name();
        let corrupt = |reason: String| QuorumError::Corrupt { file: file.clone(), reason };
        let encoded = files.read(&file)?.ok_or_else(|| corrupt("it is missing".to_owned()))?;
        let checkpoint = Checkpoint::decode(encoded).map_err(|error| corrupt(error.to_string()))?;
        if checkpoint.id != id {
            return Err(corrupt("its name names another snapshot".to_owned()));
        }
        Ok(checkpoint)
    }

    pub(crate) fn into_raft(self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let metadata = snapshot.mut_metadata();
        metadata.index = self.id.index;
        metadata.term = self.id.term;
        metadata.set_conf_state(self.members.conf_state);
        snapshot.data = self.encoded;
        snapshot
    }
}
