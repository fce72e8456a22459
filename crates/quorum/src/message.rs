//! What travels between the nodes of a quorum, in an encoding of our own.
//!
//! Every message names its cluster, its sender and whom it is for: a message for a replica that
//! was wiped since is dropped, and nothing of another cluster gets further than this file.
//!
//! ```text
//! u8 version = 1 | text cluster id ("" for none) | replica from | i32 node to | uuid directory to
//! | u8 kind: 0 hello, 1 raft | body to the end
//! ```

use bytes::{BufMut, Bytes, BytesMut};
use raft::eraftpb::{Message, MessageType};
use stream_types::{NodeId, Uuid};

use crate::checkpoint::Checkpoint;
use crate::entry;
use crate::membership::Standing;
use crate::reader::{Malformed, Reader, put_bytes, put_replica};
use crate::replica::Replica;

const VERSION: u8 = 1;
/// What a candidate that was asked to take over says in its vote request.
const CAMPAIGN_TRANSFER: &[u8] = b"CampaignTransfer";

/// A message with its address.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Envelope {
    pub(crate) cluster_id: Option<String>,
    pub(crate) from: Replica,
    pub(crate) to_node: NodeId,
    /// Zero: whichever directory the node has now.
    pub(crate) to_directory: Uuid,
    pub(crate) body: Body,
}

#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Body {
    Hello(Hello),
    Raft(Box<Message>),
}

/// Who am I, and who are you: how a node that is not a member yet finds the quorum.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Hello {
    /// Whether this answers a hello; an answer is not answered.
    pub(crate) answer: bool,
    /// Whether the sender's metadata log is empty.
    pub(crate) empty: bool,
    /// Whether the sender leads.
    pub(crate) leads: bool,
    /// What the receiver is to the sender's newest committed configuration.
    pub(crate) standing: Standing,
}

impl Envelope {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = BytesMut::new();
        out.put_u8(VERSION);
        put_bytes(&mut out, self.cluster_id.as_deref().unwrap_or("").as_bytes());
        put_replica(&mut out, self.from);
        out.put_i32(self.to_node.0);
        out.put_slice(&self.to_directory.0);
        match &self.body {
            Body::Hello(hello) => {
                out.put_u8(0);
                encode_hello(&mut out, hello);
            }
            Body::Raft(message) => {
                out.put_u8(1);
                encode_raft(&mut out, message);
            }
        }
        out.freeze()
    }

    pub(crate) fn decode(bytes: Bytes) -> Result<Envelope, Malformed> {
        let mut reader = Reader::new(bytes);
        let version = reader.u8()?;
        if version != VERSION {
            return Err(Malformed::Version(version));
        }
        let cluster_id = Some(reader.text()?).filter(|id| !id.is_empty());
        let from = reader.replica()?;
        let to = reader.replica()?;
        let body = match reader.u8()? {
            0 => Body::Hello(decode_hello(&mut reader)?),
            1 => Body::Raft(Box::new(decode_raft(&mut reader, from, to)?)),
            other => return Err(Malformed::Value(u64::from(other))),
        };
        reader.end()?;
        Ok(Envelope { cluster_id, from, to_node: to.node, to_directory: to.directory, body })
    }
}

fn encode_hello(out: &mut BytesMut, hello: &Hello) {
    out.put_u8(u8::from(hello.answer));
    out.put_u8(u8::from(hello.empty));
    out.put_u8(u8::from(hello.leads));
    out.put_u8(match hello.standing {
        Standing::Stranger => 0,
        Standing::Learner => 1,
        Standing::Voter => 2,
    });
}

fn decode_hello(reader: &mut Reader) -> Result<Hello, Malformed> {
    Ok(Hello {
        answer: reader.bool()?,
        empty: reader.bool()?,
        leads: reader.bool()?,
        standing: match reader.u8()? {
            0 => Standing::Stranger,
            1 => Standing::Learner,
            2 => Standing::Voter,
            other => return Err(Malformed::Value(u64::from(other))),
        },
    })
}

/// The types that travel; everything else is between a node and itself.
const TYPES: [(u8, MessageType); 10] = [
    (1, MessageType::MsgAppend),
    (2, MessageType::MsgAppendResponse),
    (3, MessageType::MsgRequestVote),
    (4, MessageType::MsgRequestVoteResponse),
    (5, MessageType::MsgSnapshot),
    (6, MessageType::MsgHeartbeat),
    (7, MessageType::MsgHeartbeatResponse),
    (8, MessageType::MsgTimeoutNow),
    (9, MessageType::MsgRequestPreVote),
    (10, MessageType::MsgRequestPreVoteResponse),
];

/// Whether a message of this type may leave the node.
pub(crate) fn travels(kind: MessageType) -> bool {
    TYPES.iter().any(|(_, known)| *known == kind)
}

fn encode_raft(out: &mut BytesMut, message: &Message) {
    let kind = message.get_msg_type();
    let (code, _) = TYPES.iter().find(|(_, known)| *known == kind).expect("only travelling types are encoded");
    out.put_u8(*code);
    out.put_u64(message.term);
    out.put_u64(message.log_term);
    out.put_u64(message.index);
    out.put_u64(message.commit);
    out.put_u64(message.commit_term);
    out.put_u64(message.reject_hint);
    out.put_u8(u8::from(message.reject));
    out.put_u8(u8::from(message.context == CAMPAIGN_TRANSFER));
    if kind == MessageType::MsgSnapshot {
        put_bytes(out, &message.get_snapshot().data);
    }
    out.put_u32(message.entries.len() as u32);
    for entry in message.entries.iter() {
        entry::encode(out, entry);
    }
}

fn decode_raft(reader: &mut Reader, from: Replica, to: Replica) -> Result<Message, Malformed> {
    let code = reader.u8()?;
    let (_, kind) = TYPES.iter().find(|(known, _)| *known == code).ok_or(Malformed::Value(u64::from(code)))?;
    let mut message = Message::default();
    message.set_msg_type(*kind);
    message.from = from.raft_id();
    message.to = to.raft_id();
    message.term = reader.term()?;
    message.log_term = reader.term()?;
    message.index = reader.index()?;
    message.commit = reader.index()?;
    message.commit_term = reader.term()?;
    message.reject_hint = reader.index()?;
    message.reject = reader.bool()?;
    if reader.bool()? {
        message.context = Bytes::from_static(CAMPAIGN_TRANSFER);
    }
    if *kind == MessageType::MsgSnapshot {
        message.set_snapshot(Checkpoint::decode(reader.bytes()?)?.into_raft());
    }
    let count = reader.u32()?;
    let mut entries = Vec::new();
    for _ in 0..count {
        entries.push(entry::decode(reader)?);
    }
    message.set_entries(entries.into());
    Ok(message)
}
