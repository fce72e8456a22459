//! Opening: recover what is on disk, or start empty.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use raft::eraftpb::HardState;
use raft::{Config, RawNode};
use stream_log::disk::Disk;
use stream_types::{Monotonic, Now};

use super::snapshot::ENTRIES_KEPT;
use super::{Effects, InstalledSnapshot, Node, NodeConfig};
use crate::checkpoint::{Checkpoint, SnapshotId};
use crate::election_timer::{ELECTION_TICKS, ElectionTimer, HEARTBEAT_TICKS};
use crate::entry;
use crate::error::QuorumError;
use crate::founding::Founding;
use crate::journal::{Journal, Recovered};
use crate::quorum_state::QuorumState;
use crate::replica::Replica;
use crate::state_files::StateFiles;
use crate::storage::{EntryStorage, Position};

/// Largest append message (bytes); one larger entry still travels alone.
const APPEND_BYTES_MAX: u64 = 1024 * 1024;
/// Append messages on their way to one follower.
const APPENDS_IN_FLIGHT_MAX: usize = 64;
/// Bytes proposed but not committed.
const UNCOMMITTED_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Entries that a log without `quorum-state` may hold: a founding cut short before its first sync.
const FOUNDING_ENTRIES: usize = 2;

impl Node {
    /// Opens the metadata log in `dir`, which is created if there is none.
    ///
    /// The newest snapshot, if any, and the committed entries after it are handed out by the first
    /// [`Node::advance`]; a sole voter leads when that returns. `seed` spreads election time-outs:
    /// it should differ between nodes and starts.
    pub fn open(disk: Arc<dyn Disk>, dir: &Path, config: NodeConfig, seed: u64) -> Result<Node, QuorumError> {
        create_dir(&*disk, dir)?;
        let files = Arc::new(StateFiles::new(disk.clone(), dir));
        let checkpoint = newest_checkpoint(&files)?;
        let covered = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.id.index);
        let (mut journal, mut recovered) = Journal::open(disk, dir, covered)?;
        let replica = Replica { node: config.node_id, directory: config.directory_id };
        let written = QuorumState::read(&files)?;
        if written.is_none() && !recovered.is_empty() {
            if recovered.len() > FOUNDING_ENTRIES || recovered[0].index != 1 {
                return Err(QuorumError::VoteLost { entries: recovered.len() as u64 });
            }
            journal.restart_at(1)?;
            recovered.clear();
        }
        let cluster_id = check_owner(written.as_ref(), &config, replica)?;
        let mut storage = EntryStorage::new(files.clone());
        let commit = load_entries(&mut storage, &mut journal, checkpoint.as_ref(), recovered)?;
        storage.hard_state = hard_state(written.as_ref(), &storage, commit)?;
        let members = checkpoint.as_ref().map(|checkpoint| checkpoint.members.clone()).unwrap_or_default();
        let applied = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.id.index);
        let installed_snapshot = checkpoint.map(|checkpoint| InstalledSnapshot {
            index: checkpoint.id.index,
            term: checkpoint.id.term,
            data: checkpoint.data,
        });
        let id = replica.raft_id();
        let founding = Founding::new(config.node_id, &config.voters);
        let mut node = Node {
            raw: raw_node(id, storage, applied)?,
            replica,
            id,
            files,
            journal,
            pending: Effects { installed_snapshot, cluster_id: cluster_id.clone(), ..Effects::default() },
            written,
            cluster_id,
            members,
            members_since: Vec::new(),
            applied,
            last_data: applied,
            timer: ElectionTimer::new(seed ^ id),
            founding,
            founded: false,
            welcomed: false,
            log_removed: None,
            correspondents: BTreeMap::new(),
            contacts: BTreeMap::new(),
            snapshots_sent: BTreeMap::new(),
            told: None,
            now: Now::default(),
            next_tick: Monotonic::default(),
            ticks: 0,
            stopped: false,
            config,
        };
        node.files.hold_ballast();
        node.timer.settle(&mut node.raw);
        Ok(node)
    }

    /// Starts over with another log, as the founder does with the first entry.
    pub(crate) fn restart_raft(&mut self, storage: EntryStorage) -> Result<(), QuorumError> {
        self.raw = raw_node(self.id, storage, self.applied)?;
        self.timer.settle(&mut self.raw);
        Ok(())
    }
}

fn raw_node(id: u64, storage: EntryStorage, applied: u64) -> Result<RawNode<EntryStorage>, QuorumError> {
    let config = Config {
        id,
        election_tick: ELECTION_TICKS,
        heartbeat_tick: HEARTBEAT_TICKS,
        applied,
        max_size_per_msg: APPEND_BYTES_MAX,
        max_inflight_msgs: APPENDS_IN_FLIGHT_MAX,
        check_quorum: true,
        pre_vote: true,
        max_uncommitted_size: UNCOMMITTED_BYTES_MAX,
        ..Config::default()
    };
    let logger = slog::Logger::root(slog::Discard, slog::o!());
    RawNode::new(&config, storage, &logger).map_err(|error| QuorumError::Raft(error.to_string()))
}

