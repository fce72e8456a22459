//! `.log`: batches and, if wanted, their records. A batch is read at a time, however large the file is.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use bytes::Bytes;
use serde_json::{Value, json};
use stream_codec::batch::{BATCH_OVERHEAD_BYTES, Batch, BatchHeader, HEADER_BYTES, TimestampType, check_checksum};
use stream_types::limits::DECOMPRESSED_BATCH_BYTES_MAX;

use super::meaning::{Kind, meaning};
use super::{DumpError, Sink};
use crate::consume::record_format::as_json;
use crate::time::format_moment;

pub(super) fn dump(path: &Path, records: bool, sink: &mut Sink) -> Result<(), DumpError> {
    let file = File::open(path)?;
    let file_size = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let kind = Kind::of(path);
    let mut position = 0;
    while let Some(batch) = next_batch(&mut reader, position, file_size)? {
        let is_intact = check_checksum(batch.bytes(), batch.header()).is_ok();
        sink.item(&batch_line(batch.header(), position, is_intact), batch_object(batch.header(), position, is_intact))?;
        if records && is_intact {
            dump_records(&batch, kind, sink)?;
        }
        if !is_intact {
            return Err(DumpError::Malformed(format!("the checksum of the batch at {position} does not match")));
        }
        position += batch.bytes().len() as u64;
    }
    Ok(())
}

/// The batch at `position`; none at the end, or where room that was reserved begins.
fn next_batch(reader: &mut impl Read, position: u64, file_size: u64) -> Result<Option<Batch>, DumpError> {
    let left = file_size.saturating_sub(position);
    if left == 0 {
        return Ok(None);
    }
    let cut = || DumpError::Malformed(format!("the file ends inside of the batch at {position}"));
    let mut head = Vec::new();
    reader.take(HEADER_BYTES as u64).read_to_end(&mut head)?;
    if head.iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    if head.len() < HEADER_BYTES {
        return Err(cut());
    }
    let malformed = |error| DumpError::Malformed(format!("the batch at {position}: {error}"));
    let header = BatchHeader::parse(&head).map_err(malformed)?;
    if header.size() as u64 > left {
        return Err(cut());
    }
    reader.take((header.size() - HEADER_BYTES) as u64).read_to_end(&mut head)?;
    Batch::parse(&Bytes::from(head)).map(Some).map_err(malformed)
}

fn codec(header: &BatchHeader) -> &'static str {
    header.attributes.compression().map_or("unknown", |codec| codec.name())
}

fn batch_line(header: &BatchHeader, position: u64, is_intact: bool) -> String {
    let mut line = format!(
        "position {position} size {} offsets {}..{} count {} epoch {} codec {} timestamp {}",
        header.size(),
        header.base_offset,
        header.last_offset(),
        header.record_count,
        header.partition_leader_epoch,
        codec(header),
        format_moment(header.max_timestamp),
    );
    if header.attributes.timestamp_type() == TimestampType::LogAppendTime {
        line.push_str(" log-append-time");
    }
    if header.has_producer_id() {
        let (id, epoch) = (header.producer_id, header.producer_epoch);
        line.push_str(&format!(
            " producer {id} epoch {epoch} sequence {}..{}",
            header.base_sequence,
            header.last_sequence()
        ));
    }
    if header.attributes.is_transactional() {
        line.push_str(" transactional");
    }
    if header.attributes.is_control() {
        line.push_str(" control");
    }
    if !is_intact {
        line.push_str(" CORRUPT");
    }
    line
}

fn batch_object(header: &BatchHeader, position: u64, is_intact: bool) -> Value {
    json!({
        "kind": "batch",
        "position": position,
        "size": header.size(),
        "body_size": header.size() - BATCH_OVERHEAD_BYTES,
        "base_offset": header.base_offset.0,
        "last_offset": header.last_offset().0,
        "records": header.record_count,
        "leader_epoch": header.partition_leader_epoch.0,
        "codec": codec(header),
        "timestamp_type": match header.attributes.timestamp_type() {
            TimestampType::CreateTime => "CreateTime",
            TimestampType::LogAppendTime => "LogAppendTime",
        },
        "max_timestamp": header.max_timestamp,
        "producer_id": header.producer_id.0,
        "producer_epoch": header.producer_epoch.0,
        "base_sequence": header.base_sequence.0,
        "transactional": header.attributes.is_transactional(),
        "control": header.attributes.is_control(),
        "crc": header.crc,
        "intact": is_intact,
    })
}

