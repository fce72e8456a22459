//! Opening a partition's directory.
//!
//! - After a clean shutdown sizes are trusted and no segment is read.
//! - Otherwise every segment that reaches to the recovery point or above is walked with its checksums, and its
//!   indexes are written anew: one that ends there may have been closed, and its indexes not synced. Above the
//!   recovery point the log ends at the first bad batch, or where a segment does not begin at the end of the one
//!   before; the rest is cut off, last segment first, so that a crash on the way leaves it to be cut off again.
//!   Below the recovery point nothing is cut off: what is bad there had been synced, and is reported.
//! - The state of producers is the newest snapshot's before the walk, and then what is walked over.

use std::path::Path;
use std::sync::Arc;

use stream_codec::batch::BatchHeader;
use stream_types::{Offset, Uuid, WallMillis};

use crate::aborted;
use crate::compact;
use crate::config::LogConfig;
use crate::disk::{Disk, DiskFile};
use crate::epoch::Epochs;
use crate::error::{Context, LogError};
use crate::log::{Active, Log, Parts, Recovery};
use crate::name;
use crate::partition_metadata;
use crate::producer::{self, Producers};
use crate::scan::{LOOKUP_CHUNK_BYTES, Scanner, Step, WALK_CHUNK_BYTES};
use crate::segment::Segment;

/// What a directory holds, by name.
struct Contents {
    /// Base offsets, sorted.
    segments: Vec<Offset>,
    /// Offsets of snapshots, sorted.
    snapshots: Vec<Offset>,
    /// Base offsets of segments that may know of aborted transactions.
    txn_indexes: Vec<Offset>,
}

/// The state of a directory while it is recovered.
struct Opening<'a> {
    disk: &'a Arc<dyn Disk>,
    dir: &'a Arc<Path>,
    config: &'a LogConfig,
    recovery: Recovery,
    now: WallMillis,
    snapshots: Vec<Offset>,
    txn_indexes: Vec<Offset>,
    segments: Vec<Arc<Segment>>,
    epochs: Epochs,
    producers: Producers,
    /// Files to sync, because what was read of them may be in memory only.
    dirty: Vec<Arc<dyn DiskFile>>,
}

impl Log {
    /// Opens the log in `dir`, recovering it if it was not shut down cleanly. A directory without
    /// segments becomes an empty log.
    pub fn open(
        disk: Arc<dyn Disk>,
        dir: &Path,
        topic_id: Uuid,
        config: LogConfig,
        recovery: Recovery,
        now: WallMillis,
    ) -> Result<Log, LogError> {
        check_topic_id(&*disk, dir, topic_id)?;
        let contents = list(&*disk, dir)?;
        let empty_at = recovery.log_start.max(Offset::ZERO);
        if contents.segments.is_empty() {
            if recovery.recovery_point > empty_at {
                return Err(LogError::EndsBelowRecoveryPoint {
                    dir: dir.to_owned(),
                    log_end: empty_at,
                    recovery_point: recovery.recovery_point,
                });
            }
            return Log::create_at(disk, dir, topic_id, config, empty_at, now);
        }
        let dir: Arc<Path> = dir.into();
        let mut segments = Vec::with_capacity(contents.segments.len());
        for base_offset in &contents.segments {
            let path = name::path(&dir, *base_offset, name::LOG);
            let size = disk.file_len(&path).context("measure", &path)?;
            segments.push(Arc::new(Segment::existing(&disk, &dir, *base_offset, size)));
        }
        let opening = Opening {
            disk: &disk,
            dir: &dir,
            config: &config,
            recovery,
            now,
            snapshots: contents.snapshots,
            txn_indexes: contents.txn_indexes,
            segments,
            epochs: Epochs::load(&*disk, &dir)?,
            producers: Producers::default(),
            dirty: Vec::new(),
        };
        let log = opening.finish(topic_id)?;
        if log.reader.log_end() < recovery.log_start {
            return log.restart_at(recovery.log_start, now);
        }
        Ok(log)
    }

