//! Who founds a cluster: exactly one node, exactly once.
//!
//! The listed voter with the lowest id founds, and only while its own log is empty: at once if it
//! is the whole list, otherwise when every other listed voter has said, to this process, that its
//! log is empty too. One voice of a log that is not empty ends the matter: then there is a cluster
//! to join. Everybody else joins.

use std::collections::BTreeSet;

use stream_types::NodeId;

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Founding {
    others: BTreeSet<NodeId>,
    empty: BTreeSet<NodeId>,
    cluster_seen: bool,
}

impl Founding {
    pub(crate) fn new(me: NodeId, listed: &[NodeId]) -> Founding {
        let may_found = listed.iter().min() == Some(&me);
        let others = listed.iter().copied().filter(|node| *node != me).collect();
        Founding { others, empty: BTreeSet::new(), cluster_seen: !may_found }
    }

    /// A listed voter told whether its log is empty.
    pub(crate) fn heard(&mut self, from: NodeId, empty: bool) {
        if !empty {
            self.cluster_seen = true;
        } else if self.others.contains(&from) {
            self.empty.insert(from);
        }
    }

    /// Whether this node, whose log is empty, is to found the cluster now.
    pub(crate) fn is_due(&self) -> bool {
        !self.cluster_seen && self.empty == self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);
    const C: NodeId = NodeId(3);

    #[test]
    fn alone_founds_at_once() {
        assert!(Founding::new(A, &[A]).is_due());
        assert!(!Founding::new(A, &[]).is_due());
    }

    #[test]
    fn the_lowest_waits_for_every_other_voter() {
        let mut founding = Founding::new(A, &[C, A, B]);
        founding.heard(B, true);
        founding.heard(B, true);
        founding.heard(NodeId(9), true);
        assert!(!founding.is_due());
        founding.heard(C, true);
        assert!(founding.is_due());
    }

    #[test]
    fn one_log_that_is_not_empty_forbids_it_for_good() {
        let mut founding = Founding::new(A, &[A, B, C]);
        founding.heard(B, false);
        founding.heard(B, true);
        founding.heard(C, true);
        assert!(!founding.is_due());
    }

    #[test]
    fn nobody_but_the_lowest_founds() {
        let mut founding = Founding::new(B, &[A, B]);
        founding.heard(A, true);
        assert!(!founding.is_due());
        assert!(!Founding::new(C, &[A]).is_due());
    }
}
