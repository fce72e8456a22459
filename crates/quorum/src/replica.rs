//! Who takes part in the quorum.

use stream_types::{NodeId, Uuid};

/// One replica of the metadata log: a node together with the directory that holds its log.
///
/// A wiped disk gets a new directory id and is thereby a new replica, so that a vote that the old
/// disk remembered is never cast twice.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Replica {
    /// `node.id`.
    pub node: NodeId,
    /// `directory.id` of the metadata log's directory.
    pub directory: Uuid,
}

impl Replica {
    /// The id by which Raft knows this replica: never 0, the node's number in the upper half and a
    /// digest of the directory in the lower.
    ///
    /// Two directories of one node may share a digest; whoever adds a replica refuses that.
    pub(crate) fn raft_id(self) -> u64 {
        let mut digest = 0xcbf2_9ce4_8422_2325u64;
        for byte in self.directory.0 {
            digest = (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        let folded = (digest >> 32) ^ (digest & 0xffff_ffff);
        ((self.node.0 as u32 as u64 + 1) << 32) | folded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_directory_is_another_replica() {
        let here = Replica { node: NodeId(0), directory: Uuid([1; 16]) };
        let there = Replica { node: NodeId(0), directory: Uuid([2; 16]) };
        let other = Replica { node: NodeId(1), directory: Uuid([1; 16]) };
        assert_ne!(here.raft_id(), there.raft_id());
        assert_ne!(here.raft_id(), other.raft_id());
        assert_ne!(here.raft_id(), 0);
    }
}
