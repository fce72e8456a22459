//! Takes possession of the data directories: one lock each, one `meta.properties` each, all of the same cluster and node.
//!
//! - Whatever is wrong is said before anything is written into a directory that has data.
//! - An empty directory is formatted: its `meta.properties` is there whole or not at all, and durable before anything
//!   else is written beside it.
//! - The cluster id is that of the directories; a new cluster takes the one that was given, or a random one.

mod meta_properties;

use std::io;
use std::path::{Path, PathBuf};

use stream_log::disk::file::FileDisk;
use stream_log::disk::{Disk, DiskLock};
use stream_types::{NodeId, Uuid};

use crate::clock;
use crate::config::ServerConfig;
use meta_properties::MetaProperties;

const META_PROPERTIES: &str = "meta.properties";
const LOCK: &str = ".lock";
const METADATA_DIR: &str = "hanzo-metadata";
const KAFKA_METADATA_DIR: &str = "__cluster_metadata-0";
const META_BYTES_MAX: usize = 64 * 1024;

/// The data directories of this process, for as long as the value lives.
#[derive(Debug)]
pub(crate) struct DataDir {
    /// The cluster that the directories belong to.
    pub(crate) cluster_id: String,
    /// The id of the first directory, which also holds the metadata log.
    pub(crate) directory_id: Uuid,
    /// In the order of `log.dirs`; never empty.
    pub(crate) log_dirs: Vec<LogDir>,
    /// Whether the cluster id was made or taken just now.
    pub(crate) is_new: bool,
}

/// One of `log.dirs`.
#[derive(Debug)]
pub(crate) struct LogDir {
    /// The directory.
    pub(crate) path: PathBuf,
    /// `directory.id` (KIP-858).
    pub(crate) id: Uuid,
    _lock: Box<dyn DiskLock>,
}

impl DataDir {
    /// The ids of all directories, in the order of `log.dirs`.
    pub(crate) fn directory_ids(&self) -> Vec<Uuid> {
        self.log_dirs.iter().map(|dir| dir.id).collect()
    }
}

/// Why the data directories cannot be used; the process exits with 2.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataDirError {
    #[error(
        "data directory {} is in use by another process; stop that one, or give this one another with --data-dir",
        dir.display()
    )]
    InUse { dir: PathBuf },
    #[error("cannot {action} data directory {}: {error}; make it writable, or choose another with --data-dir", dir.display())]
    Unusable { dir: PathBuf, action: &'static str, error: io::Error },
    #[error(
        "data directory {} belongs to cluster {found}, not to {wanted}; choose another with --data-dir, or ask for cluster {found}",
        dir.display()
    )]
    OtherCluster { dir: PathBuf, found: String, wanted: String },
    #[error(
        "data directory {} belongs to node {found}, not to node {wanted}; choose another with --data-dir, or set node.id={found}",
        dir.display()
    )]
    OtherNode { dir: PathBuf, found: NodeId, wanted: NodeId },
    #[error("data directory {} cannot be trusted: {problem}; restore it, or choose another with --data-dir", dir.display())]
    Suspect { dir: PathBuf, problem: String },
    #[error(
        "data directory {} is that of an Apache Kafka node; 'hanzo-stream adopt' takes it over, or choose another with --data-dir",
        dir.display()
    )]
    ApacheKafka { dir: PathBuf },
}

/// Locks and checks every directory of `log.dirs`, and formats those that are empty.
///
/// # Errors
/// When a directory cannot be used; directories that have data are unchanged then.
pub(crate) fn open(config: &ServerConfig) -> Result<DataDir, DataDirError> {
    let wanted =
        Wanted { node_id: config.node_id, cluster_id: config.cluster_id.clone(), dirs: config.log_dirs.clone() };
    open_on(&FileDisk, &wanted, &mut || Uuid::from_random(clock::random_16()))
}

/// What the configuration asks for.
#[derive(Debug)]
struct Wanted {
    node_id: NodeId,
    cluster_id: Option<String>,
    dirs: Vec<PathBuf>,
}

/// A directory that is locked and, unless it has to be formatted, identified.
#[derive(Debug)]
struct Candidate {
    path: PathBuf,
    lock: Box<dyn DiskLock>,
    meta: Option<MetaProperties>,
}

