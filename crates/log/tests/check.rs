//! What a producer's batch has to be.

mod support;

use bytes::Bytes;
use stream_codec::batch::{Batch, BatchBuilder, BatchError, BatchHeader, HEADER_BYTES, TimestampType};
use stream_codec::compression::Compression;
use stream_log::disk::file::FileDisk;
use stream_log::{AppendOrigin, CheckError, CheckRules, CheckedBatch, ReadBound, TailBudget};
use stream_types::{Offset, ProducerEpoch, ProducerId, Sequence, WallMillis};
use support::*;

const NOW: WallMillis = WallMillis(1_000_000);

fn check(bytes: Bytes, rules: &CheckRules) -> Result<CheckedBatch, CheckError> {
    CheckedBatch::check(bytes, rules, NOW)
}

fn refused(bytes: Bytes, rules: &CheckRules) -> CheckError {
    check(bytes, rules).expect_err("refused")
}

/// `bytes` with its header changed and a checksum that is right again.
fn with_header(bytes: &Bytes, change: impl FnOnce(&mut BatchHeader)) -> Bytes {
    let mut header = BatchHeader::parse(bytes).expect("header");
    change(&mut header);
    header.seal(&bytes[HEADER_BYTES..]);
    let mut changed = bytes.to_vec();
    changed[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
    changed.into()
}

#[test]
fn what_is_not_one_whole_batch_is_refused() {
    let batch = records("v", 3, 1000);
    check(batch.clone(), &rules()).expect("valid");
    let mut two = batch.to_vec();
    two.extend_from_slice(&batch);
    assert!(matches!(refused(two.into(), &rules()), CheckError::NotOneBatch { .. }));
    for len in 0..batch.len() {
        let error = refused(batch.slice(..len), &rules());
        assert!(matches!(error, CheckError::Batch(BatchError::Truncated { .. })), "{len}: {error}");
    }
    let mut old = batch.to_vec();
    old[16] = 1;
    assert!(matches!(refused(old.into(), &rules()), CheckError::Batch(BatchError::UnsupportedMagic { magic: 1 })));
    let mut flipped = batch.to_vec();
    flipped[80] ^= 1;
    let error = refused(flipped.into(), &rules());
    assert!(matches!(error, CheckError::Batch(BatchError::ChecksumMismatch { .. })));
    let small = CheckRules { message_bytes_max: batch.len() - 1, ..rules() };
    assert!(matches!(refused(batch, &small), CheckError::TooLarge { .. }));
}

#[test]
fn lies_are_refused() {
    let batch = records("v", 3, 1000);
    let lying = with_header(&batch, |header| header.record_count = i32::MAX);
    assert!(matches!(refused(lying, &rules()), CheckError::Batch(BatchError::InvalidCount { .. })));
    let lying = with_header(&batch, |header| {
        header.record_count = 4;
        header.last_offset_delta = 3;
    });
    assert!(matches!(refused(lying, &rules()), CheckError::Batch(BatchError::InvalidRecord { index: 3, .. })));
    let lying = with_header(&batch, |header| {
        header.record_count = 2;
        header.last_offset_delta = 1;
    });
    assert!(matches!(refused(lying, &rules()), CheckError::Batch(BatchError::TrailingBytes { .. })));
    let lying = with_header(&batch, |header| header.attributes.0 = 7);
    assert!(matches!(refused(lying, &rules()), CheckError::Batch(BatchError::UnknownCompression { id: 7 })));
    let lying = with_header(&batch, |header| header.attributes = header.attributes.with_control(true));
    assert_eq!(refused(lying, &rules()), CheckError::ControlBatch);
    let lying = with_header(&batch, |header| header.producer_id = ProducerId(5));
    assert_eq!(refused(lying, &rules()), CheckError::NoSequence { producer_id: 5 });
    let lying = with_header(&batch, |header| header.base_offset = Offset(5));
    assert_eq!(refused(lying, &rules()), CheckError::BaseOffset { base_offset: 5 });
}

#[test]
fn a_wrong_max_timestamp_is_put_right() {
    let batch = records("v", 3, 1000);
    let lying = with_header(&batch, |header| header.max_timestamp = 77);
    assert_eq!(check(lying, &rules()).expect("valid").header(), &BatchHeader::parse(&batch).expect("header"));
}

#[test]
fn every_record_of_a_compacted_topic_needs_a_key() {
    let keyed = CheckRules { keys_required: true, ..rules() };
    for codec in Compression::ALL {
        check(records_with("v", 3, 1000, codec), &keyed).expect("has keys");
        let mut builder = BatchBuilder::new().compression(codec);
        builder.push(1, Some(b"k"), Some(b"v"), &[]);
        builder.push(1, None, Some(b"v"), &[]);
        builder.push(1, None, Some(b"v"), &[]);
        let batch = builder.build().expect("builds");
        assert_eq!(refused(batch.clone(), &keyed), CheckError::Keyless { records: vec![1, 2] }, "{codec}");
        check(batch, &rules()).expect("no keys are needed");
    }
}

#[test]
fn timestamps_have_to_lie_in_the_window() {
    let window = CheckRules { timestamp_before_max_ms: 10, timestamp_after_max_ms: 5, ..rules() };
    let at = |first: i64| records("v", 3, NOW.0 + first);
    check(at(-10), &window).expect("inside");
    check(at(3), &window).expect("inside");
    let outside = |bytes: Bytes| match refused(bytes, &window) {
        CheckError::TimestampOutOfWindow { records, .. } => records,
        other => panic!("{other}"),
    };
    assert_eq!(outside(at(-11)), [0]);
    assert_eq!(outside(at(4)), [2]);
    assert_eq!(outside(at(6)), [0, 1, 2]);
    assert_eq!(outside(records_with("v", 3, NOW.0 + 4, Compression::Zstd)), Vec::<i32>::new());
    let log_append_time = CheckRules { timestamp_type: TimestampType::LogAppendTime, ..window.clone() };
    check(at(6), &log_append_time).expect("the producer's time means nothing");
    let mut builder = BatchBuilder::new();
    builder.push(-1, None, Some(b"v"), &[]);
    check(builder.build().expect("builds"), &window).expect("no timestamp at all");
}

#[test]
fn the_brokers_time_is_stamped_on_the_batch() {
    let scratch = Scratch::new();
    let disk: std::sync::Arc<dyn stream_log::disk::Disk> = std::sync::Arc::new(FileDisk);
    let mut log = create(&disk, &scratch.path().join("t-0"), config());
    let stamped = CheckRules { timestamp_type: TimestampType::LogAppendTime, ..rules() };
    for codec in Compression::ALL {
        let batch = check(records_with("v", 3, 1000, codec), &stamped).expect("valid");
        let appended = log.append_one(now(5), EPOCH, batch, AppendOrigin::Client).expect("appended");
        assert_eq!(appended.append_time, NOW);
    }
    for batch in read_all(&log.reader(), Offset(0), 1 << 20, ReadBound::LogEnd) {
        assert_eq!(batch.header().attributes.timestamp_type(), TimestampType::LogAppendTime);
        for record in batch.records(1 << 20).expect("opens") {
            assert_eq!(batch.timestamp_of(&record.expect("valid")), NOW.0);
        }
    }
}

#[test]
fn the_topics_codec_replaces_the_producers() {
    for from in Compression::ALL {
        for to in Compression::ALL {
            let batch = BatchBuilder::new().compression(from).producer(ProducerId(4), ProducerEpoch(2), Sequence(9));
            let mut builder = batch;
            for index in 0..50 {
                builder.push(1000 + index, Some(b"key"), Some(&[b'v'; 100]), &[]);
            }
            let bytes = builder.build().expect("builds");
            let rules = CheckRules { compression: Some(to), ..rules() };
            let checked = check(bytes.clone(), &rules).expect("valid");
            let (old, new) = (BatchHeader::parse(&bytes).expect("header"), *checked.header());
            assert_eq!(new.attributes.compression(), Ok(to));
            assert_eq!((new.producer_id, new.base_sequence), (old.producer_id, old.base_sequence));
            let scratch = Scratch::new();
            let disk: std::sync::Arc<dyn stream_log::disk::Disk> = std::sync::Arc::new(FileDisk);
            let mut log = create(&disk, &scratch.path().join("t-0"), config());
            log.append_one(now(0), EPOCH, checked, AppendOrigin::Client).expect("appended");
            let stored = &read_all(&log.reader(), Offset(0), 1 << 20, ReadBound::LogEnd)[0];
            let records = |batch: &Batch| -> Vec<_> { batch.records(1 << 20).expect("opens").collect() };
            assert_eq!(records(stored), records(&Batch::parse(&bytes).expect("parses")), "{from} to {to}");
        }
    }
}

#[test]
fn a_body_that_cannot_be_opened_is_refused_where_it_has_to_be() {
    let garbage = with_header(&records("v", 3, 1000), |header| {
        header.attributes = header.attributes.with_compression(Compression::Zstd);
    });
    check(garbage.clone(), &rules()).expect("a compressed body is not opened");
    for rules in
        [CheckRules { keys_required: true, ..rules() }, CheckRules { compression: Some(Compression::Lz4), ..rules() }]
    {
        let error = refused(garbage.clone(), &rules);
        assert!(matches!(error, CheckError::Batch(BatchError::Compression(_))), "{error}");
    }
}

#[test]
fn tail_caches_share_a_budget() {
    let scratch = Scratch::new();
    let disk: std::sync::Arc<dyn stream_log::disk::Disk> = std::sync::Arc::new(FileDisk);
    let budget = TailBudget::new(5000);
    let mut logs: Vec<_> = (0..4)
        .map(|number| {
            let mut log = create(&disk, &scratch.path().join(format!("t-{number}")), config());
            log.share_tail_budget(budget.clone());
            log
        })
        .collect();
    for round in 0..50 {
        for log in &mut logs {
            append(log, records(&format!("round {round}"), 5, 1000));
            assert!(budget.used() <= 5000);
        }
    }
    assert!(budget.used() > 2000);
    for log in &logs {
        assert_eq!(values(&log.reader(), 0).len(), 250);
    }
    drop(logs);
    assert_eq!(budget.used(), 0);
}
