//! Compaction keeps the last value of each key, at its offset, whenever the power fails.

mod support;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use stream_codec::batch::BatchBuilder;
use stream_codec::compression::Compression;
use stream_log::disk::Disk;
use stream_log::disk::file::FileDisk;
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_log::{AppendOrigin, Compacted, Log, LogConfig, LogReader, ReadBound};
use stream_types::{Offset, ProducerEpoch, ProducerId, Sequence, WallMillis};
use support::*;

const KEY_BYTES: usize = 1 << 20;

fn compacted(segment_bytes_max: u64) -> LogConfig {
    LogConfig { segment_bytes_max, index_interval_bytes: 200, compact: true, delete: false, ..config() }
}

/// Offset and value of the last record of each key; `None` for a tombstone.
type Latest = BTreeMap<String, (i64, Option<String>)>;

fn text(bytes: &Option<bytes::Bytes>) -> Option<String> {
    bytes.as_ref().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
}

fn latest(reader: &LogReader) -> Latest {
    let mut latest = Latest::new();
    let mut last = -1;
    for batch in read_all(reader, reader.log_start(), 3000, ReadBound::LogEnd) {
        for record in batch.records(1 << 24).expect("opens") {
            let record = record.expect("valid");
            let offset = batch.offset_of(&record).0;
            assert!(offset > last, "offsets go forward");
            last = offset;
            latest.insert(text(&record.key).expect("has a key"), (offset, text(&record.value)));
        }
    }
    latest
}

fn record_count(reader: &LogReader) -> i32 {
    let batches = read_all(reader, reader.log_start(), 1 << 20, ReadBound::LogEnd);
    batches.iter().map(|batch| batch.header().record_count).sum()
}

/// Appends `batches` batches of up to five records with keys from a small set, as a seed says.
fn fill(log: &mut Log, seed: u64, batches: u64, keys: u64) {
    fill_with(log, seed, batches, keys, &Compression::ALL);
}

fn fill_with(log: &mut Log, seed: u64, batches: u64, keys: u64, codecs: &[Compression]) {
    for number in 0..batches {
        let mut random = (seed * 1_000_003 + number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut next = |below: u64| {
            random ^= random >> 29;
            random = random.wrapping_mul(0xbf58_476d_1ce4_e5b9);
            (random >> 33) % below
        };
        let mut builder = BatchBuilder::new().compression(codecs[next(codecs.len() as u64) as usize]);
        for index in 0..=next(5) {
            let key = format!("key-{}", next(keys));
            let value = format!("value {number}-{index} {}", "x".repeat(next(60) as usize));
            let value = (next(6) > 0).then_some(value.as_bytes());
            builder.push(1000 + number as i64, Some(key.as_bytes()), value, &[]);
        }
        append(log, builder.build().expect("builds"));
    }
}

fn commit(log: &mut Log) {
    log.sync_now().expect("syncs");
    log.reader().set_high_watermark(Offset(i64::MAX));
}

fn compact(log: &mut Log, first_dirty: i64, now: i64) -> Option<Compacted> {
    let plan = log.plan_compaction(Offset(first_dirty))?;
    let replacement = plan.run(WallMillis(now), KEY_BYTES).expect("runs");
    log.apply_compaction(replacement).expect("applies")
}

fn without_tombstones(latest: &Latest) -> Latest {
    latest.iter().filter(|(_, (_, value))| value.is_some()).map(|(key, last)| (key.clone(), last.clone())).collect()
}

#[test]
fn the_last_value_of_each_key_stays_at_its_offset() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    for seed in 0..10 {
        let dir = scratch.path().join(format!("t-{seed}"));
        let mut log = create(&disk, &dir, compacted(2000));
        let reader = log.reader();
        let mut first_dirty = 0;
        for round in 0..4 {
            fill(&mut log, seed * 10 + round, 60, 20);
            commit(&mut log);
            let expected = latest(&reader);
            let end = reader.log_end();
            let segments = reader.size().segment_count;
            let done = compact(&mut log, first_dirty, 5000).expect("something to do");
            assert!(done.bytes_after < done.bytes_before, "{done:?}");
            assert!(reader.size().segment_count <= segments);
            assert_eq!(latest(&reader), expected, "seed {seed} round {round}");
            assert_eq!(reader.log_end(), end);
            first_dirty = done.first_dirty.0;
            for offset in 0..end.0 {
                let read = reader.read_batches(Offset(offset), 1, ReadBound::LogEnd).expect("reads");
                assert!(read.first().is_some_and(|batch| batch.header().last_offset().0 >= offset), "{offset}");
            }
            assert!(compact(&mut log, first_dirty, 5000).is_none(), "nothing is dirty");
        }
        let expected = latest(&reader);
        let end = log.close().expect("closes");
        for clean in [true, false] {
            let log = open(&disk, &dir, compacted(2000), recovery(clean, if clean { end.0 } else { 0 }));
            assert_eq!(log.reader().log_end(), end, "clean: {clean}");
            assert_eq!(latest(&log.reader()), expected, "clean: {clean}");
        }
    }
}

