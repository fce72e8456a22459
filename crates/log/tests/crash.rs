//! Power loss at every operation of the disk, during work and during recovery.
//!
//! Oracle: what was synced before the loss is there, at its offset; what is there was appended, in order,
//! without gaps; a second recovery finds the same; the log goes on from there.

mod support;

use std::path::Path;
use std::sync::Arc;

use stream_log::disk::Disk;
use stream_log::disk::memory::{Fault, Loss, MemoryDisk};
use stream_log::{AppendOrigin, Log, LogConfig, LogError, ReadBound};
use stream_types::{LeaderEpoch, Monotonic, Now, Offset, WallMillis};
use support::*;

const DIR: &str = "data/t-0";

/// A disk with the log directory on it.
fn new_disk(seed: u64) -> (MemoryDisk, Arc<dyn Disk>) {
    let memory = MemoryDisk::new(seed);
    memory.create_dir(Path::new("data")).expect("creates");
    memory.sync_dir(Path::new("")).expect("syncs");
    (memory.clone(), Arc::new(memory))
}

fn tiny_segments() -> LogConfig {
    LogConfig { segment_bytes_max: 700, index_interval_bytes: 200, tail_cache_bytes_max: 500, ..config() }
}

/// What a client of the log knows.
#[derive(Default)]
struct Client {
    /// Values of all records that were tried, by offset, if they were appended at all.
    appended: Vec<String>,
    /// Everything below was acknowledged after a sync.
    acknowledged: usize,
    /// What the recovery point checkpoint says.
    recovery_point: i64,
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Append(i32),
    Sync,
    Checkpoint,
    Roll,
    Reopen,
}

const WORKLOADS: [&[Step]; 5] = [
    &[Step::Append(2), Step::Sync, Step::Append(1), Step::Append(3), Step::Sync, Step::Append(2)],
    &[
        Step::Append(9),
        Step::Append(9),
        Step::Append(9),
        Step::Sync,
        Step::Checkpoint,
        Step::Append(9),
        Step::Append(9),
    ],
    &[Step::Append(1), Step::Roll, Step::Append(1), Step::Roll, Step::Append(1), Step::Sync, Step::Append(1)],
    &[Step::Append(4), Step::Sync, Step::Reopen, Step::Append(4), Step::Append(9), Step::Sync, Step::Append(1)],
    &[Step::Append(9), Step::Sync, Step::Append(9), Step::Append(9), Step::Append(9), Step::Append(9), Step::Sync],
];

fn open_log(disk: &Arc<dyn Disk>, client: &Client) -> Result<Log, LogError> {
    let recovery = recovery(false, client.recovery_point);
    Log::open(Arc::clone(disk), Path::new(DIR), TOPIC_ID, tiny_segments(), recovery, WallMillis(0))
}

/// Works until the power fails or the steps end.
fn work(disk: &Arc<dyn Disk>, client: &mut Client, steps: &[Step]) -> Option<()> {
    let mut log = open_log(disk, client).ok()?;
    for (number, step) in (0..).zip(steps) {
        match step {
            Step::Append(count) => {
                let first = client.appended.len();
                let text = format!("s{number}");
                client.appended.extend((0..*count).map(|index| format!("{text}-{index}")));
                let epoch = LeaderEpoch(number / 2);
                let batch = checked(records(&text, *count, 1000 + i64::from(number)));
                let appended = log.append_one(now(0), epoch, batch, AppendOrigin::Client).ok()?;
                assert_eq!(appended.first_offset.0, first as i64);
            }
            Step::Sync => {
                if let Some(work) = log.take_sync() {
                    work.run().ok()?;
                    log.synced(work.up_to);
                    client.acknowledged = work.up_to.0 as usize;
                }
            }
            Step::Checkpoint => client.recovery_point = log.reader().synced_offset().0,
            Step::Roll => log.roll_now(WallMillis(0)).ok()?,
            Step::Reopen => {
                drop(log);
                log = open_log(disk, client).ok()?;
            }
        }
    }
    Some(())
}

/// Recovers, and compares what is there with what the client knows.
fn verify(disk: &Arc<dyn Disk>, client: &Client, context: &str) -> Vec<String> {
    let log = open_log(disk, client).unwrap_or_else(|error| panic!("{context}: {error}"));
    verify_times(&log, context);
    let found = values(&log.reader(), 0);
    let offsets: Vec<i64> = found.iter().map(|(offset, _)| *offset).collect();
    assert_eq!(offsets, (0..found.len() as i64).collect::<Vec<_>>(), "{context}: offsets");
    let found: Vec<String> = found.into_iter().map(|(_, value)| value).collect();
    assert!(found.len() >= client.acknowledged, "{context}: {} of {} left", found.len(), client.acknowledged);
    assert_eq!(found, client.appended[..found.len().min(client.appended.len())], "{context}: invented");
    assert_eq!(log.reader().log_end(), Offset(found.len() as i64), "{context}");
    for offset in 0..found.len() as i64 {
        assert!(log.reader().epoch_of(Offset(offset)).is_some(), "{context}: epoch of {offset}");
    }
    found
}

