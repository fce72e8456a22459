//! Writing: small fields gather in one buffer, record data stays where it is.

use bytes::{BufMut, Bytes, BytesMut};
use stream_types::Uuid;
use thiserror::Error;

use crate::field::{Field, Form, Span};
use crate::records::{RecordPart, Records};

/// Bytes up to this length are copied between the small fields; longer ones become a segment of
/// their own.
const COPIED_BYTES_MAX: usize = 1024;

/// Why a message cannot be written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum EncodeError {
    /// The version lacks a field that holds more than its default.
    #[error("{message} has no field {field} in version {version}")]
    Field {
        /// The struct's name.
        message: &'static str,
        /// The field's name.
        field: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// Null where the version has no null.
    #[error("{what} must not be null in this version")]
    Null {
        /// The kind of the value.
        what: &'static str,
    },
    /// A text above 32767 bytes, or bytes or an array above 2^31 - 1.
    #[error("{what} of {length} is too long")]
    Length {
        /// The kind of the value.
        what: &'static str,
        /// Bytes or elements.
        length: usize,
    },
    /// The message has no such version.
    #[error("{message} has no version {version}")]
    Version {
        /// The message's name.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// Bytes that lie elsewhere were to be put into one buffer.
    #[error("{length} bytes are not in memory")]
    External {
        /// Bytes.
        length: usize,
    },
}

/// A run of bytes to send.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Segment {
    /// Bytes in memory.
    Bytes(Bytes),
    /// `len` bytes that the connection sends from elsewhere, as [`RecordPart::External`] named them.
    External {
        /// The sender's number for the place of the bytes.
        id: u32,
        /// Bytes.
        len: usize,
    },
}

impl Segment {
    /// Bytes of this segment.
    pub fn len(&self) -> usize {
        match self {
            Segment::Bytes(bytes) => bytes.len(),
            Segment::External { len, .. } => *len,
        }
    }

    /// Whether the segment has no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Writes Kafka's primitive types.
///
/// What is small gathers in one buffer; what is large is kept aside together with its place in that
/// buffer, and [`Encoder::finish`] cuts the buffer there.
#[derive(Debug, Default)]
pub struct Encoder {
    buffer: BytesMut,
    asides: Vec<(usize, Segment)>,
    aside_bytes: usize,
}

macro_rules! big_endian {
    ($($write:ident $int:ident $put:ident)*) => {
        $(
            /// Writes a big-endian number.
            #[inline]
            pub fn $write(&mut self, value: $int) {
                self.buffer.$put(value);
            }
        )*
    };
}

impl Encoder {
    /// An encoder that has written nothing.
    pub fn new() -> Encoder {
        Encoder::default()
    }

    /// An encoder with room for `bytes` of small fields.
    pub fn with_capacity(bytes: usize) -> Encoder {
        Encoder { buffer: BytesMut::with_capacity(bytes), ..Encoder::default() }
    }

    /// Bytes written so far, with those that are external.
    pub fn len(&self) -> usize {
        self.buffer.len() + self.aside_bytes
    }

    /// Whether nothing has been written.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The segments to send, in order; none is empty.
    pub fn finish(self) -> Vec<Segment> {
        let mut segments = Vec::with_capacity(2 * self.asides.len() + 1);
        let mut buffer = self.buffer.freeze();
        let mut cut = 0;
        for (place, aside) in self.asides {
            if place > cut {
                segments.push(Segment::Bytes(buffer.split_to(place - cut)));
                cut = place;
            }
            segments.push(aside);
        }
        if !buffer.is_empty() {
            segments.push(Segment::Bytes(buffer));
        }
        segments
    }

    /// Everything in one buffer; copies only if there are several segments.
    pub fn into_bytes(self) -> Result<Bytes, EncodeError> {
        if self.asides.is_empty() {
            return Ok(self.buffer.freeze());
        }
        let mut joined = BytesMut::with_capacity(self.len());
        for segment in self.finish() {
            match segment {
                Segment::Bytes(bytes) => joined.extend_from_slice(&bytes),
                Segment::External { len, .. } => return Err(EncodeError::External { length: len }),
            }
        }
        Ok(joined.freeze())
    }

    big_endian! {
        u8 u8 put_u8  i8 i8 put_i8  i16 i16 put_i16  u16 u16 put_u16  i32 i32 put_i32
        u32 u32 put_u32  i64 i64 put_i64  f64 f64 put_f64
    }

