//! What is appended is read, from memory and from files, across rolls and restarts.

mod support;

use std::sync::Arc;

use bytes::Bytes;
use stream_codec::batch::{BatchBuilder, BatchHeader};
use stream_codec::compression::Compression;
use stream_log::disk::Disk;
use stream_log::disk::file::FileDisk;
use stream_log::disk::memory::{Loss, MemoryDisk};
use stream_log::{AppendError, AppendOrigin, Log, LogConfig, LogError, ReadBound, ReadError, SlicePart, SyncWork};
use stream_types::{LeaderEpoch, Offset, Sequence, WallMillis};
use support::*;

fn disk() -> Arc<dyn Disk> {
    Arc::new(FileDisk)
}

fn small_segments() -> LogConfig {
    LogConfig { segment_bytes_max: 8_000, index_interval_bytes: 500, ..config() }
}

#[test]
fn appended_batches_are_read_with_their_offsets_and_epoch() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), config());
    let first = append(&mut log, records("a", 3, 1000));
    assert_eq!((first.first_offset, first.last_offset), (Offset(0), Offset(2)));
    let second = append(&mut log, records_with("b", 4, 2000, Compression::Lz4));
    assert_eq!((second.first_offset, second.last_offset), (Offset(3), Offset(6)));
    let reader = log.reader();
    assert_eq!(reader.log_end(), Offset(7));
    let values = values(&reader, 0);
    assert_eq!(values.len(), 7);
    assert_eq!(values[3], (3, "b-0".to_owned()));
    let batches = read_all(&reader, Offset(5), 100, ReadBound::LogEnd);
    assert_eq!(batches[0].header().base_offset, Offset(3), "the whole batch that holds the offset");
    assert_eq!(batches[0].header().partition_leader_epoch, EPOCH);
    assert_eq!(reader.latest_epoch(), Some(EPOCH));
}

#[test]
fn nothing_is_reserved_ahead_of_what_is_kept_free() {
    use std::os::unix::fs::MetadataExt;

    let scratch = Scratch::new();
    let held = |name: &str, disk_reserve_bytes| {
        let dir = scratch.path().join(name);
        let mut log = create(&disk(), &dir, LogConfig { disk_reserve_bytes, ..config() });
        append(&mut log, records("a", 3, 1000));
        let file = log.reader().segment_paths().pop().expect("there is a segment");
        std::fs::metadata(file).expect("it is there").blocks() * 512
    };
    assert!(held("roomy-0", 0) >= 64 * 1024);
    assert!(held("tight-0", u64::MAX) <= 16 * 1024);
}

#[test]
fn reads_stop_at_the_high_watermark() {
    let scratch = Scratch::new();
    for tail_cache_bytes_max in [0, 1 << 20] {
        let dir = scratch.path().join(format!("t-{tail_cache_bytes_max}"));
        let mut log = create(&disk(), &dir, LogConfig { tail_cache_bytes_max, ..config() });
        for number in 0..10 {
            append(&mut log, records(&format!("v{number}"), 2, 1000));
        }
        let reader = log.reader();
        assert!(reader.read(Offset(0), 1000, ReadBound::HighWatermark, true).expect("reads").is_empty());
        assert_eq!(reader.set_high_watermark(Offset(6)), Offset(6));
        let read = read_all(&reader, Offset(0), 1 << 20, ReadBound::HighWatermark);
        assert_eq!(read.len(), 3);
        assert!(reader.read(Offset(6), 1000, ReadBound::HighWatermark, true).expect("reads").is_empty());
        assert!(reader.read(Offset(8), 1000, ReadBound::HighWatermark, true).expect("reads").is_empty());
        assert_eq!(reader.set_high_watermark(Offset(99)), Offset(20));
        assert_eq!(read_all(&reader, Offset(0), 1 << 20, ReadBound::LastStable).len(), 10);
        for offset in [-1, 21] {
            assert!(matches!(
                reader.read(Offset(offset), 1000, ReadBound::LogEnd, true),
                Err(ReadError::OffsetOutOfRange { .. })
            ));
        }
    }
}

