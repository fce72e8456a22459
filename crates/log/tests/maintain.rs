//! Retention, lookups by time, truncation, and what an idle log gives back.

mod support;

use std::sync::Arc;

use stream_codec::compression::Compression;
use stream_log::disk::Disk;
use stream_log::disk::file::FileDisk;
use stream_log::{Log, LogConfig, LogError, ReadBound, ReadError};
use stream_types::{LeaderEpoch, Monotonic, Now, Offset, WallMillis};
use support::*;

fn disk() -> Arc<dyn Disk> {
    Arc::new(FileDisk)
}

fn small_segments() -> LogConfig {
    LogConfig { segment_bytes_max: 2_000, index_interval_bytes: 300, ..config() }
}

/// Ten batches to a segment, ten records to a batch, a batch each 100 ms from 1000 ms on.
fn filled(dir: &std::path::Path, config: LogConfig, batches: i64) -> Log {
    let mut log = create(&disk(), dir, config);
    for number in 0..batches {
        let codec = Compression::ALL[(number % 5) as usize];
        append(&mut log, records_with(&format!("v{number}"), 10, 1000 + number * 100, codec));
    }
    log.reader().set_high_watermark(Offset(i64::MAX));
    log
}

fn at(millis: i64) -> Now {
    Now { monotonic: Monotonic::from_millis(millis as u64), wall: WallMillis(millis) }
}

#[test]
fn lookups_by_time_are_exact_to_the_record() {
    let scratch = Scratch::new();
    let log = filled(&scratch.path().join("t-0"), small_segments(), 100);
    let reader = log.reader();
    assert!(reader.size().segment_count > 5);
    for timestamp in (900..11_100).step_by(7) {
        let found = reader.offset_for_time(timestamp, ReadBound::HighWatermark).expect("looks");
        let batch = (timestamp - 1000).max(0) / 100;
        let within = (timestamp - 1000).max(0) % 100;
        let expected = if within <= 9 { batch * 10 + within } else { (batch + 1) * 10 };
        let expected = (expected < 1000).then_some(expected);
        assert_eq!(found.map(|found| found.offset.0), expected, "{timestamp}");
        assert!(found.is_none_or(|found| found.timestamp >= timestamp && found.leader_epoch == EPOCH));
    }
    reader.set_high_watermark(Offset(500));
    assert_eq!(reader.offset_for_time(7000, ReadBound::HighWatermark).expect("looks"), None);
    assert!(reader.offset_for_time(7000, ReadBound::LogEnd).expect("looks").is_some());
}

#[test]
fn the_largest_timestamp_is_found_wherever_it_is() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), small_segments());
    assert_eq!(log.reader().max_timestamp(ReadBound::LogEnd).expect("looks"), None);
    for number in 0..60 {
        let timestamp = if number == 20 { 90_000 } else { 1000 + number };
        append(&mut log, records(&format!("v{number}"), 5, timestamp));
    }
    let found = log.reader().max_timestamp(ReadBound::LogEnd).expect("looks").expect("some");
    assert_eq!((found.offset, found.timestamp), (Offset(104), 90_004));
    let end = log.close().expect("closed");
    let log = open(&disk(), &scratch.path().join("t-0"), small_segments(), recovery(true, end.0));
    let found = log.reader().max_timestamp(ReadBound::LogEnd).expect("looks").expect("some");
    assert_eq!((found.offset, found.timestamp), (Offset(104), 90_004));
}

#[test]
fn the_largest_timestamp_of_what_is_left_is_found() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), small_segments());
    for timestamp in [1000, 9000, 3000, 2000] {
        append(&mut log, records("v", 5, timestamp));
    }
    log.reader().set_high_watermark(Offset(20));
    for (start, expected) in [(9, Some((9, 9004))), (10, Some((14, 3004))), (15, Some((19, 2004))), (20, None)] {
        log.advance_log_start(Offset(start)).expect("advanced");
        let found = log.reader().max_timestamp(ReadBound::LogEnd).expect("looks");
        assert_eq!(found.map(|found| (found.offset.0, found.timestamp)), expected, "from {start}");
    }
}

