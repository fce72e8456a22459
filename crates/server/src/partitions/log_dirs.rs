//! Which log directory holds which partition, and what the last shutdown noted of them.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use stream_log::checkpoint::{self, Checkpoint, LOG_START, RECOVERY_POINT, REPLICATION};
use stream_log::disk::Disk;
use stream_log::{LogError, log_dir};
use stream_types::{Offset, TopicPartition};

use super::partition::Partition;
use crate::data_dir::DataDir;

/// Where a partition's log is, and what is known of it before it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) exists: bool,
    pub(crate) clean: bool,
    pub(crate) recovery_point: Offset,
    pub(crate) log_start: Offset,
}

#[derive(Debug)]
struct OneDir {
    path: PathBuf,
    clean: bool,
    recovery_points: Checkpoint,
    log_starts: Checkpoint,
    partition_count: usize,
}

/// The log directories of this broker.
#[derive(Debug)]
pub(crate) struct LogDirs {
    disk: Arc<dyn Disk>,
    dirs: Vec<OneDir>,
    /// Partitions that exist, and the index of their directory.
    found: HashMap<TopicPartition, usize>,
}

impl LogDirs {
    /// Looks into every log directory, and takes away the mark of a clean shutdown: from now on a
    /// crash is known as one.
    ///
    /// # Errors
    /// When one cannot be read, or the mark cannot be removed.
    pub(crate) fn load(disk: &Arc<dyn Disk>, data_dir: &DataDir) -> Result<LogDirs, LogError> {
        let mut dirs = Vec::new();
        let mut found = HashMap::new();
        for (index, dir) in data_dir.log_dirs.iter().enumerate() {
            let path = dir.path.clone();
            log_dir::remove_deleted(&**disk, &path)?;
            let partitions = log_dir::partitions(&**disk, &path)?;
            let partition_count = partitions.len();
            found.extend(partitions.into_iter().map(|(partition, _)| (partition, index)));
            dirs.push(OneDir {
                clean: log_dir::take_clean_shutdown(&**disk, &path)?,
                recovery_points: checkpoint::read(&**disk, &path, RECOVERY_POINT)?,
                log_starts: checkpoint::read(&**disk, &path, LOG_START)?,
                path,
                partition_count,
            });
        }
        Ok(LogDirs { disk: Arc::clone(disk), dirs, found })
    }

    /// Where the partition is, or is to be created: in the directory with the fewest.
    pub(crate) fn place(&mut self, id: &TopicPartition) -> Place {
        let known = self.found.get(id).copied();
        let index = known.unwrap_or_else(|| {
            let fewest = self.dirs.iter().enumerate().min_by_key(|(_, dir)| dir.partition_count);
            fewest.map_or(0, |(index, _)| index)
        });
        let dir = &mut self.dirs[index];
        if known.is_none() {
            dir.partition_count += 1;
            self.found.insert(id.clone(), index);
        }
        Place {
            dir: log_dir::partition_dir(&dir.path, id),
            exists: known.is_some(),
            clean: dir.clean,
            recovery_point: dir.recovery_points.get(id).copied().unwrap_or(Offset::ZERO),
            log_start: dir.log_starts.get(id).copied().unwrap_or(Offset::ZERO),
        }
    }

    /// The partition's topic is deleted.
    pub(crate) fn forget(&mut self, id: &TopicPartition) {
        if let Some(index) = self.found.remove(id) {
            let dir = &mut self.dirs[index];
            dir.partition_count -= 1;
            dir.recovery_points.remove(id);
            dir.log_starts.remove(id);
        }
    }

    /// Notes how far each log is durable and where it starts, so that the next start has less to read.
    ///
    /// # Errors
    /// When the disk refuses; the notes of last time then stand.
    pub(crate) fn write_checkpoints(&mut self, partitions: &[Arc<Partition>]) -> Result<(), LogError> {
        let mut high_watermarks: Vec<Checkpoint> = self.dirs.iter().map(|_| Checkpoint::new()).collect();
        for partition in partitions {
            let (Some(reader), Some(&index)) = (partition.reader(), self.found.get(&partition.id)) else { continue };
            let dir = &mut self.dirs[index];
            dir.recovery_points.insert(partition.id.clone(), reader.synced_offset());
            dir.log_starts.insert(partition.id.clone(), reader.log_start());
            high_watermarks[index].insert(partition.id.clone(), reader.high_watermark());
        }
        for (dir, high_watermarks) in self.dirs.iter().zip(high_watermarks) {
            checkpoint::write(&*self.disk, &dir.path, RECOVERY_POINT, &dir.recovery_points)?;
            checkpoint::write(&*self.disk, &dir.path, LOG_START, &dir.log_starts)?;
            checkpoint::write(&*self.disk, &dir.path, REPLICATION, &high_watermarks)?;
        }
        Ok(())
    }

    /// Closes every log, writes the checkpoints and marks the directories as shut down cleanly.
    ///
    /// # Errors
    /// When the disk refuses; the next start then recovers.
    pub(crate) fn close(&mut self, partitions: &[Arc<Partition>], broker_epoch: i64) -> Result<(), LogError> {
        let mut unopened = Vec::new();
        for partition in partitions {
            match partition.take_log() {
                Some(log) => {
                    log.close()?;
                }
                None => unopened.extend(self.found.get(&partition.id)),
            }
        }
        self.write_checkpoints(partitions)?;
        for (index, dir) in self.dirs.iter().enumerate() {
            // What could not be opened must be examined again, not trusted.
            if unopened.contains(&index) {
                continue;
            }
            log_dir::write_clean_shutdown(&*self.disk, &dir.path, broker_epoch)?;
        }
        Ok(())
    }
}
