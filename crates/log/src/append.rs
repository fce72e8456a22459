//! Appending: which batches are taken, and at which offsets.
//!
//! What was written is published to readers at once; that it is committed is for others to say.

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchHeader, HEADER_BYTES, TimestampType, check_checksum};
use stream_types::{LeaderEpoch, Now, Offset, ProducerId, WallMillis};

use crate::check::CheckedBatch;
use crate::error::AppendError;
use crate::log::Log;
use crate::producer::{Entry, Verdict};

/// Who appends as leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppendOrigin {
    /// A producer: its sequence numbers are checked.
    Client,
    /// A coordinator or the broker itself.
    Coordinator,
}

/// Where a batch is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Offset of its first record.
    pub first_offset: Offset,
    /// Offset of its last record.
    pub last_offset: Offset,
    /// The batch's time if the log sets it (milliseconds), else -1.
    pub append_time: WallMillis,
    /// The log's first offset.
    pub log_start: Offset,
    /// The batch had been appended before; the offsets are those of then.
    pub is_duplicate: bool,
}

/// A batch with its place in the log decided.
#[derive(Debug)]
pub(crate) struct Placed {
    pub(crate) header: BatchHeader,
    pub(crate) body: Bytes,
    pub(crate) buffer_bytes: usize,
    /// Which of the call's batches it is.
    index: usize,
}

impl Placed {
    pub(crate) fn size(&self) -> usize {
        HEADER_BYTES + self.body.len()
    }
}

/// Producers as they were before a group of batches.
pub(crate) type Undo = Vec<(ProducerId, Option<Entry>)>;

impl Log {
    /// Appends batches as the leader of epoch `epoch`, in order, each independently of the others: one
    /// answer for each. Offsets and the epoch are set here.
    pub fn append_as_leader(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        batches: Vec<CheckedBatch>,
        origin: AppendOrigin,
    ) -> Vec<Result<Appended, AppendError>> {
        let mut answers = Vec::with_capacity(batches.len());
        let mut group = Group::new(self.log_end(), self.reader.log_start());
        for batch in batches {
            let size = batch.size() as u64;
            if size > self.config.segment_bytes_max {
                let segment_bytes_max = self.config.segment_bytes_max;
                answers.push(Err(AppendError::LargerThanSegment { bytes: batch.size(), segment_bytes_max }));
                continue;
            }
            if group.bytes + size > self.config.segment_bytes_max {
                self.append_group(&mut group, now.wall, &mut answers);
            }
            let index = answers.len();
            answers.push(self.place(&mut group, batch, (epoch, origin), now.wall, index));
        }
        self.append_group(&mut group, now.wall, &mut answers);
        answers
    }

    /// Appends one batch as [`Log::append_as_leader`] does.
    pub fn append_one(
        &mut self,
        now: Now,
        epoch: LeaderEpoch,
        batch: CheckedBatch,
        origin: AppendOrigin,
    ) -> Result<Appended, AppendError> {
        let mut answers = self.append_as_leader(now, epoch, vec![batch], origin);
        answers.pop().expect("one answer for each batch")
    }

    /// Appends batches as a leader sent them, offsets and epochs included. Returns the log's new end. Gaps are
    /// legal, going back is not. All are checked before one is written; what was written before an error of the
    /// disk stays.
    pub fn append_as_follower(&mut self, now: Now, records: &Bytes) -> Result<Offset, AppendError> {
        let log_start = self.reader.log_start();
        let mut group = Group::new(self.log_end(), log_start);
        for placed in self.check_leaders_batches(records)? {
            let first = group.batches.first().map_or(placed.header.base_offset, |first| first.header.base_offset);
            let is_far = placed.header.last_offset().0 - first.0 > i64::from(i32::MAX);
            let is_large = group.bytes + placed.size() as u64 > self.config.segment_bytes_max;
            if (is_far || is_large) && !group.batches.is_empty() {
                self.write_group(&group, now.wall)?;
                group = Group::new(self.log_end(), log_start);
            }
            self.apply(&mut group.undo, &placed.header, now.wall);
            group.push(placed);
        }
        self.write_group(&group, now.wall)?;
        Ok(group.next_offset)
    }

