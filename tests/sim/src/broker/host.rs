//! The broker's process: it starts from what the disk holds, serves, notes how far it is, stops or loses power.

use std::sync::Arc;

use bytes::Bytes;
use stream_coordinator::GroupCommand;
use stream_log::checkpoint::{self, CLEANER, Checkpoint, LOG_START, RECOVERY_POINT};
use stream_log::disk::Disk;
use stream_log::disk::memory::MemoryDisk;
use stream_log::{AppendError, AppendOrigin, Recovery, log_dir};
use stream_types::{LeaderEpoch, Now, Offset, PartitionIndex, TopicPartition};

use super::partition::{Partition, Place, check, log_dir as data};
use super::shard::Shard;
use super::{Down, Refusal, Released};
use crate::planted::Planted;

/// Data partitions; the coordinator's comes after them.
pub(crate) const DATA_PARTITIONS: usize = 2;
const OFFSETS: usize = DATA_PARTITIONS;

/// A process that serves.
#[derive(Debug)]
pub(crate) struct Host {
    disk: MemoryDisk,
    partitions: Vec<Partition>,
    shard: Shard,
    released: Vec<Released>,
    /// Batches that wait to be committed: token and first offset.
    waiting: Vec<(u64, Offset)>,
}

impl Host {
    /// Starts; `life` is larger than at every start before.
    pub(crate) fn start(
        disk: &MemoryDisk,
        life: u64,
        seed: u64,
        planted: Option<Planted>,
        now: Now,
    ) -> Result<Host, Down> {
        let recovery_points = checkpoint::read(disk, data(), RECOVERY_POINT)?;
        let log_starts = checkpoint::read(disk, data(), LOG_START)?;
        log_dir::remove_deleted(disk, data())?;
        let existing = log_dir::partitions(disk, data())?;
        let clean = log_dir::take_clean_shutdown(disk, data())?;
        let epoch = LeaderEpoch(life as i32);
        let mut partitions = Vec::new();
        for id in ids() {
            let noted = |offsets: &Checkpoint| offsets.get(&id).copied().unwrap_or(Offset::ZERO);
            let recovery = Recovery {
                clean: clean || planted == Some(Planted::TornTailBelieved),
                recovery_point: noted(&recovery_points),
                log_start: noted(&log_starts),
            };
            let exists = existing.iter().any(|(existing, _)| *existing == id);
            let place = Place { dir: log_dir::partition_dir(data(), &id), exists, recovery, id };
            partitions.push(Partition::open(Arc::new(disk.clone()), &place, epoch, planted, now.wall)?);
        }
        let shard = Shard::load(&partitions[OFFSETS], epoch, seed, planted, now)?;
        let mut host = Host { disk: disk.clone(), partitions, shard, released: Vec::new(), waiting: Vec::new() };
        host.append_group_records(now)?;
        Ok(host)
    }

    pub(crate) fn partition(&self, index: usize) -> &Partition {
        &self.partitions[index]
    }

    pub(crate) fn partitions(&self) -> &[Partition] {
        &self.partitions
    }

    pub(crate) fn shard(&self) -> &Shard {
        &self.shard
    }

    /// What may leave now.
    pub(crate) fn take_released(&mut self) -> Vec<Released> {
        std::mem::take(&mut self.released)
    }

    /// A batch for a data partition with acks=all.
    pub(crate) fn produce(&mut self, now: Now, index: usize, records: Bytes, token: u64) -> Result<(), Down> {
        let (appended, released) =
            self.partitions[index].append(now, check(records), AppendOrigin::Client, Some(token))?;
        match appended {
            Ok(appended) => self.waiting.push((token, appended.first_offset)),
            Err(AppendError::OutOfOrderSequence { .. }) => {
                let refused = Released::Produce { token, result: Err(Refusal::OutOfOrder) };
                self.released.push(refused);
            }
            Err(error) => return Err(Down(format!("not to be expected here: {error}"))),
        }
        self.release_produce(released);
        Ok(())
    }

