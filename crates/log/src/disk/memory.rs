//! A disk in memory that forgets what was not synced.
//!
//! Each file has durable bytes and operations since its last sync; each directory has names and operations
//! since its last sync. A crash keeps, drops or tears (at 512 bytes) every pending operation independently
//! of the others, from a seed. A sync that is made to fail drops the file's pending operations and calls the
//! file clean, as real file systems do: who syncs again and trusts it loses data at the next crash.
//! Every handle dies with a crash.

mod volume;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;

use super::{DirEntry, Disk, DiskFile, DiskLock, DiskVolume};
use volume::MemoryVolume;

/// What a torn write is torn into (bytes).
const SECTOR_BYTES: usize = 512;

/// What goes wrong at an operation that changes the disk.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The power fails before it: this and every later operation fails until [`MemoryDisk::crash`].
    PowerLoss,
    /// It fails with an input/output error, without effect; a sync drops what it should have synced.
    Io,
    /// The disk is full: nothing is written. Syncs succeed.
    NoSpace,
    /// The disk is full after half of the bytes.
    HalfWritten,
}

/// What a crash does to operations that were not synced.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Loss {
    /// All are lost.
    Everything,
    /// None is lost, as when only the process dies.
    Nothing,
    /// Each is kept, lost or torn, as the disk's seed says.
    Random,
}

/// A disk whose clones share everything.
#[derive(Clone)]
pub struct MemoryDisk {
    world: Arc<Mutex<World>>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { position: usize, bytes: Vec<u8> },
    SetLen(usize),
}

#[derive(Clone, Debug)]
enum NameChange {
    Link { path: PathBuf, inode: u64 },
    Unlink { path: PathBuf },
    Rename { from: PathBuf, to: PathBuf },
}

#[derive(Debug, Default)]
struct Inode {
    current: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

/// A name: a file's inode, or `None` for a directory.
type Names = BTreeMap<PathBuf, Option<u64>>;

#[derive(Debug)]
struct World {
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    names: Names,
    durable_names: Names,
    /// By directory, in order.
    pending_names: BTreeMap<PathBuf, Vec<NameChange>>,
    locks: BTreeSet<PathBuf>,
    capacity: Option<u64>,
    operations: u64,
    faults: BTreeMap<u64, Fault>,
    has_power: bool,
    generation: u64,
    random: u64,
}

impl fmt::Debug for MemoryDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let world = self.world.lock();
        f.debug_struct("MemoryDisk")
            .field("operations", &world.operations)
            .field("names", &world.names.len())
            .finish_non_exhaustive()
    }
}

impl MemoryDisk {
    /// An empty disk; `seed` decides what crashes do.
    pub fn new(seed: u64) -> MemoryDisk {
        let world = World {
            inodes: BTreeMap::new(),
            next_inode: 1,
            names: Names::from([(PathBuf::new(), None), (PathBuf::from("/"), None)]),
            durable_names: Names::from([(PathBuf::new(), None), (PathBuf::from("/"), None)]),
            pending_names: BTreeMap::new(),
            locks: BTreeSet::new(),
            capacity: None,
            operations: 0,
            faults: BTreeMap::new(),
            has_power: true,
            generation: 0,
            random: seed,
        };
        MemoryDisk { world: Arc::new(Mutex::new(world)) }
    }

    /// Operations so far that change the disk: what [`MemoryDisk::inject`] counts.
    pub fn operations(&self) -> u64 {
        self.world.lock().operations
    }

    /// Lets the operation with the number `at` (from 0, as [`MemoryDisk::operations`] counts) go wrong.
    pub fn inject(&self, at: u64, fault: Fault) {
        self.world.lock().faults.insert(at, fault);
    }

    /// Limits the bytes of all files together.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.world.lock().capacity = bytes;
    }

    /// Whether the power has not failed.
    pub fn has_power(&self) -> bool {
        self.world.lock().has_power
    }

    /// Loses power, if that has not happened, and starts again with what is left. Injected faults are
    /// forgotten, and locks are free.
    pub fn crash(&self, loss: Loss) {
        let mut world = self.world.lock();
        world.settle_files(loss);
        world.settle_names(loss);
        world.locks.clear();
        world.faults.clear();
        world.has_power = true;
        world.generation += 1;
    }
}

