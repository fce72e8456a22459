//! What is in the log directories, and what an adoption would make of it. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};

use stream_log::disk::{Disk, DiskLock};
use stream_log::{LogError, log_dir, read_topic_id};
use stream_metadata::adoption::{Adoption, HeldPartition, Holdings};
use stream_types::{NodeId, TopicPartition, Uuid};

use super::error::{AdoptError, io_error};
use super::kafka_files::{ReadMetadata, read_metadata};
use super::state_topics::StateTopics;
use super::{KAFKA_METADATA_DIR, METADATA_DIR};

const LOCK: &str = ".lock";
const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";

/// One of the node's log directories.
#[derive(Debug)]
pub(crate) struct KafkaDir {
    pub(crate) path: PathBuf,
    /// Directories of Kafka before 3.7 have none.
    pub(crate) id: Option<Uuid>,
    pub(crate) clean: bool,
    /// Partitions and their directories.
    pub(crate) partitions: Vec<(TopicPartition, PathBuf)>,
    /// Logs that were on the way from another directory.
    pub(crate) moves: Vec<String>,
}

/// What was found.
#[derive(Debug)]
pub(crate) struct Survey {
    pub(crate) cluster_id: String,
    pub(crate) node_id: NodeId,
    /// The one with the metadata log first.
    pub(crate) dirs: Vec<KafkaDir>,
    pub(crate) read: ReadMetadata,
    pub(crate) state: StateTopics,
    pub(crate) adoption: Adoption,
    _locks: Vec<Box<dyn DiskLock>>,
}

impl Survey {
    /// Looks into every directory, which stays locked as long as the value lives.
    pub(crate) fn of(disk: &dyn Disk, paths: &[PathBuf]) -> Result<Survey, AdoptError> {
        let mut locks = Vec::new();
        for path in paths {
            locks.extend(lock_existing(disk, path)?);
        }
        Survey::of_locked(disk, paths, locks)
    }

    /// As [`Survey::of`], where the caller holds the locks.
    pub(crate) fn of_locked(
        disk: &dyn Disk,
        paths: &[PathBuf],
        locks: Vec<Box<dyn DiskLock>>,
    ) -> Result<Survey, AdoptError> {
        let mut identity: Option<(String, NodeId)> = None;
        let mut dirs = Vec::new();
        for path in paths {
            let (cluster_id, node_id, dir) = look_into(disk, path)?;
            let (cluster, node) = identity.get_or_insert((cluster_id.clone(), node_id));
            if (&*cluster, *node) != (&cluster_id, node_id) {
                let problem =
                    format!("it is of node {node_id} of cluster {cluster_id}, the first of node {node} of {cluster}");
                return Err(AdoptError::NotKafka { dir: path.clone(), problem });
            }
            dirs.push(dir);
        }
        let (cluster_id, node_id) = identity.ok_or_else(|| not_kafka(Path::new("."), "no directory was named"))?;
        let has_metadata = |dir: &KafkaDir| exists(disk, &dir.path.join(KAFKA_METADATA_DIR));
        let first = dirs.iter().position(has_metadata).ok_or_else(|| {
            not_kafka(&paths[0], "it has no metadata log (__cluster_metadata-0), as only Kafka in KRaft mode writes it")
        })?;
        // Ours lies in the first directory, too.
        dirs.swap(0, first);
        let read = read_metadata(disk, &dirs[0].path, &cluster_id)?;
        let holdings = holdings(disk, node_id, &dirs)?;
        let mut adoption = Adoption::decide(&read.metadata, &holdings);
        let state = StateTopics::read(disk, &dirs)?;
        state.judge(&mut adoption);
        judge(&dirs, &read, &state, &mut adoption);
        if adoption.refused.is_empty() {
            let contradiction = |source| AdoptError::Contradiction { dir: dirs[0].path.clone(), source };
            adoption.image(&cluster_id).map_err(contradiction)?;
        }
        Ok(Survey { cluster_id, node_id, dirs, read, state, adoption, _locks: locks })
    }

    /// The log directory that has the metadata log.
    pub(crate) fn metadata_dir(&self) -> &Path {
        &self.dirs[0].path
    }
}