    /// Replaces a log that ends before its first offset by an empty one that begins there.
    fn restart_at(self, log_start: Offset, now: WallMillis) -> Result<Log, LogError> {
        let reader = self.reader();
        for path in reader.segment_paths() {
            reader.disk.remove(&path).context("remove", &path)?;
        }
        Log::create_at(Arc::clone(&reader.disk), &reader.dir, reader.topic_id, self.config, log_start, now)
    }
}

impl Opening<'_> {
    fn finish(mut self, topic_id: Uuid) -> Result<Log, LogError> {
        let clean_end = if self.recovery.clean { self.clean_end()? } else { None };
        let (log_end, active) = match clean_end {
            Some(end) => {
                self.load_producers(end)?;
                (end, None)
            }
            None => {
                let (end, active) = self.recover()?;
                (end, Some(active))
            }
        };
        if log_end < self.recovery.recovery_point {
            return Err(LogError::EndsBelowRecoveryPoint {
                dir: self.dir.to_path_buf(),
                log_end,
                recovery_point: self.recovery.recovery_point,
            });
        }
        let first = self.segments.first().map_or(Offset::ZERO, |segment| segment.base_offset);
        let mut aborted = aborted::load(&**self.disk, self.dir, &self.txn_indexes)?;
        aborted.sort_by_key(|transaction| transaction.last_offset);
        let synced = if active.is_some() { self.recovery.recovery_point } else { log_end };
        let mut log = Log::from_parts(
            Parts {
                disk: Arc::clone(self.disk),
                dir: Arc::clone(self.dir),
                topic_id,
                aborted,
                log_start: self.recovery.log_start.max(first).min(log_end),
                segments: self.segments,
                log_end,
                synced,
                epochs: self.epochs,
                producers: self.producers,
            },
            self.config.clone(),
            self.now,
        );
        if let Some(active) = active {
            log.active = active;
            log.is_changed = true;
            log.dirty.files = self.dirty;
            log.dirty.active = true;
            log.dirty.dir = true;
            log.dirty.parent_dir = true;
            log.dirty.epochs_changed = true;
        }
        Ok(log)
    }

    /// The log's end after a clean shutdown; `None` if the directory does not look like that.
    fn clean_end(&self) -> Result<Option<Offset>, LogError> {
        let Some(last) = self.segments.last() else { return Ok(None) };
        if last.size() == 0 {
            return Ok(Some(last.base_offset));
        }
        let point = self.recovery.recovery_point;
        if point > last.base_offset && self.snapshots.binary_search(&point).is_ok() {
            return Ok(Some(point));
        }
        // Apache Kafka's own shutdown may leave no snapshot: read the headers after the last index entry.
        let path = last.log_path();
        let entry = last.offset_index.last().context("read", last.offset_index.path())?;
        let position = entry.map_or(0, |entry| u64::from(entry.position));
        let file = last.file().context("open", &path)?;
        let mut scanner = Scanner::new(file, position, last.size(), LOOKUP_CHUNK_BYTES);
        let mut end = None;
        loop {
            match scanner.step().context("read", &path)? {
                Step::Batch(header) => {
                    end = Some(header.next_offset());
                    scanner.skip(&header);
                }
                Step::End => break,
                Step::Bad(_) => return Ok(None),
            }
        }
        last.close_files();
        Ok(end.filter(|end| *end > last.base_offset))
    }

    fn load_producers(&mut self, offset: Offset) -> Result<(), LogError> {
        let (disk, segments, snapshots) = (&**self.disk, &self.segments, &self.snapshots);
        self.producers = producer::load(disk, self.dir, segments, snapshots, offset, self.now)?;
        Ok(())
    }

    /// Walks the segments that reach above the recovery point; the log's end and the active segment.
    fn recover(&mut self) -> Result<(Offset, Active), LogError> {
        let point = self.recovery.recovery_point;
        let first = self.segments.partition_point(|segment| segment.base_offset < point).saturating_sub(1);
        let first_base = self.segments.get(first).map_or(Offset::ZERO, |segment| segment.base_offset);
        self.remove_snapshots_after(first_base)?;
        self.load_producers(first_base)?;
        let mut next_offset = first_base;
        let mut active = None;
        let mut index = first;
        while let Some(segment) = self.segments.get(index).cloned() {
            let has_lost_neighbour = segment.base_offset != next_offset && next_offset >= point;
            if segment.base_offset < next_offset || (index > first && has_lost_neighbour) {
                if next_offset < point {
                    return Err(self.corrupt(&segment, 0, next_offset, "segments overlap"));
                }
                self.remove_segments_from(index)?;
                break;
            }
            if let Some(finished) = active.take() {
                self.close_recovered(finished)?;
                self.write_snapshot(segment.base_offset)?;
            }
            let (recovered, end, is_cut) = self.recover_segment(index, &segment)?;
            next_offset = end;
            active = Some(recovered);
            index += 1;
            if is_cut {
                break;
            }
        }
        self.epochs.truncate_end(next_offset);
        let active = active.expect("there is at least one segment, and the first is always walked");
        Ok((next_offset, active))
    }

    /// Walks one segment and cuts off what is bad, with all segments after it.
    fn recover_segment(&mut self, index: usize, segment: &Segment) -> Result<(Active, Offset, bool), LogError> {
        let path = segment.log_path();
        let anew = Arc::new(Segment::without_indexes(self.disk, self.dir, segment.base_offset, 0));
        if let Some(place) = self.segments.get_mut(index) {
            *place = Arc::clone(&anew);
        }
        let file = anew.file().context("open", &path)?;
        let mut active = Active::new(Arc::clone(&anew), self.now);
        active.file = Some(Arc::clone(&file));
        let mut next_offset = segment.base_offset;
        let mut scanner = Scanner::new(Arc::clone(&file), 0, segment.size(), WALK_CHUNK_BYTES);
        let reason = loop {
            let position = scanner.position();
            match scanner.step_checked().context("read", &path)? {
                Step::Batch(header) => {
                    if let Some(reason) = misplaced(&header, segment.base_offset, next_offset) {
                        break Some(reason.to_owned());
                    }
                    active.index(&header, position, self.config.index_interval_bytes);
                    self.producers.apply(&header, self.now);
                    self.epochs.assign(header.partition_leader_epoch, header.base_offset);
                    next_offset = header.next_offset();
                    scanner.skip(&header);
                }
                Step::End => break None,
                Step::Bad(error) => break Some(error.to_string()),
            }
        };
        let size = scanner.position();
        let is_cut = reason.is_some();
        if let Some(reason) = reason {
            if next_offset < self.recovery.recovery_point {
                return Err(self.corrupt(segment, size, next_offset, &reason));
            }
            self.remove_segments_from(index + 1)?;
            file.set_len(size).context("cut", &path)?;
            file.sync_data().context("sync", &path)?;
        }
        anew.set_size(size);
        active.allocated = size;
        anew.set_max_timestamp(active.max_timestamp);
        Ok((active, next_offset, is_cut))
    }

    fn corrupt(&self, segment: &Segment, position: u64, offset: Offset, reason: &str) -> LogError {
        LogError::Corrupt {
            segment: segment.log_path(),
            position,
            offset,
            recovery_point: self.recovery.recovery_point,
            reason: reason.to_owned(),
        }
    }

    /// Completes the indexes of a recovered segment that is not the last.
    fn close_recovered(&mut self, mut active: Active) -> Result<(), LogError> {
        active.index_time();
        let segment = &active.segment;
        let indexes = [
            segment.offset_index.finish().context("write", segment.offset_index.path())?,
            segment.time_index.finish().context("write", segment.time_index.path())?,
        ];
        self.dirty.extend(indexes);
        self.dirty.extend(active.file);
        segment.close_files();
        Ok(())
    }

    fn write_snapshot(&mut self, offset: Offset) -> Result<(), LogError> {
        let path = name::path(self.dir, offset, name::SNAPSHOT);
        let file = self.disk.create(&path).context("create", &path)?;
        file.write_at(&self.producers.to_snapshot(), 0).context("write", &path)?;
        self.dirty.push(file);
        Ok(())
    }

    fn remove_snapshots_after(&mut self, offset: Offset) -> Result<(), LogError> {
        while let Some(snapshot) = self.snapshots.pop_if(|snapshot| *snapshot > offset) {
            let path = name::path(self.dir, snapshot, name::SNAPSHOT);
            self.disk.remove(&path).context("remove", &path)?;
        }
        Ok(())
    }

    /// Removes segments from the last down to the one at `index`, and makes that durable.
    fn remove_segments_from(&mut self, index: usize) -> Result<(), LogError> {
        if index >= self.segments.len() {
            return Ok(());
        }
        for segment in self.segments.drain(index..).rev() {
            remove_segment(&**self.disk, self.dir, segment.base_offset)?;
        }
        self.disk.sync_dir(self.dir).context("sync", self.dir)?;
        Ok(())
    }
}

