//! A log directory: the files that say whose it is and how it was left.

use std::io;
use std::path::{Path, PathBuf};

use stream_types::{NodeId, PartitionIndex, TopicPartition, Uuid};

use crate::disk::{Disk, DiskLock};
use crate::error::{Context, LogError};

/// Held by the process that uses the directory.
pub const LOCK: &str = ".lock";
/// There after a clean shutdown.
pub const CLEAN_SHUTDOWN: &str = ".kafka_cleanshutdown";
/// Whose directory it is.
pub const META_PROPERTIES: &str = "meta.properties";

const FILE_BYTES_MAX: usize = 64 * 1024;

/// The content of `meta.properties`, version 1 (KIP-631).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MetaProperties {
    /// The cluster's id, as text: older clusters may have any.
    pub cluster_id: String,
    /// The node's id.
    pub node_id: NodeId,
    /// The directory's id (KIP-858), if it has one.
    pub directory_id: Option<Uuid>,
}

/// Locks a log directory for this process, creating it if need be.
pub fn lock(disk: &dyn Disk, log_dir: &Path) -> Result<Box<dyn DiskLock>, LogError> {
    disk.create_dir(log_dir).context("create", log_dir)?;
    if let Some(parent) = log_dir.parent() {
        disk.sync_dir(parent).context("sync", parent)?;
    }
    let path = log_dir.join(LOCK);
    match disk.lock(&path) {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Err(LogError::Locked { path }),
        other => Ok(other.context("lock", &path)?),
    }
}

/// Reads `meta.properties`; `None` if the directory is not formatted.
pub fn read_meta_properties(disk: &dyn Disk, log_dir: &Path) -> Result<Option<MetaProperties>, LogError> {
    let path = log_dir.join(META_PROPERTIES);
    let bytes = match disk.read(&path, FILE_BYTES_MAX) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context("read", &path)?,
    };
    let malformed = |reason: &str| LogError::Malformed { path: path.clone(), reason: reason.to_owned() };
    let text = String::from_utf8(bytes).map_err(|_| malformed("not text"))?;
    let value = |key: &str| {
        let mut entries = text.lines().filter(|line| !line.trim_start().starts_with('#'));
        entries.find_map(|line| {
            let (name, value) = line.split_once('=')?;
            (name.trim() == key).then(|| value.trim().replace("\\:", ":").replace("\\=", "="))
        })
    };
    match value("version").as_deref() {
        Some("1") => {}
        Some("0") => return Err(malformed("version 0 is of a ZooKeeper cluster")),
        _ => return Err(malformed("version is not 1")),
    }
    let node_id = value("node.id").and_then(|id| id.parse().ok()).ok_or_else(|| malformed("no node.id"))?;
    let directory_id = match value("directory.id") {
        Some(id) => Some(id.parse().map_err(|_| malformed("directory.id is not an id"))?),
        None => None,
    };
    let cluster_id = value("cluster.id").ok_or_else(|| malformed("no cluster.id"))?;
    Ok(Some(MetaProperties { cluster_id, node_id: NodeId(node_id), directory_id }))
}

/// Replaces `meta.properties`, durably.
pub fn write_meta_properties(disk: &dyn Disk, log_dir: &Path, meta: &MetaProperties) -> Result<(), LogError> {
    let mut text = format!("#\nversion=1\ncluster.id={}\nnode.id={}\n", meta.cluster_id, meta.node_id);
    if let Some(id) = meta.directory_id {
        text.push_str(&format!("directory.id={id}\n"));
    }
    let path = log_dir.join(META_PROPERTIES);
    Ok(disk.replace(&path, text.as_bytes()).context("replace", &path)?)
}

/// Whether the directory was shut down cleanly. The marker is removed, durably, so that a crash from now on
/// is known as one: call it before a log is opened.
pub fn take_clean_shutdown(disk: &dyn Disk, log_dir: &Path) -> Result<bool, LogError> {
    let path = log_dir.join(CLEAN_SHUTDOWN);
    match disk.remove(&path) {
        Ok(()) => {
            disk.sync_dir(log_dir).context("sync", log_dir)?;
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error).context("remove", &path)?,
    }
}

/// Marks the directory as shut down cleanly: after every log is closed and its end is in the recovery point
/// checkpoint. `broker_epoch` is the epoch that the controller gave, -1 if unknown (KIP-966).
pub fn write_clean_shutdown(disk: &dyn Disk, log_dir: &Path, broker_epoch: i64) -> Result<(), LogError> {
    let path = log_dir.join(CLEAN_SHUTDOWN);
    let text = format!("{{\"version\":0,\"brokerEpoch\":{broker_epoch}}}");
    Ok(disk.replace(&path, text.as_bytes()).context("replace", &path)?)
}

/// The partitions of a log directory and their directories, sorted.
pub fn partitions(disk: &dyn Disk, log_dir: &Path) -> Result<Vec<(TopicPartition, PathBuf)>, LogError> {
    let mut partitions = Vec::new();
    for entry in disk.list(log_dir).context("list", log_dir)? {
        if let Some(partition) = parse_partition_dir(&entry.name).filter(|_| entry.is_dir) {
            partitions.push((partition, log_dir.join(entry.name)));
        }
    }
    partitions.sort();
    Ok(partitions)
}