/// Lookups by time agree with a walk over all records.
fn verify_times(log: &Log, context: &str) {
    let reader = log.reader();
    let mut records = Vec::new();
    for batch in read_all(&reader, Offset(0), 1 << 20, ReadBound::LogEnd) {
        for record in batch.records(1 << 20).expect("opens") {
            let record = record.expect("valid");
            records.push((batch.timestamp_of(&record), batch.offset_of(&record)));
        }
    }
    for timestamp in 998..1020 {
        let expected = records.iter().find(|(time, _)| *time >= timestamp).map(|(_, offset)| *offset);
        let found = reader.offset_for_time(timestamp, ReadBound::LogEnd).expect("looks");
        assert_eq!(found.map(|found| found.offset), expected, "{context}: time {timestamp}");
    }
}

/// The log goes on after a recovery, and what it acknowledges then is durable too.
fn go_on(disk: &Arc<dyn Disk>, memory: &MemoryDisk, client: &mut Client, context: &str) {
    let mut log = open_log(disk, client).expect("opened before");
    client.appended.truncate(log.reader().log_end().0 as usize);
    for number in 0..2 {
        let text = format!("later{number}");
        client.appended.extend((0..3).map(|index| format!("{text}-{index}")));
        log.append_one(now(0), LeaderEpoch(50), checked(records(&text, 3, 2000)), AppendOrigin::Client)
            .expect("appends");
    }
    log.sync_now().expect("syncs");
    client.acknowledged = client.appended.len();
    drop(log);
    memory.crash(Loss::Everything);
    verify(disk, client, context);
}

fn losses() -> Vec<Loss> {
    vec![Loss::Everything, Loss::Nothing, Loss::Random]
}

fn seeds() -> u64 {
    std::env::var("STREAM_CRASH_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(2)
}

#[test]
fn power_loss_at_every_operation_loses_nothing_that_was_acknowledged() {
    for (name, steps) in WORKLOADS.iter().enumerate() {
        for seed in 0..seeds() {
            for loss in losses() {
                let mut at = 0;
                loop {
                    let context = format!("workload {name} seed {seed} {loss:?} at {at}");
                    let (memory, disk) = new_disk(seed * 1000 + at);
                    memory.inject(memory.operations() + at, Fault::PowerLoss);
                    let mut client = Client::default();
                    let is_done = work(&disk, &mut client, steps).is_some();
                    memory.crash(loss);
                    let first = verify(&disk, &client, &context);
                    assert_eq!(verify(&disk, &client, &context), first, "{context}: not idempotent");
                    memory.crash(loss);
                    verify(&disk, &client, &context);
                    go_on(&disk, &memory, &mut client, &context);
                    if is_done {
                        break;
                    }
                    at += 1;
                }
                assert!(at > 10, "the workload has operations to fail");
            }
        }
    }
}

#[test]
fn power_loss_during_recovery_changes_nothing() {
    for (name, steps) in WORKLOADS.iter().enumerate() {
        for seed in 0..seeds() {
            for at in (3..60).step_by(4) {
                for again in 0..12 {
                    let context = format!("workload {name} seed {seed} at {at}, recovery at {again}");
                    let (memory, disk) = new_disk(seed * 7919 + at * 13 + again);
                    memory.inject(memory.operations() + at, Fault::PowerLoss);
                    let mut client = Client::default();
                    work(&disk, &mut client, steps);
                    memory.crash(Loss::Random);
                    memory.inject(memory.operations() + again, Fault::PowerLoss);
                    if let Ok(mut log) = open_log(&disk, &client) {
                        let _ = log.sync_now();
                    }
                    memory.crash(Loss::Random);
                    verify(&disk, &client, &context);
                    go_on(&disk, &memory, &mut client, &context);
                }
            }
        }
    }
}

/// The test must be able to fail: with an acknowledgement before the sync it does.
#[test]
fn the_oracle_notices_an_acknowledgement_before_the_sync() {
    let (memory, disk) = new_disk(1);
    let mut client = Client::default();
    work(&disk, &mut client, &[Step::Append(2)]).expect("works");
    client.acknowledged = 2;
    memory.crash(Loss::Everything);
    let verified = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| verify(&disk, &client, "planted")));
    assert!(verified.is_err());
}

