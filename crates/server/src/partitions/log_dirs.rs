//! Which log directory holds which partition, and what is noted of them for the next start.
//!
//! Where partitions are is behind a short lock. The notes have another, which is held while they are written, so that
//! of two who write at once the later one's files hold what both know.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_log::checkpoint::{self, CLEANER, Checkpoint, LOG_START, RECOVERY_POINT, REPLICATION};
use stream_log::disk::{Disk, DiskVolume};
use stream_log::{DirHealth, DiskError, Log, LogError, SyncWork, log_dir};
use stream_types::{Offset, TopicPartition, Uuid};
use tokio::sync::Notify;

use super::partition::{Partition, Unsynced};
use super::table::PartitionTable;
use crate::data_dir::DataDir;

/// Where a partition's log is, and what is known of it before it is opened.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) dir: PathBuf,
    pub(crate) exists: bool,
    pub(crate) clean: bool,
    pub(crate) recovery_point: Offset,
    pub(crate) log_start: Offset,
    pub(crate) health: Arc<DirHealth>,
}

/// From this many logs on, the whole volume is synced instead of each file.
pub(crate) const LOGS_WORTH_A_VOLUME_SYNC: usize = 64;

#[derive(Debug)]
struct OneDir {
    path: PathBuf,
    /// `directory.id`.
    id: Uuid,
    /// Was shut down cleanly before this start.
    clean: bool,
    /// Opened at start, so that no write error in between goes unseen.
    volume: Arc<dyn DiskVolume>,
    /// Shared with its logs.
    health: Arc<DirHealth>,
}

/// A partition that exists.
#[derive(Debug, Clone, Copy)]
struct Found {
    dir: usize,
    recovery_point: Offset,
    log_start: Offset,
}

#[derive(Debug, Default)]
struct Places {
    found: HashMap<TopicPartition, Found>,
    /// Partitions in each directory.
    counts: Vec<usize>,
}

/// What the files of one directory say.
#[derive(Debug, Default, Clone, PartialEq)]
struct Notes {
    recovery_points: Checkpoint,
    log_starts: Checkpoint,
    high_watermarks: Checkpoint,
    /// Up to where compaction has come.
    first_dirty: Checkpoint,
}

/// The log directories of this broker.
#[derive(Debug)]
pub(crate) struct LogDirs {
    disk: Arc<dyn Disk>,
    dirs: Vec<OneDir>,
    places: Mutex<Places>,
    notes: Mutex<Vec<Notes>>,
    /// A directory has failed.
    failed: Arc<Notify>,
}

/// A log directory that is offline until restart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FailedDir {
    pub(crate) path: PathBuf,
    /// `directory.id`.
    pub(crate) id: Uuid,
    pub(crate) reason: String,
    /// It also holds the metadata log.
    pub(crate) holds_metadata: bool,
}

impl LogDirs {
    /// Looks into every log directory, and takes away the mark of a clean shutdown: from now on a
    /// crash is known as one.
    ///
    /// # Errors
    /// When one cannot be read, or the mark cannot be removed.
    pub(crate) fn load(disk: &Arc<dyn Disk>, data_dir: &DataDir) -> Result<LogDirs, LogError> {
        let dirs = data_dir.log_dirs.iter().map(|dir| (dir.path.clone(), dir.id)).collect();
        LogDirs::load_from(disk, dirs)
    }

