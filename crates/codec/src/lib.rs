//! Kafka's primitive encodings, message declarations, record batches, compression and stored schemas.

pub mod batch;
pub mod compression;
pub mod stored;

mod decode;
mod encode;
mod field;
mod message;
mod records;
mod str;

pub use decode::{DecodeError, Decoder};
pub use encode::{EncodeError, Encoder, Segment};
pub use field::{Field, Form, Struct};
pub use message::{Message, decode_body, to_bytes};
pub use records::{RecordPart, Records};
pub use str::Str;

#[doc(hidden)]
pub use encode::Tags;
#[doc(hidden)]
pub use field::Span;
