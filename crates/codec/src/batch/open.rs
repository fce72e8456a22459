//! Records of a batch that may open to a thousand times its size: in memory as a whole while they are few, one by one else.

use std::io::{self, BufReader, Read};

use bytes::Bytes;

use super::find::varint;
use super::varint::put_varint;
use super::{Batch, BatchError, BatchHeader, RecordIter, RecordView};
use crate::compression::{Compression, CompressionError};

/// A body that opens to more is read record by record (bytes).
pub const OPENED_WHOLE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Largest record of such a body (bytes).
const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Decompressed at a time (bytes).
const PIECE_BYTES: usize = 16 * 1024;

/// The records of a batch, to walk over more than once.
#[derive(Debug)]
pub struct OpenedRecords<'a> {
    header: &'a BatchHeader,
    stored: Bytes,
    /// All of them uncompressed, if they are few enough.
    body: Option<Bytes>,
    limit: usize,
}

impl Batch {
    /// Opens the records, of which at most `limit` bytes are uncompressed.
    pub fn opened(&self, limit: usize) -> Result<OpenedRecords<'_>, BatchError> {
        OpenedRecords::new(self.header(), self.stored_body(), limit)
    }
}

impl<'a> OpenedRecords<'a> {
    /// Opens `stored`, the body that belongs to `header`.
    pub fn new(header: &'a BatchHeader, stored: Bytes, limit: usize) -> Result<OpenedRecords<'a>, BatchError> {
        let compression = header.attributes.compression()?;
        if compression == Compression::None {
            return Ok(OpenedRecords { header, body: Some(stored.clone()), stored, limit });
        }
        let body = match compression.decompress(&stored, limit.min(OPENED_WHOLE_BYTES_MAX)) {
            Ok(body) => Some(body.into()),
            Err(CompressionError::TooLarge { .. }) if limit > OPENED_WHOLE_BYTES_MAX => None,
            Err(error) => return Err(error.into()),
        };
        Ok(OpenedRecords { header, stored, body, limit })
    }

    /// Shows `visit` each record until it says false.
    pub fn each(&self, mut visit: impl FnMut(RecordView) -> Result<bool, BatchError>) -> Result<(), BatchError> {
        if let Some(body) = &self.body {
            for record in RecordIter::new(body.clone(), self.header.record_count) {
                if !visit(record?)? {
                    break;
                }
            }
            return Ok(());
        }
        // The codec may want to begin again; nothing was shown before it knows.
        let mut index = 0;
        let compression = self.header.attributes.compression()?;
        compression.stream(&self.stored, self.limit, |source| {
            let mut source = BufReader::with_capacity(PIECE_BYTES, source);
            if index > 0 {
                return Err(io::ErrorKind::InvalidData.into());
            }
            Ok(self.stream(&mut source, &mut index, &mut visit))
        })?
    }

    fn stream(
        &self,
        source: &mut impl Read,
        index: &mut i32,
        visit: &mut impl FnMut(RecordView) -> Result<bool, BatchError>,
    ) -> Result<(), BatchError> {
        while *index < self.header.record_count {
            let record = self.next(source, *index)?;
            *index += 1;
            if !visit(record)? {
                return Ok(());
            }
        }
        let bytes = io::copy(source, &mut io::sink()).map_err(|error| self.failed(&error))?;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if bytes == 0 { Ok(()) } else { Err(BatchError::TrailingBytes { bytes }) }
    }

    fn next(&self, source: &mut impl Read, index: i32) -> Result<RecordView, BatchError> {
        let malformed = || BatchError::InvalidRecord { index, reason: "malformed" };
        let len = varint(source).map_err(|error| self.failed(&error))?;
        let len = len.and_then(|len| usize::try_from(len).ok()).ok_or_else(malformed)?;
        if len > RECORD_BYTES_MAX {
            return Err(BatchError::TooLarge { bytes: len });
        }
        // The length again, so that the record is read as it is everywhere.
        let mut record = Vec::new();
        put_varint(&mut record, len as i32);
        let start = record.len();
        // In steps, as far as there are bytes, and at no time more than the record's size.
        while record.len() - start < len {
            let step = (len - (record.len() - start)).min(record.len().max(PIECE_BYTES));
            record.reserve_exact(step);
            let read = source.take(step as u64).read_to_end(&mut record).map_err(|error| self.failed(&error))?;
            if read < step {
                break;
            }
        }
        if record.len() - start < len {
            return Err(malformed());
        }
        RecordIter::new(record.into(), 1).next().ok_or_else(malformed)?.map_err(|_| malformed())
    }

    fn failed(&self, error: &io::Error) -> BatchError {
        let compression = self.header.attributes.compression().unwrap_or_default();
        match error.kind() {
            io::ErrorKind::FileTooLarge => CompressionError::TooLarge { compression, limit: self.limit }.into(),
            _ => CompressionError::Invalid { compression, reason: error.to_string() }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::BatchBuilder;

    fn batch(compression: Compression, records: i64, value: &[u8]) -> Batch {
        let mut builder = BatchBuilder::new().compression(compression);
        for number in 0..records {
            builder.push(number, Some(&number.to_be_bytes()), Some(value), &[]);
        }
        Batch::parse_checked(&builder.build().expect("a batch")).expect("a batch")
    }

    fn walk(batch: &Batch, limit: usize) -> Result<Vec<i32>, BatchError> {
        let mut deltas = Vec::new();
        batch.opened(limit)?.each(|record| {
            assert_eq!(record.key.as_deref(), Some(&i64::from(record.offset_delta).to_be_bytes()[..]));
            deltas.push(record.offset_delta);
            Ok(true)
        })?;
        Ok(deltas)
    }

    #[test]
    fn small_and_large_bodies_show_every_record() {
        let value = vec![0; 3 * 1024 * 1024];
        for compression in Compression::ALL {
            for (records, value) in [(0, &b""[..]), (3, b"value"), (3, &value)] {
                let batch = batch(compression, records, value);
                let expected: Vec<i32> = (0..records as i32).collect();
                assert_eq!(walk(&batch, 1 << 27), Ok(expected), "{compression} {records}");
            }
        }
        let batch = batch(Compression::Zstd, 3, &value);
        assert!(walk(&batch, OPENED_WHOLE_BYTES_MAX + 1).is_err() && walk(&batch, 1 << 20).is_err());
    }

    #[test]
    fn a_large_body_that_lies_is_an_error() {
        let zeros = Compression::Zstd.compress(&vec![0; 9 << 20]).expect("compresses");
        let huge = {
            let mut body = Vec::new();
            put_varint(&mut body, 17 << 20);
            body.resize(9 << 20, 0);
            Compression::Zstd.compress(&body).expect("compresses")
        };
        for (packed, too_large) in [(zeros, false), (huge, true)] {
            let mut header = *batch(Compression::Zstd, 2, b"").header();
            header.batch_length = (packed.len() + 49) as i32;
            header.seal(&packed);
            let bytes = [&header.to_bytes()[..], &packed].concat();
            let batch = Batch::parse_checked(&bytes.into()).expect("the header is right");
            let error = walk(&batch, 1 << 27).expect_err("no records");
            assert_eq!(matches!(error, BatchError::TooLarge { .. }), too_large, "{error}");
        }
    }
}
