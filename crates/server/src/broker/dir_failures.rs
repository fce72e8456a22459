//! A log directory that failed: everybody learns of it, and nothing is tried again before a restart.
//!
//! - Its logs refuse everything with KAFKA_STORAGE_ERROR; whoever waits for one of its syncs is told now.
//! - The controller takes the leadership of its partitions away, so that clients are not sent here for them.
//! - Groups of its `__consumer_offsets` partitions have no coordinator any more.
//! - With the directory of the metadata log, or the last one, the process ends with status 4, as Kafka halts.

use std::sync::Arc;
use std::time::Duration;

use stream_metadata::controller::OfflineLogDirs;
use stream_metadata::{Command, Reply};

use super::Broker;
use crate::partitions::FailedDir;

/// The exit status that says that the storage failed.
const EXIT_STORAGE: i32 = 4;
/// Before the controller is told again, which did not take it.
const TELL_AGAIN: Duration = Duration::from_secs(1);

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
        if !new.is_empty() {
            tokio::spawn(tell_controller(Arc::clone(&broker), new));
        }
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

/// Tells the controller until it has taken it: while the broker is not registered yet, or there is no controller, it does not.
async fn tell_controller(broker: Arc<Broker>, failed: Vec<FailedDir>) {
    loop {
        let all = broker.partitions.all();
        let held_by = |dir: &FailedDir| {
            let here = all.iter().filter(|partition| broker.log_dirs.directory_of(&partition.id) == Some(dir.id));
            (dir.id, here.map(|partition| (partition.topic_id, partition.id.partition)).collect())
        };
        let command = OfflineLogDirs {
            broker_id: broker.node_id(),
            broker_epoch: broker.broker_epoch(),
            failed: failed.iter().map(held_by).collect(),
        };
        if let Ok(Reply::OfflineLogDirs(Ok(_))) = broker.controller.submit(Command::OfflineLogDirs(command)).await {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(TELL_AGAIN) => {}
            () = broker.stopping() => return,
        }
    }
}