    fn load_from(disk: &Arc<dyn Disk>, paths: Vec<(PathBuf, Uuid)>) -> Result<LogDirs, LogError> {
        let mut dirs = Vec::new();
        let mut places = Places::default();
        let mut all_notes = Vec::new();
        let failed = Arc::new(Notify::new());
        for (index, (path, id)) in paths.into_iter().enumerate() {
            log_dir::remove_deleted(&**disk, &path)?;
            let notes = Notes {
                recovery_points: checkpoint::read(&**disk, &path, RECOVERY_POINT)?,
                log_starts: checkpoint::read(&**disk, &path, LOG_START)?,
                high_watermarks: checkpoint::read(&**disk, &path, REPLICATION)?,
                first_dirty: checkpoint::read(&**disk, &path, CLEANER)?,
            };
            let partitions = log_dir::partitions(&**disk, &path)?;
            places.counts.push(partitions.len());
            for (id, _) in partitions {
                let noted = |offsets: &Checkpoint| offsets.get(&id).copied().unwrap_or(Offset::ZERO);
                let (recovery_point, log_start) = (noted(&notes.recovery_points), noted(&notes.log_starts));
                places.found.insert(id, Found { dir: index, recovery_point, log_start });
            }
            all_notes.push(notes);
            let volume = disk.volume(&path).map_err(|source| DiskError {
                operation: "open the volume of",
                path: path.clone(),
                source: Arc::new(source),
            })?;
            let told = Arc::clone(&failed);
            let health = Arc::new(DirHealth::new(move || told.notify_one()));
            dirs.push(OneDir { clean: log_dir::take_clean_shutdown(&**disk, &path)?, path, id, volume, health });
        }
        Ok(LogDirs { disk: Arc::clone(disk), dirs, places: Mutex::new(places), notes: Mutex::new(all_notes), failed })
    }

    /// Waits until a directory fails that had not failed when this was called last.
    pub(crate) async fn failure(&self) {
        self.failed.notified().await;
    }

    /// The directories that are offline.
    pub(crate) fn offline(&self) -> Vec<FailedDir> {
        let failed = |(index, dir): (usize, &OneDir)| {
            let reason = dir.health.failure()?.to_owned();
            Some(FailedDir { path: dir.path.clone(), id: dir.id, reason, holds_metadata: index == 0 })
        };
        self.dirs.iter().enumerate().filter_map(failed).collect()
    }

    /// The `directory.id` of where the partition is.
    pub(crate) fn directory_of(&self, id: &TopicPartition) -> Option<Uuid> {
        let dir = self.places.lock().found.get(id)?.dir;
        Some(self.dirs[dir].id)
    }

    /// How many directories there are.
    pub(crate) fn count(&self) -> usize {
        self.dirs.len()
    }

    /// Where the partition is, or is to be created: in the directory with the fewest of those that are well.
    pub(crate) fn place(&self, id: &TopicPartition) -> Place {
        let mut places = self.places.lock();
        let known = places.found.get(id).copied();
        let found = known.unwrap_or_else(|| {
            // Where none is well, the process is about to end.
            let is_offline = |index: usize| self.dirs[index].health.failure().is_some();
            let counts = places.counts.iter().enumerate();
            let fewest = counts.min_by_key(|(index, count)| (is_offline(*index), **count));
            let dir = fewest.map_or(0, |(index, _)| index);
            places.counts[dir] += 1;
            let found = Found { dir, recovery_point: Offset::ZERO, log_start: Offset::ZERO };
            places.found.insert(id.clone(), found);
            found
        });
        let dir = &self.dirs[found.dir];
        Place {
            dir: log_dir::partition_dir(&dir.path, id),
            exists: known.is_some(),
            clean: dir.clean,
            recovery_point: found.recovery_point,
            log_start: found.log_start,
            health: Arc::clone(&dir.health),
        }
    }

    /// Syncs logs that were opened together, each directory's at once, and has them lead.
    pub(crate) fn sync_opened(&self, opened: Vec<(Arc<Partition>, Unsynced)>) {
        let mut by_dir: Vec<Vec<_>> = self.dirs.iter().map(|_| Vec::new()).collect();
        for (partition, unsynced) in opened {
            let found = self.places.lock().found.get(&partition.id).map(|found| found.dir);
            // What has no place any more was forgotten meanwhile.
            if let Some(dir) = found {
                by_dir[dir].push((partition, unsynced));
            }
        }
        for (dir, opened) in self.dirs.iter().zip(by_dir).filter(|(_, opened)| !opened.is_empty()) {
            let synced = SyncWork::run_together(opened.iter().map(|(_, unsynced)| &unsynced.work), &*dir.volume);
            if let Err(error) = synced {
                dir.health.fail(&format!("sync {}: {error}", dir.path.display()));
            }
            for (partition, unsynced) in opened {
                match dir.health.failure() {
                    None => partition.lead_synced(unsynced),
                    Some(_) => drop(partition.take_log()),
                }
            }
        }
    }

