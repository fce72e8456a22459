//! Kafka's metadata log: batches of framed records between control records of its quorum.
//!
//! - A snapshot counts only when its footer is there. Of the log, what lies below the snapshot's end is passed over.
//! - Records between the beginning and the end of a transaction count together or not at all (KIP-868); a transaction
//!   that the log leaves open does not count.
//! - A record of a kind that is not known here is counted and left out. A known kind in a version that is not known is
//!   an error: what later records say would rest on it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchError, BatchIter, RecordView};
use stream_codec::stored::control::{LeaderChangeMessage, VotersRecord};
use stream_codec::{Decoder, Message};
use stream_types::{NodeId, Offset, limits};

use crate::error::MetadataError;
use crate::image::MetadataImage;
use crate::record::MetadataRecord;

/// Types of control records: a new leader, the end of a snapshot, the voters.
const LEADER_CHANGE: i16 = 2;
const SNAPSHOT_FOOTER: i16 = 4;
const VOTERS: i16 = 6;

/// Records that were left out: their kind and version, and how many there were.
pub type UnknownRecords = BTreeMap<(i16, i16), u64>;

/// Why Kafka's metadata cannot be read.
#[derive(Debug, thiserror::Error, Clone, PartialEq, Eq)]
pub enum AdoptionError {
    /// A batch is damaged.
    #[error("the batch after offset {after} cannot be read: {source}")]
    Batch { after: Offset, source: BatchError },
    /// A record cannot be read or does not follow from those before it.
    #[error("the record at offset {offset}: {source}")]
    Record { offset: Offset, source: MetadataError },
    /// Offsets are missing.
    #[error("it goes on at offset {found} where {expected} is expected")]
    Gap { expected: Offset, found: Offset },
    /// The snapshot was not written to its end.
    #[error("the snapshot has no end")]
    NoFooter,
}

/// The metadata of a node, as far as its bytes were handed over.
#[derive(Debug, Clone)]
pub struct KafkaMetadata {
    image: MetadataImage,
    next_offset: Offset,
    /// Records of the transaction that is open.
    transaction: Option<Vec<MetadataRecord>>,
    unknown: UnknownRecords,
    voters: BTreeSet<NodeId>,
    migration: i8,
    footer_seen: bool,
}

impl KafkaMetadata {
    /// Before the first record of the cluster with this id.
    pub fn new(cluster_id: &str) -> Self {
        KafkaMetadata {
            image: MetadataImage::empty(cluster_id),
            next_offset: Offset::ZERO,
            transaction: None,
            unknown: UnknownRecords::new(),
            voters: BTreeSet::new(),
            migration: 0,
            footer_seen: false,
        }
    }

    /// Takes a whole snapshot, which holds everything below `end`. After an error start again without it.
    pub fn take_snapshot(&mut self, bytes: Bytes, end: Offset) -> Result<(), AdoptionError> {
        let mut batches = BatchIter::new(bytes);
        for batch in batches.by_ref() {
            let batch = batch.map_err(|source| AdoptionError::Batch { after: end, source })?;
            self.take_checked(&batch, Offset::ZERO)?;
        }
        if !self.footer_seen || !batches.rest().is_empty() {
            return Err(AdoptionError::NoFooter);
        }
        self.next_offset = end;
        Ok(())
    }

