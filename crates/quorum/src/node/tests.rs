//! One node against hand-written messages.

use std::path::Path;
use std::sync::Arc;

use raft::eraftpb::{Entry, Message, MessageType};
use stream_types::{Monotonic, NodeId, Now, Uuid};

use super::{Node, NodeConfig};
use crate::change::{Change, Step};
use crate::crash_disk::{CrashDisk, Random};
use crate::entry::{Kind, build};
use crate::error::StepError;
use crate::membership::Standing;
use crate::message::{Body, Envelope, Hello};
use crate::replica::Replica;

const CLUSTER: &str = "cluster";

fn replica(node: i32) -> Replica {
    Replica { node: NodeId(node), directory: Uuid([node as u8; 16]) }
}

fn open(disk: &CrashDisk) -> Node {
    let config = NodeConfig {
        node_id: NodeId(2),
        directory_id: replica(2).directory,
        voters: vec![NodeId(1), NodeId(2), NodeId(3)],
        cluster_id: None,
        new_cluster_id: "unused".to_owned(),
    };
    let mut node = Node::open(Arc::new(disk.clone()), Path::new("/metadata"), config, 1).unwrap();
    advance(&mut node);
    node
}

fn now() -> Now {
    Now { monotonic: Monotonic::from_millis(10_000), ..Now::default() }
}

/// What the node sends.
fn advance(node: &mut Node) -> Vec<Body> {
    let messages = node.advance(now()).unwrap().messages;
    messages.into_iter().map(|(_, bytes)| Envelope::decode(bytes).unwrap().body).collect()
}

fn send(node: &mut Node, from: i32, body: Body) -> Result<(), StepError> {
    let envelope = Envelope {
        cluster_id: Some(CLUSTER.to_owned()),
        from: replica(from),
        to_node: NodeId(2),
        to_directory: replica(2).directory,
        body,
    };
    node.step(NodeId(from), envelope.encode())
}

fn raft(kind: MessageType, change: impl FnOnce(&mut Message)) -> Body {
    let mut message = Message::default();
    message.set_msg_type(kind);
    change(&mut message);
    Body::Raft(Box::new(message))
}

fn entries() -> Vec<Entry> {
    let change = |index, node| {
        let change = Change::of(vec![Step::AddVoter(replica(node))]);
        build(index, 1, Kind::Change, change.encode().into()).unwrap()
    };
    vec![change(1, 1), change(2, 2), change(3, 3)]
}

fn welcome(standing: Standing) -> Body {
    Body::Hello(Hello { answer: true, empty: false, leads: true, standing })
}

fn append(entries: Vec<Entry>, commit: u64) -> Body {
    raft(MessageType::MsgAppend, |message| {
        message.term = 1;
        message.commit = commit;
        message.set_entries(entries.into());
    })
}

fn vote_request(term: u64) -> Body {
    raft(MessageType::MsgRequestVote, |message| {
        message.term = term;
        message.index = 3;
        message.log_term = 1;
        // As after a transfer: nobody's lease matters.
        message.context = b"CampaignTransfer".as_slice().into();
    })
}

/// Whether the node grants the vote, if it answers.
fn vote(node: &mut Node, candidate: i32, term: u64) -> Option<bool> {
    send(node, candidate, vote_request(term)).unwrap();
    advance(node).into_iter().find_map(|body| match body {
        Body::Raft(message) if message.get_msg_type() == MessageType::MsgRequestVoteResponse => Some(!message.reject),
        _ => None,
    })
}

fn member(disk: &CrashDisk) -> Node {
    let mut node = open(disk);
    send(&mut node, 1, welcome(Standing::Learner)).unwrap();
    send(&mut node, 1, append(entries(), 3)).unwrap();
    advance(&mut node);
    assert_eq!(node.status().voters.len(), 3);
    node
}

#[test]
fn a_vote_is_remembered_through_a_power_loss() {
    for seed in 0..20 {
        let mut disk = CrashDisk::default();
        let mut node = member(&disk);
        assert_eq!(vote(&mut node, 1, 5), Some(true));
        drop(node);
        disk.crash(&mut Random(seed));
        let mut node = open(&disk);
        assert_eq!(vote(&mut node, 3, 5), Some(false));
        assert_eq!(vote(&mut node, 1, 5), Some(true));
        assert_eq!(vote(&mut node, 3, 6), Some(true));
    }
}

