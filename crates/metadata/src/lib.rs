//! The metadata image, its records' replay, the controller that decides new records, and the one
//! table of configuration keys.
//!
//! [`MetadataImage`] is what the metadata log says: an immutable value, cheap to clone, changed only
//! by [`MetadataImage::replay`]. [`Controller`] reads an image and proposes records; it changes
//! nothing. [`config_def`] names every configuration key, its type, default and scope.

pub mod acl;
pub mod adoption;
pub mod config_def;
pub mod controller;
pub mod image;

mod error;
pub mod features;
mod record;

pub use controller::{ApiError, Command, Controller, Decision, RandomSource, Reply};
pub use error::MetadataError;
pub use image::{
    BrokerRegistration, ConfigResource, ConfigResourceType, ControllerRegistration, Endpoint, LeaderRecoveryState,
    MetadataImage, PartitionImage, SecurityProtocol, SupportedVersions, TopicImage, TopicsImage,
};
pub use record::{MetadataRecord, decode_entry, encode_entry};
