//! Record batches as producers send them, and compressed bodies.

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchBuilder, BatchIter, TimestampType};
use stream_codec::compression::Compression;
use stream_log::{CheckRules, CheckedBatch};
use stream_types::WallMillis;

/// Largest body that is opened here (bytes).
pub(super) const LIMIT: usize = 256 * 1024;

const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
const NOW: WallMillis = WallMillis(1_800_000_000_000);

fn rules(keys_required: bool) -> CheckRules {
    CheckRules {
        message_bytes_max: 1024 * 1024,
        timestamp_type: TimestampType::CreateTime,
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        keys_required,
        compression: None,
        compression_level: None,
    }
}

/// A record set: as a producer's, and as a log's. Its checksums are mended first, or no lie would get past them.
pub(super) fn batch(bytes: &[u8]) {
    let mut mended = bytes.to_vec();
    if let Some((header, body)) = mended.split_first_chunk_mut::<21>() {
        header[17..21].copy_from_slice(&stream_codec::batch::crc32c(body).to_be_bytes());
    }
    for records in [Bytes::copy_from_slice(bytes), Bytes::from(mended)] {
        if let Ok(checked) = CheckedBatch::check(records.clone(), &rules(false), NOW) {
            assert_eq!(checked.size(), records.len(), "what is taken is the whole of what was sent");
        }
        for batch in BatchIter::new(records) {
            let Ok(batch) = batch else { break };
            open(&batch);
        }
    }
}

fn open(batch: &Batch) {
    let Ok(records) = batch.records(LIMIT) else { return };
    for record in records {
        let Ok(record) = record else { return };
        let _ = (batch.offset_of(&record), batch.timestamp_of(&record));
    }
}

/// The first byte is the codec; whatever the rest claims, no more than the limit comes out.
pub(super) fn compression(bytes: &[u8]) {
    let Some((first, body)) = bytes.split_first() else { return };
    let codec = CODECS[usize::from(*first) % CODECS.len()];
    if let Ok(opened) = codec.decompress(body, LIMIT) {
        assert!(opened.len() <= LIMIT, "{codec:?} gave {} bytes", opened.len());
    }
}

/// A batch in each codec, a compressed body of each, and one that grows far beyond the limit.
pub(super) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut seeds = Vec::new();
    for (number, codec) in (0u8..).zip(CODECS) {
        let mut builder = BatchBuilder::new().compression(codec);
        for value in [&b"one"[..], b"two two two two", b""] {
            builder.push(NOW.0, Some(b"key"), Some(value), &[]);
        }
        let name = format!("{codec:?}").to_lowercase();
        seeds.push(("batch", name.clone(), builder.build().expect("a small batch").to_vec()));
        for (suffix, content) in [("", b"text text text text".to_vec()), ("-bomb", vec![0; 4 * LIMIT])] {
            let mut body = codec.compress(&content).expect("anything compresses");
            body.insert(0, number);
            if body.len() < 64 * 1024 {
                seeds.push(("compression", format!("{name}{suffix}"), body));
            }
        }
    }
    seeds
}
