//! Which brokers hold the replicas of new partitions.
//!
//! Only brokers that are not fenced get any. They stand in one circle in which racks alternate; leaders
//! go round it, and followers come after their leader, on racks that hold the fewest replicas of the
//! partition. Where the round begins is random, so that many small topics do not all begin on one broker.

use std::collections::BTreeMap;

use stream_types::{ErrorCode, NodeId};

use super::{ApiError, RandomSource};
use crate::image::MetadataImage;

/// The replicas of `partition_count` new partitions, the preferred leader of each first.
pub(super) fn place(
    image: &MetadataImage,
    random: &mut dyn RandomSource,
    partition_count: usize,
    replication_factor: usize,
) -> Result<Vec<Vec<NodeId>>, ApiError> {
    let mut racks = racks(image);
    let broker_count: usize = racks.iter().map(Vec::len).sum();
    if replication_factor > broker_count {
        let live = if broker_count == 1 { "1 broker is" } else { &format!("{broker_count} brokers are") };
        return Err(ApiError::new(
            ErrorCode::InvalidReplicationFactor,
            format!("a replication factor of {replication_factor} cannot be reached: {live} available"),
        ));
    }
    assert!(replication_factor > 0, "the caller checked the replication factor");
    for rack in &mut racks {
        let start = below(random, rack.len());
        rack.rotate_left(start);
    }
    let walk = Walk { rack_count: racks.len(), brokers: striped(&racks) };
    let start = below(random, broker_count);
    Ok((0..partition_count)
        .map(|index| walk.replicas(start + index, index / broker_count, replication_factor))
        .collect())
}

/// All brokers with their rack, the racks alternating for as long as they last.
fn striped(racks: &[Vec<NodeId>]) -> Vec<(usize, NodeId)> {
    let longest = racks.iter().map(Vec::len).max().unwrap_or_default();
    let mut brokers = Vec::new();
    for position in 0..longest {
        for (rack_index, rack) in racks.iter().enumerate() {
            brokers.extend(rack.get(position).map(|broker| (rack_index, *broker)));
        }
    }
    brokers
}

struct Walk {
    rack_count: usize,
    brokers: Vec<(usize, NodeId)>,
}

impl Walk {
    /// One partition's replicas: the leader, then the brokers after it, first those of racks that hold
    /// no replica yet. In each round over all leaders the followers begin further on, so that two
    /// partitions with one leader do not share all followers.
    fn replicas(&self, leader: usize, round: usize, count: usize) -> Vec<NodeId> {
        let broker_count = self.brokers.len();
        let leader = leader % broker_count;
        let mut chosen = vec![self.brokers[leader]];
        let others = broker_count - 1;
        let follower =
            |step: usize| self.brokers[(leader + 1 + (round * self.rack_count + step) % others) % broker_count];
        while chosen.len() < count {
            let racks_used = |rack: usize| chosen.iter().filter(|(used, _)| *used == rack).count();
            let next = (0..others)
                .map(follower)
                .filter(|candidate| !chosen.contains(candidate))
                .min_by_key(|(rack, _)| racks_used(*rack));
            chosen.push(next.expect("the caller asked for no more replicas than brokers"));
        }
        chosen.into_iter().map(|(_, broker)| broker).collect()
    }
}

/// Brokers that may take partitions, by rack; those without a rack share one.
fn racks(image: &MetadataImage) -> Vec<Vec<NodeId>> {
    let mut racks: BTreeMap<Option<&str>, Vec<NodeId>> = BTreeMap::new();
    for broker in image.brokers().filter(|broker| broker.is_active()) {
        racks.entry(broker.rack.as_deref()).or_default().push(broker.id);
    }
    racks.into_values().collect()
}

/// A random number below `bound`; 0 if there is none.
fn below(random: &mut dyn RandomSource, bound: usize) -> usize {
    let mut bytes = [0; 8];
    random.fill(&mut bytes);
    let number = u64::from_le_bytes(bytes);
    (number % bound.max(1) as u64) as usize
}
