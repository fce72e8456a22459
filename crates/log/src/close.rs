//! Closing a log, and what an idle one gives back.

use std::path::PathBuf;

use stream_types::Offset;

use crate::append::Undo;
use crate::error::{Context, LogError};
use crate::log::Log;
use crate::name;
use crate::open::remove_if_there;
use crate::sync::SyncWork;

impl Log {
    /// Makes everything durable and writes what a clean restart needs; the log's end, which belongs into
    /// the recovery point checkpoint. A log that was not written to costs nothing. Work that was taken
    /// with [`Log::take_sync`] has to be reported first.
    pub fn close(mut self) -> Result<Offset, LogError> {
        let end = self.prepare_close()?;
        self.sync_now()?;
        self.remove_stray_snapshots(end)?;
        Ok(end)
    }

    /// As [`Log::close`], for many logs at once: what is left to sync is returned, for
    /// [`SyncWork::run_together`] and nothing else. Only after that the ends may be written to the recovery point checkpoint.
    pub fn close_unsynced(mut self) -> Result<(Offset, Option<SyncWork>), LogError> {
        let end = self.prepare_close()?;
        let work = self.take_sync().map(SyncWork::without_files);
        self.check_online()?;
        self.remove_stray_snapshots(end)?;
        Ok((end, work))
    }

    /// As [`Log::take_sync`], for many logs at once that were just opened or created; for [`SyncWork::run_together`] and nothing
    /// else.
    pub fn take_unsynced(&mut self) -> Option<SyncWork> {
        self.take_sync().map(SyncWork::without_files)
    }

    fn prepare_close(&mut self) -> Result<Offset, LogError> {
        self.check_online()?;
        if self.dirty.in_flight {
            return Err(LogError::SyncUnderWay { dir: self.dir().to_path_buf() });
        }
        let end = self.log_end();
        self.dirty.save_epochs();
        if self.is_changed && self.active.segment.size() > 0 {
            let files = self.finish_active().map_err(|error| self.storage_failed(error))?;
            let snapshot = self.write_snapshot(end, &Undo::new()).map_err(|error| self.storage_failed(error))?;
            self.dirty.files.extend(files);
            self.dirty.files.push(snapshot);
            self.dirty.active = false;
            self.dirty.name_changed();
        }
        Ok(end)
    }

    /// Removes snapshots that are neither at the beginning of a segment nor at the end of the log.
    fn remove_stray_snapshots(&self, end: Offset) -> Result<(), LogError> {
        if !self.is_changed {
            return Ok(());
        }
        let dir = self.dir();
        let entries = self.disk().list(dir).context("list", dir)?;
        let view = self.reader.view.read();
        for entry in entries {
            let Some((offset, name::SNAPSHOT)) = name::parse(&entry.name) else { continue };
            let is_at_segment = view.segments.binary_search_by_key(&offset, |segment| segment.base_offset).is_ok();
            if offset != end && !is_at_segment {
                remove_if_there(&**self.disk(), &dir.join(&entry.name))?;
            }
        }
        Ok(())
    }

    /// Closes files that nobody has used since the last call, and drops the caches of a log that was not
    /// written to. For a timer of some seconds.
    pub fn close_idle(&mut self) {
        let view = self.reader.view.read();
        let segments = view.segments.clone();
        drop(view);
        let is_idle = !self.dirty.active && self.active.file.is_some();
        if is_idle && std::mem::replace(&mut self.active.is_idle, true) {
            self.active.file = None;
            self.reader.view.write().tail.clear();
            self.reader.forget_hints();
        }
        for segment in segments {
            segment.close_if_idle();
        }
    }

    /// Removes the log and its directory. The directory is renamed first, so that a crash on the way leaves
    /// nothing that looks like a partition; [`crate::log_dir::remove_deleted`] removes the rest.
    pub fn delete(self) -> Result<(), LogError> {
        let dir = self.dir();
        for segment in &self.reader.view.read().segments {
            segment.retire();
        }
        let deleted = deleted_name(dir, self.reader.topic_id);
        self.disk().rename(dir, &deleted).context("rename", dir)?;
        if let Some(parent) = dir.parent() {
            self.disk().sync_dir(parent).context("sync", parent)?;
        }
        self.disk().remove_dir_all(&deleted).context("remove", &deleted)?;
        Ok(())
    }
}

/// Kafka's name of a partition's directory that is being removed.
fn deleted_name(dir: &std::path::Path, topic_id: stream_types::Uuid) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    let hex: String = topic_id.0.iter().map(|byte| format!("{byte:02x}")).collect();
    name.push(format!(".{hex}-delete"));
    PathBuf::from(name)
}