#[test]
fn a_million_commits_of_ten_keys_leave_less_than_two_segments() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let mut log = create(&disk, &scratch.path().join("t-0"), compacted(1 << 20));
    let mut first_dirty = Offset(0);
    for round in 0..1000 {
        let mut builder = BatchBuilder::new();
        for number in 0..1000 {
            let key = format!("group-topic-{}", number % 10);
            builder.push(1000, Some(key.as_bytes()), Some(format!("{round}-{number}").as_bytes()), &[]);
        }
        let batch = stream_log::CheckedBatch::trusted(builder.build().expect("builds")).expect("valid");
        log.append_one(now(0), EPOCH, batch, AppendOrigin::Coordinator).expect("appends");
        if round % 100 == 99 {
            commit(&mut log);
            first_dirty = compact(&mut log, first_dirty.0, 0).expect("something to do").first_dirty;
        }
    }
    let size = log.reader().size();
    assert!(size.bytes < 2 << 20, "{size:?}");
    assert!(record_count(&log.reader()) < 60_000, "what a restart replays");
    assert_eq!(latest(&log.reader()).len(), 10);
}

#[test]
fn tombstones_stay_for_a_while_and_then_go() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let config = LogConfig { delete_retention_ms: 10_000, ..compacted(2000) };
    let mut log = create(&disk, &scratch.path().join("t-0"), config);
    let reader = log.reader();
    let put = |log: &mut Log, key: &str, value: Option<&str>| {
        let mut builder = BatchBuilder::new();
        builder.push(1000, Some(key.as_bytes()), value.map(str::as_bytes), &[]);
        builder.push(1007, Some(format!("other {key}").as_bytes()), Some(b"other"), &[]);
        append(log, builder.build().expect("builds"));
    };
    put(&mut log, "a", Some("1"));
    put(&mut log, "b", Some("1"));
    put(&mut log, "a", None);
    log.roll_now(WallMillis(0)).expect("rolls");
    commit(&mut log);
    let done = compact(&mut log, 0, 50_000).expect("compacts");
    assert_eq!(latest(&reader).get("a"), Some(&(4, None)), "young");
    let timestamps: Vec<i64> = read_all(&reader, Offset(0), 1 << 20, ReadBound::LogEnd)
        .iter()
        .flat_map(|batch| {
            batch.records(1 << 20).expect("opens").map(|record| batch.timestamp_of(&record.expect("valid")))
        })
        .collect();
    assert_eq!(timestamps, [1000, 1007, 1000, 1007], "timestamps stay though the base is the time to go");
    put(&mut log, "c", Some("1"));
    log.roll_now(WallMillis(0)).expect("rolls");
    commit(&mut log);
    let done = compact(&mut log, done.first_dirty.0, 60_000).expect("compacts");
    assert!(latest(&reader).contains_key("a"), "not older than the horizon");
    put(&mut log, "c", Some("2"));
    log.roll_now(WallMillis(0)).expect("rolls");
    commit(&mut log);
    compact(&mut log, done.first_dirty.0, 60_001).expect("compacts");
    assert!(!latest(&reader).contains_key("a"));
    assert_eq!(latest(&reader).get("other a"), Some(&(5, Some("other".to_owned()))));
}