impl World {
    /// A step of splitmix64.
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn settle_files(&mut self, loss: Loss) {
        let mut inodes = std::mem::take(&mut self.inodes);
        for inode in inodes.values_mut() {
            for change in std::mem::take(&mut inode.pending) {
                let fate = match loss {
                    Loss::Everything => 0,
                    Loss::Nothing => 1,
                    Loss::Random => self.random() % 3,
                };
                match (fate, change) {
                    (1, change) => apply(&mut inode.durable, &change),
                    (2, Change::Write { position, bytes }) => self.tear(&mut inode.durable, position, &bytes),
                    _ => {}
                }
            }
            inode.current = inode.durable.clone();
        }
        self.inodes = inodes;
    }

    /// Keeps or drops each sector of a write.
    fn tear(&mut self, durable: &mut Vec<u8>, position: usize, bytes: &[u8]) {
        let mut start = 0;
        while start < bytes.len() {
            let end = bytes.len().min(start + SECTOR_BYTES - (position + start) % SECTOR_BYTES);
            if self.random().is_multiple_of(2) {
                let bytes = bytes[start..end].to_vec();
                apply(durable, &Change::Write { position: position + start, bytes });
            }
            start = end;
        }
    }

    fn settle_names(&mut self, loss: Loss) {
        for changes in std::mem::take(&mut self.pending_names).into_values() {
            for change in changes {
                let is_kept = match loss {
                    Loss::Everything => false,
                    Loss::Nothing => true,
                    Loss::Random => self.random().is_multiple_of(2),
                };
                if is_kept {
                    apply_name(&mut self.durable_names, &change);
                }
            }
        }
        let is_dir = |names: &Names, path: &Path| path.as_os_str().is_empty() || names.get(path) == Some(&None);
        let orphans: Vec<PathBuf> = self
            .durable_names
            .keys()
            .filter(|path| !path.ancestors().skip(1).all(|dir| is_dir(&self.durable_names, dir)))
            .cloned()
            .collect();
        for orphan in orphans {
            self.durable_names.remove(&orphan);
        }
        self.names = self.durable_names.clone();
        let used: BTreeSet<u64> = self.names.values().flatten().copied().collect();
        self.inodes.retain(|inode, _| used.contains(inode));
    }

    /// Counts a change and says what goes wrong with it.
    fn begin(&mut self) -> io::Result<Option<Fault>> {
        self.check_power()?;
        let number = self.operations;
        self.operations += 1;
        match self.faults.remove(&number) {
            Some(Fault::PowerLoss) => {
                self.has_power = false;
                self.check_power()?;
                Ok(None)
            }
            fault => Ok(fault),
        }
    }