/// The directory of a partition. Topic names are checked where topics are created; here a name that would
/// leave the directory is a bug.
pub fn partition_dir(log_dir: &Path, partition: &TopicPartition) -> PathBuf {
    assert!(is_topic_name(&partition.topic), "a topic's name names a directory");
    log_dir.join(partition.to_string())
}

/// The partition that a directory's name says, if it says one.
pub fn parse_partition_dir(name: &str) -> Option<TopicPartition> {
    let (topic, partition) = name.rsplit_once('-')?;
    let is_number = !partition.is_empty() && partition.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || !is_topic_name(topic) || topic == "__cluster_metadata" {
        return None;
    }
    Some(TopicPartition::new(topic, PartitionIndex(partition.parse().ok()?)))
}

fn is_topic_name(topic: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !matches!(topic, "" | "." | "..") && topic.bytes().all(is_allowed)
}

/// Removes directories of deleted partitions that a crash has left.
pub fn remove_deleted(disk: &dyn Disk, log_dir: &Path) -> Result<usize, LogError> {
    let mut count = 0;
    for entry in disk.list(log_dir).context("list", log_dir)? {
        if entry.is_dir && entry.name.ends_with("-delete") && entry.name.contains('.') {
            let path = log_dir.join(entry.name);
            disk.remove_dir_all(&path).context("remove", &path)?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{self, Checkpoint};
    use crate::disk::file::FileDisk;
    use crate::scratch::Scratch;
    use stream_types::Offset;

    #[test]
    fn small_files_are_read_back() {
        let scratch = Scratch::new();
        let dir = scratch.path();
        assert_eq!(read_meta_properties(&FileDisk, dir).expect("none"), None);
        let meta = MetaProperties {
            cluster_id: "abc-DEF_1234567890abcd".to_owned(),
            node_id: NodeId(1),
            directory_id: Some(Uuid([9; 16])),
        };
        write_meta_properties(&FileDisk, dir, &meta).expect("writes");
        assert_eq!(read_meta_properties(&FileDisk, dir).expect("reads"), Some(meta));
        let mut offsets = Checkpoint::new();
        assert_eq!(checkpoint::read(&FileDisk, dir, checkpoint::LOG_START).expect("none"), offsets);
        offsets.insert(TopicPartition::new("a-b.c", PartitionIndex(12)), Offset(1 << 40));
        offsets.insert(TopicPartition::new("z", PartitionIndex(0)), Offset(0));
        checkpoint::write(&FileDisk, dir, checkpoint::LOG_START, &offsets).expect("writes");
        assert_eq!(checkpoint::read(&FileDisk, dir, checkpoint::LOG_START).expect("reads"), offsets);
        std::fs::write(dir.join(checkpoint::LOG_START), "0\n2\na 0 1\n").expect("writes");
        assert!(matches!(checkpoint::read(&FileDisk, dir, checkpoint::LOG_START), Err(LogError::Malformed { .. })));
    }

    #[test]
    fn a_clean_shutdown_is_believed_once() {
        let scratch = Scratch::new();
        assert!(!take_clean_shutdown(&FileDisk, scratch.path()).expect("looks"));
        write_clean_shutdown(&FileDisk, scratch.path(), 7).expect("writes");
        assert!(take_clean_shutdown(&FileDisk, scratch.path()).expect("takes"));
        assert!(!take_clean_shutdown(&FileDisk, scratch.path()).expect("looks"));
    }

    #[test]
    fn a_directory_has_one_user() {
        let scratch = Scratch::new();
        let dir = scratch.path().join("data");
        let held = lock(&FileDisk, &dir).expect("free");
        assert!(matches!(lock(&FileDisk, &dir), Err(LogError::Locked { .. })));
        drop(held);
        lock(&FileDisk, &dir).expect("free again");
    }

    #[test]
    fn partitions_are_told_by_their_names() {
        let parse = |name| parse_partition_dir(name).map(|partition| (partition.topic, partition.partition.0));
        assert_eq!(parse("a-b-12"), Some(("a-b".to_owned(), 12)));
        assert_eq!(parse("__consumer_offsets-49"), Some(("__consumer_offsets".to_owned(), 49)));
        for name in
            ["plain", "-1", "..-1", "a/b-1", "a-", "a-x", "t-0.0123-delete", "hanzo-metadata", "__cluster_metadata-0"]
        {
            assert_eq!(parse(name), None, "{name}");
        }
        let scratch = Scratch::new();
        for name in ["b-0", "a-1", "a-0.00ff-delete", "hanzo-metadata"] {
            std::fs::create_dir(scratch.path().join(name)).expect("creates");
        }
        assert_eq!(remove_deleted(&FileDisk, scratch.path()).expect("removes"), 1);
        let found = partitions(&FileDisk, scratch.path()).expect("lists");
        let names: Vec<_> = found.iter().map(|(partition, _)| partition.to_string()).collect();
        assert_eq!(names, ["a-1", "b-0"]);
    }
}
