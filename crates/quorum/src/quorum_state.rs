//! `quorum-state`: what Raft must not forget, and whose log this is.
//!
//! Text, one `key=value` a line, the last line the CRC-32C of what is above it. The file is
//! replaced as a whole. It exists from before the first message or committed entry leaves the
//! node: a directory without it has promised nothing.

use std::fmt::Write as _;
use std::str::FromStr;

use bytes::Bytes;
use stream_types::{NodeId, Uuid};

use crate::error::QuorumError;
use crate::replica::Replica;
use crate::state_files::StateFiles;

pub(crate) const FILE: &str = "quorum-state";

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct QuorumState {
    pub(crate) cluster_id: Option<String>,
    pub(crate) replica: Replica,
    pub(crate) term: u64,
    /// Raft id of the candidate that got this replica's vote in `term`, or 0.
    pub(crate) vote: u64,
    /// Entries up to here are committed; the log may know of more.
    pub(crate) commit: u64,
}

impl QuorumState {
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "version=1");
        let _ = writeln!(text, "cluster.id={}", self.cluster_id.as_deref().unwrap_or(""));
        let _ = writeln!(text, "node.id={}", self.replica.node);
        let _ = writeln!(text, "directory.id={}", self.replica.directory);
        let _ = writeln!(text, "term={}", self.term);
        let _ = writeln!(text, "vote={}", self.vote);
        let _ = writeln!(text, "commit={}", self.commit);
        let checksum = crc32c::crc32c(text.as_bytes());
        let _ = writeln!(text, "crc={checksum:08x}");
        text
    }

    pub(crate) fn decode(text: &str) -> Result<QuorumState, String> {
        let crc_at = text.rfind("crc=").ok_or("it has no checksum")?;
        let (body, crc) = text.split_at(crc_at);
        let found = format!("crc={:08x}\n", crc32c::crc32c(body.as_bytes()));
        if crc != found {
            return Err("its checksum is wrong".to_owned());
        }
        let field = |key: &str| {
            body.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .ok_or_else(|| format!("{key} is missing"))
        };
        if field("version")? != "1" {
            return Err(format!("its version {} is not known", field("version")?));
        }
        let cluster_id = Some(field("cluster.id")?.to_owned()).filter(|id| !id.is_empty());
        Ok(QuorumState {
            cluster_id,
            replica: Replica {
                node: NodeId(number(field("node.id")?)?),
                directory: number::<Uuid>(field("directory.id")?)?,
            },
            term: number(field("term")?)?,
            vote: number(field("vote")?)?,
            commit: number(field("commit")?)?,
        })
    }

    pub(crate) fn read(files: &StateFiles) -> Result<Option<QuorumState>, QuorumError> {
        let Some(content) = files.read(FILE)? else { return Ok(None) };
        decode_bytes(&content).map(Some).map_err(|reason| QuorumError::Corrupt { file: FILE.to_owned(), reason })
    }
}

fn decode_bytes(content: &Bytes) -> Result<QuorumState, String> {
    QuorumState::decode(std::str::from_utf8(content).map_err(|_| "it is not text".to_owned())?)
}

fn number<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is no valid value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_noticed() {
        let state = QuorumState {
            cluster_id: Some("MkU3OEVBNTcwNTJENDM2Qk".to_owned()),
            replica: Replica { node: NodeId(3), directory: Uuid([7; 16]) },
            term: 9,
            vote: 77,
            commit: 12,
        };
        let text = state.encode();
        assert_eq!(QuorumState::decode(&text), Ok(state));
        assert!(QuorumState::decode(&text.replace("term=9", "term=8")).is_err());
        assert!(QuorumState::decode(&text[..text.len() - 1]).is_err());
        assert!(QuorumState::decode("").is_err());
    }
}