#[test]
fn every_offset_is_found_in_rolled_segments_whatever_the_read_size() {
    let scratch = Scratch::new();
    for tail_cache_bytes_max in [0, 10_000, 1 << 20] {
        let dir = scratch.path().join(format!("t-{tail_cache_bytes_max}"));
        let mut log = create(&disk(), &dir, LogConfig { tail_cache_bytes_max, ..small_segments() });
        for number in 0..300 {
            append(&mut log, records(&format!("value {number}"), 1 + number % 7, 1000));
        }
        let reader = log.reader();
        assert!(reader.size().segment_count > 3);
        let end = reader.log_end();
        for max_bytes in [1, 300, 5000, 1 << 20] {
            let batches = read_all(&reader, Offset(0), max_bytes, ReadBound::LogEnd);
            assert_eq!(batches.len(), 300, "{max_bytes}");
            assert_eq!(batches.last().expect("some").header().next_offset(), end);
        }
        for offset in 0..end.0 {
            let batch = &reader.read_batches(Offset(offset), 1, ReadBound::LogEnd).expect("reads")[0];
            assert!(batch.header().base_offset.0 <= offset && batch.header().last_offset().0 >= offset);
        }
    }
}

#[test]
fn the_first_batch_is_returned_whole_only_if_asked_for() {
    let scratch = Scratch::new();
    for tail_cache_bytes_max in [0, 1 << 20] {
        let dir = scratch.path().join(format!("t-{tail_cache_bytes_max}"));
        let mut log = create(&disk(), &dir, LogConfig { tail_cache_bytes_max, ..config() });
        append(&mut log, records("a", 100, 1000));
        append(&mut log, records("b", 100, 1000));
        let reader = log.reader();
        let slice = reader.read(Offset(0), 10, ReadBound::LogEnd, true).expect("reads");
        let header = BatchHeader::parse(&slice.to_bytes().expect("bytes")).expect("header");
        assert!(slice.len >= header.size());
        assert!(reader.read(Offset(0), 10, ReadBound::LogEnd, false).expect("reads").is_empty());
    }
}

#[test]
fn several_batches_of_a_call_are_answered_one_by_one() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), config());
    let batches = [produced(1, 0, 0, 2), produced(1, 0, 2, 2), produced(1, 0, 5, 1), produced(1, 0, 0, 2)];
    let batches = batches.into_iter().map(checked).collect();
    let answers = log.append_as_leader(now(0), EPOCH, batches, AppendOrigin::Client);
    assert!(matches!(&answers[0], Ok(appended) if appended.first_offset == Offset(0)));
    assert!(matches!(&answers[1], Ok(appended) if appended.first_offset == Offset(2)));
    assert!(matches!(&answers[2], Err(AppendError::OutOfOrderSequence { expected: Sequence(4), .. })));
    assert!(matches!(&answers[3], Ok(appended) if appended.is_duplicate && appended.last_offset == Offset(1)));
    assert_eq!(log.reader().log_end(), Offset(4));
}

#[test]
fn a_clean_restart_continues_where_the_log_ended() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, small_segments());
    for number in 0..200 {
        append(&mut log, records(&format!("value {number}"), 3, 1000 + number));
    }
    for sequence in 0..6 {
        append(&mut log, produced(9, 1, sequence, 1));
    }
    let before = values(&log.reader(), 0);
    let end = log.close().expect("closed");
    let mut log = open(&disk(), &dir, small_segments(), recovery(true, end.0));
    assert_eq!(log.reader().log_end(), end);
    assert_eq!(log.reader().synced_offset(), end);
    assert_eq!(values(&log.reader(), 0), before);
    for sequence in 1..6 {
        assert!(append(&mut log, produced(9, 1, sequence, 1)).is_duplicate, "{sequence}");
    }
    let next = append(&mut log, produced(9, 1, 6, 1));
    assert_eq!((next.first_offset, next.is_duplicate), (end, false));
    let end = log.close().expect("closed");
    let log = open(&disk(), &dir, small_segments(), recovery(true, end.0));
    assert_eq!(log.reader().log_end(), end);
    assert!(!log.needs_sync());
}