    /// The partition's topic is deleted. What is noted of it has to go, by [`LogDirs::write_checkpoints`], before a
    /// partition of the same name begins at 0 again.
    pub(crate) fn forget(&self, id: &TopicPartition) {
        let mut places = self.places.lock();
        if let Some(found) = places.found.remove(id) {
            places.counts[found.dir] -= 1;
        }
    }

    /// Puts the directory of a partition aside that belongs to another topic of the same name, `found`: it was deleted,
    /// and a crash was faster than the removal. Kafka calls such a directory stray, and keeps it too. What is noted of it
    /// goes as with [`LogDirs::forget`].
    ///
    /// # Errors
    /// When the disk refuses.
    pub(crate) fn set_aside(&self, id: &TopicPartition, found: Uuid) -> io::Result<PathBuf> {
        let dir = self.place(id).dir;
        let hex: String = found.0.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut aside = dir.as_os_str().to_owned();
        aside.push(format!(".{hex}-stray"));
        let aside = PathBuf::from(aside);
        self.disk.rename(&dir, &aside)?;
        if let Some(parent) = dir.parent() {
            self.disk.sync_dir(parent)?;
        }
        self.forget(id);
        Ok(aside)
    }

    /// Notes how far each log is durable and where it starts, so that the next start has less to read. Files that
    /// would say what they say already are left alone.
    ///
    /// # Errors
    /// When the disk refuses; the notes of last time then stand.
    pub(crate) fn write_checkpoints(&self, table: &PartitionTable) -> Result<(), LogError> {
        self.change_notes(|notes, index_of| {
            for partition in table.all() {
                let (Some(reader), Some(index)) = (partition.reader(), index_of(&partition.id)) else { continue };
                let notes = &mut notes[index];
                notes.recovery_points.insert(partition.id.clone(), reader.synced_offset());
                notes.log_starts.insert(partition.id.clone(), reader.log_start());
                notes.high_watermarks.insert(partition.id.clone(), reader.high_watermark());
            }
        })
    }

    /// Notes where the logs start; DeleteRecords answers after that.
    ///
    /// # Errors
    /// As [`LogDirs::write_checkpoints`].
    pub(crate) fn write_log_starts(&self, table: &PartitionTable) -> Result<(), LogError> {
        self.change_notes(|notes, index_of| {
            for partition in table.all() {
                let (Some(reader), Some(index)) = (partition.reader(), index_of(&partition.id)) else { continue };
                notes[index].log_starts.insert(partition.id.clone(), reader.log_start());
            }
        })
    }

    /// Up to where the partition was compacted.
    pub(crate) fn first_dirty(&self, id: &TopicPartition) -> Offset {
        let Some(found) = self.places.lock().found.get(id).copied() else { return Offset::ZERO };
        self.notes.lock()[found.dir].first_dirty.get(id).copied().unwrap_or(Offset::ZERO)
    }

    /// Notes up to where the partition was compacted.
    ///
    /// # Errors
    /// As [`LogDirs::write_checkpoints`].
    pub(crate) fn write_first_dirty(&self, id: &TopicPartition, first_dirty: Offset) -> Result<(), LogError> {
        self.change_notes(|notes, index_of| {
            if let Some(index) = index_of(id) {
                notes[index].first_dirty.insert(id.clone(), first_dirty);
            }
        })
    }