    fn release_produce(&mut self, tokens: Vec<u64>) {
        for token in tokens {
            let Some(position) = self.waiting.iter().position(|(waiting, _)| *waiting == token) else { continue };
            let (_, offset) = self.waiting.swap_remove(position);
            self.released.push(Released::Produce { token, result: Ok(offset) });
        }
    }

    /// A command to the group coordinator. Its records stay where they are until they are appended.
    pub(crate) fn group(&mut self, now: Now, command: GroupCommand, token: u64) {
        self.shard.handle(now, command, token);
        self.release_group();
    }

    pub(crate) fn tick_groups(&mut self, now: Now) {
        self.shard.tick(now);
        self.release_group();
    }

    /// Hands the coordinator's records to the log.
    pub(crate) fn append_group_records(&mut self, now: Now) -> Result<(), Down> {
        if let Some((expected, batch)) = self.shard.take_batch(now) {
            let (appended, _) = self.partitions[OFFSETS].append(now, batch, AppendOrigin::Coordinator, None)?;
            let appended = appended.map_err(|error| Down(error.to_string()))?;
            assert!(appended.first_offset == expected, "nobody else appends to the coordinator's partition");
        }
        self.release_group();
        Ok(())
    }

    fn release_group(&mut self) {
        let committed = self.partitions[OFFSETS].high_watermark();
        self.released.extend(self.shard.release(committed));
    }

    /// Finishes the sync of a partition that is under way.
    pub(crate) fn finish_sync(&mut self, index: usize) -> Result<(), Down> {
        let released = self.partitions[index].finish_sync()?;
        self.release_produce(released);
        self.release_group();
        Ok(())
    }

    /// Closes the active segment of a partition.
    pub(crate) fn roll(&mut self, now: Now, index: usize) -> Result<(), Down> {
        self.partitions[index].roll(now.wall)
    }

    /// Compacts the coordinator's partition, if there is something to compact.
    pub(crate) fn compact(&mut self, now: Now) -> Result<bool, Down> {
        let noted = checkpoint::read(&self.disk, data(), CLEANER)?;
        let id = self.partitions[OFFSETS].id.clone();
        let first_dirty = noted.get(&id).copied().unwrap_or(Offset::ZERO);
        let Some(first_dirty) = self.partitions[OFFSETS].compact(now.wall, first_dirty)? else { return Ok(false) };
        checkpoint::write(&self.disk, data(), CLEANER, &Checkpoint::from([(id, first_dirty)]))?;
        Ok(true)
    }

    /// Notes how far each log is durable.
    pub(crate) fn write_checkpoints(&self) -> Result<(), Down> {
        let synced = |partition: &Partition| (partition.id.clone(), partition.reader().synced_offset());
        let recovery_points: Checkpoint = self.partitions.iter().map(synced).collect();
        Ok(checkpoint::write(&self.disk, data(), RECOVERY_POINT, &recovery_points)?)
    }

    /// A controlled shutdown.
    pub(crate) fn stop(mut self, now: Now) -> Result<Vec<Released>, Down> {
        self.append_group_records(now)?;
        while let Some(index) = self.partitions.iter().position(Partition::is_syncing) {
            self.finish_sync(index)?;
        }
        let mut ends = Checkpoint::new();
        for partition in self.partitions {
            let id = partition.id.clone();
            ends.insert(id, partition.close()?);
        }
        checkpoint::write(&self.disk, data(), RECOVERY_POINT, &ends)?;
        log_dir::write_clean_shutdown(&self.disk, data(), -1)?;
        Ok(self.released)
    }
}

/// A disk with the data directory on it.
pub(crate) fn formatted(seed: u64) -> MemoryDisk {
    let disk = MemoryDisk::new(seed);
    disk.create_dir(data()).expect("nothing is to fail yet");
    disk.sync_dir(std::path::Path::new("/")).expect("nothing is to fail yet");
    disk
}

fn ids() -> Vec<TopicPartition> {
    let data = (0..DATA_PARTITIONS).map(|index| TopicPartition::new("orders", PartitionIndex(index as i32)));
    data.chain([TopicPartition::new("__consumer_offsets", PartitionIndex(0))]).collect()
}