#[test]
fn a_clean_shutdown_without_a_snapshot_is_read_from_the_last_index_entry() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, small_segments());
    for number in 0..100 {
        append(&mut log, records(&format!("value {number}"), 3, 1000 + number));
    }
    let end = log.close().expect("closed");
    std::fs::remove_file(dir.join(format!("{:020}.snapshot", end.0))).expect("there was one");
    let log = open(&disk(), &dir, small_segments(), recovery(true, 0));
    assert_eq!(log.reader().log_end(), end);
}

#[test]
fn after_a_crash_the_log_is_scanned_and_a_torn_batch_cut_off() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, small_segments());
    for number in 0..150 {
        append(&mut log, records(&format!("value {number}"), 3, 1000 + number));
    }
    append(&mut log, produced(9, 1, 0, 1));
    let expected = values(&log.reader(), 0);
    let end = log.reader().log_end();
    append(&mut log, records("torn", 3, 5000));
    let path = log.reader().segment_paths().pop().expect("active");
    drop(log);
    let len = std::fs::metadata(&path).expect("exists").len();
    std::fs::OpenOptions::new().write(true).open(&path).expect("opens").set_len(len - 7).expect("cuts");
    for _ in 0..2 {
        let mut log = open(&disk(), &dir, small_segments(), recovery(false, 0));
        assert_eq!(log.reader().log_end(), end);
        assert_eq!(values(&log.reader(), 0), expected);
        assert!(append_again(&mut log), "the producer's state was rebuilt");
        assert!(log.needs_sync());
    }
}

fn append_again(log: &mut Log) -> bool {
    append(log, produced(9, 1, 0, 1)).is_duplicate
}

#[test]
fn damage_below_the_recovery_point_is_reported_and_left_alone() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, config());
    for number in 0..10 {
        append(&mut log, records(&format!("value {number}"), 1, 1000));
    }
    let path = log.reader().segment_paths().pop().expect("active");
    drop(log);
    let mut bytes = std::fs::read(&path).expect("reads");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, &bytes).expect("writes");
    let opened = Log::open(disk(), &dir, TOPIC_ID, config(), recovery(false, 10), WallMillis(0));
    assert!(matches!(opened, Err(LogError::Corrupt { offset: Offset(5), .. })), "{opened:?}");
    assert_eq!(std::fs::read(&path).expect("reads"), bytes);
    let log = open(&disk(), &dir, config(), recovery(false, 3));
    assert_eq!(log.reader().log_end(), Offset(5));
    drop(log);
    let opened = Log::open(disk(), &dir, TOPIC_ID, config(), recovery(false, 6), WallMillis(0));
    assert!(matches!(opened, Err(LogError::EndsBelowRecoveryPoint { log_end: Offset(5), .. })));
}

#[test]
fn a_directory_of_another_topic_is_refused() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    create(&disk(), &dir, config());
    let other = stream_types::Uuid([8; 16]);
    let opened = Log::open(disk(), &dir, other, config(), recovery(true, 0), WallMillis(0));
    assert!(matches!(opened, Err(LogError::TopicIdMismatch { .. })));
}

#[test]
fn sync_work_covers_what_was_appended_before_it_was_taken() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), config());
    append(&mut log, records("a", 2, 0));
    let work = log.take_sync().expect("something to sync");
    append(&mut log, records("b", 2, 0));
    assert_eq!(work.up_to, Offset(2));
    assert!(log.take_sync().is_none(), "one at a time");
    work.run().expect("syncs");
    log.synced(work.up_to);
    assert_eq!(log.reader().synced_offset(), Offset(2));
    let work = log.take_sync().expect("the second batch");
    assert_eq!(work.up_to, Offset(4));
    work.run().expect("syncs");
    log.synced(work.up_to);
    assert!(log.take_sync().is_none());
}