    /// Writes one byte, 0 or 1.
    #[inline]
    pub fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    /// Writes the 16 bytes of an id.
    #[inline]
    pub fn uuid(&mut self, value: Uuid) {
        self.raw(&value.0);
    }

    /// Writes bytes as they are, without a length.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Writes bytes as they are, without a length and, if there are many, without copying.
    pub fn shared(&mut self, bytes: &Bytes) {
        if bytes.len() <= COPIED_BYTES_MAX {
            self.raw(bytes);
        } else {
            self.aside(Segment::Bytes(bytes.clone()));
        }
    }

    /// Announces `len` bytes that the connection sends from elsewhere.
    pub fn external(&mut self, id: u32, len: usize) {
        if len > 0 {
            self.aside(Segment::External { id, len });
        }
    }

    /// Writes an unsigned integer in one to five bytes.
    #[inline]
    pub fn unsigned_varint(&mut self, value: u32) {
        self.varint_bits(value.into());
    }

    /// Writes a zigzag integer in one to five bytes, as records carry it.
    #[inline]
    pub fn varint(&mut self, value: i32) {
        self.unsigned_varint((value << 1 ^ value >> 31) as u32);
    }

    /// Writes a zigzag integer in one to ten bytes, as records carry it.
    #[inline]
    pub fn varlong(&mut self, value: i64) {
        self.varint_bits((value << 1 ^ value >> 63) as u64);
    }

    /// Writes `value` over the four bytes at `position`, such as a size that is known at last. The
    /// position must have been written with [`Encoder::i32`].
    pub fn patch_i32(&mut self, position: usize, value: i32) {
        self.buffer[position..position + 4].copy_from_slice(&value.to_be_bytes());
    }

    pub(crate) fn text(&mut self, text: &str, form: Form) -> Result<(), EncodeError> {
        let length = text.len();
        let short = i16::try_from(length).map_err(|_| EncodeError::Length { what: "text", length })?;
        if form.flexible {
            self.unsigned_varint(length as u32 + 1);
        } else {
            self.i16(short);
        }
        self.raw(text.as_bytes());
        Ok(())
    }

    pub(crate) fn length(&mut self, what: &'static str, length: usize, form: Form) -> Result<(), EncodeError> {
        let bounded = i32::try_from(length).map_err(|_| EncodeError::Length { what, length })?;
        if form.flexible {
            self.unsigned_varint(bounded as u32 + 1);
        } else {
            self.i32(bounded);
        }
        Ok(())
    }

    pub(crate) fn records(&mut self, records: &Records, form: Form) -> Result<(), EncodeError> {
        self.length("records", records.len(), form)?;
        for part in &records.parts {
            match part {
                RecordPart::Bytes(bytes) => self.shared(bytes),
                RecordPart::External { id, len } => self.external(*id, *len),
            }
        }
        Ok(())
    }

    fn aside(&mut self, segment: Segment) {
        self.aside_bytes += segment.len();
        self.asides.push((self.buffer.len(), segment));
    }

    #[inline]
    fn varint_bits(&mut self, mut value: u64) {
        while value > 0x7f {
            self.buffer.put_u8(value as u8 | 0x80);
            value >>= 7;
        }
        self.buffer.put_u8(value as u8);
    }

    /// Writes the tagged fields that were gathered, where the version has a place for them.
    #[doc(hidden)]
    pub fn tags(&mut self, form: Form, tags: Tags) -> Result<(), EncodeError> {
        if form.flexible {
            self.unsigned_varint(tags.count);
            let bytes = tags.fields.into_bytes()?;
            self.raw(&bytes);
        }
        Ok(())
    }
}

/// The tagged fields of one struct that do not hold their default.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Tags {
    count: u32,
    fields: Encoder,
}

impl Tags {
    /// Adds a field unless it holds its default: librdkafka 2.0.2 misreads tagged fields of one byte.
    pub fn put<T: Field + PartialEq>(
        &mut self,
        tag: u32,
        names: (&'static str, &'static str),
        value: &T,
        default: &T,
        form: Form,
        span: Span,
    ) -> Result<(), EncodeError> {
        if value == default {
            return Ok(());
        }
        if !form.flexible || !span.holds(form.version) {
            return span.leave_out(names, value, default, form);
        }
        let mut body = Encoder::new();
        value.write(&mut body, span.form(form).tagged())?;
        let body = body.into_bytes()?;
        self.count += 1;
        self.fields.unsigned_varint(tag);
        self.fields.unsigned_varint(body.len() as u32);
        self.fields.raw(&body);
        Ok(())
    }
}
