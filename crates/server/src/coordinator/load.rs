//! Reading a partition of `__consumer_offsets` into a machine.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use stream_codec::batch::BatchError;
use stream_coordinator::{CoordinatorError, GroupConfig, GroupShard};
use stream_log::{LogReader, ReadBound, ReadError};
use stream_types::{LeaderEpoch, Offset, ProducerId, limits};
use thiserror::Error;

use super::shard::ReplyTo;
use crate::partitions::{FetchWaiter, Partition};

/// Read from the log at a time (bytes), as Kafka's `offsets.load.buffer.size`.
const READ_BYTES: usize = 5 * 1024 * 1024;

/// Why a partition cannot be loaded.
#[derive(Debug, Error)]
pub(super) enum LoadError {
    /// The log is not open: its opening failed, or its topic is deleted.
    #[error("its log is not open")]
    NotOpen,
    /// The log cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A batch cannot be read.
    #[error("the batch at offset {offset} cannot be read: {source}")]
    Batch { offset: Offset, source: BatchError },
    /// A record cannot be replayed.
    #[error(transparent)]
    Record(#[from] CoordinatorError),
    /// The loading thread ended.
    #[error("the thread that read it ended")]
    Aborted,
}

/// What a new machine begins with.
#[derive(Debug)]
pub(super) struct NewShard {
    pub(super) config: Arc<GroupConfig>,
    pub(super) epoch: LeaderEpoch,
    pub(super) seed: u64,
}

impl NewShard {
    pub(super) fn machine(&self) -> GroupShard<ReplyTo> {
        GroupShard::new(Arc::clone(&self.config), self.epoch, self.seed)
    }
}

/// What a load had to read.
#[derive(Debug, Default, Clone, Copy)]
struct Replayed {
    records: u64,
    bytes: u64,
}

/// Replays all that the partition holds, once all of it is committed; the machine and the log's end.
pub(super) async fn load(partition: Arc<Partition>, new: NewShard) -> Result<(GroupShard<ReplyTo>, Offset), LoadError> {
    let reader = Arc::clone(partition.reader().ok_or(LoadError::NotOpen)?);
    let end = reader.log_end();
    wait_for_high_watermark(&partition, end).await?;
    tokio::task::spawn_blocking(move || {
        let mut machine = new.machine();
        let replayed = replay(&reader, end, &mut machine)?;
        tracing::info!(
            partition = %partition.id,
            "loaded the groups of {} records, {} bytes",
            replayed.records,
            replayed.bytes,
        );
        Ok((machine, end))
    })
    .await
    .unwrap_or(Err(LoadError::Aborted))
}

/// What is above the high watermark could still be taken back, and no answer may depend on it.
async fn wait_for_high_watermark(partition: &Partition, end: Offset) -> Result<(), LoadError> {
    loop {
        let waiter = Arc::new(FetchWaiter::default());
        partition.fetch_waiters.add(&waiter);
        let high_watermark = partition.reader().map(|reader| reader.high_watermark());
        match high_watermark {
            Some(offset) if offset < end => waiter.woken().await,
            _ => {
                partition.fetch_waiters.remove(&waiter);
                return high_watermark.map(|_| ()).ok_or(LoadError::NotOpen);
            }
        }
    }
}

fn replay(reader: &LogReader, end: Offset, machine: &mut GroupShard<ReplyTo>) -> Result<Replayed, LoadError> {
    let mut replayed = Replayed::default();
    // Offsets that transactions commit, which Apache Kafka has left here: they count from the end of a transaction on.
    let mut pending: HashMap<ProducerId, Vec<(Offset, Bytes, Option<Bytes>)>> = HashMap::new();
    let mut offset = reader.log_start();
    while offset < end {
        let batches = reader.read_batches(offset, READ_BYTES, ReadBound::LogEnd)?;
        // Compaction may have taken away the end of the log.
        let Some(last) = batches.last() else { return Ok(replayed) };
        offset = last.header().next_offset();
        for batch in batches {
            let base = batch.header().base_offset;
            replayed.bytes += batch.bytes().len() as u64;
            replayed.records += u64::try_from(batch.header().record_count).unwrap_or(0);
            let (attributes, producer) = (batch.header().attributes, batch.header().producer_id);
            let unreadable = |source| LoadError::Batch { offset: base, source };
            for record in batch.records(limits::DECOMPRESSED_BATCH_BYTES_MAX).map_err(unreadable)? {
                let record = record.map_err(unreadable)?;
                let offset = batch.offset_of(&record);
                let Some(key) = record.key else { continue };
                if attributes.is_control() {
                    let ended = pending.remove(&producer).unwrap_or_default();
                    for (offset, key, value) in ended.iter().filter(|_| commits(&key)) {
                        machine.replay(*offset, key, value.as_ref())?;
                    }
                } else if attributes.is_transactional() {
                    pending.entry(producer).or_default().push((offset, key, record.value));
                } else {
                    machine.replay(offset, &key, record.value.as_ref())?;
                }
            }
        }
    }
    Ok(replayed)
}

/// Whether a control record with this key ends a transaction by committing it: its version, and a type of 1.
fn commits(key: &Bytes) -> bool {
    key.get(2..4) == Some(&[0, 1])
}