#[test]
fn a_small_batch_does_not_keep_a_large_buffer() {
    let scratch = Scratch::new();
    let mut log = create(&disk(), &scratch.path().join("t-0"), config());
    let small = records("a", 1, 0);
    let mut frame = vec![0; 100_000];
    frame.extend_from_slice(&small);
    let frame = Bytes::from(frame);
    let range = frame.as_ptr_range();
    let batch = checked(frame.slice(100_000..)).in_buffer_of(frame.len());
    log.append_one(now(0), EPOCH, batch, AppendOrigin::Client).expect("appended");
    let slice = log.reader().read(Offset(0), 1000, ReadBound::LogEnd, true).expect("reads");
    assert!(!slice.parts.is_empty());
    for part in &slice.parts {
        assert!(matches!(part, SlicePart::Bytes(bytes) if !range.contains(&bytes.as_ptr())));
    }
}

#[test]
fn a_follower_takes_what_its_leader_sent() {
    let scratch = Scratch::new();
    let mut leader = create(&disk(), &scratch.path().join("l-0"), small_segments());
    let mut follower = create(&disk(), &scratch.path().join("f-0"), small_segments());
    for number in 0..100 {
        let epoch = LeaderEpoch(1 + number / 30);
        let batch = checked(records(&format!("value {number}"), 3, 1000));
        leader.append_one(now(0), epoch, batch, AppendOrigin::Client).expect("appended");
    }
    let from = leader.reader();
    while follower.reader().log_end() < from.log_end() {
        let batches = from.read_batches(follower.reader().log_end(), 3000, ReadBound::LogEnd).expect("reads");
        let bytes: Vec<u8> = batches.iter().flat_map(|batch| batch.bytes().to_vec()).collect();
        follower.append_as_follower(now(0), &bytes.into()).expect("appended");
    }
    let to = follower.reader();
    for offset in [0, 89, 90, 150, 299] {
        assert_eq!(to.epoch_of(Offset(offset)), from.epoch_of(Offset(offset)), "{offset}");
    }
    assert_eq!(to.epoch_end_offset(LeaderEpoch(2)), Some((LeaderEpoch(2), Offset(180))));
    let bytes = |log: &stream_log::LogReader| -> Vec<Bytes> {
        let batches = read_all(log, Offset(0), 1 << 20, ReadBound::LogEnd);
        batches.iter().map(|batch| batch.bytes().clone()).collect()
    };
    assert_eq!(bytes(&to), bytes(&from));
    let again = from.read_batches(Offset(0), 1, ReadBound::LogEnd).expect("reads");
    let refused = follower.append_as_follower(now(0), again[0].bytes());
    assert!(matches!(refused, Err(AppendError::OffsetGoesBack { .. })));
}

#[test]
fn many_logs_are_synced_and_closed_together() {
    let memory = MemoryDisk::new(1);
    let disk: Arc<dyn Disk> = Arc::new(memory.clone());
    let dir = |number: usize| std::path::PathBuf::from(format!("t-{number}"));
    let volume = disk.volume(std::path::Path::new("")).expect("opens");
    let mut logs: Vec<Log> = (0..5).map(|number| create(&disk, &dir(number), small_segments())).collect();
    let sync = |logs: &mut Vec<Log>| {
        let works: Vec<_> = logs.iter_mut().filter_map(Log::take_sync).collect();
        assert!(logs[0].needs_sync() || !works.is_empty());
        SyncWork::run_together(&works, &*volume).expect("syncs");
        logs.iter_mut().zip(&works).for_each(|(log, work)| log.synced(work.up_to));
    };
    logs.iter_mut().for_each(|log| _ = append(log, records("a", 3, 0)));
    sync(&mut logs);
    logs.iter_mut().for_each(|log| _ = append(log, records("b", 3, 0)));
    let work = logs[4].take_sync().expect("something to sync");
    let stuck = logs.pop().expect("five").close();
    assert!(matches!(stuck, Err(LogError::SyncUnderWay { .. })));
    drop(work);
    let closed: Vec<_> = logs.into_iter().map(|log| log.close_unsynced().expect("closes")).collect();
    let works: Vec<_> = closed.into_iter().filter_map(|(end, work)| work.filter(|_| end == Offset(6))).collect();
    assert_eq!(works.len(), 4);
    SyncWork::run_together(&works, &*volume).expect("syncs");
    memory.crash(Loss::Everything);
    for number in 0..4 {
        let log = open(&disk, &dir(number), small_segments(), recovery(true, 6));
        assert_eq!(values(&log.reader(), 0).len(), 6);
        assert_eq!(log.reader().latest_epoch(), Some(EPOCH));
    }
}

