//! Small files that are replaced as a whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use stream_log::disk::Disk;

use crate::error::QuorumError;

/// Largest file that is read (bytes): a snapshot.
const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// Given up when there is no other space: a node that cannot note its vote and term cannot start.
const BALLAST: &str = "ballast";
const BALLAST_BYTES: u64 = 64 * 1024;

/// The files of the metadata directory apart from the log itself.
///
/// When `replace` has returned, the new content survives a power loss; before that, either the old
/// or the new content does.
#[derive(Debug)]
pub(crate) struct StateFiles {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl StateFiles {
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path) -> StateFiles {
        StateFiles { disk, dir: dir.to_owned() }
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Bytes>, QuorumError> {
        match self.disk.read(&self.dir.join(name), FILE_BYTES_MAX) {
            Ok(content) => Ok(Some(content.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.error("reading", name, error)),
        }
    }

    pub(crate) fn replace(&self, name: &str, content: &[u8]) -> Result<(), QuorumError> {
        let path = self.dir.join(name);
        let mut replaced = self.disk.replace(&path, content);
        if matches!(&replaced, Err(error) if is_no_space(error)) && self.disk.remove(&self.dir.join(BALLAST)).is_ok() {
            replaced = self.disk.replace(&path, content);
            // The file that was replaced has left its space.
            self.hold_ballast();
        }
        replaced.map_err(|error| self.error("replacing", name, error))
    }

    /// Takes some space, if there is any, for a time when there is none.
    pub(crate) fn hold_ballast(&self) {
        let path = self.dir.join(BALLAST);
        if self.disk.file_len(&path).is_err() {
            // On a full disk there is nothing to hold.
            let _ = self.disk.create(&path).and_then(|file| file.allocate(0, BALLAST_BYTES));
        }
    }

    /// Removes a file; it may come back after a power loss.
    pub(crate) fn remove(&self, name: &str) -> Result<(), QuorumError> {
        self.disk.remove(&self.dir.join(name)).map_err(|error| self.error("removing", name, error))
    }

    pub(crate) fn names(&self) -> Result<Vec<String>, QuorumError> {
        let entries = self.disk.list(&self.dir).map_err(|error| self.error("listing", ".", error))?;
        Ok(entries.into_iter().map(|entry| entry.name).collect())
    }

    fn error(&self, action: &'static str, name: &str, error: io::Error) -> QuorumError {
        QuorumError::Io { action, file: self.dir.join(name).display().to_string(), error }
    }
}

pub(crate) fn is_no_space(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}