    /// Takes the bytes of a segment, of which there may be less than a batch at the end: how many bytes could not be
    /// read, because the batch there is torn.
    ///
    /// # Errors
    /// When a whole batch cannot be read or replayed; what was taken before then stands for nothing.
    pub fn take_segment(&mut self, bytes: Bytes) -> Result<usize, AdoptionError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let batch = match Batch::parse_checked(&rest) {
                Ok(batch) => batch,
                // Whether a torn tail is allowed here the caller knows, who knows which segment is the last.
                Err(_) => return Ok(rest.len()),
            };
            rest = rest.slice(batch.bytes().len()..);
            let header = batch.header();
            if header.next_offset() <= self.next_offset {
                continue;
            }
            if header.base_offset > self.next_offset {
                return Err(AdoptionError::Gap { expected: self.next_offset, found: header.base_offset });
            }
            self.take(&batch, self.next_offset)?;
            self.next_offset = header.next_offset();
        }
        Ok(0)
    }

    /// Everything that counts, and what a log that ends here leaves open is dropped.
    pub fn image(&self) -> &MetadataImage {
        &self.image
    }

    /// The offset after the last record taken.
    pub fn next_offset(&self) -> Offset {
        self.next_offset
    }

    /// Records that were left out.
    pub fn unknown(&self) -> &UnknownRecords {
        &self.unknown
    }

    /// The voters of the metadata quorum, as the log last named them.
    pub fn voters(&self) -> &BTreeSet<NodeId> {
        &self.voters
    }

    /// Whether a migration from ZooKeeper has begun and not ended.
    pub fn is_migrating(&self) -> bool {
        matches!(self.migration, 1 | 2)
    }

    fn take_checked(&mut self, batch: &Batch, from: Offset) -> Result<(), AdoptionError> {
        stream_codec::batch::check_checksum(batch.bytes(), batch.header())
            .map_err(|source| AdoptionError::Batch { after: self.next_offset, source })?;
        self.take(batch, from)
    }

    fn take(&mut self, batch: &Batch, from: Offset) -> Result<(), AdoptionError> {
        let unreadable = |source| AdoptionError::Batch { after: from, source };
        let is_control = batch.header().attributes.is_control();
        for record in batch.records(limits::DECOMPRESSED_BATCH_BYTES_MAX).map_err(unreadable)? {
            let record = record.map_err(unreadable)?;
            let offset = batch.offset_of(&record);
            if offset < from {
                continue;
            }
            let taken = if is_control { self.control(&record) } else { self.data(&record) };
            taken.map_err(|source| AdoptionError::Record { offset, source })?;
        }
        Ok(())
    }

    fn control(&mut self, record: &RecordView) -> Result<(), MetadataError> {
        let mut key = Decoder::new(record.key.clone().unwrap_or_default());
        let (_version, kind) = (key.i16()?, key.i16()?);
        let value = record.value.clone().unwrap_or_default();
        match kind {
            LEADER_CHANGE => {
                let message: LeaderChangeMessage = control_body(value)?;
                if !message.voters.is_empty() {
                    self.voters = message.voters.iter().map(|voter| NodeId(voter.voter_id)).collect();
                }
            }
            VOTERS => {
                let message: VotersRecord = control_body(value)?;
                self.voters = message.voters.iter().map(|voter| NodeId(voter.voter_id)).collect();
            }
            SNAPSHOT_FOOTER => self.footer_seen = true,
            _ => {}
        }
        Ok(())
    }

    fn data(&mut self, record: &RecordView) -> Result<(), MetadataError> {
        let record = match MetadataRecord::decode(record.value.clone().unwrap_or_default()) {
            Ok(record) => record,
            Err(MetadataError::UnknownRecord { api_key, version }) if !MetadataRecord::is_known(api_key) => {
                *self.unknown.entry((api_key, version)).or_default() += 1;
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        match record {
            MetadataRecord::BeginTransaction(_) => self.transaction = Some(Vec::new()),
            MetadataRecord::AbortTransaction(_) => self.transaction = None,
            MetadataRecord::EndTransaction(_) => {
                for record in self.transaction.take().unwrap_or_default() {
                    self.replay(&record)?;
                }
            }
            record => match &mut self.transaction {
                Some(transaction) => transaction.push(record),
                None => self.replay(&record)?,
            },
        }
        Ok(())
    }

    fn replay(&mut self, record: &MetadataRecord) -> Result<(), MetadataError> {
        if let MetadataRecord::ZkMigrationState(state) = record {
            self.migration = state.zk_migration_state;
        }
        self.image.replay(record)
    }
}

/// The body of a control record, which begins with its version.
fn control_body<M: Message>(value: Bytes) -> Result<M, MetadataError> {
    let version = Decoder::new(value.clone()).i16()?;
    Ok(M::decode(&mut Decoder::new(value), version.min(M::VERSIONS.1))?)
}