/// What the directories themselves say about an adoption.
fn judge(dirs: &[KafkaDir], read: &ReadMetadata, state: &StateTopics, adoption: &mut Adoption) {
    for dir in dirs.iter().filter(|dir| !dir.clean) {
        adoption.changed.push(format!(
            "Kafka did not stop cleanly in {}: the first start reads its logs again and cuts off what a crash tore",
            dir.path.display(),
        ));
    }
    if dirs.iter().any(|dir| !dir.clean) && state.transactional_ids() > 0 {
        adoption.refused.push(
            "Kafka did not stop cleanly and has transactions, of which the last may not be noted in the indexes; start and \
             stop it once more"
                .to_owned(),
        );
    }
    for name in dirs.iter().flat_map(|dir| &dir.moves) {
        adoption.changed.push(format!("the move of a log to another directory ends: {name}"));
    }
    if read.torn_bytes > 0 {
        adoption
            .changed
            .push(format!("{} bytes of a torn batch at the end of the metadata log are cut off", read.torn_bytes));
    }
    if dirs.len() > 1 {
        adoption.changed.push(format!("{} has to be the first of log.dirs from now on", dirs[0].path.display()));
    }
}

/// The directory of `dirs` that is adopted already.
pub(crate) fn adopted_before(disk: &dyn Disk, dirs: &[PathBuf]) -> Result<Option<PathBuf>, AdoptError> {
    for dir in dirs {
        if exists(disk, &dir.join(METADATA_DIR)) {
            return Ok(Some(dir.clone()));
        }
    }
    Ok(None)
}

/// Locks a log directory against Kafka and ourselves.
pub(crate) fn lock(disk: &dyn Disk, dir: &Path) -> Result<Box<dyn DiskLock>, AdoptError> {
    disk.lock(&dir.join(LOCK)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => AdoptError::InUse { dir: dir.to_owned() },
        _ => io_error("lock", dir)(error),
    })
}

/// As [`lock`]; where there is no lock file nobody runs, and none is made.
fn lock_existing(disk: &dyn Disk, dir: &Path) -> Result<Option<Box<dyn DiskLock>>, AdoptError> {
    match disk.file_len(&dir.join(LOCK)) {
        Ok(_) => lock(disk, dir).map(Some),
        Err(_) => Ok(None),
    }
}

fn look_into(disk: &dyn Disk, path: &Path) -> Result<(String, NodeId, KafkaDir), AdoptError> {
    let entries = match disk.list(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(not_kafka(path, "it does not exist")),
        Err(error) => return Err(io_error("list", path)(error)),
    };
    let meta = match log_dir::read_meta_properties(disk, path) {
        Ok(Some(meta)) => meta,
        Ok(None) => return Err(not_kafka(path, "it has no meta.properties")),
        Err(LogError::Malformed { reason, .. }) => {
            return Err(not_kafka(path, &format!("its meta.properties: {reason}")));
        }
        Err(error) => return Err(error.into()),
    };
    let moves = entries.iter().filter(|entry| entry.is_dir && entry.name.ends_with("-future"));
    let dir = KafkaDir {
        path: path.to_owned(),
        id: meta.directory_id,
        clean: entries.iter().any(|entry| entry.name == CLEAN_SHUTDOWN),
        partitions: log_dir::partitions(disk, path)?,
        moves: moves.map(|entry| entry.name.clone()).collect(),
    };
    Ok((meta.cluster_id, meta.node_id, dir))
}

fn holdings(disk: &dyn Disk, node: NodeId, dirs: &[KafkaDir]) -> Result<Holdings, AdoptError> {
    let mut partitions = BTreeMap::new();
    for dir in dirs {
        for (place, path) in &dir.partitions {
            let held = HeldPartition { topic_id: read_topic_id(disk, path)?, directory: dir.id.unwrap_or_default() };
            if partitions.insert(place.clone(), held).is_some() {
                let reason = format!("{place} is in two of its directories");
                return Err(AdoptError::Refused { dir: dir.path.clone(), reason });
            }
        }
    }
    let directories: BTreeSet<Uuid> = dirs.iter().map(|dir| dir.id.unwrap_or_default()).collect();
    Ok(Holdings { node, directories, partitions })
}

fn exists(disk: &dyn Disk, dir: &Path) -> bool {
    disk.list(dir).is_ok()
}

fn not_kafka(dir: &Path, problem: &str) -> AdoptError {
    AdoptError::NotKafka { dir: dir.to_owned(), problem: problem.to_owned() }
}
