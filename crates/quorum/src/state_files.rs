//! Small files that are replaced as a whole or not at all.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use stream_log::disk::Disk;

use crate::error::QuorumError;

/// Largest file that is read (bytes): a snapshot.
const FILE_BYTES_MAX: usize = 1024 * 1024 * 1024;

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
        self.disk.replace(&self.dir.join(name), content).map_err(|error| self.error("replacing", name, error))
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
