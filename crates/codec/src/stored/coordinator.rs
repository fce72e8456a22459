//! How coordinators frame their records.
//!
//! A key is the number of its kind (16 bits) and a body of version 0; a value is its version (16 bits)
//! and its body. A record without a value is a tombstone.

use bytes::Bytes;

use crate::{DecodeError, Decoder, EncodeError, Encoder, Message};

/// The key of a coordinator's record.
pub trait CoordinatorKey: Message {
    /// The number before the key (Kafka's `CoordinatorRecordType`).
    const RECORD_TYPE: i16;
    /// What is stored under it.
    type Value: Message;
}

/// A key as the log carries it.
pub fn encode_key<K: CoordinatorKey>(key: &K) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.i16(K::RECORD_TYPE);
    key.encode(&mut encoder, 0)?;
    encoder.into_bytes()
}

/// The number of a key's kind.
pub fn record_type(key: &Bytes) -> Result<i16, DecodeError> {
    Decoder::new(key.clone()).i16()
}

/// Reads a key of a kind that [`record_type`] told.
pub fn decode_key<K: CoordinatorKey>(key: Bytes) -> Result<K, DecodeError> {
    let mut decoder = Decoder::new(key);
    let found = decoder.i16()?;
    if found != K::RECORD_TYPE {
        return Err(DecodeError::Unknown { what: "coordinator record type", number: found.into() });
    }
    let key = K::decode(&mut decoder, 0)?;
    decoder.end()?;
    Ok(key)
}

/// A message behind its version: values of coordinators, control records, principals.
pub fn encode_versioned<M: Message>(message: &M, version: i16) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.i16(version);
    message.encode(&mut encoder, version)?;
    encoder.into_bytes()
}

/// Reads a message behind its version.
pub fn decode_versioned<M: Message>(bytes: Bytes) -> Result<M, DecodeError> {
    let mut decoder = Decoder::new(bytes);
    let version = decoder.i16()?;
    let message = M::decode(&mut decoder, version)?;
    decoder.end()?;
    Ok(message)
}

macro_rules! coordinator_keys {
    ($($number:literal $key:ident => $value:ident;)*) => {$(
        impl crate::stored::coordinator::CoordinatorKey for $key {
            const RECORD_TYPE: i16 = $number;
            type Value = $value;
        }
    )*};
}
pub(crate) use coordinator_keys;