    fn change_notes(
        &self,
        change: impl FnOnce(&mut [Notes], &dyn Fn(&TopicPartition) -> Option<usize>),
    ) -> Result<(), LogError> {
        let mut notes = self.notes.lock();
        let mut changed = notes.clone();
        // Everything that is read now is at least as new as what another has written: the lock is held.
        let found: HashMap<TopicPartition, usize> =
            self.places.lock().found.iter().map(|(id, found)| (id.clone(), found.dir)).collect();
        change(&mut changed, &|id| found.get(id).copied());
        let mut result = Ok(());
        for ((before, after), dir) in notes.iter_mut().zip(changed).zip(&self.dirs) {
            // What another directory's disk does is no reason to leave the others' notes as they are.
            if let Err(error) = self.write_notes(dir, before, after, &found) {
                result = Err(error);
            }
        }
        result
    }

    fn write_notes(
        &self,
        dir: &OneDir,
        before: &mut Notes,
        after: Notes,
        found: &HashMap<TopicPartition, usize>,
    ) -> Result<(), LogError> {
        if let Some(reason) = dir.health.failure() {
            return Err(LogError::Offline { reason: reason.to_owned() });
        }
        let files = [
            (RECOVERY_POINT, &mut before.recovery_points, after.recovery_points),
            (LOG_START, &mut before.log_starts, after.log_starts),
            (REPLICATION, &mut before.high_watermarks, after.high_watermarks),
            (CLEANER, &mut before.first_dirty, after.first_dirty),
        ];
        for (name, before, mut after) in files {
            after.retain(|id, _| found.contains_key(id));
            if *before != after {
                if let Err(error) = checkpoint::write(&*self.disk, &dir.path, name, &after) {
                    if !error.is_no_space() {
                        dir.health.fail(&error.to_string());
                    }
                    return Err(error);
                }
                *before = after;
            }
        }
        Ok(())
    }

    /// Closes every log, writes the checkpoints and marks the directories as shut down cleanly.
    ///
    /// # Errors
    /// When the disk refuses; the next start then recovers.
    pub(crate) fn close(&self, table: &PartitionTable, broker_epoch: i64) -> Result<(), LogError> {
        let mut unclean = Vec::new();
        let mut logs: Vec<Vec<Log>> = self.dirs.iter().map(|_| Vec::new()).collect();
        for partition in table.all() {
            let Some(dir) = self.places.lock().found.get(&partition.id).map(|found| found.dir) else { continue };
            match partition.take_log() {
                Some(log) => logs[dir].push(log),
                None => unclean.push(dir),
            }
        }
        for (index, logs) in logs.into_iter().enumerate() {
            match close_all(&self.dirs[index], logs) {
                Err(error) if error.is_no_space() || self.dirs[index].health.failure().is_some() => {
                    tracing::info!("a log was not closed cleanly, the next start reads it again: {error}");
                    unclean.push(index);
                }
                result => result?,
            }
        }
        match self.finish(table, broker_epoch, &unclean) {
            Err(error) if error.is_no_space() => {
                tracing::info!("the stop was not noted, the next start reads the logs again: {error}");
                Ok(())
            }
            result => result,
        }
    }

    fn finish(&self, table: &PartitionTable, broker_epoch: i64, unclean: &[usize]) -> Result<(), LogError> {
        match self.write_checkpoints(table) {
            // Those that are well have been written.
            Err(LogError::Offline { .. }) => {}
            result => result?,
        }
        for (index, dir) in self.dirs.iter().enumerate() {
            // What could not be opened or closed must be examined again, not trusted.
            if !unclean.contains(&index) && dir.health.failure().is_none() {
                log_dir::write_clean_shutdown(&*self.disk, &dir.path, broker_epoch)?;
            }
        }
        Ok(())
    }
}

