//! Persist what Raft asks for, then release what rests on it.

use bytes::Bytes;
use raft::eraftpb::{ConfChangeV2, Entry, EntryType, Message};
use raft::{INVALID_ID, Ready, StateRole};
use stream_types::{LeaderEpoch, Now};

use super::{CommittedEntry, Effects, InstalledSnapshot, Leadership, Node};
use crate::change::{Change, Step};
use crate::checkpoint::Checkpoint;
use crate::entry::Kind;
use crate::error::QuorumError;
use crate::message::{Body, Envelope, travels};
use crate::quorum_state::{FILE, QuorumState};
use crate::storage::EntryStorage;

impl Node {
    /// Does everything that can be done now and says what follows from it.
    ///
    /// Call it after any other call. It writes and syncs; everything that it releases is durable.
    /// After an error the node has stopped: what was promised is on disk, nothing else was released.
    pub fn advance(&mut self, now: Now) -> Result<Effects, QuorumError> {
        if self.stopped {
            return Err(QuorumError::Stopped);
        }
        self.now = now;
        let result = self.run();
        if let Err(error) = result {
            self.stopped = true;
            return Err(error);
        }
        Ok(std::mem::take(&mut self.pending))
    }

    fn run(&mut self) -> Result<(), QuorumError> {
        if let Some(witness) = self.log_removed {
            return Err(QuorumError::LogRemoved { witness });
        }
        if self.log_is_empty() && self.founding.is_due() {
            self.found()?;
        }
        loop {
            if self.raw.has_ready() {
                self.handle_ready()?;
            } else if !self.campaign_alone()? && !self.lead_members() {
                break;
            }
            self.timer.settle(&mut self.raw);
        }
        if let Some(error) = self.raw.store().take_read_error() {
            return Err(error);
        }
        self.pending.snapshot_wanted |= self.raw.store().take_snapshot_wanted();
        self.tell_leadership();
        Ok(())
    }

    pub(crate) fn log_is_empty(&self) -> bool {
        self.raw.raft.raft_log.last_index() == 0
    }

    /// Makes this node the only voter of a new cluster: its own membership is the first entry.
    ///
    /// Nothing is synced here. The first promise rests on the election that follows at once, and
    /// a log that was cut short before it is recognised by the missing `quorum-state`.
    fn found(&mut self) -> Result<(), QuorumError> {
        let change = Change::of(vec![Step::AddVoter(self.replica)]);
        let mut entry = Entry::default();
        entry.set_entry_type(EntryType::EntryConfChangeV2);
        entry.index = 1;
        entry.term = 1;
        entry.context = change.encode().into();
        self.journal.append(std::slice::from_ref(&entry), 1, self.now.wall)?;
        let mut storage = EntryStorage::new(self.files.clone());
        storage.append(&[entry]);
        storage.hard_state.term = 1;
        storage.hard_state.commit = 1;
        self.founded = true;
        if self.cluster_id.is_none() {
            self.learn_cluster_id(self.config.new_cluster_id.clone());
        }
        self.restart_raft(storage)
    }

    pub(crate) fn learn_cluster_id(&mut self, cluster_id: String) {
        assert!(self.cluster_id.is_none(), "a cluster id is learned once");
        self.pending.cluster_id = Some(cluster_id.clone());
        self.cluster_id = Some(cluster_id);
    }

    /// A sole voter has nobody to wait for.
    fn campaign_alone(&mut self) -> Result<bool, QuorumError> {
        if self.raw.raft.state == StateRole::Leader || !self.members.is_sole_voter(self.id) {
            return Ok(false);
        }
        self.raw.campaign().map_err(|error| QuorumError::Raft(error.to_string()))?;
        Ok(self.raw.has_ready())
    }

    fn handle_ready(&mut self) -> Result<(), QuorumError> {
        let mut ready = self.raw.ready();
        let mut messages = ready.take_messages();
        let committed = ready.take_committed_entries();
        self.persist(&ready)?;
        messages.extend(ready.take_persisted_messages());
        let mut light = self.raw.advance_append(ready);
        if let Some(commit) = light.commit_index() {
            self.raw.mut_store().hard_state.commit = commit;
        }
        messages.extend(light.take_messages());
        self.apply(committed)?;
        self.apply(light.take_committed_entries())?;
        self.raw.advance_apply_to(self.applied);
        for message in messages {
            self.send(message);
        }
        Ok(())
    }

    /// Entries first, then term and vote: the term of a synced entry is believed without them.
    fn persist(&mut self, ready: &Ready) -> Result<(), QuorumError> {
        if self.written.is_none() && !self.founded {
            // A log without `quorum-state` is taken for a founding cut short: not this one.
            self.write_state()?;
        }
        if !ready.snapshot().is_empty() {
            self.install(ready)?;
        }
        if let Some(hard_state) = ready.hs() {
            self.raw.mut_store().hard_state = hard_state.clone();
        }
        let hard_state = self.raw.store().hard_state.clone();
        if !ready.entries().is_empty() {
            self.raw.mut_store().append(ready.entries());
            self.journal.append(ready.entries(), hard_state.commit, self.now.wall)?;
            self.journal.sync()?;
        }
        let promised = self.written.as_ref().map(|state| (state.term, state.vote));
        let changed = promised != Some((hard_state.term, hard_state.vote));
        if changed && ready.hs().is_some() {
            self.write_state()?;
        }
        Ok(())
    }

