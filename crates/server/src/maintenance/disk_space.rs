//! How much room the log directories have.
//!
//! When no more than `hanzo.disk.reserve.bytes` is free, producers are refused in that directory: what is left is for
//! the metadata log and for what the broker itself writes. It goes on by itself when there is more.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// Room on a file system.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Space {
    /// Its size (bytes).
    pub(crate) total_bytes: u64,
    /// What this process may still write (bytes).
    pub(crate) free_bytes: u64,
}

impl Space {
    /// Asks the file system that `path` is on. May wait for it.
    pub(crate) fn of(path: &Path) -> io::Result<Space> {
        let stat = rustix::fs::statvfs(path)?;
        Ok(Space {
            total_bytes: stat.f_blocks.saturating_mul(stat.f_frsize),
            free_bytes: stat.f_bavail.saturating_mul(stat.f_frsize),
        })
    }
}

#[derive(Debug)]
struct Dir {
    path: PathBuf,
    is_full: AtomicBool,
    /// Bytes that may be taken before the file system is asked again.
    budget: AtomicI64,
    /// What the file system said last; zeros before that.
    total_bytes: AtomicU64,
    free_bytes: AtomicU64,
}

/// The room in every log directory.
#[derive(Debug)]
pub(crate) struct DiskSpace {
    reserve_bytes: u64,
    dirs: Vec<Dir>,
}

impl DiskSpace {
    /// Nothing is known before the first [`DiskSpace::look`] or the first batch.
    pub(crate) fn new(log_dirs: &[PathBuf], reserve_bytes: u64) -> DiskSpace {
        let dir = |path: &PathBuf| Dir {
            path: path.clone(),
            is_full: AtomicBool::new(false),
            budget: AtomicI64::new(0),
            total_bytes: AtomicU64::new(0),
            free_bytes: AtomicU64::new(0),
        };
        DiskSpace { reserve_bytes, dirs: log_dirs.iter().map(dir).collect() }
    }

    /// Whether a producer's batch of this size may go to the partition in this directory. Mostly one subtraction; asks
    /// the file system when enough was written since the last time that the answer may be another.
    pub(crate) fn admits(&self, partition_dir: &Path, bytes: usize) -> bool {
        let dir = match self.dirs.as_slice() {
            [only] => only,
            dirs => match dirs.iter().find(|dir| partition_dir.parent() == Some(dir.path.as_path())) {
                Some(dir) => dir,
                None => return true,
            },
        };
        if dir.is_full.load(Ordering::Relaxed) {
            return false;
        }
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        if dir.budget.fetch_sub(bytes, Ordering::Relaxed) >= bytes {
            return true;
        }
        self.look_at(dir);
        !dir.is_full.load(Ordering::Relaxed)
    }

    /// Asks every file system anew; whether one of the directories is full.
    pub(crate) fn look(&self) -> bool {
        self.dirs.iter().for_each(|dir| self.look_at(dir));
        self.dirs.iter().any(|dir| dir.is_full.load(Ordering::Relaxed))
    }

    /// What the file systems said when they were asked last: path, room, and whether producers are refused. Asks nothing.
    pub(crate) fn known(&self) -> impl Iterator<Item = (&Path, Space, bool)> {
        self.dirs.iter().map(|dir| {
            let total_bytes = dir.total_bytes.load(Ordering::Relaxed);
            let space = Space { total_bytes, free_bytes: dir.free_bytes.load(Ordering::Relaxed) };
            (dir.path.as_path(), space, dir.is_full.load(Ordering::Relaxed))
        })
    }

    fn look_at(&self, dir: &Dir) {
        let space = match Space::of(&dir.path) {
            Ok(space) => space,
            Err(error) => {
                tracing::debug!(dir = %dir.path.display(), "cannot ask for free space: {error}");
                return;
            }
        };
        dir.total_bytes.store(space.total_bytes, Ordering::Relaxed);
        dir.free_bytes.store(space.free_bytes, Ordering::Relaxed);
        let room = Room::of(space.free_bytes, self.reserve_bytes);
        dir.budget.store(room.budget, Ordering::Relaxed);
        if dir.is_full.swap(room.is_full, Ordering::Relaxed) == room.is_full {
            return;
        }
        let (path, free, reserve) = (dir.path.display(), space.free_bytes, self.reserve_bytes);
        if room.is_full {
            tracing::warn!(
                "log directory {path} is full: {free} bytes are free, hanzo.disk.reserve.bytes is {reserve}; \
                 records are refused until there is more"
            );
        } else {
            tracing::info!("log directory {path} has room again: {free} bytes are free, records are taken");
        }
    }
}

/// What follows from the free space.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Room {
    is_full: bool,
    budget: i64,
}

impl Room {
    /// Half of what is above the reserve may be written unseen: segments reserve space ahead.
    fn of(free_bytes: u64, reserve_bytes: u64) -> Room {
        let above = free_bytes.saturating_sub(reserve_bytes);
        Room { is_full: above == 0, budget: i64::try_from(above / 2).unwrap_or(i64::MAX) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_not_for_producers() {
        assert_eq!(Room::of(100, 60), Room { is_full: false, budget: 20 });
        assert_eq!(Room::of(60, 60), Room { is_full: true, budget: 0 });
        assert_eq!(Room::of(0, 60), Room { is_full: true, budget: 0 });
        assert_eq!(Room::of(1, 0), Room { is_full: false, budget: 0 });
        assert_eq!(Room::of(0, 0), Room { is_full: true, budget: 0 });
    }

    #[test]
    fn a_full_directory_refuses_and_a_roomy_one_takes() {
        let here = vec![std::env::temp_dir()];
        let partition = here[0].join("t-0");
        let roomy = DiskSpace::new(&here, 0);
        assert!(roomy.admits(&partition, 1000));
        assert!(!roomy.look());
        let full = DiskSpace::new(&here, u64::MAX);
        assert!(!full.admits(&partition, 1));
        assert!(full.look());
        // Other directories are not its business.
        let two = DiskSpace::new(&[here[0].clone(), "/nowhere".into()], u64::MAX);
        assert!(!two.admits(&partition, 1));
        assert!(two.admits("/elsewhere/t-0".as_ref(), 1));
    }
}
