//! Looking for a record by offset and time without holding the records in memory.

use std::io::{self, BufRead, BufReader, Read};

use stream_types::Offset;

use super::{Batch, BatchError};

/// Decompressed at a time (bytes).
const PIECE_BYTES: usize = 16 * 1024;

/// What of a record says where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RecordPlace {
    /// Its offset.
    pub offset: Offset,
    /// Its timestamp (milliseconds).
    pub timestamp: i64,
}

impl Batch {
    /// The first record for which `is_found` says so. Nothing behind it is decompressed, and at most `limit` bytes before
    /// it; the memory that this takes does not depend on them. Keys, values and headers are not looked at.
    pub fn find(
        &self,
        limit: usize,
        is_found: impl Fn(RecordPlace) -> bool,
    ) -> Result<Option<RecordPlace>, BatchError> {
        let body = self.stored_body();
        self.header()
            .attributes
            .compression()?
            .stream(&body, limit, |source| self.search(&mut BufReader::with_capacity(PIECE_BYTES, source), &is_found))?
    }

    fn search(
        &self,
        source: &mut impl BufRead,
        is_found: &impl Fn(RecordPlace) -> bool,
    ) -> io::Result<Result<Option<RecordPlace>, BatchError>> {
        for index in 0..self.header().record_count {
            let malformed = Ok(Err(BatchError::InvalidRecord { index, reason: "malformed" }));
            let Some(len) = varint(source)?.and_then(|len| u64::try_from(len).ok()) else { return malformed };
            let mut record = source.by_ref().take(len);
            let Some(deltas) = deltas(&mut record)? else { return malformed };
            let place = self.place(deltas);
            if is_found(place) {
                return Ok(Ok(Some(place)));
            }
            io::copy(&mut record, &mut io::sink())?;
            if record.limit() > 0 {
                return malformed;
            }
        }
        let bytes = usize::try_from(io::copy(source, &mut io::sink())?).unwrap_or(usize::MAX);
        Ok(if bytes == 0 { Ok(None) } else { Err(BatchError::TrailingBytes { bytes }) })
    }

    fn place(&self, (timestamp_delta, offset_delta): (i64, i32)) -> RecordPlace {
        RecordPlace {
            offset: self.header().base_offset.plus(i64::from(offset_delta)),
            timestamp: self.timestamp_at(timestamp_delta),
        }
    }
}

/// A record's timestamp delta and offset delta; `None` where it ends before them.
fn deltas(record: &mut impl BufRead) -> io::Result<Option<(i64, i32)>> {
    let mut attributes = [0];
    if record.read(&mut attributes)? == 0 {
        return Ok(None);
    }
    let Some(timestamp_delta) = varlong(record)? else { return Ok(None) };
    Ok(varint(record)?.map(|offset_delta| (timestamp_delta, offset_delta)))
}

/// A 32-bit integer in at most five bytes; `None` where the source ends or there are more.
pub(super) fn varint(source: &mut impl Read) -> io::Result<Option<i32>> {
    let value = raw(source, 5)?.and_then(|raw| u32::try_from(raw).ok());
    Ok(value.map(|raw| (raw >> 1) as i32 ^ -((raw & 1) as i32)))
}

/// A 64-bit integer in at most ten bytes.
fn varlong(source: &mut impl Read) -> io::Result<Option<i64>> {
    Ok(raw(source, 10)?.map(|raw| (raw >> 1) as i64 ^ -((raw & 1) as i64)))
}

fn raw(source: &mut impl Read, bytes_max: u32) -> io::Result<Option<u64>> {
    let mut raw = 0u64;
    for number in 0..bytes_max {
        let mut byte = [0];
        if source.read(&mut byte)? == 0 {
            return Ok(None);
        }
        raw |= u64::from(byte[0] & 0x7f) << (7 * number);
        if byte[0] < 0x80 {
            return Ok(Some(raw));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::batch::{BatchBuilder, HEADER_BYTES};
    use crate::compression::Compression;

    fn batch(compression: Compression) -> Batch {
        let mut builder = BatchBuilder::new().base_offset(Offset(100)).compression(compression);
        for number in 0..1000i64 {
            builder.push(5_000 + number * 10, Some(b"key"), Some(&[7; 300]), &[]);
        }
        Batch::parse_checked(&builder.build().expect("a batch")).expect("a batch")
    }

    #[test]
    fn it_finds_what_the_records_say() {
        for compression in Compression::ALL {
            let batch = batch(compression);
            let found = batch.find(1 << 20, |place| place.timestamp >= 5_095);
            assert_eq!(found, Ok(Some(RecordPlace { offset: Offset(110), timestamp: 5_100 })), "{compression}");
            assert_eq!(batch.find(1 << 20, |place| place.timestamp > 99_999), Ok(None), "{compression}");
            let all: Vec<_> = batch.records(1 << 20).expect("opens").map(|record| record.expect("a record")).collect();
            for record in all.iter().step_by(97) {
                let offset = batch.offset_of(record);
                let found = batch.find(1 << 20, |place| place.offset == offset).expect("it can be read");
                assert_eq!(found.map(|found| found.timestamp), Some(batch.timestamp_of(record)));
            }
            let refused = batch.find(100_000, |place| place.offset == Offset(1099));
            assert!(compression == Compression::None || refused.is_err(), "{compression}: {refused:?}");
            assert_eq!(batch.find(100_000, |place| place.offset == Offset(100)).map(|found| found.is_some()), Ok(true));
        }
    }

    #[test]
    fn bytes_that_are_no_records_are_an_error() {
        let whole = batch(Compression::None);
        for body in [&b""[..], b"\x02", b"\x01", b"\x80\x80\x80\x80\x80\x80", b"\x04\0\0", &[0xff; 40]] {
            let mut bytes = whole.bytes()[..HEADER_BYTES].to_vec();
            bytes[57..61].copy_from_slice(&1i32.to_be_bytes());
            bytes[8..12].copy_from_slice(&((HEADER_BYTES - 12 + body.len()) as i32).to_be_bytes());
            bytes.extend_from_slice(body);
            let broken = Batch::parse(&Bytes::from(bytes)).expect("the header is right");
            let found = broken.find(1 << 20, |place| place.offset == Offset(-1));
            assert!(matches!(found, Err(BatchError::InvalidRecord { .. })), "{body:?}: {found:?}");
        }
    }
}