fn open_on(disk: &dyn Disk, wanted: &Wanted, new_id: &mut dyn FnMut() -> Uuid) -> Result<DataDir, DataDirError> {
    // Directories that exist are looked at before a missing one is made.
    let (existing, missing): (Vec<_>, Vec<_>) = wanted.dirs.iter().partition(|dir| exists(disk, dir));
    let mut candidates = Vec::new();
    for dir in existing {
        candidates.push(inspect(disk, dir)?);
    }
    let known = check(wanted, &candidates)?;
    for dir in missing {
        disk.create_dir(dir).map_err(unusable(dir, "create"))?;
        if let Some(parent) = dir.parent() {
            disk.sync_dir(parent).map_err(unusable(dir, "create"))?;
        }
        candidates.push(inspect(disk, dir)?);
    }
    let is_new = known.is_none();
    let cluster_id = known.or_else(|| wanted.cluster_id.clone()).unwrap_or_else(|| new_id().to_string());
    let mut log_dirs = Vec::new();
    for path in &wanted.dirs {
        let Some(index) = candidates.iter().position(|candidate| candidate.path == *path) else { continue };
        let Candidate { path, lock, meta } = candidates.swap_remove(index);
        let id = match meta.as_ref().and_then(|meta| meta.directory_id) {
            Some(id) => id,
            None => {
                let id = new_id();
                let meta =
                    MetaProperties { cluster_id: cluster_id.clone(), node_id: wanted.node_id, directory_id: Some(id) };
                disk.replace(&path.join(META_PROPERTIES), meta.to_text().as_bytes())
                    .map_err(unusable(&path, "format"))?;
                id
            }
        };
        log_dirs.push(LogDir { path, id, _lock: lock });
    }
    Ok(DataDir { cluster_id, directory_id: log_dirs[0].id, log_dirs, is_new })
}

fn exists(disk: &dyn Disk, dir: &Path) -> bool {
    !matches!(disk.list(dir), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Locks a directory and reads what it says about itself.
fn inspect(disk: &dyn Disk, dir: &Path) -> Result<Candidate, DataDirError> {
    let entries = disk.list(dir).map_err(unusable(dir, "list"))?;
    let lock = disk.lock(&dir.join(LOCK)).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => DataDirError::InUse { dir: dir.to_owned() },
        _ => unusable(dir, "lock")(error),
    })?;
    let suspect = |problem| DataDirError::Suspect { dir: dir.to_owned(), problem };
    let meta = match disk.read(&dir.join(META_PROPERTIES), META_BYTES_MAX) {
        Ok(bytes) => Some(MetaProperties::parse(&bytes).map_err(suspect)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(dir, "read meta.properties of")(error)),
    };
    let has = |name: &str| entries.iter().any(|entry| entry.is_dir && entry.name == name);
    if has(KAFKA_METADATA_DIR) && !has(METADATA_DIR) {
        return Err(DataDirError::ApacheKafka { dir: dir.to_owned() });
    }
    let log = entries.iter().find(|entry| entry.is_dir && (entry.name == METADATA_DIR || is_partition(&entry.name)));
    if let (None, Some(log)) = (&meta, log) {
        return Err(suspect(format!("it holds {} but no meta.properties", log.name.escape_debug())));
    }
    Ok(Candidate { path: dir.to_owned(), lock, meta })
}

fn is_partition(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(topic, number)| !topic.is_empty() && number.parse::<u32>().is_ok())
}

/// Whether all directories are of this node and of one cluster, which is returned if there is one.
fn check(wanted: &Wanted, candidates: &[Candidate]) -> Result<Option<String>, DataDirError> {
    let mut cluster_id = wanted.cluster_id.clone();
    let mut directory_ids: Vec<Uuid> = Vec::new();
    let mut formatted = false;
    for Candidate { path, meta, .. } in candidates {
        let Some(meta) = meta else { continue };
        formatted = true;
        match &cluster_id {
            Some(wanted) if *wanted != meta.cluster_id => {
                let (found, wanted) = (meta.cluster_id.clone(), wanted.clone());
                return Err(DataDirError::OtherCluster { dir: path.clone(), found, wanted });
            }
            _ => cluster_id = Some(meta.cluster_id.clone()),
        }
        if meta.node_id != wanted.node_id {
            let (found, wanted) = (meta.node_id, wanted.node_id);
            return Err(DataDirError::OtherNode { dir: path.clone(), found, wanted });
        }
        if let Some(id) = meta.directory_id {
            if directory_ids.contains(&id) {
                let problem = format!("its directory.id {id} is also that of another directory");
                return Err(DataDirError::Suspect { dir: path.clone(), problem });
            }
            directory_ids.push(id);
        }
    }
    Ok(cluster_id.filter(|_| formatted))
}

fn unusable(dir: &Path, action: &'static str) -> impl FnOnce(io::Error) -> DataDirError {
    move |error| DataDirError::Unusable { dir: dir.to_owned(), action, error }
}

#[cfg(test)]
mod tests;