    /// The snapshot first: once it is durable, the log before it may go.
    fn install(&mut self, ready: &Ready) -> Result<(), QuorumError> {
        let content = ready.snapshot().data.clone();
        let checkpoint = Checkpoint::decode(content).map_err(|error| QuorumError::Corrupt {
            file: "a leader's snapshot".to_owned(),
            reason: error.to_string(),
        })?;
        self.files.replace(&checkpoint.id.file_name(), &checkpoint.encoded)?;
        self.journal.restart_at(checkpoint.id.index + 1)?;
        self.raw.mut_store().install(checkpoint.id, checkpoint.members.clone());
        self.members = checkpoint.members;
        self.members_since.clear();
        self.applied = checkpoint.id.index;
        self.last_data = checkpoint.id.index;
        self.pending.committed.clear();
        self.pending.installed_snapshot =
            Some(InstalledSnapshot { index: checkpoint.id.index, term: checkpoint.id.term, data: checkpoint.data });
        self.remove_old_checkpoints(checkpoint.id)
    }

    /// Writes `quorum-state`. Call it only when all entries up to the commit index are synced.
    pub(crate) fn write_state(&mut self) -> Result<(), QuorumError> {
        let hard_state = &self.raw.store().hard_state;
        let last_index = self.raw.store().last().index;
        assert!(hard_state.commit <= last_index, "what is committed is in the log");
        let state = QuorumState {
            cluster_id: self.cluster_id.clone(),
            replica: self.replica,
            term: hard_state.term,
            vote: hard_state.vote,
            commit: hard_state.commit,
        };
        if let Some(written) = &self.written {
            assert!(written.term <= state.term, "terms never go back");
        }
        self.files.replace(FILE, state.encode().as_bytes())?;
        self.written = Some(state);
        Ok(())
    }

    fn apply(&mut self, entries: Vec<Entry>) -> Result<(), QuorumError> {
        for entry in entries {
            assert!(entry.index > self.applied, "entries are applied once, in order");
            match Kind::of(&entry) {
                Kind::Change => self.apply_change(&entry)?,
                Kind::Data if entry.data.is_empty() => {}
                Kind::Data => {
                    self.last_data = entry.index;
                    let data = entry.data.clone();
                    self.pending.committed.push(CommittedEntry { index: entry.index, term: entry.term, data });
                }
            }
            self.applied = entry.index;
        }
        Ok(())
    }

    fn apply_change(&mut self, entry: &Entry) -> Result<(), QuorumError> {
        // Before the founder's first promise there is nothing that a restart could contradict.
        if self.written.as_ref().is_some_and(|state| state.commit < entry.index) {
            self.write_state()?;
        }
        let change = Change::decode(entry.context.clone()).map_err(|error| QuorumError::Corrupt {
            file: "the log".to_owned(),
            reason: format!("entry {}: {error}", entry.index),
        })?;
        let raft_change: ConfChangeV2 = change.to_raft();
        // A change that the configuration does not allow is refused by every node alike.
        if let Ok(conf_state) = self.raw.apply_conf_change(&raft_change) {
            for step in &change.steps {
                if let Step::AddVoter(replica) | Step::AddLearner(replica) = step {
                    self.members.replicas.insert(replica.raft_id(), *replica);
                }
                if let Step::AddVoter(replica) = step {
                    self.members.barred.remove(&replica.raft_id());
                }
            }
            self.members.barred.extend(change.barred);
            self.members.set_conf_state(conf_state);
            self.members_since.push((entry.index, self.members.clone()));
        }
        if self.raw.raft.state == StateRole::Leader && self.raw.raft.prs().get(self.id).is_none() {
            // The Raft library cannot lead a quorum that it is no member of.
            let term = self.raw.raft.term;
            self.raw.raft.become_follower(term, INVALID_ID);
        }
        Ok(())
    }

    fn send(&mut self, message: Message) {
        if !travels(message.get_msg_type()) {
            return;
        }
        let Some(to) = self.replica_of(message.to) else { return };
        if message.get_msg_type() == raft::eraftpb::MessageType::MsgSnapshot {
            self.note_snapshot_sent(message.to);
        }
        let envelope = Envelope {
            cluster_id: self.cluster_id.clone(),
            from: self.replica,
            to_node: to.node,
            to_directory: to.directory,
            body: Body::Raft(Box::new(message)),
        };
        self.post(to.node, envelope.encode());
    }

    pub(crate) fn post(&mut self, to: stream_types::NodeId, bytes: Bytes) {
        self.pending.messages.push((to, bytes));
    }

    fn tell_leadership(&mut self) {
        let leadership = self.leadership();
        if self.told != Some(leadership) {
            self.told = Some(leadership);
            self.pending.leadership = Some(leadership);
        }
    }

    /// Who leads, as of what has been handed out.
    pub fn leadership(&self) -> Leadership {
        let raft = &self.raw.raft;
        let epoch = LeaderEpoch(raft.term as i32);
        if raft.state == StateRole::Leader {
            if raft.apply_to_current_term() {
                return Leadership::Leading { epoch };
            }
            return Leadership::Following { leader: None, epoch };
        }
        let leader = self.replica_of(raft.leader_id).map(|replica| replica.node);
        Leadership::Following { leader, epoch }
    }
}