/// Removes a segment's files, whichever there are.
pub(crate) fn remove_segment(disk: &dyn Disk, dir: &Path, base_offset: Offset) -> Result<(), LogError> {
    for suffix in name::SEGMENT_SUFFIXES {
        remove_if_there(disk, &name::path(dir, base_offset, suffix))?;
    }
    Ok(())
}

pub(crate) fn remove_if_there(disk: &dyn Disk, path: &Path) -> Result<(), LogError> {
    match disk.remove(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error).context("remove", path)?,
        _ => Ok(()),
    }
}

/// Why a batch cannot stand where it is.
fn misplaced(header: &BatchHeader, base_offset: Offset, next_offset: Offset) -> Option<&'static str> {
    if header.base_offset < next_offset {
        return Some("offsets go back");
    }
    if header.last_offset_delta < 0 || header.last_offset().0 - base_offset.0 > i64::from(i32::MAX) {
        return Some("last offset is out of the segment's range");
    }
    None
}

fn check_topic_id(disk: &dyn Disk, dir: &Path, expected: Uuid) -> Result<(), LogError> {
    match partition_metadata::read_topic_id(disk, dir)? {
        Some(found) if found != expected => Err(LogError::TopicIdMismatch { dir: dir.to_owned(), found, expected }),
        Some(_) => Ok(()),
        None => {
            disk.create_dir(dir).context("create", dir)?;
            partition_metadata::write(disk, dir, expected)?;
            Ok(())
        }
    }
}

