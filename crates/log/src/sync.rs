//! Making the log durable: what to sync is taken from the log on its own thread, and synced on
//! another.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_types::Offset;

use crate::disk::{Disk, DiskFile, DiskVolume};
use crate::error::{Context, DiskError, is_no_space};
use crate::log::Log;
use crate::name;

/// What has been written and not been synced.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Files that nobody writes to any more: closed segments, indexes, snapshots.
    pub(crate) files: Vec<Arc<dyn DiskFile>>,
    /// The active segment's file.
    pub(crate) active: bool,
    /// The epoch checkpoint is to be written with the next sync.
    pub(crate) epochs: bool,
    /// There are epochs that the checkpoint does not have. Batches have them too, so that this can wait until
    /// recovery would no longer look at those: until the segment is closed.
    pub(crate) epochs_changed: bool,
    pub(crate) dir: bool,
    pub(crate) parent_dir: bool,
    pub(crate) in_flight: bool,
    /// The names of all segments are durable.
    pub(crate) is_dir_synced: bool,
    /// There was no space for the epoch checkpoint; batches have the epochs too.
    epochs_waiting: Arc<AtomicBool>,
}

impl Dirty {
    /// A new directory, and a file in it.
    pub(crate) fn creation(&mut self, file: Arc<dyn DiskFile>) {
        self.files.push(file);
        self.active = true;
        self.dir = true;
        self.parent_dir = true;
    }

    /// Notes a file that was created, renamed or removed.
    pub(crate) fn name_changed(&mut self) {
        self.dir = true;
        self.is_dir_synced = false;
    }

    /// Lets the next sync write the epoch checkpoint, if it has changed.
    pub(crate) fn save_epochs(&mut self) {
        self.epochs |= std::mem::take(&mut self.epochs_changed);
    }

    fn is_clean(&self) -> bool {
        self.files.is_empty() && !(self.active || self.epochs || self.dir || self.parent_dir)
    }
}

/// Files and directories to sync. Once it has run, [`Log::synced`] has to be told; if it fails,
/// [`Log::set_offline`]. It must not run again after a failure.
#[derive(Debug)]
pub struct SyncWork {
    /// The log is durable up to here once the work is done.
    pub up_to: Offset,
    disk: Arc<dyn Disk>,
    dir: Arc<Path>,
    files: Vec<Arc<dyn DiskFile>>,
    active: Option<(Arc<dyn DiskFile>, PathBuf)>,
    epochs: Option<String>,
    epochs_waiting: Arc<AtomicBool>,
    sync_dir: bool,
    sync_parent: bool,
    needs_volume: bool,
}

impl SyncWork {
    /// Syncs. May take as long as the disk wants; does not hold up the log.
    pub fn run(&self) -> io::Result<()> {
        self.try_run().map_err(io::Error::from)
    }

    /// Closes the files: the whole volume will be synced.
    pub(crate) fn without_files(mut self) -> SyncWork {
        self.files.clear();
        self.active = None;
        self.needs_volume = true;
        self
    }