#[test]
fn sequence_numbers_survive_the_loss_of_all_records() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk, &dir, compacted(2000));
    let batch = |id: i64, sequence: i32| {
        let mut builder = BatchBuilder::new().producer(ProducerId(id), ProducerEpoch(0), Sequence(sequence));
        builder.push(1000, Some(b"k"), Some(b"v"), &[]);
        builder.build().expect("builds")
    };
    for sequence in 0..3 {
        append(&mut log, batch(1, sequence));
    }
    for sequence in 0..3 {
        append(&mut log, batch(2, sequence));
    }
    log.roll_now(WallMillis(0)).expect("rolls");
    append(&mut log, batch(3, 0));
    log.roll_now(WallMillis(0)).expect("rolls");
    commit(&mut log);
    compact(&mut log, 0, 0).expect("compacts");
    let counts: Vec<_> = read_all(&log.reader(), Offset(0), 1 << 20, ReadBound::LogEnd)
        .iter()
        .map(|batch| (batch.header().base_offset.0, batch.header().record_count))
        .collect();
    assert_eq!(counts, [(2, 0), (5, 0), (6, 1)]);
    log.close().expect("closes");
    std::fs::read_dir(&dir).expect("lists").map(|entry| entry.expect("entry").path()).for_each(|path| {
        if path.extension().is_some_and(|extension| extension == "snapshot") {
            std::fs::remove_file(path).expect("removes");
        }
    });
    let mut log = open(&disk, &dir, compacted(2000), recovery(false, 0));
    assert!(append(&mut log, batch(1, 2)).is_duplicate);
    assert_eq!(append(&mut log, batch(1, 3)).first_offset, Offset(7));
}

#[test]
fn keys_that_do_not_fit_are_left_for_the_next_time() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let mut log = create(&disk, &scratch.path().join("t-0"), compacted(2000));
    fill(&mut log, 1, 200, 50);
    commit(&mut log);
    let expected = latest(&log.reader());
    let mut first_dirty = Offset(0);
    let mut rounds = 0;
    while let Some(plan) = log.plan_compaction(first_dirty) {
        let replacement = plan.run(WallMillis(0), 600).expect("runs");
        let done = log.apply_compaction(replacement).expect("applies").expect("applied");
        assert!(done.first_dirty > first_dirty);
        first_dirty = done.first_dirty;
        rounds += 1;
        assert_eq!(latest(&log.reader()), expected);
    }
    assert!(rounds > 3, "{rounds}");
}

#[test]
fn only_what_is_committed_and_synced_takes_part() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let mut log = create(&disk, &scratch.path().join("t-0"), compacted(2000));
    fill(&mut log, 1, 100, 5);
    log.reader().set_high_watermark(Offset(i64::MAX));
    assert!(log.plan_compaction(Offset(0)).is_none(), "not synced");
    log.sync_now().expect("syncs");
    log.reader().set_high_watermark(Offset(3));
    assert!(log.plan_compaction(Offset(0)).is_none(), "not committed");
    log.reader().set_high_watermark(Offset(i64::MAX));
    let plan = log.plan_compaction(Offset(0)).expect("all but the active segment");
    assert!(plan.dirty_ratio() > 0.99);
    assert!(log.plan_compaction(Offset(0)).is_none(), "one at a time");
    log.abandon_compaction();
    assert!(log.plan_compaction(Offset(0)).is_some());
}