#[test]
fn retention_by_time_takes_whole_segments_and_never_the_uncommitted() {
    let scratch = Scratch::new();
    let config = LogConfig { retention_ms: Some(5000), ..small_segments() };
    let mut log = filled(&scratch.path().join("t-0"), config, 100);
    let reader = log.reader();
    let count = reader.size().segment_count;
    assert!(log.expire(at(6000), Offset(1000)).expect("expires").is_empty(), "the oldest segment is not old enough");
    let old = reader.read(Offset(0), 100, ReadBound::LogEnd, true).expect("reads");
    assert!(log.expire(at(12_000), Offset(0)).expect("expires").is_empty(), "nothing is committed");
    let removal = log.expire(at(12_000), Offset(1000)).expect("expires");
    assert!(removal.segment_count > 0 && removal.segment_count < count);
    removal.run().expect("removes");
    let start = reader.log_start();
    assert!(start > Offset(0) && start <= Offset(610), "{start}");
    assert!(matches!(
        reader.read(Offset(0), 100, ReadBound::LogEnd, true),
        Err(ReadError::OffsetOutOfRange { log_start, .. }) if log_start == start
    ));
    assert_eq!(old.to_bytes().expect("who holds the file reads on").len(), old.len);
    let removal = log.expire(at(60_000), Offset(1000)).expect("expires");
    removal.run().expect("removes");
    assert_eq!((reader.log_start(), reader.log_end()), (Offset(1000), Offset(1000)), "the active segment was rolled");
    assert_eq!(append(&mut log, records("next", 1, 60_000)).first_offset, Offset(1000));
    let names: Vec<_> =
        std::fs::read_dir(reader.dir()).expect("lists").map(|entry| entry.expect("entry").file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().ends_with(".expired")));
    let end = log.close().expect("closed");
    let log = open(&disk(), reader.dir(), small_segments(), recovery(true, end.0));
    assert_eq!(log.reader().log_start(), Offset(1000));
}

#[test]
fn a_wall_clock_that_jumps_deletes_nothing_for_one_check() {
    let scratch = Scratch::new();
    let config = LogConfig { retention_ms: Some(5000), ..small_segments() };
    let mut log = filled(&scratch.path().join("t-0"), config, 100);
    assert!(log.expire(at(2000), Offset(1000)).expect("expires").is_empty());
    let jumped = |millis: u64| Now { monotonic: Monotonic::from_millis(millis), wall: WallMillis(1 << 40) };
    assert!(log.expire(jumped(3000), Offset(1000)).expect("expires").is_empty());
    let jumped = Now { wall: WallMillis((1 << 40) + 1000), ..jumped(4000) };
    assert!(!log.expire(jumped, Offset(1000)).expect("expires").is_empty());
}

#[test]
fn retention_by_size_keeps_at_least_that_much() {
    let scratch = Scratch::new();
    let config = LogConfig { retention_ms: None, retention_bytes: Some(5_000), ..small_segments() };
    let mut log = filled(&scratch.path().join("t-0"), config, 100);
    let before = log.reader().size();
    let removal = log.expire(at(0), Offset(1000)).expect("expires");
    let after = log.reader().size();
    assert!(removal.segment_count > 0);
    assert_eq!(after.bytes + removal.bytes, before.bytes);
    assert!((5_000..8_000).contains(&after.bytes), "{after:?}");
    drop(removal);
    log.close().expect("closed");
    let log = open(&disk(), &scratch.path().join("t-0"), small_segments(), recovery(false, 0));
    assert_eq!(log.reader().size(), after, "what was put aside does not come back");
}

#[test]
fn deleted_records_are_out_of_range_and_their_segments_go() {
    let scratch = Scratch::new();
    let mut log = filled(&scratch.path().join("t-0"), LogConfig { delete: false, ..small_segments() }, 100);
    let reader = log.reader();
    reader.set_high_watermark(Offset(700));
    assert!(matches!(log.advance_log_start(Offset(701)), Err(LogError::OffsetOutOfRange { .. })));
    assert_eq!(log.advance_log_start(Offset(555)).expect("advances"), Offset(555));
    assert_eq!(log.advance_log_start(Offset(5)).expect("stays"), Offset(555));
    assert!(reader.read(Offset(554), 100, ReadBound::LogEnd, true).is_err());
    assert!(!reader.read(Offset(555), 100, ReadBound::LogEnd, true).expect("reads").is_empty());
    assert_eq!(
        reader.offset_for_time(0, ReadBound::LogEnd).expect("looks").map(|found| found.offset),
        Some(Offset(555))
    );
    let removal = log.expire(at(0), Offset(700)).expect("expires");
    removal.run().expect("removes");
    assert!(removal.segment_count > 0);
    assert_eq!(reader.log_start(), Offset(555));
    let recovery = stream_log::Recovery { log_start: Offset(555), ..recovery(false, 0) };
    drop(log);
    let log = open(&disk(), &scratch.path().join("t-0"), small_segments(), recovery);
    assert_eq!((log.reader().log_start(), log.reader().log_end()), (Offset(555), Offset(1000)));
}