fn check_owner(
    written: Option<&QuorumState>,
    config: &NodeConfig,
    replica: Replica,
) -> Result<Option<String>, QuorumError> {
    let Some(written) = written else { return Ok(config.cluster_id.clone()) };
    let foreign = |field, stored: String, configured: String| Err(QuorumError::Foreign { field, stored, configured });
    if written.replica.node != replica.node {
        return foreign("node.id", written.replica.node.to_string(), replica.node.to_string());
    }
    if written.replica.directory != replica.directory {
        return foreign("directory.id", written.replica.directory.to_string(), replica.directory.to_string());
    }
    match (&written.cluster_id, &config.cluster_id) {
        (Some(stored), Some(configured)) if stored != configured => {
            foreign("cluster.id", stored.clone(), configured.clone())
        }
        (Some(stored), _) => Ok(Some(stored.clone())),
        (None, configured) => Ok(configured.clone()),
    }
}

fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<(), QuorumError> {
    let failed = |error| QuorumError::Io { action: "creating", file: dir.display().to_string(), error };
    match disk.list(dir) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    disk.create_dir(dir).map_err(failed)?;
    match dir.parent() {
        Some(parent) if parent != Path::new("") => disk.sync_dir(parent).map_err(failed),
        _ => Ok(()),
    }
}

/// The newest snapshot; a broken one is an error, because the entries before it are gone.
fn newest_checkpoint(files: &StateFiles) -> Result<Option<Checkpoint>, QuorumError> {
    let ids = files.names()?.iter().filter_map(|name| SnapshotId::from_file_name(name)).max();
    ids.map(|id| Checkpoint::read(files, id)).transpose()
}

/// Fills `storage` and returns the highest commit index that the entries speak of.
fn load_entries(
    storage: &mut EntryStorage,
    journal: &mut Journal,
    checkpoint: Option<&Checkpoint>,
    recovered: Vec<Recovered>,
) -> Result<u64, QuorumError> {
    let commit = recovered.iter().map(|entry| entry.commit).max().unwrap_or(0);
    let corrupt = |reason: String| QuorumError::Corrupt { file: "the log".to_owned(), reason };
    let first = recovered.first().map_or(1, |entry| entry.index);
    let mut entries = Vec::new();
    for (position, entry) in recovered.into_iter().enumerate() {
        if entry.index != first + position as u64 {
            return Err(corrupt(format!("entry {} lies where {} belongs", entry.index, first + position as u64)));
        }
        let Recovered { index, term, kind, payload, .. } = entry;
        entries.push(entry::build(index, term, kind, payload).map_err(|error| corrupt(error.to_string()))?);
    }
    let Some(checkpoint) = checkpoint else {
        if first != 1 {
            return Err(corrupt(format!("it starts at index {first}, but there is no snapshot")));
        }
        storage.append(&entries);
        return Ok(commit);
    };
    let SnapshotId { index, term } = checkpoint.id;
    let follows = !entries.is_empty() && first == index + 1;
    let contains = entries.iter().any(|entry| entry.index == index && entry.term == term);
    if follows {
        storage.install(checkpoint.id, checkpoint.members.clone());
        storage.append(&entries);
        return Ok(commit.max(index));
    }
    if !contains {
        // The log ends before the snapshot, or contradicts it: a crash came between the two.
        journal.restart_at(index + 1)?;
        storage.install(checkpoint.id, checkpoint.members.clone());
        return Ok(commit.max(index));
    }
    // The first entry serves as the position before the second.
    if first > 1 {
        let base = entries.remove(0);
        storage.set_base(Position { index: base.index, term: base.term });
    }
    storage.append(&entries);
    storage.set_snapshot(checkpoint.id, checkpoint.members.clone());
    storage.compact(index.saturating_sub(ENTRIES_KEPT));
    Ok(commit.max(index))
}

fn hard_state(
    written: Option<&QuorumState>,
    storage: &EntryStorage,
    entry_commit: u64,
) -> Result<HardState, QuorumError> {
    let last = storage.last();
    let mut hard_state = HardState::default();
    if let Some(written) = written {
        if written.commit > last.index {
            return Err(QuorumError::CommittedLost { last_index: last.index, commit: written.commit });
        }
        hard_state.term = written.term;
        hard_state.vote = written.vote;
        hard_state.commit = written.commit;
    }
    // Entries are synced before the term they brought: nothing was promised in that term yet.
    if last.term > hard_state.term {
        hard_state.term = last.term;
        hard_state.vote = 0;
    }
    hard_state.commit = hard_state.commit.max(entry_commit.min(last.index));
    Ok(hard_state)
}