/// Apache Kafka has left a transaction that was aborted in the first segment.
#[test]
fn a_segment_with_an_aborted_transaction_stays_whole_and_its_keys_deleted() {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk, &dir, compacted(2000));
    let of_one_key = |value: Option<&[u8]>| {
        let mut builder = BatchBuilder::new();
        builder.push(1000, Some(b"deleted"), value, &[]);
        builder.build().expect("builds")
    };
    append(&mut log, of_one_key(Some(b"value")));
    fill(&mut log, 1, 60, 5);
    let end = log.close().expect("closes");
    let segment = std::fs::read(dir.join("00000000000000000000.log")).expect("reads");
    let index = dir.join("00000000000000000000.txnindex");
    let entry: Vec<u8> = [1000i64, 2, 4, 5].iter().flat_map(|field| field.to_be_bytes()).collect();
    std::fs::write(&index, [&[0, 0][..], &entry].concat()).expect("writes");
    let mut log = open(&disk, &dir, compacted(2000), recovery(true, end.0));
    let reader = log.reader();
    commit(&mut log);
    let told = |from| reader.aborted_from(Offset(from)).len();
    assert_eq!((told(0), told(4), told(5)), (1, 1, 0));
    append(&mut log, of_one_key(None));
    let mut first_dirty = 0;
    for round in 0..3 {
        fill(&mut log, 10 + round, 40, 5);
        commit(&mut log);
        let expected = latest(&reader);
        let done = compact(&mut log, first_dirty, 5000 + 3 * DAY_MS * round as i64).expect("something to do");
        assert_eq!(latest(&reader), expected, "round {round}: a tombstone has gone, or a value");
        first_dirty = done.first_dirty.0;
    }
    assert_eq!(std::fs::read(dir.join("00000000000000000000.log")).expect("reads"), segment);
    let end = log.close().expect("closes");
    let log = open(&disk, &dir, compacted(2000), recovery(false, end.0 / 2));
    assert_eq!(log.reader().aborted_from(Offset(0)).len(), 0, "nothing is committed yet");
    log.reader().set_high_watermark(Offset(i64::MAX));
    assert_eq!(log.reader().aborted_from(Offset(0)).len(), 1);
}

/// A record of a transaction is superseded by nothing here.
#[test]
fn a_key_that_a_transaction_wrote_stays_deleted() {
    const DAY_MS: i64 = 24 * 3600 * 1000;
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let dir = scratch.path().join("t-0");
    // As Apache Kafka has left it: the first batch is a transaction's, and was committed.
    let mut first = BatchBuilder::new().transactional(true).producer(ProducerId(1000), ProducerEpoch(0), Sequence(0));
    first.push(1000, Some(b"deleted"), Some(b"value"), &[]);
    let marker = {
        let mut marker = BatchBuilder::new().transactional(true).control(true).base_offset(Offset(1));
        marker = marker.producer(ProducerId(1000), ProducerEpoch(0), Sequence(-1));
        marker.push(1000, Some(&[0, 0, 0, 1]), Some(&[0; 6]), &[]);
        marker.build().expect("builds")
    };
    create(&disk, &dir, compacted(2000)).close().expect("closes");
    let bytes = [first.build().expect("builds"), marker].concat();
    std::fs::write(dir.join("00000000000000000000.log"), bytes).expect("writes");
    let mut log = open(&disk, &dir, compacted(2000), recovery(false, 0));
    let reader = log.reader();
    assert_eq!(reader.log_end(), Offset(2));
    let mut tombstone = BatchBuilder::new();
    tombstone.push(1000, Some(b"deleted"), None, &[]);
    append(&mut log, tombstone.build().expect("builds"));
    let mut first_dirty = 0;
    for round in 0..3 {
        fill(&mut log, 10 + round, 40, 5);
        commit(&mut log);
        assert_eq!(reader.last_stable_offset(), reader.log_end());
        let done = compact(&mut log, first_dirty, 5000 + 3 * DAY_MS * round as i64).expect("something to do");
        first_dirty = done.first_dirty.0;
        let batches = read_all(&reader, reader.log_start(), 3000, ReadBound::LogEnd);
        let records = batches.iter().filter(|batch| !batch.header().attributes.is_control());
        let values =
            records.flat_map(|batch| batch.records(1 << 24).expect("opens")).map(|record| record.expect("valid"));
        let last = values.filter(|record| record.key.as_deref() == Some(b"deleted")).last();
        assert_eq!(last.expect("is there").value, None, "round {round}");
    }
}

#[test]
fn a_result_that_comes_too_late_changes_nothing() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk, &dir, compacted(2000));
    fill(&mut log, 1, 100, 5);
    commit(&mut log);
    let plan = log.plan_compaction(Offset(0)).expect("plans");
    let replacement = plan.run(WallMillis(0), KEY_BYTES).expect("runs");
    log.truncate_fully(Offset(7000), WallMillis(0)).expect("empties");
    assert_eq!(log.apply_compaction(replacement).expect("applies"), None);
    assert_eq!((log.reader().log_start(), log.reader().log_end()), (Offset(7000), Offset(7000)));
    log.close().expect("closes");
    let log = open(&disk, &dir, compacted(2000), recovery(false, 0));
    assert_eq!(log.reader().log_end(), Offset(7000));
}