#[test]
fn a_full_disk_leaves_the_log_as_it_was() {
    for fault in [Fault::NoSpace, Fault::HalfWritten] {
        for seed in 0..seeds() {
            let (memory, disk) = new_disk(seed);
            let mut log = create(&disk, Path::new(DIR), tiny_segments());
            append(&mut log, produced(5, 0, 0, 2));
            log.sync_now().expect("syncs");
            memory.inject(memory.operations(), fault);
            let batches = vec![checked(produced(5, 0, 2, 1)), checked(produced(5, 0, 3, 1))];
            let answers = log.append_as_leader(now(0), EPOCH, batches, AppendOrigin::Client);
            for answer in answers {
                assert!(matches!(answer, Err(stream_log::AppendError::NoSpace(_))), "{answer:?}");
            }
            assert_eq!(values(&log.reader(), 0).len(), 2);
            let appended = append(&mut log, produced(5, 0, 2, 1));
            assert_eq!((appended.first_offset, appended.is_duplicate), (Offset(2), false));
            memory.crash(Loss::Random);
            let log = open(&disk, Path::new(DIR), tiny_segments(), recovery(false, 2));
            let left = values(&log.reader(), 0);
            assert!(left.len() == 2 || left.len() == 3, "no batch that was refused is back: {left:?}");
        }
    }
}

#[test]
fn every_full_disk_is_survived_wherever_it_strikes() {
    for at in 0..60 {
        let (memory, disk) = new_disk(at);
        let mut log = create(&disk, Path::new(DIR), tiny_segments());
        log.sync_now().expect("syncs");
        memory.inject(memory.operations() + at, Fault::HalfWritten);
        let mut expected = Vec::new();
        for number in 0..12 {
            let text = format!("n{number}");
            let batch = checked(records(&text, 5, 1000));
            match log.append_one(now(0), EPOCH, batch, AppendOrigin::Client) {
                Ok(_) => expected.extend((0..5).map(|index| format!("{text}-{index}"))),
                Err(error) => assert!(matches!(error, stream_log::AppendError::NoSpace(_)), "{at}: {error}"),
            }
        }
        let found: Vec<_> = values(&log.reader(), 0).into_iter().map(|(_, value)| value).collect();
        assert_eq!(found, expected, "{at}");
        log.sync_now().expect("syncs");
        drop(log);
        memory.crash(Loss::Everything);
        let log = open(&disk, Path::new(DIR), tiny_segments(), recovery(false, 0));
        let found: Vec<_> = values(&log.reader(), 0).into_iter().map(|(_, value)| value).collect();
        assert_eq!(found, expected, "{at}");
    }
}

#[test]
fn a_failed_sync_or_write_takes_the_log_offline_for_good() {
    for (skip, append_first) in [(0, true), (0, false)] {
        let (memory, disk) = new_disk(1);
        let mut log = create(&disk, Path::new(DIR), tiny_segments());
        log.sync_now().expect("syncs");
        append(&mut log, records("a", 1, 0));
        log.sync_now().expect("syncs");
        if append_first {
            append(&mut log, records("b", 1, 0));
        }
        memory.inject(memory.operations() + skip, Fault::Io);
        if append_first {
            log.sync_now().expect_err("injected");
        } else {
            let batch = checked(records("b", 1, 0));
            log.append_one(now(0), EPOCH, batch, AppendOrigin::Client).expect_err("injected");
        }
        let batch = checked(records("c", 1, 0));
        let refused = log.append_one(now(0), EPOCH, batch, AppendOrigin::Client);
        assert!(matches!(refused, Err(stream_log::AppendError::Offline { .. })));
        assert!(log.take_sync().is_none());
        let read = log.reader().read(Offset(0), 100, stream_log::ReadBound::LogEnd, true);
        assert!(matches!(read, Err(stream_log::ReadError::Offline { .. })));
        assert!(log.close().is_err());
        memory.crash(Loss::Random);
        let log = open(&disk, Path::new(DIR), tiny_segments(), recovery(false, 1));
        assert!(!values(&log.reader(), 0).is_empty());
    }
}

#[test]
fn power_loss_during_retention_leaves_no_gap() {
    let millis = |wall: i64| Now { monotonic: Monotonic::from_millis(wall as u64), wall: WallMillis(wall) };
    let config = LogConfig { retention_ms: Some(1000), ..tiny_segments() };
    for seed in 0..seeds() * 4 {
        for loss in losses() {
            let mut at = 0;
            loop {
                let context = format!("seed {seed} {loss:?} at {at}");
                let (memory, disk) = new_disk(seed * 1000 + at);
                let mut log = create(&disk, Path::new(DIR), config.clone());
                for number in 0..30 {
                    append(&mut log, records(&format!("n{number}"), 5, 1000 + 100 * number));
                }
                log.sync_now().expect("syncs");
                let expected = values(&log.reader(), 0);
                log.reader().set_high_watermark(Offset(150));
                memory.inject(memory.operations() + at, Fault::PowerLoss);
                let done = (|| {
                    let removal = log.expire(millis(4000), Offset(150)).ok()?;
                    assert!(removal.segment_count > 3);
                    removal.run().ok()
                })();
                memory.crash(loss);
                let log = open(&disk, Path::new(DIR), config.clone(), recovery(false, 0));
                let start = log.reader().log_start();
                assert_eq!(log.reader().log_end(), Offset(150), "{context}");
                assert_eq!(values(&log.reader(), start.0), expected[start.0 as usize..], "{context}");
                if done.is_some() {
                    break;
                }
                at += 1;
            }
            assert!(at > 10);
        }
    }
}
