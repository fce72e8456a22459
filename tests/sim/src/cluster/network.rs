//! A network that loses, delays, repeats and reorders, and whose links are cut one way or both.

use std::collections::BTreeMap;

use stream_types::NodeId;

use crate::random::Random;

/// How bad the network is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NetworkFaults {
    /// Messages lost, in a thousand.
    pub loss: u64,
    /// Messages that arrive twice, in a thousand.
    pub repetition: u64,
    /// Messages that are late, in a thousand.
    pub lateness: u64,
    /// How late they are at most (milliseconds).
    pub lateness_max: u64,
}

impl NetworkFaults {
    /// None at all.
    pub const NONE: NetworkFaults = NetworkFaults { loss: 0, repetition: 0, lateness: 0, lateness_max: 1 };
}

/// Links between nodes.
#[derive(Debug, Default)]
pub(crate) struct Network {
    /// Until when a link from one node to another is cut (milliseconds).
    cuts: BTreeMap<(NodeId, NodeId), u64>,
}

impl Network {
    /// When a message sent now arrives: not at all, once or twice, each after this many milliseconds.
    pub(crate) fn delays(&self, random: &mut Random, faults: &NetworkFaults) -> Vec<u64> {
        if random.chance(faults.loss) {
            return Vec::new();
        }
        let copies = 1 + usize::from(random.chance(faults.repetition));
        let delay = |random: &mut Random| {
            if random.chance(faults.lateness) { random.between(1, faults.lateness_max) } else { random.below(3) }
        };
        (0..copies).map(|_| delay(random)).collect()
    }

    /// Whether a message that arrives now gets through.
    pub(crate) fn is_open(&self, from: NodeId, to: NodeId, now: u64) -> bool {
        self.cuts.get(&(from, to)).is_none_or(|until| *until <= now)
    }

    /// Cuts a node off, one way or both, from one other node or all.
    pub(crate) fn cut(&mut self, random: &mut Random, nodes: &[NodeId], now: u64, pair_cuts: u64) -> String {
        let node = *random.pick(nodes);
        let until = now + random.between(100, 5_000);
        let (inward, outward) = *random.pick(&[(true, true), (true, true), (true, false), (false, true)]);
        let only = random.chance(pair_cuts).then(|| *random.pick(nodes));
        for other in nodes.iter().copied().filter(|other| *other != node && only.is_none_or(|only| only == *other)) {
            if inward {
                self.cuts.insert((other, node), until);
            }
            if outward {
                self.cuts.insert((node, other), until);
            }
        }
        format!("cut {node} in={inward} out={outward} only={only:?} until {until}")
    }

    /// Mends everything.
    pub(crate) fn heal(&mut self) {
        self.cuts.clear();
    }
}
