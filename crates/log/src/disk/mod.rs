//! What a log needs of a disk, as a trait, so that simulations can lose power.
//!
//! What must hold of every implementation:
//! - Written bytes are read back at once, by every handle of the file; they survive a crash once
//!   [`DiskFile::sync_data`] of that file has returned.
//! - A creation, rename or removal is seen at once; it survives a crash once [`Disk::sync_dir`] of the
//!   directory has returned. A rename is atomic: after a crash there is the old file or the new one.
//! - A file that is removed or replaced while a handle is open goes on serving that handle.
//! - After a failed sync nothing may be assumed of the bytes written since the last good one.

#[doc(hidden)]
pub mod conformance;
pub mod file;
pub mod memory;

use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::Arc;

/// A name in a directory.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DirEntry {
    /// The name, without the directory. Names that are not UTF-8 are not listed.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// A directory that is ours for as long as the value lives.
pub trait DiskLock: Send + Sync + fmt::Debug {}

/// A whole file system, for syncing more files than one by one makes sense.
pub trait DiskVolume: Send + Sync + fmt::Debug {
    /// Makes everything durable that was written or named before: every file and directory. Fails too if
    /// anything could not be written since the volume was opened, or since it failed last.
    fn sync_all(&self) -> io::Result<()>;
}

/// A file system. Paths are whatever the creator of the disk makes of them.
pub trait Disk: Send + Sync + fmt::Debug {
    /// Opens an existing file for reading and writing; `NotFound` if there is none.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Creates a file, or empties the one there is.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Size of a file without opening it (bytes); `NotFound` if there is none.
    fn file_len(&self, path: &Path) -> io::Result<u64>;
    /// The names in a directory, in any order; `NotFound` if there is none.
    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>>;
    /// Creates a directory and those above it; one that exists is left as it is.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;
    /// Renames a file or directory, replacing a file of the new name.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes a file; `NotFound` if there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes a directory and everything in it.
    fn remove_dir_all(&self, dir: &Path) -> io::Result<()>;
    /// Makes creations, renames and removals in a directory durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// The file system of a directory; to be opened before the first write, so that no error is missed.
    fn volume(&self, dir: &Path) -> io::Result<Arc<dyn DiskVolume>>;
    /// Bytes that may still be written by this process.
    fn free_bytes(&self, dir: &Path) -> io::Result<u64>;
    /// Locks a file against other processes, creating it; `WouldBlock` if another holds it.
    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>>;

    /// Reads a whole small file, at most `limit` bytes; `InvalidData` if there are more.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let file = self.open(path)?;
        let len = usize::try_from(file.len()?).unwrap_or(usize::MAX);
        if len > limit {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("{len} bytes where at most {limit} are expected"),
            ));
        }
        let mut bytes = vec![0; len];
        let filled = read_up_to(&*file, &mut bytes, 0)?;
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Replaces a small file by another, durably: after a crash there is the old content or the new.
    fn replace(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = Path::new(&temporary);
        let file = self.create(temporary)?;
        file.write_at(content, 0)?;
        file.sync_data()?;
        self.rename(temporary, path)?;
        match path.parent() {
            Some(dir) => self.sync_dir(dir),
            None => Ok(()),
        }
    }
}

/// An open file. All operations are positioned, so that handles can be shared between threads.
pub trait DiskFile: Send + Sync + fmt::Debug {
    /// Reads into `buffer`; fewer bytes than asked mean that the file ends there.
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize>;
    /// Writes all of `buffers` one after another. After an error any part may have been written.
    fn write_vectored_at(&self, buffers: &[IoSlice<'_>], position: u64) -> io::Result<()>;
    /// Makes the file's bytes and length durable (fdatasync).
    fn sync_data(&self) -> io::Result<()>;
    /// Cuts or extends the file; also gives back what was allocated beyond its end.
    fn set_len(&self, len: u64) -> io::Result<()>;
    /// Size of the file (bytes).
    fn len(&self) -> io::Result<u64>;
    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Reserves space for `len` bytes from `position` without changing the file's length. Where the
    /// file system cannot, nothing happens.
    fn allocate(&self, position: u64, len: u64) -> io::Result<()>;
    /// The descriptor, for sendfile; `None` if there is none.
    fn as_fd(&self) -> Option<BorrowedFd<'_>>;
    /// Whether a range can be read without waiting for the disk, as far as a few probes can tell.
    fn is_resident(&self, _position: u64, _len: usize) -> bool {
        true
    }
    /// Reads a range so that it need not be waited for a little later; errors are for whoever reads it then.
    fn make_resident(&self, _position: u64, _len: usize) {}

    /// Writes all of `buffer`.
    fn write_at(&self, buffer: &[u8], position: u64) -> io::Result<()> {
        self.write_vectored_at(&[IoSlice::new(buffer)], position)
    }
}

/// Fills `buffer` as far as the file goes and says how far.
pub fn read_up_to(file: &dyn DiskFile, buffer: &mut [u8], position: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..)
        && !rest.is_empty()
    {
        match file.read_at(rest, position + filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills `buffer` or fails with `UnexpectedEof`.
pub fn read_exact(file: &dyn DiskFile, buffer: &mut [u8], position: u64) -> io::Result<()> {
    let wanted = buffer.len();
    let filled = read_up_to(file, buffer, position)?;
    if filled < wanted {
        return Err(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            format!("{filled} of {wanted} bytes at position {position}"),
        ));
    }
    Ok(())
}