fn dump_records(batch: &Batch, kind: Kind, sink: &mut Sink) -> Result<(), DumpError> {
    let malformed = |error: stream_codec::batch::BatchError| {
        DumpError::Malformed(format!("the batch at offset {}: {error}", batch.header().base_offset))
    };
    for record in batch.records(DECOMPRESSED_BATCH_BYTES_MAX).map_err(malformed)? {
        let record = record.map_err(malformed)?;
        let (offset, timestamp) = (batch.offset_of(&record), batch.timestamp_of(&record));
        let meanings = meaning(kind, batch.header().attributes.is_control(), &record);
        let mut object = as_json("", 0, offset.0, timestamp, &record);
        if let Some(fields) = object.as_object_mut() {
            fields.remove("topic");
            fields.remove("partition");
            fields.insert("kind".to_owned(), json!("record"));
            if let Some(meanings) = &meanings {
                fields.insert("meaning".to_owned(), json!(meanings));
            }
        }
        let mut line = format!("  offset {offset} timestamp {}", format_moment(timestamp));
        match &meanings {
            Some(meanings) => meanings.iter().for_each(|meaning| line.push_str(&format!("\n    {meaning}"))),
            None => {
                line.push_str(&format!(" key {} value {}", text(record.key.as_deref()), text(record.value.as_deref())));
                for header in &record.headers {
                    let value = text(header.value.as_deref());
                    line.push_str(&format!(" header {}={value}", String::from_utf8_lossy(&header.key)));
                }
            }
        }
        sink.item(&line, object)?;
    }
    Ok(())
}

/// Text as it is with control characters escaped, `-` for none.
fn text(bytes: Option<&[u8]>) -> String {
    bytes.map_or_else(|| "-".to_owned(), |bytes| bytes.escape_ascii().to_string())
}

#[cfg(test)]
mod tests {
    use stream_codec::batch::BatchBuilder;

    use super::*;

    fn segment() -> Vec<u8> {
        let mut builder = BatchBuilder::new();
        builder.push(1, None, Some(b"one"), &[]);
        builder.push(2, None, Some(b"two"), &[]);
        builder.build().expect("builds").to_vec()
    }

    fn count(bytes: &[u8]) -> Result<usize, String> {
        let mut reader = bytes;
        let (mut position, mut count) = (0, 0);
        loop {
            match next_batch(&mut reader, position, bytes.len() as u64) {
                Ok(Some(batch)) => {
                    position += batch.bytes().len() as u64;
                    count += 1;
                }
                Ok(None) => return Ok(count),
                Err(DumpError::Malformed(reason)) => return Err(reason),
                Err(_) => return Err("another error".to_owned()),
            }
        }
    }

    #[test]
    fn batches_end_with_the_file_or_with_reserved_room() {
        let mut bytes = segment();
        bytes.extend(segment());
        assert_eq!(count(&bytes), Ok(2));
        bytes.extend([0; 500]);
        assert_eq!(count(&bytes), Ok(2));
        assert_eq!(count(&[]), Ok(0));
    }

    #[test]
    fn torn_batches_are_told() {
        let bytes = segment();
        for len in 1..bytes.len() {
            assert!(count(&bytes[..len]).is_err() || bytes[..len].iter().all(|byte| *byte == 0), "{len}");
        }
        let mut lying = bytes.clone();
        lying[8..12].copy_from_slice(&i32::MAX.to_be_bytes());
        assert!(count(&lying).is_err());
    }

    #[test]
    fn a_batch_is_one_line() {
        let bytes = Bytes::from(segment());
        let header = BatchHeader::parse(&bytes).expect("parses");
        let line = batch_line(&header, 0, false);
        assert!(line.starts_with("position 0 size 81 offsets 0..1 count 2 epoch -1 codec none"), "{line}");
        assert!(line.ends_with(" CORRUPT"));
        assert_eq!(batch_object(&header, 7, true)["position"], 7);
    }
}