#[test]
fn a_follower_survives_gaps_of_any_size() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, config());
    let bases = [0, 3, 1 << 31, (1 << 31) + 5, 1 << 40, (1 << 40) + (1 << 31)];
    let batch = |base: i64| {
        let mut builder = BatchBuilder::new().base_offset(Offset(base)).leader_epoch(EPOCH);
        builder.push(1000, None, Some(b"v"), &[]);
        builder.build().expect("builds")
    };
    let all: Vec<u8> = bases.iter().flat_map(|base| batch(*base).to_vec()).collect();
    assert_eq!(log.append_as_follower(now(0), &all.into()).expect("appended"), Offset(bases[5] + 1));
    let offsets = |log: &Log| values(&log.reader(), 0).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>();
    assert_eq!(offsets(&log), bases);
    log.sync_now().expect("syncs");
    drop(log);
    let log = open(&disk(), &dir, config(), recovery(false, bases[5] + 1));
    assert_eq!(offsets(&log), bases);
}

#[test]
fn random_damage_of_any_file_never_panics_and_never_invents() {
    let scratch = Scratch::new();
    let dir = scratch.path().join("t-0");
    let mut log = create(&disk(), &dir, small_segments());
    for number in 0..120 {
        append(&mut log, records(&format!("value {number}"), 3, 1000 + number));
        if number % 10 == 0 {
            append(&mut log, produced(9, 1, (number / 10) as i32, 1));
        }
    }
    let expected = values(&log.reader(), 0);
    log.close().expect("closed");
    let files: Vec<_> = std::fs::read_dir(&dir)
        .expect("lists")
        .map(|entry| entry.expect("entry").path())
        .map(|path| (path.clone(), std::fs::read(path).expect("reads")))
        .collect();
    let mut random = 1u64;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below.max(1)
    };
    for round in 0..400 {
        std::fs::remove_dir_all(&dir).expect("removes");
        std::fs::create_dir(&dir).expect("creates");
        let victim = next(files.len());
        for (index, (path, content)) in files.iter().enumerate() {
            let mut content = content.clone();
            if index == victim && !content.is_empty() {
                let at = next(content.len());
                match next(3) {
                    0 => content[at] ^= 1 << next(8),
                    1 => content.truncate(at),
                    _ => content[at..].iter_mut().take(20).for_each(|byte| *byte = 0xff),
                }
            }
            std::fs::write(path, content).expect("writes");
        }
        for clean in [true, false] {
            let recovery = recovery(clean, 0);
            let opened = Log::open(disk(), &dir, TOPIC_ID, small_segments(), recovery, WallMillis(0));
            let Ok(mut log) = opened else { continue };
            let _ = log.reader().read(Offset(0), 1 << 20, ReadBound::LogEnd, true);
            let _ = log.reader().offset_for_time(1050, ReadBound::LogEnd);
            let _ = log.append_one(now(0), EPOCH, checked(records("more", 1, 9000)), AppendOrigin::Client);
            if !clean {
                // A base offset lies outside the checksum, and gaps are legal: values are compared.
                let found = values(&log.reader(), 0).into_iter().map(|(_, value)| value);
                let kept: Vec<_> = found.filter(|value| !value.starts_with("more")).collect();
                let is_prefix = kept.iter().zip(&expected).all(|(kept, (_, expected))| kept == expected);
                assert!(is_prefix && kept.len() <= expected.len(), "round {round}: {}", files[victim].0.display());
            }
        }
    }
}
