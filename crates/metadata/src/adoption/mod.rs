//! The metadata of an Apache Kafka node that is to go on as ours: reading its log, and what of it is carried.
//!
//! [`KafkaMetadata`] takes the bytes of the newest snapshot and of the segments after it and adds their records up to an
//! image (KIP-630, KIP-631). [`Adoption`] turns that image into the records with which our own metadata log begins, and
//! says what is refused, what is not carried, and what becomes different.

mod carry;
mod read;

#[cfg(test)]
mod tests;

pub use carry::{Adoption, HeldPartition, Holdings};
pub use read::{AdoptionError, KafkaMetadata, UnknownRecords};