/// Closes the logs of one directory durably.
fn close_all(dir: &OneDir, logs: Vec<Log>) -> Result<(), LogError> {
    if logs.len() < LOGS_WORTH_A_VOLUME_SYNC {
        for log in logs {
            log.close()?;
        }
        return Ok(());
    }
    let mut works = Vec::with_capacity(logs.len());
    for log in logs {
        works.extend(log.close_unsynced()?.1);
    }
    let synced = SyncWork::run_together(&works, &*dir.volume);
    Ok(synced.map_err(|source| DiskError { operation: "sync", path: dir.path.clone(), source: Arc::new(source) })?)
}

#[cfg(test)]
mod tests {
    use stream_log::disk::memory::MemoryDisk;
    use stream_types::PartitionIndex;

    use super::*;

    fn id(topic: &str) -> TopicPartition {
        TopicPartition::new(topic, PartitionIndex(0))
    }

    fn load(disk: &Arc<dyn Disk>) -> LogDirs {
        LogDirs::load_from(disk, vec![("/a".into(), Uuid([1; 16])), ("/b".into(), Uuid([2; 16]))])
            .expect("directories can be read")
    }

    #[test]
    fn partitions_are_spread_and_found_again() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(1));
        disk.create_dir("/a/t-0".as_ref()).expect("creates");
        disk.create_dir("/b".as_ref()).expect("creates");
        let dirs = load(&disk);
        let known = dirs.place(&id("t"));
        assert!(known.exists && known.dir.starts_with("/a"));
        let new = dirs.place(&id("u"));
        assert!(!new.exists && new.dir.starts_with("/b"));
        dirs.forget(&id("t"));
        assert!(!dirs.place(&id("t")).exists);
    }

    #[test]
    fn a_deleted_partition_leaves_no_note_for_the_next_of_its_name() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(1));
        disk.create_dir("/a/t-0".as_ref()).expect("creates");
        disk.create_dir("/b".as_ref()).expect("creates");
        let noted = Checkpoint::from([(id("t"), Offset(1000))]);
        checkpoint::write(&*disk, "/a".as_ref(), RECOVERY_POINT, &noted).expect("writes");
        let dirs = load(&disk);
        assert_eq!(dirs.place(&id("t")).recovery_point, Offset(1000));
        // What is not open keeps its note.
        dirs.write_checkpoints(&PartitionTable::default()).expect("writes");
        assert_eq!(checkpoint::read(&*disk, "/a".as_ref(), RECOVERY_POINT).expect("reads"), noted);
        dirs.forget(&id("t"));
        dirs.write_checkpoints(&PartitionTable::default()).expect("writes");
        assert!(checkpoint::read(&*disk, "/a".as_ref(), RECOVERY_POINT).expect("reads").is_empty());
        assert_eq!(dirs.place(&id("t")).recovery_point, Offset::ZERO);
    }

    #[test]
    fn a_stray_directory_makes_room_for_the_partition() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(1));
        disk.create_dir("/a/t-0".as_ref()).expect("creates");
        disk.create_dir("/b".as_ref()).expect("creates");
        let dirs = load(&disk);
        let aside = dirs.set_aside(&id("t"), Uuid([0xab; 16])).expect("renames");
        assert!(aside.to_string_lossy().ends_with("t-0.abababababababababababababababab-stray"));
        assert!(!dirs.place(&id("t")).exists);
        assert!(!load(&disk).place(&id("t")).exists, "what is stray is no partition");
    }

    #[test]
    fn compaction_goes_on_where_it_was_after_a_restart() {
        let disk: Arc<dyn Disk> = Arc::new(MemoryDisk::new(1));
        disk.create_dir("/a/t-0".as_ref()).expect("creates");
        disk.create_dir("/b".as_ref()).expect("creates");
        let dirs = load(&disk);
        assert_eq!(dirs.first_dirty(&id("t")), Offset::ZERO);
        dirs.write_first_dirty(&id("t"), Offset(70)).expect("writes");
        assert_eq!(load(&disk).first_dirty(&id("t")), Offset(70));
    }
}
