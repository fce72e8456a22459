//! A log directory that failed: everybody learns of it, and nothing is tried again before a restart.
//!
//! - Its logs refuse everything with KAFKA_STORAGE_ERROR; whoever waits for one of its syncs is told now.
//! - Groups of its `__consumer_offsets` partitions have no coordinator any more.
//! - With the directory of the metadata log, or the last one, the process ends with status 4, as Kafka halts.

use std::sync::Arc;

use super::Broker;
use crate::partitions::FailedDir;

/// The exit status that says that the storage failed.
const EXIT_STORAGE: i32 = 4;

/// Waits for failures until the broker stops.
pub(super) async fn watch(broker: Arc<Broker>) {
    let mut known: Vec<FailedDir> = Vec::new();
    loop {
        tokio::select! {
            () = broker.log_dirs.failure() => {}
            () = broker.stopping() => return,
        }
        let offline = broker.log_dirs.offline();
        let new: Vec<_> = offline.iter().filter(|dir| !known.contains(dir)).cloned().collect();
        if let Some(fatal) = offline.iter().find(|dir| dir.holds_metadata) {
            end(fatal, "it holds the metadata log");
        }
        if let Some(last) = new.last().filter(|_| offline.len() == broker.log_dirs.count()) {
            end(last, "no other is left");
        }
        for dir in &new {
            let path = dir.path.display();
            tracing::error!("log directory {path} failed and is offline until restart: {}", dir.reason);
        }
        give_up(&broker);
        known = offline;
    }
}

fn end(dir: &FailedDir, why: &str) -> ! {
    eprintln!(
        "hanzo-stream: log directory {} failed, and {why}: {}; the process ends so that it promises nothing more, \
         check the disk and start again",
        dir.path.display(),
        dir.reason
    );
    std::process::exit(EXIT_STORAGE);
}

fn give_up(broker: &Broker) {
    let partitions = broker.partitions.all().into_iter().filter(|partition| partition.is_offline());
    let partitions: Vec<_> = partitions.collect();
    for partition in &partitions {
        partition.give_up_waiting();
    }
    broker.groups.lose(&partitions);
}
