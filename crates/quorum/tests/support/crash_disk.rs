//! A disk in memory that loses what was not synced, each pending operation by the toss of a coin.

use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use stream_log::disk::{DirEntry, Disk, DiskFile, DiskLock, DiskVolume};

/// SplitMix64: small, and the same everywhere.
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    #[allow(dead_code, reason = "used by one of the tests that share this file")]
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Debug)]
enum Pending {
    Write { position: u64, bytes: Vec<u8> },
    SetLen(u64),
}

impl Pending {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Pending::Write { position, bytes } => {
                let end = *position as usize + bytes.len();
                if content.len() < end {
                    content.resize(end, 0);
                }
                content[*position as usize..end].copy_from_slice(bytes);
            }
            Pending::SetLen(len) => content.resize(*len as usize, 0),
        }
    }
}

#[derive(Clone, Debug, Default)]
struct Inode {
    durable: Vec<u8>,
    pending: Vec<Pending>,
    now: Vec<u8>,
}

#[derive(Clone, Debug)]
enum DirChange {
    Link(PathBuf, usize),
    Unlink(PathBuf),
    Rename(PathBuf, PathBuf, usize),
}

impl DirChange {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            DirChange::Link(path, inode) => {
                names.insert(path.clone(), *inode);
            }
            DirChange::Unlink(path) => {
                names.remove(path);
            }
            DirChange::Rename(from, to, inode) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
        }
    }
}

#[derive(Clone, Debug, Default)]
struct State {
    inodes: Vec<Inode>,
    durable: BTreeMap<PathBuf, usize>,
    pending: Vec<DirChange>,
    now: BTreeMap<PathBuf, usize>,
    dirs: Vec<PathBuf>,
    /// Syncs that are still done; after them the power is gone.
    syncs_left: Option<u64>,
    /// Planted: syncs that do nothing.
    lies: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct CrashDisk {
    state: Arc<Mutex<State>>,
}

impl CrashDisk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What a power loss leaves. Handles of before go on with a disk that nobody sees.
    pub(crate) fn crash(&mut self, random: &mut Random) {
        let mut state = self.state().clone();
        for inode in &mut state.inodes {
            let mut content = inode.durable.clone();
            for pending in inode.pending.drain(..) {
                match (random.below(3), pending) {
                    (0, pending) => pending.apply(&mut content),
                    (1, Pending::Write { position, mut bytes }) => {
                        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
                        Pending::Write { position, bytes }.apply(&mut content);
                    }
                    _ => {}
                }
            }
            inode.durable.clone_from(&content);
            inode.now = content;
        }
        let mut names = state.durable.clone();
        for change in state.pending.drain(..) {
            if random.chance(50) {
                change.apply(&mut names);
            }
        }
        state.durable.clone_from(&names);
        state.now = names;
        state.syncs_left = None;
        self.state = Arc::new(Mutex::new(state));
    }

    /// The power goes at the `count`th sync from now: that sync fails.
    #[allow(dead_code, reason = "used by one of the tests that share this file")]
    pub(crate) fn fail_after_syncs(&self, count: u64) {
        self.state().syncs_left = Some(count);
    }

    /// Planted bug: syncs do nothing from now on.
    #[allow(dead_code, reason = "used by one of the tests that share this file")]
    pub(crate) fn lie(&self) {
        self.state().lies = true;
    }
}

impl State {
    /// Whether this sync is to be done.
    fn sync(&mut self) -> io::Result<bool> {
        match &mut self.syncs_left {
            Some(0) => return Err(io::Error::other("the power is gone")),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(!self.lies)
    }

    fn change(&mut self, change: DirChange) {
        change.apply(&mut self.now);
        self.pending.push(change);
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.now.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for CrashDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.state().find(path)?;
        Ok(Arc::new(CrashFile { disk: self.clone(), inode }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state();
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.change(DirChange::Link(path.to_owned(), inode));
        Ok(Arc::new(CrashFile { disk: self.clone(), inode }))
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        let state = self.state();
        Ok(state.inodes[state.find(path)?].now.len() as u64)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let state = self.state();
        if !state.dirs.iter().any(|known| known == dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let names = state.now.keys().filter(|path| path.parent() == Some(dir));
        let entry =
            |path: &PathBuf| DirEntry { name: path.file_name().unwrap().to_str().unwrap().to_owned(), is_dir: false };
        Ok(names.map(entry).collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.state().dirs.push(dir.to_owned());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        let inode = state.find(from)?;
        state.change(DirChange::Rename(from.to_owned(), to.to_owned(), inode));
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.find(path)?;
        state.change(DirChange::Unlink(path.to_owned()));
        Ok(())
    }

    fn remove_dir_all(&self, _dir: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync_dir(&self, _dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        if state.sync()? {
            state.pending.clear();
            state.durable = state.now.clone();
        }
        Ok(())
    }

    fn volume(&self, _dir: &Path) -> io::Result<Arc<dyn DiskVolume>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(u64::MAX)
    }

    fn lock(&self, _path: &Path) -> io::Result<Box<dyn DiskLock>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[derive(Debug)]
struct CrashFile {
    disk: CrashDisk,
    inode: usize,
}

impl CrashFile {
    fn push(&self, pending: Pending) {
        let mut state = self.disk.state();
        let inode = &mut state.inodes[self.inode];
        pending.apply(&mut inode.now);
        inode.pending.push(pending);
    }
}

impl DiskFile for CrashFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        let state = self.disk.state();
        let content = &state.inodes[self.inode].now;
        let rest = content.get(position as usize..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_vectored_at(&self, buffers: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        let bytes = buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect();
        self.push(Pending::Write { position, bytes });
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        if state.sync()? {
            let inode = &mut state.inodes[self.inode];
            inode.pending.clear();
            inode.durable = inode.now.clone();
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.push(Pending::SetLen(len));
        Ok(())
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.state().inodes[self.inode].now.len() as u64)
    }

    fn allocate(&self, _position: u64, _len: u64) -> io::Result<()> {
        Ok(())
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