    /// As [`World::begin`], for changes that fail wholly or not at all.
    fn begin_whole(&mut self) -> io::Result<()> {
        match self.begin()? {
            None | Some(Fault::PowerLoss) => Ok(()),
            Some(Fault::Io) => Err(io::Error::other("injected input/output error")),
            Some(Fault::NoSpace | Fault::HalfWritten) => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn check_power(&self) -> io::Result<()> {
        if self.has_power { Ok(()) } else { Err(io::Error::other("no power")) }
    }

    fn check_generation(&self, generation: u64) -> io::Result<()> {
        self.check_power()?;
        if generation == self.generation { Ok(()) } else { Err(io::Error::other("handle from before the crash")) }
    }

    fn change_name(&mut self, change: NameChange) {
        apply_name(&mut self.names, &change);
        let path = match &change {
            NameChange::Link { path, .. } | NameChange::Unlink { path } | NameChange::Rename { to: path, .. } => path,
        };
        let dir = path.parent().unwrap_or(Path::new("")).to_owned();
        self.pending_names.entry(dir).or_default().push(change);
    }

    fn check_parent(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().unwrap_or(Path::new(""));
        match self.names.get(parent) {
            Some(None) => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn used(&self) -> u64 {
        self.inodes.values().map(|inode| inode.current.len() as u64).sum()
    }

    fn free(&self) -> u64 {
        self.capacity.map_or(u64::MAX / 4, |capacity| capacity.saturating_sub(self.used()))
    }

    fn inode_of(&self, path: &Path) -> io::Result<u64> {
        match self.names.get(path) {
            Some(Some(inode)) => Ok(*inode),
            Some(None) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        }
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::SetLen(len) => bytes.resize(*len, 0),
        Change::Write { position, bytes: written } => {
            let end = position + written.len();
            if bytes.len() < end {
                bytes.resize(end, 0);
            }
            bytes[*position..end].copy_from_slice(written);
        }
    }
}

fn apply_name(names: &mut Names, change: &NameChange) {
    match change {
        NameChange::Link { path, inode } => {
            names.insert(path.clone(), (*inode != 0).then_some(*inode));
        }
        NameChange::Unlink { path } => {
            names.remove(path);
        }
        NameChange::Rename { from, to } => {
            let Some(target) = names.remove(from) else { return };
            names.insert(to.clone(), target);
            let inside: Vec<_> = names.range(from.clone()..).map(|(path, _)| path.clone()).collect();
            for path in inside.into_iter().filter(|path| path.starts_with(from)) {
                if let (Some(target), Ok(rest)) = (names.remove(&path), path.strip_prefix(from)) {
                    names.insert(to.join(rest), target);
                }
            }
        }
    }
}

impl Disk for MemoryDisk {
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let world = self.world.lock();
        world.check_power()?;
        let inode = world.inode_of(path)?;
        Ok(Arc::new(MemoryFile { world: Arc::clone(&self.world), inode, generation: world.generation }))
    }

    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut world = self.world.lock();
        world.begin_whole()?;
        world.check_parent(path)?;
        let inode = match world.inode_of(path) {
            Ok(inode) => {
                if let Some(found) = world.inodes.get_mut(&inode) {
                    found.current.clear();
                    found.pending.push(Change::SetLen(0));
                }
                inode
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let inode = world.next_inode;
                world.next_inode += 1;
                world.inodes.insert(inode, Inode::default());
                world.change_name(NameChange::Link { path: path.to_owned(), inode });
                inode
            }
            Err(error) => return Err(error),
        };
        Ok(Arc::new(MemoryFile { world: Arc::clone(&self.world), inode, generation: world.generation }))
    }

    fn file_len(&self, path: &Path) -> io::Result<u64> {
        let world = self.world.lock();
        world.check_power()?;
        let inode = world.inode_of(path)?;
        Ok(world.inodes.get(&inode).map_or(0, |inode| inode.current.len() as u64))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<DirEntry>> {
        let world = self.world.lock();
        world.check_power()?;
        if world.names.get(dir) != Some(&None) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside = world.names.iter().filter(|(path, _)| path.parent() == Some(dir));
        let entry = |(path, target): (&PathBuf, &Option<u64>)| {
            let name = path.file_name()?.to_str()?.to_owned();
            Some(DirEntry { name, is_dir: target.is_none() })
        };
        Ok(inside.filter_map(entry).collect())
    }

    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        let missing: Vec<PathBuf> =
            dir.ancestors().take_while(|path| world.names.get(*path) != Some(&None)).map(Path::to_owned).collect();
        for path in missing.into_iter().rev() {
            world.begin_whole()?;
            if world.names.contains_key(&path) {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            world.change_name(NameChange::Link { path, inode: 0 });
        }
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.begin_whole()?;
        world.check_parent(to)?;
        if !world.names.contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        world.change_name(NameChange::Rename { from: from.to_owned(), to: to.to_owned() });
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.begin_whole()?;
        world.inode_of(path)?;
        world.change_name(NameChange::Unlink { path: path.to_owned() });
        Ok(())
    }

    fn remove_dir_all(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        world.begin_whole()?;
        if world.names.get(dir) != Some(&None) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let inside: Vec<PathBuf> = world.names.keys().filter(|path| path.starts_with(dir)).cloned().collect();
        for path in inside.into_iter().rev() {
            world.change_name(NameChange::Unlink { path });
        }
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut world = self.world.lock();
        if world.begin()? == Some(Fault::Io) {
            return Err(io::Error::other("injected sync error"));
        }
        for change in world.pending_names.remove(dir).unwrap_or_default() {
            apply_name(&mut world.durable_names, &change);
        }
        Ok(())
    }

    fn volume(&self, _dir: &Path) -> io::Result<Arc<dyn DiskVolume>> {
        let world = self.world.lock();
        world.check_power()?;
        Ok(Arc::new(MemoryVolume { world: Arc::clone(&self.world), generation: world.generation }))
    }

    fn free_bytes(&self, _dir: &Path) -> io::Result<u64> {
        Ok(self.world.lock().free())
    }

    fn lock(&self, path: &Path) -> io::Result<Box<dyn DiskLock>> {
        let mut world = self.world.lock();
        world.check_power()?;
        if !world.locks.insert(path.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(MemoryLock { world: Arc::clone(&self.world), path: path.to_owned(), generation: world.generation }))
    }
}

#[derive(Debug)]
struct MemoryLock {
    world: Arc<Mutex<World>>,
    path: PathBuf,
    generation: u64,
}

impl DiskLock for MemoryLock {}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut world = self.world.lock();
        if world.generation == self.generation {
            world.locks.remove(&self.path);
        }
    }
}

struct MemoryFile {
    world: Arc<Mutex<World>>,
    inode: u64,
    generation: u64,
}

impl fmt::Debug for MemoryFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryFile").field("inode", &self.inode).finish_non_exhaustive()
    }
}