#[test]
fn an_empty_node_neither_votes_nor_campaigns() {
    let mut node = open(&CrashDisk::default());
    assert_eq!(vote(&mut node, 1, 5), None);
    send(&mut node, 1, welcome(Standing::Stranger)).unwrap();
    assert_eq!(vote(&mut node, 1, 5), None);
    for millis in (0..60_000).step_by(50) {
        node.tick(Now { monotonic: Monotonic::from_millis(millis), ..Now::default() });
        let raft = advance(&mut node).into_iter().any(|body| matches!(body, Body::Raft(_)));
        assert!(!raft, "it takes part in elections");
    }
}

#[test]
fn an_empty_node_takes_entries_only_from_who_does_not_count_it_as_a_voter() {
    let mut node = open(&CrashDisk::default());
    send(&mut node, 1, append(entries(), 3)).unwrap();
    assert!(advance(&mut node).is_empty());
    assert!(node.log_is_empty());
    send(&mut node, 1, welcome(Standing::Voter)).unwrap();
    assert!(node.advance(now()).is_err());
}

#[test]
fn impossible_messages_are_refused() {
    let mut node = member(&CrashDisk::default());
    let mut gap = entries();
    gap.remove(1);
    let mut descending = entries();
    descending[1].term = 0;
    let mut contradiction = entries();
    contradiction.iter_mut().for_each(|entry| entry.term = 2);
    let from_term = |term, entries: Vec<Entry>| {
        raft(MessageType::MsgAppend, |message| {
            message.term = term;
            message.set_entries(entries.into());
        })
    };
    let bodies = [
        append(gap, 0),
        append(descending, 0),
        from_term(2, contradiction),
        raft(MessageType::MsgAppend, |message| {
            message.term = 1;
            message.index = 1_000;
        }),
        raft(MessageType::MsgHeartbeat, |message| {
            message.term = 1;
            message.commit = 4;
        }),
        raft(MessageType::MsgAppendResponse, |message| {
            message.term = 1;
            message.index = 4;
        }),
        raft(MessageType::MsgHeartbeat, |_| {}),
    ];
    for body in bodies {
        let found = send(&mut node, 1, body.clone());
        assert!(matches!(found, Err(StepError::Impossible { .. })), "{body:?}: {found:?}");
    }
    assert!(matches!(
        send(&mut node, 1, raft(MessageType::MsgHeartbeat, |message| message.term = u64::from(u32::MAX))),
        Err(StepError::Malformed { .. })
    ));
}

#[test]
fn messages_of_other_clusters_senders_and_directories_change_nothing() {
    let mut node = member(&CrashDisk::default());
    let envelope = |cluster_id: &str, to_directory| Envelope {
        cluster_id: Some(cluster_id.to_owned()),
        from: replica(3),
        to_node: NodeId(2),
        to_directory,
        body: vote_request(9),
    };
    let foreign = node.step(NodeId(3), envelope("other", replica(2).directory).encode());
    assert!(matches!(foreign, Err(StepError::ClusterIdMismatch { .. })));
    let claimed = node.step(NodeId(4), envelope(CLUSTER, replica(2).directory).encode());
    assert_eq!(claimed, Err(StepError::WrongSender { claimed: NodeId(3) }));
    assert_eq!(node.step(NodeId(3), envelope(CLUSTER, Uuid([9; 16])).encode()), Ok(()));
    assert!(advance(&mut node).is_empty());
    assert_eq!(node.status().leader_epoch.0, 1);
}

#[test]
fn bytes_cut_anywhere_are_an_error() {
    let envelope = Envelope {
        cluster_id: Some(CLUSTER.to_owned()),
        from: replica(1),
        to_node: NodeId(2),
        to_directory: replica(2).directory,
        body: append(entries(), 3),
    };
    let bytes = envelope.encode();
    let read_back = Envelope::decode(bytes.clone()).unwrap();
    assert_eq!(read_back.encode(), bytes);
    for len in 0..bytes.len() {
        assert!(Envelope::decode(bytes.slice(..len)).is_err(), "{len} of {} bytes", bytes.len());
    }
}
