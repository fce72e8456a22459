//! The power goes at every single sync of a node that founds, proposes and snapshots, and again
//! at every sync of its recovery.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/crash_disk.rs"]
mod crash_disk;

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use crash_disk::{CrashDisk, Random};
use stream_quorum::{Node, NodeConfig, QuorumError};
use stream_types::{NodeId, Now, Uuid};

const ENTRIES: u64 = 12;

fn open(disk: &CrashDisk) -> Result<Node, QuorumError> {
    let config = NodeConfig {
        node_id: NodeId(1),
        directory_id: Uuid([1; 16]),
        voters: vec![NodeId(1)],
        cluster_id: None,
        new_cluster_id: "cluster".to_owned(),
    };
    Node::open(Arc::new(disk.clone()), Path::new("/data/hanzo-metadata"), config, 7)
}

/// Numbers from 1 on, as the state machine.
fn recover(disk: &CrashDisk) -> Result<(Node, u64), QuorumError> {
    let mut node = open(disk)?;
    let effects = node.advance(Now::default())?;
    let mut count = effects.installed_snapshot.map_or(0, |snapshot| number(&snapshot.data));
    for entry in &effects.committed {
        count += 1;
        assert_eq!(number(&entry.data), count, "entries come in order, none is missing");
    }
    Ok((node, count))
}

fn number(data: &[u8]) -> u64 {
    u64::from_be_bytes(data.try_into().unwrap())
}

/// Goes on until the power does; how many entries were acknowledged.
fn work(disk: &CrashDisk, acknowledged: &mut u64) -> Result<(), QuorumError> {
    let (mut node, found) = recover(disk)?;
    assert!(found >= *acknowledged, "{acknowledged} were acknowledged, {found} are left");
    *acknowledged = found;
    while *acknowledged < ENTRIES {
        let next = *acknowledged + 1;
        node.propose(Bytes::copy_from_slice(&next.to_be_bytes())).unwrap();
        *acknowledged += node.advance(Now::default())?.committed.len() as u64;
        assert_eq!(*acknowledged, next);
        if next.is_multiple_of(5) {
            node.snapshot(node.applied(), Bytes::copy_from_slice(&next.to_be_bytes()))?;
        }
    }
    Ok(())
}

#[test]
fn what_was_acknowledged_survives_a_power_loss_at_every_sync() {
    let mut finished = false;
    for first in 0.. {
        for second in 0..12 {
            let mut random = Random(first * 100 + second);
            let mut disk = CrashDisk::default();
            let mut acknowledged = 0;
            disk.fail_after_syncs(first);
            finished = work(&disk, &mut acknowledged).is_ok();
            disk.crash(&mut random);
            disk.fail_after_syncs(second);
            let _ = work(&disk, &mut acknowledged);
            disk.crash(&mut random);
            work(&disk, &mut acknowledged).unwrap_or_else(|error| panic!("{first}, {second}: {error}"));
            assert_eq!(acknowledged, ENTRIES);
        }
        if finished {
            assert!(first > ENTRIES, "there is at least one sync an entry");
            break;
        }
    }
    assert!(finished);
}
