//! Schemas of what is stored: in the metadata log, in the coordinators' topics, in control records
//! and in files beside the segments. [`coordinator`] and [`metadata_frame`] are the framing.

pub mod classic_group;
pub mod consumer_group;
pub mod consumer_protocol;
pub mod control;
pub mod coordinator;
pub mod metadata;
pub mod metadata_frame;
pub mod offset_commit;
pub mod principal;
pub mod producer_snapshot;
pub mod share_group;
pub mod share_state;
pub mod streams_group;
pub mod transaction;

mod group_record;

pub use coordinator::{CoordinatorKey, decode_key, decode_versioned, encode_key, encode_versioned, record_type};
pub use group_record::GroupRecord;
pub use metadata_frame::{MetadataFrame, MetadataRecordSchema, decode_metadata_frame, encode_metadata_record};
