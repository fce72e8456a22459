//! Work on every log, each on its own thread, a few at a time so that producers wait for little of it.

use std::sync::Arc;
use std::sync::mpsc;

use stream_log::Log;

use crate::partitions::Partition;

/// Partitions whose logs are worked on before the next ones are sent.
const PARTITIONS_AT_ONCE: usize = 32;

/// Has `work` done with the log of each partition that is open, and gives each result to `done` on this thread.
pub(super) fn on_each_log<R: Send + 'static>(
    partitions: &[Arc<Partition>],
    work: impl Fn(&Arc<Partition>, &mut Log) -> R + Clone + Send + 'static,
    mut done: impl FnMut(&Arc<Partition>, R),
) {
    for chunk in partitions.chunks(PARTITIONS_AT_ONCE) {
        let (sender, results) = mpsc::sync_channel(chunk.len());
        for partition in chunk {
            let (sender, work) = (sender.clone(), work.clone());
            // A stopping worker drops the work, and with it its sender.
            partition.with_log(move |partition, log| {
                if let Some(log) = log {
                    // Nobody else receives, and the channel has room for all.
                    let _ = sender.send((Arc::clone(partition), work(partition, log)));
                }
            });
        }
        drop(sender);
        for (partition, result) in results {
            done(&partition, result);
        }
    }
}

/// Has `work` done with one log and waits for it; `None` where the log is not open.
pub(super) fn on_log<R: Send + 'static>(
    partition: &Arc<Partition>,
    work: impl FnOnce(&mut Log) -> R + Send + 'static,
) -> Option<R> {
    let (sender, result) = mpsc::sync_channel(1);
    partition.with_log(move |_, log| {
        if let Some(log) = log {
            // Nobody else receives, and the channel has room.
            let _ = sender.send(work(log));
        }
    });
    result.recv().ok()
}