impl MemoryFile {
    fn with<T>(&self, work: impl FnOnce(&mut World, &mut Inode) -> io::Result<T>) -> io::Result<T> {
        let mut world = self.world.lock();
        world.check_generation(self.generation)?;
        let mut inode = world.inodes.remove(&self.inode).unwrap_or_default();
        let result = work(&mut world, &mut inode);
        world.inodes.insert(self.inode, inode);
        result
    }
}

impl DiskFile for MemoryFile {
    fn read_at(&self, buffer: &mut [u8], position: u64) -> io::Result<usize> {
        self.with(|_, inode| {
            let start = usize::try_from(position).unwrap_or(usize::MAX).min(inode.current.len());
            let count = buffer.len().min(inode.current.len() - start);
            buffer[..count].copy_from_slice(&inode.current[start..start + count]);
            Ok(count)
        })
    }

    fn write_vectored_at(&self, buffers: &[IoSlice<'_>], position: u64) -> io::Result<()> {
        let mut bytes: Vec<u8> = buffers.iter().flat_map(|buffer| buffer.iter().copied()).collect();
        let position = usize::try_from(position).map_err(|_| io::ErrorKind::InvalidInput)?;
        self.with(|world, inode| {
            let fault = world.begin()?;
            let grows = (position + bytes.len()).saturating_sub(inode.current.len()) as u64;
            let free = world.free().saturating_sub(inode.current.len() as u64 * u64::from(world.capacity.is_some()));
            let (len, error) = match fault {
                Some(Fault::Io) => (0, Some(io::Error::other("injected input/output error"))),
                Some(Fault::NoSpace) => (0, Some(io::ErrorKind::StorageFull.into())),
                Some(Fault::HalfWritten) => (bytes.len() / 2, Some(io::ErrorKind::StorageFull.into())),
                _ if grows > free => {
                    let fits = bytes.len().saturating_sub((grows - free) as usize);
                    (fits, Some(io::ErrorKind::StorageFull.into()))
                }
                _ => (bytes.len(), None),
            };
            bytes.truncate(len);
            let change = Change::Write { position, bytes };
            if len > 0 {
                apply(&mut inode.current, &change);
                inode.pending.push(change);
            }
            error.map_or(Ok(()), Err)
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|world, inode| {
            let fault = world.begin()?;
            let pending = std::mem::take(&mut inode.pending);
            if fault == Some(Fault::Io) {
                return Err(io::Error::other("injected sync error"));
            }
            for change in &pending {
                apply(&mut inode.durable, change);
            }
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|world, inode| {
            world.begin_whole()?;
            let change = Change::SetLen(usize::try_from(len).map_err(|_| io::ErrorKind::InvalidInput)?);
            apply(&mut inode.current, &change);
            inode.pending.push(change);
            Ok(())
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.with(|_, inode| Ok(inode.current.len() as u64))
    }

    fn allocate(&self, position: u64, len: u64) -> io::Result<()> {
        self.with(|world, inode| {
            let grows = (position + len).saturating_sub(inode.current.len() as u64);
            let free = world.free().saturating_sub(inode.current.len() as u64 * u64::from(world.capacity.is_some()));
            if grows > free { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        })
    }

    fn as_fd(&self) -> Option<BorrowedFd<'_>> {
        None
    }
}