    /// Does the work of many logs of one file system at once. With thousands of files that is far quicker than
    /// one after another, and with few slower. To be reported to each log as if it had run alone.
    pub fn run_together<'a>(works: impl IntoIterator<Item = &'a SyncWork>, volume: &dyn DiskVolume) -> io::Result<()> {
        let mut epochs = Vec::new();
        for work in works {
            if let Some(path) = work.write_epochs()? {
                epochs.push((work, path));
            }
        }
        volume.sync_all()?;
        if epochs.is_empty() {
            return Ok(());
        }
        for (work, path) in epochs {
            work.disk.rename(&path, &work.dir.join(name::EPOCH_CHECKPOINT))?;
        }
        volume.sync_all()
    }

    /// Writes the epoch checkpoint beside its place; where, if there was one to write, and space.
    fn write_epochs(&self) -> io::Result<Option<PathBuf>> {
        let Some(epochs) = &self.epochs else { return Ok(None) };
        let path = self.dir.join(format!("{}.tmp", name::EPOCH_CHECKPOINT));
        match self.disk.create(&path).and_then(|file| file.write_at(epochs.as_bytes(), 0)) {
            Ok(()) => Ok(Some(path)),
            Err(error) if is_no_space(&error) => {
                self.epochs_waiting.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn try_run(&self) -> Result<(), DiskError> {
        assert!(!self.needs_volume, "what has no files is synced with its volume");
        for file in &self.files {
            file.sync_data().context("sync a file in", &self.dir)?;
        }
        if let Some((file, path)) = &self.active {
            file.sync_data().context("sync", path)?;
        }
        let mut is_dir_synced = !self.sync_dir;
        if let Some(epochs) = &self.epochs {
            let path = self.dir.join(name::EPOCH_CHECKPOINT);
            match self.disk.replace(&path, epochs.as_bytes()) {
                Ok(()) => is_dir_synced = true,
                Err(error) if is_no_space(&error) => self.epochs_waiting.store(true, Ordering::Relaxed),
                Err(error) => return Err(DiskError::new("replace", &path, error)),
            }
        }
        if !is_dir_synced {
            self.disk.sync_dir(&self.dir).context("sync", &self.dir)?;
        }
        if self.sync_parent
            && let Some(parent) = self.dir.parent()
        {
            self.disk.sync_dir(parent).context("sync", parent)?;
        }
        Ok(())
    }
}

impl Log {
    /// Whether [`Log::take_sync`] would return work.
    pub fn needs_sync(&self) -> bool {
        !self.dirty.in_flight && !self.dirty.is_clean()
    }

    /// What has to be synced for everything appended so far to be durable. `None` if nothing has, if
    /// earlier work has not been reported as done, or if the log is offline.
    pub fn take_sync(&mut self) -> Option<SyncWork> {
        if !self.needs_sync() || self.check_online().is_err() {
            return None;
        }
        let active = match self.dirty.active.then(|| self.active_file()).transpose() {
            Ok(active) => active,
            // Too many open files: the next call may find fewer.
            Err(error) if error.is_no_space() => return None,
            Err(error) => {
                self.set_offline(&error.to_string());
                return None;
            }
        };
        let epochs_waiting = Arc::clone(&self.dirty.epochs_waiting);
        self.dirty.epochs |= epochs_waiting.swap(false, Ordering::Relaxed);
        let view = self.reader.view.read();
        let work = SyncWork {
            up_to: view.end.offset,
            disk: Arc::clone(&self.reader.disk),
            dir: Arc::clone(&self.reader.dir),
            files: std::mem::take(&mut self.dirty.files),
            active,
            epochs: self.dirty.epochs.then(|| view.epochs.to_text()),
            epochs_waiting: Arc::clone(&epochs_waiting),
            sync_dir: self.dirty.dir,
            sync_parent: self.dirty.parent_dir,
            needs_volume: false,
        };
        drop(view);
        let Dirty { is_dir_synced, epochs_changed, .. } = self.dirty;
        self.dirty = Dirty { in_flight: true, is_dir_synced, epochs_changed, epochs_waiting, ..Dirty::default() };
        Some(work)
    }

    fn active_file(&self) -> Result<(Arc<dyn DiskFile>, PathBuf), DiskError> {
        let path = self.active.segment.log_path();
        let file = match &self.active.file {
            Some(file) => Arc::clone(file),
            None => self.active.segment.file().context("open", &path)?,
        };
        Ok((file, path))
    }

    /// Says that the work whose `up_to` this is has succeeded.
    pub fn synced(&mut self, up_to: Offset) {
        self.dirty.in_flight = false;
        self.dirty.is_dir_synced = !self.dirty.dir;
        let mut view = self.reader.view.write();
        let up_to = up_to.min(view.end.offset);
        view.synced = view.synced.max(up_to);
    }

    /// Syncs everything now, on this thread.
    pub fn sync_now(&mut self) -> Result<(), DiskError> {
        while let Some(work) = self.take_sync() {
            if let Err(error) = work.try_run() {
                self.set_offline(&error.to_string());
                return Err(error);
            }
            self.synced(work.up_to);
        }
        Ok(())
    }
}
