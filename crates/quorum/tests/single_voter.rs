//! One node is a whole quorum: it founds, leads, commits, restarts and compacts alone.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use stream_log::disk::file::FileDisk;
use stream_quorum::{Effects, Leadership, Node, NodeConfig, ProposeError, QuorumError};
use stream_types::{LeaderEpoch, NodeId, Now, Offset, Uuid};

struct TempDir(PathBuf);

impl TempDir {
    fn new(name: &str) -> TempDir {
        let path = std::env::temp_dir().join(format!("stream-quorum-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        TempDir(path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn config() -> NodeConfig {
    NodeConfig {
        node_id: NodeId(1),
        directory_id: Uuid([1; 16]),
        voters: vec![NodeId(1)],
        cluster_id: None,
        new_cluster_id: "cluster".to_owned(),
    }
}

fn open(dir: &Path) -> Node {
    Node::open(Arc::new(FileDisk), &dir.join("hanzo-metadata"), config(), 7).unwrap()
}

fn advance(node: &mut Node) -> Effects {
    node.advance(Now::default()).unwrap()
}

fn data(effects: &Effects) -> Vec<&[u8]> {
    effects.committed.iter().map(|entry| entry.data.as_ref()).collect()
}

#[test]
fn an_empty_directory_becomes_a_leader_at_once() {
    let dir = TempDir::new("found");
    let mut node = open(&dir.0);
    let effects = advance(&mut node);
    assert!(matches!(effects.leadership, Some(Leadership::Leading { .. })));
    assert_eq!(effects.cluster_id.as_deref(), Some("cluster"));
    assert!(effects.messages.is_empty());
    assert_eq!(effects.installed_snapshot, None);
    assert_eq!(node.next_deadline(), None);
    assert_eq!(advance(&mut node), Effects::default());
}

#[test]
fn entries_are_committed_in_order_and_handed_out_again_after_a_restart() {
    let dir = TempDir::new("restart");
    let mut node = open(&dir.0);
    let first = advance(&mut node);
    let Some(Leadership::Leading { epoch }) = first.leadership else { panic!("not leading: {first:?}") };
    let index = node.propose(Bytes::from_static(b"a")).unwrap();
    node.propose(Bytes::from_static(b"b")).unwrap();
    let effects = advance(&mut node);
    assert_eq!(data(&effects), [b"a", b"b"]);
    assert_eq!(effects.committed[0].index, index);
    assert_eq!(effects.committed[0].offset(), Offset(index as i64 - 1));
    assert_eq!(effects.committed[0].leader_epoch(), epoch);
    drop(node);

    let mut node = open(&dir.0);
    let effects = advance(&mut node);
    assert_eq!(data(&effects), [b"a", b"b"]);
    assert_eq!(effects.leadership, Some(Leadership::Leading { epoch: LeaderEpoch(epoch.0 + 1) }));
    assert_eq!(node.cluster_id(), Some("cluster"));
}

#[test]
fn a_snapshot_replaces_the_entries_before_it() {
    let dir = TempDir::new("snapshot");
    let mut node = open(&dir.0);
    advance(&mut node);
    for number in 0..2_000u32 {
        node.propose(Bytes::copy_from_slice(&number.to_be_bytes())).unwrap();
        if number % 100 == 0 {
            advance(&mut node);
        }
    }
    let committed = advance(&mut node).committed;
    let last = committed.last().unwrap().index;
    node.snapshot(last - 3, Bytes::from_static(b"state")).unwrap();
    assert_eq!(node.snapshot_index(), last - 3);
    node.propose(Bytes::from_static(b"after")).unwrap();
    advance(&mut node);
    drop(node);

    let mut node = open(&dir.0);
    let effects = advance(&mut node);
    let snapshot = effects.installed_snapshot.as_ref().unwrap();
    assert_eq!((snapshot.index, snapshot.data.as_ref()), (last - 3, b"state".as_ref()));
    assert_eq!(effects.committed.first().unwrap().index, last - 2);
    assert_eq!(effects.committed.last().unwrap().data.as_ref(), b"after");
    assert!(matches!(effects.leadership, Some(Leadership::Leading { .. })));
}

#[test]
fn a_follower_of_nobody_refuses_proposals() {
    let dir = TempDir::new("refuse");
    let mut waits = config();
    waits.voters = vec![NodeId(1), NodeId(2)];
    let mut node = Node::open(Arc::new(FileDisk), &dir.0, waits, 7).unwrap();
    let effects = advance(&mut node);
    assert!(matches!(effects.leadership, Some(Leadership::Following { leader: None, .. })));
    assert_eq!(node.propose(Bytes::from_static(b"x")), Err(ProposeError::NotLeader { leader: None }));
}

#[test]
fn a_directory_of_another_cluster_or_node_is_refused() {
    let dir = TempDir::new("foreign");
    advance(&mut open(&dir.0));
    let at = dir.0.join("hanzo-metadata");
    let reopen = |config| Node::open(Arc::new(FileDisk), &at, config, 7).map(|_| ());
    let other_cluster = NodeConfig { cluster_id: Some("other".to_owned()), ..config() };
    let other_node = NodeConfig { node_id: NodeId(2), ..config() };
    let other_directory = NodeConfig { directory_id: Uuid([2; 16]), ..config() };
    assert!(matches!(reopen(other_cluster), Err(QuorumError::Foreign { field: "cluster.id", .. })));
    assert!(matches!(reopen(other_node), Err(QuorumError::Foreign { field: "node.id", .. })));
    assert!(matches!(reopen(other_directory), Err(QuorumError::Foreign { field: "directory.id", .. })));
    assert!(reopen(config()).is_ok());
}

#[test]
fn what_was_committed_is_never_cut_off() {
    let dir = TempDir::new("damage");
    let mut node = open(&dir.0);
    advance(&mut node);
    for _ in 0..5 {
        node.propose(Bytes::from_static(b"entry")).unwrap();
        advance(&mut node);
    }
    drop(node);
    let at = dir.0.join("hanzo-metadata");
    let segment = at.join("00000000000000000000.log");
    let whole = std::fs::read(&segment).unwrap();

    // A tail that is cut short is cut off; damage before a later synced entry is an error.
    std::fs::write(&segment, [whole.as_slice(), b"torn"].concat()).unwrap();
    assert!(Node::open(Arc::new(FileDisk), &at, config(), 7).is_ok());
    assert_eq!(std::fs::read(&segment).unwrap().len(), whole.len());
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    std::fs::write(&segment, &damaged).unwrap();
    assert!(matches!(Node::open(Arc::new(FileDisk), &at, config(), 7), Err(QuorumError::Corrupt { .. })));
    std::fs::write(&segment, &whole).unwrap();
    std::fs::remove_file(at.join("quorum-state")).unwrap();
    assert!(matches!(Node::open(Arc::new(FileDisk), &at, config(), 7), Err(QuorumError::VoteLost { .. })));
}
