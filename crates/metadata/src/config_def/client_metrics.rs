//! Keys of a client metrics subscription (KIP-714).

use super::key::{ConfigKey, int, list};

pub(super) static KEYS: &[ConfigKey] = &[
    int("interval.ms", "300000").range(100, 3_600_000).doc("How often clients send the metrics of this subscription."),
    list("match", "").doc("Which clients the subscription is for, as attribute=expression; none is all."),
    list("metrics", "").doc("Prefixes of the metrics that clients send; none is none, * is all."),
];