/// Lists a directory after it has been tidied of what was under way when the broker ended.
fn list(disk: &dyn Disk, dir: &Path) -> Result<Contents, LogError> {
    let mut names: Vec<String> = disk.list(dir).context("list", dir)?.into_iter().map(|entry| entry.name).collect();
    if compact::finish_swaps(disk, dir, &names)? {
        names = disk.list(dir).context("list", dir)?.into_iter().map(|entry| entry.name).collect();
    }
    if finish_removals(disk, dir, &names)? {
        names = disk.list(dir).context("list", dir)?.into_iter().map(|entry| entry.name).collect();
    }
    let mut contents = Contents { segments: Vec::new(), snapshots: Vec::new(), txn_indexes: Vec::new() };
    for (offset, suffix) in names.iter().filter_map(|name| name::parse(name)) {
        match suffix {
            name::LOG => contents.segments.push(offset),
            name::SNAPSHOT => contents.snapshots.push(offset),
            name::TXN_INDEX => contents.txn_indexes.push(offset),
            _ if suffix.ends_with(name::DELETED) => remove_if_there(disk, &name::path(dir, offset, suffix))?,
            _ => {}
        }
    }
    contents.segments.sort();
    contents.snapshots.sort();
    Ok(contents)
}

/// Completes the removal of segments that a crash has interrupted. Always the oldest go: where one has been
/// renamed durably, those before it were to go too. Whether there were any.
fn finish_removals(disk: &dyn Disk, dir: &Path, names: &[String]) -> Result<bool, LogError> {
    let parsed = || names.iter().filter_map(|name| name::parse(name));
    let is_removed = |suffix: &str| suffix.ends_with(name::EXPIRED);
    let Some(last) = parsed().filter(|(_, suffix)| is_removed(suffix)).map(|(offset, _)| offset).max() else {
        return Ok(false);
    };
    for (offset, _) in parsed().filter(|(offset, suffix)| *suffix == name::LOG && *offset <= last) {
        remove_segment(disk, dir, offset)?;
    }
    disk.sync_dir(dir).context("sync", dir)?;
    for (offset, suffix) in parsed().filter(|(_, suffix)| is_removed(suffix)) {
        remove_if_there(disk, &name::path(dir, offset, suffix))?;
    }
    Ok(true)
}