    fn check_leaders_batches(&self, records: &Bytes) -> Result<Vec<Placed>, AppendError> {
        let mut epoch = self.reader.latest_epoch().unwrap_or(LeaderEpoch::NONE);
        let mut log_end = self.log_end();
        let mut rest = records.clone();
        let mut all = Vec::new();
        while !rest.is_empty() {
            let batch = Batch::parse(&rest)?;
            let header = *batch.header();
            check_checksum(batch.bytes(), &header)?;
            if header.base_offset < log_end || header.last_offset_delta < 0 {
                return Err(AppendError::OffsetGoesBack { base_offset: header.base_offset, log_end });
            }
            if header.partition_leader_epoch < epoch {
                return Err(AppendError::EpochGoesBack { found: header.partition_leader_epoch, current: epoch });
            }
            epoch = header.partition_leader_epoch;
            log_end = header.next_offset();
            rest = rest.slice(batch.bytes().len()..);
            let buffer_bytes = records.len();
            all.push(Placed { header, body: batch.stored_body(), buffer_bytes, index: 0 });
        }
        Ok(all)
    }

    /// Decides where a batch goes; what it changes of its producer is noted in the group.
    fn place(
        &mut self,
        group: &mut Group,
        batch: CheckedBatch,
        (epoch, origin): (LeaderEpoch, AppendOrigin),
        now: WallMillis,
        index: usize,
    ) -> Result<Appended, AppendError> {
        let CheckedBatch { mut header, body, buffer_bytes } = batch;
        let append_time = match header.attributes.timestamp_type() {
            TimestampType::CreateTime => WallMillis(-1),
            TimestampType::LogAppendTime => WallMillis(header.max_timestamp),
        };
        if origin == AppendOrigin::Client
            && let Verdict::Duplicate(first) = self.reader.producers.lock().check(&header)?
        {
            return Ok(Appended {
                first_offset: first.base_offset,
                last_offset: first.last_offset,
                append_time: if append_time.0 < 0 { append_time } else { WallMillis(first.timestamp) },
                log_start: group.log_start,
                is_duplicate: true,
            });
        }
        header.base_offset = group.next_offset;
        header.partition_leader_epoch = epoch;
        self.apply(&mut group.undo, &header, now);
        group.push(Placed { header, body, buffer_bytes, index });
        Ok(Appended {
            first_offset: header.base_offset,
            last_offset: header.last_offset(),
            append_time,
            log_start: group.log_start,
            is_duplicate: false,
        })
    }

    fn apply(&self, undo: &mut Undo, header: &BatchHeader, now: WallMillis) {
        if header.has_producer_id() {
            let mut producers = self.reader.producers.lock();
            undo.push((header.producer_id, producers.get(header.producer_id).copied()));
            producers.apply(header, now);
        }
    }

    /// Writes a group and empties it; if that fails, the answers of its batches become the error.
    fn append_group(&mut self, group: &mut Group, now: WallMillis, answers: &mut [Result<Appended, AppendError>]) {
        let written = self.write_group(group, now);
        let done = std::mem::replace(group, Group::new(self.log_end(), group.log_start));
        if let Err(error) = written {
            for placed in &done.batches {
                if let Some(answer) = answers.get_mut(placed.index) {
                    *answer = Err(error.clone());
                }
            }
        }
    }
}

/// Batches that will be written together.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) batches: Vec<Placed>,
    pub(crate) next_offset: Offset,
    pub(crate) bytes: u64,
    pub(crate) undo: Undo,
    log_start: Offset,
}

impl Group {
    fn new(next_offset: Offset, log_start: Offset) -> Group {
        Group { batches: Vec::new(), next_offset, log_start, bytes: 0, undo: Vec::new() }
    }

    fn push(&mut self, placed: Placed) {
        self.next_offset = placed.header.next_offset();
        self.bytes += placed.size() as u64;
        self.batches.push(placed);
    }
}
