#[path = "../tests/support/mod.rs"]
mod support;
use support::*;
use std::sync::Arc;
use stream_codec::compression::Compression;
use stream_log::disk::{Disk, file::FileDisk};
use stream_log::{AppendOrigin, LogConfig, ReadBound};
use stream_types::*;
fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).expect("dir")).join("t-0");
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    let config = LogConfig { segment_bytes_max: 100_000, ..config() };
    let mut log = create(&disk, &dir, config.clone());
    for number in 0..400i64 {
        let codec = Compression::ALL[(number % 5) as usize];
        let ts = 1_700_000_000_000 + if number % 7 == 0 { 0 } else { number * 100 };
        let batch = checked2(records_with(&format!("v{number}"), 30, ts, codec));
        log.append_one(now(ts), LeaderEpoch((number / 150) as i32), batch, AppendOrigin::Client).unwrap();
    }
    for sequence in 0..7 { log.append_one(now(5), LeaderEpoch(3), checked2(produced(900 + sequence as i64 % 2, 4, sequence / 2 * 3, 3)), AppendOrigin::Client).unwrap(); }
    println!("end {:?}", log.reader().log_end());
    println!("{:?}", log.reader().max_timestamp(ReadBound::LogEnd));
    log.sync_now().unwrap();
    if std::env::args().nth(2).is_some() { std::mem::forget(log); } else { log.close().unwrap(); }
}
fn checked2(b: bytes::Bytes) -> stream_log::CheckedBatch { stream_log::CheckedBatch::check(b, &rules(), WallMillis(1_800_000_000_000)).unwrap() }
