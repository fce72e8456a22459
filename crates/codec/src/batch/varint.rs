//! Zigzag variable-length integers, as records use them (those of flexible messages are unsigned).

/// Reads forward through bytes; every read says `None` when they do not suffice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Cursor { bytes, position: 0 }
    }

    pub(super) fn at(bytes: &'a [u8], position: usize) -> Self {
        Cursor { bytes, position }
    }

    pub(super) fn position(&self) -> usize {
        self.position
    }

    pub(super) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    #[inline]
    pub(super) fn byte(&mut self) -> Option<u8> {
        let byte = *self.bytes.get(self.position)?;
        self.position += 1;
        Some(byte)
    }

    /// A 32-bit integer in at most five bytes.
    #[inline]
    pub(super) fn varint(&mut self) -> Option<i32> {
        let first = self.byte()?;
        let raw = if first < 0x80 { u32::from(first) } else { self.varint_rest(first)? };
        Some((raw >> 1) as i32 ^ -((raw & 1) as i32))
    }

    fn varint_rest(&mut self, first: u8) -> Option<u32> {
        let mut raw = u32::from(first & 0x7f);
        for shift in [7, 14, 21, 28] {
            let byte = self.byte()?;
            raw |= u32::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(raw);
            }
        }
        None
    }

    /// A 64-bit integer in at most ten bytes.
    #[inline]
    pub(super) fn varlong(&mut self) -> Option<i64> {
        let mut raw = 0u64;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            raw |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some((raw >> 1) as i64 ^ -((raw & 1) as i64));
            }
        }
        None
    }

    /// Passes over `len` bytes and says where they are.
    #[inline]
    pub(super) fn skip(&mut self, len: usize) -> Option<std::ops::Range<usize>> {
        let end = self.position.checked_add(len)?;
        if end > self.bytes.len() {
            return None;
        }
        let start = self.position;
        self.position = end;
        Some(start..end)
    }

    /// A length and as many bytes; the inner `None` is a null (length -1).
    #[inline]
    #[allow(clippy::option_option)]
    pub(super) fn nullable(&mut self) -> Option<Option<std::ops::Range<usize>>> {
        let len = self.varint()?;
        if len == -1 {
            return Some(None);
        }
        self.skip(usize::try_from(len).ok()?).map(Some)
    }
}

pub(super) fn put_varint(out: &mut Vec<u8>, value: i32) {
    put_unsigned(out, u64::from(((value << 1) ^ (value >> 31)) as u32));
}

pub(super) fn put_varlong(out: &mut Vec<u8>, value: i64) {
    put_unsigned(out, ((value << 1) ^ (value >> 63)) as u64);
}

fn put_unsigned(out: &mut Vec<u8>, mut raw: u64) {
    while raw >= 0x80 {
        out.push(raw as u8 | 0x80);
        raw >>= 7;
    }
    out.push(raw as u8);
}

/// Bytes that [`put_varint`] writes.
pub(super) fn varint_len(value: i32) -> usize {
    let raw = ((value << 1) ^ (value >> 31)) as u32;
    (38 - raw.leading_zeros() as usize).max(7) / 7
}

/// Bytes that [`put_varlong`] writes.
pub(super) fn varlong_len(value: i64) -> usize {
    let raw = ((value << 1) ^ (value >> 63)) as u64;
    (70 - raw.leading_zeros() as usize).max(7) / 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_back_and_their_lengths_known() {
        let mut values = vec![0i64, 1, -1, i64::MAX, i64::MIN];
        for bits in 0..63 {
            values.extend([1 << bits, (1 << bits) - 1, -(1 << bits), -(1i64 << bits) - 1]);
        }
        for value in values {
            let mut out = Vec::new();
            put_varlong(&mut out, value);
            assert_eq!(out.len(), varlong_len(value), "{value}");
            assert_eq!(Cursor::new(&out).varlong(), Some(value));
            if let Ok(value) = i32::try_from(value) {
                let mut out = Vec::new();
                put_varint(&mut out, value);
                assert_eq!(out.len(), varint_len(value), "{value}");
                assert_eq!(Cursor::new(&out).varint(), Some(value));
            }
        }
    }

    #[test]
    fn endless_integers_are_refused() {
        assert_eq!(Cursor::new(&[0xff; 20]).varint(), None);
        assert_eq!(Cursor::new(&[0xff; 20]).varlong(), None);
        assert_eq!(Cursor::new(&[0x80]).varint(), None);
    }
}
