//! The task that sends what is due.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio::time::sleep_until;

use super::accumulator::{ReadyBatch, Shared};
use super::deliver::deliver;

/// Sends batches until it is aborted.
pub(super) async fn run(shared: Arc<Shared>) {
    let mut in_flight: HashMap<i32, usize> = HashMap::new();
    let mut requests: JoinSet<i32> = JoinSet::new();
    loop {
        let (due, next) = shared.due();
        for (leader, batches) in gather(&shared, due, &in_flight).await {
            *in_flight.entry(leader).or_default() += 1;
            let shared = Arc::clone(&shared);
            requests.spawn(async move {
                deliver(&shared, leader, batches).await;
                leader
            });
        }
        let linger = async {
            match next {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(done) = requests.join_next() => {
                if let Ok(leader) = done && let Some(count) = in_flight.get_mut(&leader) {
                    *count -= 1;
                }
            }
            () = shared.wake.notified() => {}
            () = linger => {}
        }
    }
}

/// The first due batch of each partition, by leader, for leaders that may be sent a request. A partition without a
/// leader goes to none (-1): its request looks for one.
async fn gather(
    shared: &Shared,
    due: Vec<(Arc<str>, i32)>,
    in_flight: &HashMap<i32, usize>,
) -> BTreeMap<i32, Vec<ReadyBatch>> {
    let mut by_leader: BTreeMap<i32, Vec<ReadyBatch>> = BTreeMap::new();
    let mut leaders: HashMap<Arc<str>, HashMap<i32, i32>> = HashMap::new();
    for partition in due {
        if !leaders.contains_key(&partition.0) {
            let found = shared.client.cached_topic(&partition.0);
            let partitions = found.iter().flat_map(|topic| &topic.partitions);
            let of_topic = partitions.map(|partition| (partition.index, partition.leader)).collect();
            leaders.insert(Arc::clone(&partition.0), of_topic);
        }
        let leader = leaders.get(&partition.0).and_then(|topic| topic.get(&partition.1)).copied().unwrap_or(-1);
        if in_flight.get(&leader).copied().unwrap_or(0) >= shared.options.in_flight {
            continue;
        }
        if let Some(batch) = shared.take(&partition) {
            by_leader.entry(leader).or_default().push(batch);
        }
    }
    by_leader
}
