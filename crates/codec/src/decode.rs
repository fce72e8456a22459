//! Reading: every length is checked against the bytes that are left, nothing is copied.

use bytes::Bytes;
use stream_types::Uuid;
use thiserror::Error;

use crate::field::{Field, Form, Span};

/// Why bytes are not the message they should be. Positions are bytes from the decoder's start.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum DecodeError {
    /// The bytes end within a value.
    #[error("{what} at byte {position} needs {needed} bytes, {left} are left")]
    Truncated {
        /// The kind of the value.
        what: &'static str,
        /// Bytes the value takes, or the least it can take.
        needed: usize,
        /// Bytes that are left.
        left: usize,
        /// Where the value starts.
        position: usize,
    },
    /// A length that is negative and does not mean null.
    #[error("{what} at byte {position} cannot be {length}")]
    Length {
        /// The kind of the length.
        what: &'static str,
        /// The announced length.
        length: i64,
        /// Behind the length.
        position: usize,
    },
    /// Null where the version has no null.
    #[error("{what} before byte {position} must not be null")]
    Null {
        /// The kind of the value.
        what: &'static str,
        /// Behind the null.
        position: usize,
    },
    /// Text that is not UTF-8.
    #[error("text at byte {position} is not UTF-8")]
    Utf8 {
        /// Where the text starts.
        position: usize,
    },
    /// A variable-length integer of more bits than its type has.
    #[error("variable-length integer at byte {position} is too long")]
    Varint {
        /// Where the integer starts.
        position: usize,
    },
    /// Arrays that would take far more memory than the bytes that announce them.
    #[error("array of {count} at byte {position} takes {needed} bytes of memory, {left} are allowed")]
    Memory {
        /// Elements.
        count: usize,
        /// Bytes of memory they take.
        needed: usize,
        /// Bytes of memory that the message may still take.
        left: usize,
        /// Where the elements start.
        position: usize,
    },
    /// Bytes behind the end of the message.
    #[error("{left} bytes are left over behind byte {position}")]
    LeftOver {
        /// Bytes that are left.
        left: usize,
        /// Where the message ended.
        position: usize,
    },
    /// The message has no such version.
    #[error("{message} has no version {version}")]
    Version {
        /// The message's name.
        message: &'static str,
        /// The version asked for.
        version: i16,
    },
    /// A stored record of a kind or frame that is unknown.
    #[error("{what} {number} is unknown")]
    Unknown {
        /// What kind of number.
        what: &'static str,
        /// The number found.
        number: i64,
    },
}

/// Memory that the arrays of any message may take (bytes).
const ARRAY_MEMORY_BASE: usize = 1024 * 1024;
/// Memory that they may take besides for every byte of the message. Real messages stay below five; two
/// bytes of an empty topic name that take 56 in memory, a million times over, do not.
const ARRAY_MEMORY_PER_BYTE: usize = 8;

/// Reads Kafka's primitive types from a buffer. Texts and bytes are slices of that buffer.
#[derive(Clone, Debug)]
pub struct Decoder {
    bytes: Bytes,
    position: usize,
    array_memory: usize,
}

macro_rules! big_endian {
    ($($read:ident $int:ident)*) => {
        $(
            /// Reads a big-endian integer.
            #[inline]
            pub fn $read(&mut self) -> Result<$int, DecodeError> {
                Ok($int::from_be_bytes(self.array(stringify!($int))?))
            }
        )*
    };
}

