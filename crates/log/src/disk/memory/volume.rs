//! The whole simulated file system as one thing to sync.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Fault, World, apply, apply_name};
use crate::disk::DiskVolume;

#[derive(Debug)]
pub(super) struct MemoryVolume {
    pub(super) world: Arc<Mutex<World>>,
    pub(super) generation: u64,
}

impl DiskVolume for MemoryVolume {
    fn sync_all(&self) -> io::Result<()> {
        let mut world = self.world.lock();
        world.check_generation(self.generation)?;
        let is_lost = world.begin()? == Some(Fault::Io);
        let names = std::mem::take(&mut world.pending_names);
        for inode in world.inodes.values_mut() {
            for change in std::mem::take(&mut inode.pending) {
                if !is_lost {
                    apply(&mut inode.durable, &change);
                }
            }
        }
        if is_lost {
            return Err(io::Error::other("injected sync error"));
        }
        names.values().flatten().for_each(|change| apply_name(&mut world.durable_names, change));
        Ok(())
    }
}