#[test]
fn a_log_is_cut_where_it_is_told_to() {
    let scratch = Scratch::new();
    for (to, end) in [(995, 990), (990, 990), (700, 700), (10, 10), (5, 0), (0, 0), (2000, 1000)] {
        let dir = scratch.path().join(format!("t-{to}"));
        let mut log = filled(&dir, small_segments(), 100);
        let reader = log.reader();
        assert_eq!(log.truncate_to(Offset(to), WallMillis(0)).expect("cuts"), Offset(end), "{to}");
        assert_eq!((reader.log_end(), reader.high_watermark()), (Offset(end), Offset(end)));
        let expected: Vec<_> = (0..end).map(|offset| (offset, format!("v{}-{}", offset / 10, offset % 10))).collect();
        assert_eq!(values(&reader, 0), expected, "{to}");
        let batch = checked(records("new", 2, 50_000));
        let appended =
            log.append_one(now(0), LeaderEpoch(9), batch, stream_log::AppendOrigin::Client).expect("appends");
        assert_eq!(appended.first_offset, Offset(end));
        let found = reader.offset_for_time(50_000, ReadBound::LogEnd).expect("looks");
        assert_eq!(found.map(|found| found.offset), Some(Offset(end)));
        drop(log);
        let log = open(&disk(), &dir, small_segments(), recovery(false, 0));
        assert_eq!(log.reader().log_end(), Offset(end + 2));
        assert_eq!(log.reader().latest_epoch(), Some(LeaderEpoch(9)));
    }
}

#[test]
fn a_log_can_begin_again_elsewhere() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = filled(&dir, small_segments(), 100);
    log.truncate_fully(Offset(5000), WallMillis(0)).expect("empties");
    let reader = log.reader();
    assert_eq!((reader.log_start(), reader.log_end(), reader.size().bytes), (Offset(5000), Offset(5000), 0));
    assert_eq!(append(&mut log, records("x", 1, 0)).first_offset, Offset(5000));
    drop(log);
    let log = open(&disk(), &dir, small_segments(), recovery(false, 0));
    assert_eq!((log.reader().log_start(), log.reader().log_end()), (Offset(5000), Offset(5001)));
}

#[test]
fn segments_are_rolled_by_time() {
    let scratch = Scratch::new();
    let config = LogConfig { segment_ms: 1000, ..config() };
    let mut log = create(&disk(), &scratch.path().join("t-0"), config);
    append(&mut log, records("a", 1, 10_000));
    append(&mut log, records("b", 1, 11_000));
    assert_eq!(log.reader().size().segment_count, 1);
    append(&mut log, records("c", 1, 11_001));
    assert_eq!(log.reader().size().segment_count, 2);
    assert!(!log.roll_if_due(WallMillis(12_001)).expect("looks"));
    assert!(log.roll_if_due(WallMillis(12_002)).expect("rolls"));
    assert!(!log.roll_if_due(WallMillis(99_000)).expect("looks"), "an empty segment is not rolled");
    assert_eq!(log.reader().size().segment_count, 3);
}

#[test]
fn an_idle_log_closes_its_files_and_opens_them_again() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = filled(&dir, small_segments(), 50);
    log.sync_now().expect("syncs");
    let open_files = || {
        let fds = std::fs::read_dir("/proc/self/fd").expect("lists");
        let targets = fds.filter_map(|fd| std::fs::read_link(fd.ok()?.path()).ok());
        targets.filter(|target| target.starts_with(&dir)).count()
    };
    let before = values(&log.reader(), 0);
    assert!(open_files() > 3);
    for _ in 0..3 {
        log.close_idle();
    }
    assert_eq!(open_files(), 0);
    assert_eq!(values(&log.reader(), 0), before);
    append(&mut log, records("again", 1, 9000));
    assert_eq!(values(&log.reader(), 0).len(), before.len() + 1);
}

#[test]
fn a_deleted_log_leaves_nothing() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let log = filled(&dir, small_segments(), 50);
    let reader = log.reader();
    log.delete().expect("deletes");
    assert_eq!(std::fs::read_dir(scratch.path()).expect("lists").count(), 0);
    let _ = reader.read(Offset(0), 100, ReadBound::LogEnd, true);
}