impl Decoder {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: Bytes) -> Decoder {
        let array_memory = bytes.len().saturating_mul(ARRAY_MEMORY_PER_BYTE).saturating_add(ARRAY_MEMORY_BASE);
        Decoder { bytes, position: 0, array_memory }
    }

    /// Bytes that are not read yet.
    #[inline]
    pub fn remaining(&self) -> usize {
        self.bytes.len() - self.position
    }

    /// Bytes read so far.
    pub fn position(&self) -> usize {
        self.position
    }

    /// The bytes that are not read yet, shared.
    pub fn rest(&self) -> Bytes {
        self.bytes.slice(self.position..)
    }

    /// Fails if bytes are left.
    pub fn end(&self) -> Result<(), DecodeError> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(DecodeError::LeftOver { left, position: self.position }),
        }
    }

    big_endian! { u8 u8 i8 i8 i16 i16 u16 u16 i32 i32 u32 u32 i64 i64 }

    /// Reads a byte; every value but 0 is true.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        Ok(self.u8()? != 0)
    }

    /// Reads an IEEE 754 double.
    #[inline]
    pub fn f64(&mut self) -> Result<f64, DecodeError> {
        Ok(f64::from_be_bytes(self.array("f64")?))
    }

    /// Reads 16 bytes of an id.
    #[inline]
    pub fn uuid(&mut self) -> Result<Uuid, DecodeError> {
        Ok(Uuid(self.array("uuid")?))
    }

    /// Reads an unsigned integer of one to five bytes, the lowest seven bits first.
    #[inline]
    pub fn unsigned_varint(&mut self) -> Result<u32, DecodeError> {
        let start = self.position;
        let value = self.varint_bits("varint", 5)?;
        u32::try_from(value).map_err(|_| DecodeError::Varint { position: start })
    }

    /// Reads a zigzag integer of one to five bytes, as records carry it.
    #[inline]
    pub fn varint(&mut self) -> Result<i32, DecodeError> {
        let value = self.unsigned_varint()?;
        Ok((value >> 1) as i32 ^ -((value & 1) as i32))
    }

    /// Reads a zigzag integer of one to ten bytes, as records carry it.
    #[inline]
    pub fn varlong(&mut self) -> Result<i64, DecodeError> {
        let value = self.varint_bits("varlong", 10)?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// Takes the next `len` bytes without copying.
    #[inline]
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<Bytes, DecodeError> {
        self.need(len, what)?;
        let start = self.position;
        self.position += len;
        Ok(self.bytes.slice(start..self.position))
    }

    /// Passes over the next `len` bytes.
    pub fn skip(&mut self, len: usize, what: &'static str) -> Result<(), DecodeError> {
        self.need(len, what)?;
        self.position += len;
        Ok(())
    }

    /// Reads a field into `slot` if the version has it.
    #[inline]
    #[doc(hidden)]
    pub fn field<T: Field>(&mut self, slot: &mut T, form: Form, span: Span) -> Result<(), DecodeError> {
        if span.holds(form.version) {
            *slot = T::read(self, span.form(form))?;
        }
        Ok(())
    }

    /// Reads a tagged field, which fills this decoder, into `slot` if the version has it.
    #[doc(hidden)]
    pub fn tagged_field<T: Field>(&mut self, slot: &mut T, form: Form, span: Span) -> Result<(), DecodeError> {
        if span.holds(form.version) {
            *slot = T::read(self, span.form(form).tagged())?;
            self.end()?;
        }
        Ok(())
    }

    /// The number of tagged fields that follow.
    #[doc(hidden)]
    pub fn tag_count(&mut self) -> Result<u32, DecodeError> {
        self.counted_varint("tag count")
    }

    /// The next tagged field: its tag, and a decoder that ends with it.
    #[doc(hidden)]
    pub fn next_tag(&mut self) -> Result<(u32, Decoder), DecodeError> {
        let tag = self.counted_varint("tag")?;
        let size = self.counted_varint("tag size")? as usize;
        let start = self.position;
        self.skip(size, "tagged field")?;
        let bytes = self.bytes.slice(..self.position);
        Ok((tag, Decoder { bytes, position: start, array_memory: self.array_memory }))
    }

    /// Ends a tagged field: the memory that its arrays took is gone for the others.
    #[doc(hidden)]
    pub fn end_tag(&mut self, tagged: &Decoder) {
        self.array_memory = tagged.array_memory;
    }

    /// Passes over all tagged fields.
    pub fn skip_tags(&mut self) -> Result<(), DecodeError> {
        for _ in 0..self.tag_count()? {
            self.next_tag()?;
        }
        Ok(())
    }

    /// Reads the length of a text: 16 bits, or in flexible versions a varint of one more. None is null.
    pub(crate) fn text_length(&mut self, form: Form) -> Result<Option<usize>, DecodeError> {
        const WHAT: &str = "text length";
        let length = if form.flexible {
            i64::from(self.counted_varint(WHAT)?) - 1
        } else {
            i64::from(i16::from_be_bytes(self.array(WHAT)?))
        };
        // Kafka's own limit, in flexible versions too.
        if length > i64::from(i16::MAX) {
            return Err(DecodeError::Length { what: WHAT, length, position: self.position });
        }
        self.checked_length(WHAT, length)
    }

    /// Reads the length of bytes or an array: 32 bits, or in flexible versions a varint of one more.
    pub(crate) fn length(&mut self, what: &'static str, form: Form) -> Result<Option<usize>, DecodeError> {
        let length = if form.flexible {
            i64::from(self.counted_varint(what)?) - 1
        } else {
            i64::from(i32::from_be_bytes(self.array(what)?))
        };
        self.checked_length(what, length)
    }

    pub(crate) fn null(&self, what: &'static str) -> DecodeError {
        DecodeError::Null { what, position: self.position }
    }

    /// Allows for the memory of `count` elements, each of which takes at least one byte of the message.
    pub(crate) fn charge_array(&mut self, count: usize, element: usize) -> Result<(), DecodeError> {
        self.need(count, "array")?;
        let needed = count.saturating_mul(element);
        let left = self.array_memory;
        self.array_memory =
            left.checked_sub(needed).ok_or(DecodeError::Memory { count, needed, left, position: self.position })?;
        Ok(())
    }

    fn checked_length(&self, what: &'static str, length: i64) -> Result<Option<usize>, DecodeError> {
        if length == -1 {
            return Ok(None);
        }
        usize::try_from(length).map(Some).map_err(|_| DecodeError::Length { what, length, position: self.position })
    }

    fn counted_varint(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        let start = self.position;
        let value = self.varint_bits(what, 5)?;
        u32::try_from(value).map_err(|_| DecodeError::Varint { position: start })
    }

    #[inline]
    fn varint_bits(&mut self, what: &'static str, bytes_max: u32) -> Result<u64, DecodeError> {
        let start = self.position;
        let mut value = 0u64;
        for index in 0..bytes_max {
            let Some(&byte) = self.bytes.get(self.position) else {
                let needed = self.position - start + 1;
                return Err(DecodeError::Truncated { what, needed, left: needed - 1, position: start });
            };
            self.position += 1;
            // The tenth byte has room for one bit of a 64-bit integer.
            if index == 9 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(DecodeError::Varint { position: start })
    }

    #[inline]
    fn need(&self, needed: usize, what: &'static str) -> Result<(), DecodeError> {
        let left = self.remaining();
        if needed > left {
            return Err(DecodeError::Truncated { what, needed, left, position: self.position });
        }
        Ok(())
    }

    #[inline]
    fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.position..].first_chunk::<N>() {
            Some(chunk) => {
                let chunk = *chunk;
                self.position += N;
                Ok(chunk)
            }
            None => {
                let left = self.remaining();
                Err(DecodeError::Truncated { what, needed: N, left, position: self.position })
            }
        }
    }
}