#[test]
fn readers_go_on_while_segments_are_replaced() {
    let scratch = Scratch::new();
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let mut log = create(&disk, &scratch.path().join("t-0"), LogConfig { tail_cache_bytes_max: 0, ..compacted(2000) });
    let reader = log.reader();
    fill(&mut log, 1, 300, 30);
    commit(&mut log);
    let expected = latest(&reader);
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let (reader, stop, expected) = (Arc::clone(&reader), Arc::clone(&stop), expected.clone());
            std::thread::spawn(move || {
                let mut rounds = 0;
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let found = latest(&reader);
                    expected.iter().for_each(|(key, last)| assert_eq!(found.get(key), Some(last)));
                    rounds += 1;
                }
                rounds
            })
        })
        .collect();
    for round in 0..30 {
        let plan = log.plan_compaction(Offset(0)).expect("plans");
        let replacement = plan.run(WallMillis(0), KEY_BYTES).expect("runs");
        log.apply_compaction(replacement).expect("applies").expect("applied");
        let mut builder = BatchBuilder::new();
        builder.push(1000, Some(format!("new {round}").as_bytes()), Some(&[b'x'; 500]), &[]);
        append(&mut log, builder.build().expect("builds"));
        commit(&mut log);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    for thread in threads {
        assert!(thread.join().expect("no panic") > 0);
    }
}

fn seeds() -> u64 {
    std::env::var("STREAM_CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(1)
}

#[test]
fn power_loss_at_every_operation_of_a_compaction_keeps_every_key() {
    let dir = Path::new("data/t-0");
    let plain = [Compression::None, Compression::Lz4];
    for seed in 0..seeds() {
        for loss in [Loss::Everything, Loss::Nothing, Loss::Random] {
            for again in [None, Some(4)] {
                let mut at = 0;
                loop {
                    let context = format!("seed {seed} {loss:?} at {at} again {again:?}");
                    let memory = MemoryDisk::new(seed * 31 + at);
                    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
                    memory.create_dir(Path::new("data")).expect("creates");
                    memory.sync_dir(Path::new("")).expect("syncs");
                    let mut log = create(&disk, dir, compacted(900));
                    fill_with(&mut log, seed, 20, 8, &plain);
                    commit(&mut log);
                    let expected = latest(&log.reader());
                    let end = log.reader().log_end();
                    memory.inject(memory.operations() + at, Fault::PowerLoss);
                    let done = (|| {
                        let plan = log.plan_compaction(Offset(0))?;
                        let replacement = plan.run(WallMillis(5000), KEY_BYTES).ok()?;
                        log.apply_compaction(replacement).ok()??;
                        log.sync_now().ok()
                    })();
                    memory.crash(loss);
                    if let Some(again) = again {
                        memory.inject(memory.operations() + again, Fault::PowerLoss);
                        let point = recovery(false, 0);
                        let _ = Log::open(Arc::clone(&disk), dir, TOPIC_ID, compacted(900), point, WallMillis(0));
                        memory.crash(loss);
                    }
                    // The recovery point checkpoint may be old: nothing may depend on it.
                    for point in [0, end.0] {
                        let log = open(&disk, dir, compacted(900), recovery(false, point));
                        assert_eq!(log.reader().log_end(), end, "{context}");
                        let found = latest(&log.reader());
                        assert_eq!(without_tombstones(&found), without_tombstones(&expected), "{context}");
                        assert_eq!(found, expected, "{context}");
                    }
                    let mut log = open(&disk, dir, compacted(900), recovery(false, 0));
                    fill_with(&mut log, seed + 1, 10, 8, &plain);
                    commit(&mut log);
                    let expected = latest(&log.reader());
                    compact(&mut log, 0, 5000).expect("compacts");
                    assert_eq!(latest(&log.reader()), expected, "{context}");
                    if done.is_some() {
                        break;
                    }
                    at += 1;
                }
                assert!(at > 15, "a compaction has operations to fail");
            }
        }
    }
}