#[test]
fn indexes_that_are_missing_or_wrong_slow_reads_down_and_change_nothing() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let log = filled(&dir, small_segments(), 100);
    let expected = values(&log.reader(), 0);
    let end = log.close().expect("closed");
    let indexes = || {
        let names = std::fs::read_dir(&dir).expect("lists").map(|entry| entry.expect("entry").path());
        names.filter(|path| path.extension().is_some_and(|extension| extension == "index")).collect::<Vec<_>>()
    };
    // Says that everything is at the end, where there is a batch.
    let misleading = [0, 0, 0, 0, 0, 0, 0x05, 0].repeat(3);
    for garbage in [
        Some(misleading),
        Some(vec![0u8; 800]),
        Some((0..=255).cycle().take(801).collect()),
        Some(vec![0xff; 64]),
        None,
    ] {
        for path in indexes() {
            match &garbage {
                Some(garbage) => std::fs::write(path, garbage).expect("writes"),
                None => std::fs::remove_file(path).expect("removes"),
            }
        }
        let log = open(&disk(), &dir, small_segments(), recovery(true, end.0));
        let reader = log.reader();
        assert_eq!(values(&reader, 0), expected);
        for offset in (0..1000).step_by(37) {
            let batch = &reader.read_batches(Offset(offset), 300, ReadBound::LogEnd).expect("reads")[0];
            assert!(batch.header().base_offset.0 <= offset && batch.header().last_offset().0 >= offset);
        }
    }
}

#[test]
fn a_damaged_batch_is_reported_and_not_passed_over() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let log = filled(&dir, small_segments(), 100);
    let path = log.reader().segment_paths()[1].clone();
    let end = log.close().expect("closed");
    let mut bytes = std::fs::read(&path).expect("reads");
    let header = stream_codec::batch::BatchHeader::parse(&bytes).expect("header");
    bytes[header.size() + 16] = 9;
    std::fs::write(&path, bytes).expect("writes");
    std::fs::remove_file(path.with_extension("index")).expect("removes");
    let log = open(&disk(), &dir, small_segments(), recovery(true, end.0));
    let read = log.reader().read(header.next_offset(), 1000, ReadBound::LogEnd, true);
    assert!(matches!(read, Err(ReadError::Corrupt { position, .. }) if position == header.size() as u64), "{read:?}");
}

#[test]
fn what_kafka_left_to_be_removed_says_nothing_of_other_segments() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let log = filled(&dir, small_segments(), 100);
    let expected = values(&log.reader(), 0);
    let end = log.close().expect("closed");
    let left = dir.join("00000000000000000500.log.deleted");
    std::fs::write(&left, "old").expect("writes");
    let log = open(&disk(), &dir, small_segments(), recovery(true, end.0));
    assert_eq!(values(&log.reader(), 0), expected);
    assert!(!left.exists());
}

#[test]
fn what_is_unread_has_an_age_and_a_time_to_live() {
    let scratch = Scratch::new();
    let config = LogConfig { tail_cache_bytes_max: 0, ..small_segments() };
    let mut log = filled(&scratch.path().join("t-0"), config, 100);
    let reader = log.reader();
    let exact = reader.offset_for_time(0, ReadBound::LogEnd).expect("looks").expect("some");
    assert_eq!(reader.batch_timestamp(Offset(0)).expect("looks"), Some(exact.timestamp));
    // Inside a batch it is the time of the batch's first record.
    let base = reader.batch_timestamp(Offset(500)).expect("looks");
    assert!(base.is_some() && reader.batch_timestamp(Offset(509)).expect("looks") == base);
    assert!(reader.batch_timestamp(Offset(510)).expect("looks") > base);
    assert_eq!(reader.batch_timestamp(Offset(1000)).expect("looks"), None, "nothing is there yet");
    let (first, last) = (reader.kept(Offset(0)).expect("looks"), reader.kept(Offset(999)).expect("looks"));
    assert!(first.timestamp < last.timestamp && first.bytes_after > 0, "{first:?} {last:?}");
    assert_eq!(last.bytes_after, 0);
    // As retention sees it: the first segment goes when the others are as large as the limit.
    let limit = first.bytes_after;
    log.set_config(LogConfig { retention_bytes: Some(limit + 1), retention_ms: None, ..small_segments() });
    assert!(log.expire(at(0), Offset(1000)).expect("expires").is_empty());
    log.set_config(LogConfig { retention_bytes: Some(limit), retention_ms: None, ..small_segments() });
    let removal = log.expire(at(0), Offset(1000)).expect("expires");
    assert_eq!(removal.segment_count, 1);
    removal.run().expect("removes");
    // Recent batches in memory say the same as the files.
    log.set_config(LogConfig { tail_cache_bytes_max: 1 << 20, ..small_segments() });
    append(&mut log, records("tail", 3, 77_000));
    assert_eq!(reader.batch_timestamp(Offset(1001)).expect("looks"), Some(77_000));
}
