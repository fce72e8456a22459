//! The real disk: the only file of this crate that touches files.

use std::cell::Cell;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, fcntl_lock, statvfs, syncfs};
use rustix::io::{Errno, ReadWriteFlags, preadv2, pwritev};

use super::{DirEntry, Disk, DiskFile, DiskLock, DiskVolume};

/// Buffers that one pwritev may be given (Linux: IOV_MAX).
const IO_SLICES_MAX: usize = 1024;

/// A range is probed this often (bytes): the kernel reads ahead in pieces of at least half of it.
const PROBE_EVERY_BYTES: usize = 256 * 1024;

thread_local! {
    /// Whether reads of this thread may wait for the disk.
    static MAY_WAIT: Cell<bool> = const { Cell::new(true) };
}

/// Does `work` with this thread's reads failing with `WouldBlock` where they would have to wait for the disk. A thread
/// that serves many clients reads like this, and leaves what fails to another. It is no argument of every read between
/// here and there, because who may wait is a matter of the thread and of nothing else.
pub fn without_waiting<T>(work: impl FnOnce() -> T) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            MAY_WAIT.set(self.0);
        }
    }
    let _restore = Restore(MAY_WAIT.replace(false));
    work()
}

/// The operating system's files.
#[derive(Clone, Copy, Debug, Default)]
pub struct FileDisk;

#[derive(Debug)]
struct OsFile(File);

#[derive(Debug)]
struct OsLock {
    /// Held, not used: the lock goes with the descriptor.
    _file: File,
}

impl DiskLock for OsLock {}

#[derive(Debug)]
struct OsVolume(File);

impl DiskVolume for OsVolume {
    fn sync_all(&self) -> io::Result<()> {
        Ok(syncfs(&self.0)?)
    }
}

impl Disk for FileDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(OsFile(OpenOptions::new().read(true).write(true).open(path)?)))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(path)?;
        Ok(Arc::new(OsFile(file)))
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        Ok(fs::metadata(path)?.len())
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string() {
                entries.push(DirEntry { name, is_dir: entry.file_type()?.is_dir() });
            }
        }
        Ok(entries)
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir_all(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let dir = if dir.as_os_str().is_empty() { Path::new(".") } else { dir };
        File::open(dir)?.sync_all()
    }

    fn volume(&self, dir: &Path) -> io::Result<Arc<dyn DiskVolume>> {
        Ok(Arc::new(OsVolume(File::open(dir)?)))
    }

    fn free_bytes(&self, dir: &Path) -> io::Result<u64> {
        let stat = statvfs(dir)?;
        Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(io::ErrorKind::WouldBlock.into()),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // A JVM, and so Apache Kafka, takes the other kind of lock, and neither kind sees the other.
        match fcntl_lock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Box::new(OsLock { _file: file })),
            Err(Errno::AGAIN | Errno::ACCESS) => Err(io::ErrorKind::WouldBlock.into()),
            // File systems that have none.
            Err(Errno::NOLCK | Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(Box::new(OsLock { _file: file })),
            Err(errno) => Err(errno.into()),
        }
    }
}

impl OsFile {
    /// Reads what is in memory; `WouldBlock` where nothing is.
    fn read_now(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        match preadv2(&self.0, &mut [IoSliceMut::new(buffer)], position, ReadWriteFlags::NOWAIT) {
            Ok(count) => Ok(count),
            // File systems that cannot tell.
            Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => self.0.read_at(buffer, position),
            Err(errno) => Err(errno.into()),
        }
    }

    fn write_slices(&self, buffers: &[IoSlice<'_>], mut position: u64) -> io::Result<()> {
        let mut remaining: usize = buffers.iter().map(|buffer| buffer.len()).sum();
        let mut index = 0;
        while remaining > 0 {
            let last = buffers.len().min(index + IO_SLICES_MAX);
            let Some(slices) = buffers.get(index..last) else { break };
            let mut written = match pwritev(&self.0, slices, position) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => written,
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            };
            position += written as u64;
            remaining -= written;
            while let Some(buffer) = buffers.get(index)
                && written >= buffer.len()
            {
                written -= buffer.len();
                index += 1;
            }
            if written > 0
                && let Some(rest) = buffers.get(index).and_then(|buffer| buffer.get(written..))
            {
                // A short write inside a buffer, which a nearly full disk makes: finish that buffer.
                self.0.write_all_at(rest, position)?;
                position += rest.len() as u64;
                remaining -= rest.len();
                index += 1;
            }
        }
        Ok(())
    }
}

impl DiskFile for OsFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        if MAY_WAIT.get() { self.0.read_at(buffer, position) } else { self.read_now(buffer, position) }
    }

    fn write_vectored_at(&self, buffers: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        self.write_slices(buffers, position)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn allocate(&self, position: u64, len: u64) -> io::Result<()> {
        match fallocate(&self.0, FallocateFlags::KEEP_SIZE, position, len) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        Some(self.0.as_fd())
    }

    fn is_resident(&self, position: u64, len: usize) -> bool {
        let is_there = |at: u64| {
            let read = self.read_now(&mut [0], at);
            // What cannot be read at all is for the reader to find out.
            !matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
        };
        (0..len).step_by(PROBE_EVERY_BYTES).chain(len.checked_sub(1)).all(|offset| is_there(position + offset as u64))
    }

    fn make_resident(&self, position: u64, len: usize) {
        let mut buffer = vec![0; len.min(PROBE_EVERY_BYTES)];
        for offset in (0..len).step_by(PROBE_EVERY_BYTES) {
            if self.0.read_at(&mut buffer, position + offset as u64).is_err() {
                return;
            }
        }
    }
}
