//! One led partition: log, leader and the sync that is under way, driven as the broker's workers and flusher do.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use stream_codec::batch::{Batch, TimestampType};
use stream_log::disk::Disk;
use stream_log::{
    AppendError, AppendOrigin, Appended, CheckRules, CheckedBatch, Log, LogConfig, LogReader, ReadBound, Recovery,
    SyncWork,
};
use stream_replica::{FlushPolicy, Leader};
use stream_types::{LeaderEpoch, NodeId, Now, Offset, TopicPartition, Uuid, WallMillis};

use super::Down;
use crate::planted::Planted;

const NODE: NodeId = NodeId(1);

/// What is known of a partition before it is opened.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) id: TopicPartition,
    pub(crate) dir: PathBuf,
    pub(crate) exists: bool,
    pub(crate) recovery: Recovery,
}

/// A partition that is led.
#[derive(Debug)]
pub(crate) struct Partition {
    pub(crate) id: TopicPartition,
    log: Log,
    /// Tokens are numbers of requests.
    leader: Leader<u64>,
    sync: Option<SyncWork>,
    planted: Option<Planted>,
}

/// A record as a reader finds it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Found {
    pub(crate) offset: Offset,
    pub(crate) key: Option<Bytes>,
    pub(crate) value: Option<Bytes>,
}

impl Partition {
    /// Opens or creates the log and leads it. What recovery kept is synced before anything else.
    pub(crate) fn open(
        disk: Arc<dyn Disk>,
        place: &Place,
        epoch: LeaderEpoch,
        planted: Option<Planted>,
        now: WallMillis,
    ) -> Result<Partition, Down> {
        let mut log = if place.exists {
            Log::open(disk, &place.dir, topic_id(&place.id), log_config(&place.id), place.recovery, now)?
        } else {
            Log::create(disk, &place.dir, topic_id(&place.id), log_config(&place.id), now)?
        };
        log.sync_now()?;
        let end = log.reader().log_end();
        let leader = Leader::new(NODE, epoch, vec![NODE], end, end, FlushPolicy::Auto);
        log.reader().set_high_watermark(leader.high_watermark());
        Ok(Partition { id: place.id.clone(), log, leader, sync: None, planted })
    }

    pub(crate) fn reader(&self) -> Arc<LogReader> {
        self.log.reader()
    }

    pub(crate) fn high_watermark(&self) -> Offset {
        self.leader.high_watermark()
    }

    /// Appends a batch; the tokens that are committed by that. `token` waits for the batch to be committed.
    pub(crate) fn append(
        &mut self,
        now: Now,
        batch: CheckedBatch,
        origin: AppendOrigin,
        token: Option<u64>,
    ) -> Result<(Result<Appended, AppendError>, Vec<u64>), Down> {
        let appended = self.log.append_one(now, self.leader.epoch(), batch, origin);
        if let Err(AppendError::Offline { reason }) = &appended {
            return Err(Down(reason.clone()));
        }
        let end = self.log.reader().log_end();
        let mut released = self.leader.appended(end);
        if let (Some(token), Ok(appended)) = (token, &appended) {
            released.extend(self.leader.wait(appended.last_offset.plus(1), token));
        }
        if self.planted == Some(Planted::AckBeforeSync) {
            released.extend(self.leader.synced(end));
        }
        self.publish();
        self.begin_sync();
        Ok((appended, released))
    }

    /// Whether a sync is under way.
    pub(crate) fn is_syncing(&self) -> bool {
        self.sync.is_some()
    }

    fn begin_sync(&mut self) {
        if self.sync.is_none() {
            self.sync = self.log.take_sync();
        }
    }

    /// Finishes the sync that is under way and begins the next; the tokens that are committed by that.
    pub(crate) fn finish_sync(&mut self) -> Result<Vec<u64>, Down> {
        let Some(work) = self.sync.take() else { return Ok(Vec::new()) };
        work.run().map_err(|error| Down(error.to_string()))?;
        let released = self.leader.synced(work.up_to);
        self.publish();
        self.log.synced(work.up_to);
        self.begin_sync();
        Ok(released)
    }

    fn publish(&mut self) {
        let reader = self.log.reader();
        if self.leader.high_watermark() > reader.high_watermark() {
            reader.set_high_watermark(self.leader.high_watermark());
        }
    }

    /// Closes the active segment.
    pub(crate) fn roll(&mut self, now: WallMillis) -> Result<(), Down> {
        self.log.roll_now(now)?;
        self.begin_sync();
        Ok(())
    }

    /// Compacts what came since `first_dirty`; where the part that is not compacted begins then.
    pub(crate) fn compact(&mut self, now: WallMillis, first_dirty: Offset) -> Result<Option<Offset>, Down> {
        let Some(plan) = self.log.plan_compaction(first_dirty) else { return Ok(None) };
        let replacement = plan.run(now, 1 << 20).map_err(|error| Down(error.to_string()))?;
        let compacted = self.log.apply_compaction(replacement)?;
        self.begin_sync();
        Ok(compacted.map(|compacted| compacted.first_dirty))
    }

    /// Closes the log; its end.
    pub(crate) fn close(self) -> Result<Offset, Down> {
        if let Some(work) = &self.sync {
            work.run().map_err(|error| Down(error.to_string()))?;
        }
        let mut log = self.log;
        if let Some(work) = self.sync {
            log.synced(work.up_to);
        }
        Ok(log.close()?)
    }
}

/// All records from `from` to a bound, with the checksums of their batches checked.
pub(crate) fn read_all(reader: &LogReader, from: Offset, bound: ReadBound) -> Result<Vec<Found>, String> {
    let mut offset = from;
    let mut found = Vec::new();
    loop {
        let batches = reader.read_batches(offset, 4096, bound).map_err(|error| error.to_string())?;
        if batches.is_empty() {
            return Ok(found);
        }
        for batch in batches {
            let batch = Batch::parse_checked(batch.bytes()).map_err(|error| error.to_string())?;
            offset = batch.header().next_offset();
            for record in batch.records(1 << 24).map_err(|error| error.to_string())? {
                let record = record.map_err(|error| error.to_string())?;
                let at = batch.offset_of(&record);
                if at >= from {
                    found.push(Found { offset: at, key: record.key.clone(), value: record.value.clone() });
                }
            }
        }
    }
}

/// Checks what a producer sent as the broker does.
pub(crate) fn check(records: Bytes) -> CheckedBatch {
    let rules = CheckRules {
        message_bytes_max: 1_048_588,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: i64::MAX,
        keys_required: false,
        compression: None,
        compression_level: None,
    };
    CheckedBatch::check(records, &rules, WallMillis(0)).expect("the workload's batches are valid")
}

fn topic_id(id: &TopicPartition) -> Uuid {
    Uuid([id.topic.len() as u8; 16])
}

fn log_config(id: &TopicPartition) -> LogConfig {
    LogConfig {
        segment_bytes_max: 1500,
        segment_ms: 7 * 24 * 3600 * 1000,
        segment_index_bytes_max: 10 << 20,
        index_interval_bytes: 300,
        delete: false,
        compact: &*id.topic == "__consumer_offsets",
        retention_ms: None,
        retention_bytes: None,
        delete_retention_ms: 24 * 3600 * 1000,
        producer_id_expiration_ms: 24 * 3600 * 1000,
        disk_reserve_bytes: 0,
        tail_cache_bytes_max: 700,
    }
}

/// The data directory of every simulated broker.
pub(crate) fn log_dir() -> &'static Path {
    Path::new("/data")
}
