//! The known key, or name, that a mistyped one probably means.

use super::{ConfigKey, broker_keys, client_metrics_keys, group_keys, topic_keys};
use crate::image::ConfigResourceType;

/// The key of this kind of resource that takes the fewest edits to reach, if it is near enough to be
/// what was meant.
pub fn nearest_key(kind: ConfigResourceType, name: &str) -> Option<&'static str> {
    let keys: &'static [ConfigKey] = match kind {
        ConfigResourceType::Topic => topic_keys(),
        ConfigResourceType::Broker => broker_keys(),
        ConfigResourceType::BrokerLogger => &[],
        ConfigResourceType::ClientMetrics => client_metrics_keys(),
        ConfigResourceType::Group => group_keys(),
    };
    nearest_name(name, keys.iter().filter(|key| !key.internal).map(|key| key.name))
}

/// The known name that takes the fewest edits to reach, if it is near enough to be what was meant.
pub fn nearest_name<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // What a client sends must not cost more than a key can be long.
    const NAME_BYTES_MAX: usize = 128;
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let limit = (name.len() / 3).max(2);
    let near = known.map(|key| (edits(name.as_bytes(), key.as_bytes()), key)).min()?;
    (near.0 <= limit).then_some(near.1)
}

/// The Levenshtein distance.
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = i;
        let mut before = i + 1;
        for (j, b) in right.iter().enumerate() {
            let above = row[j + 1];
            let cost = if a == b { diagonal } else { 1 + diagonal.min(above).min(before) };
            row[j] = before;
            diagonal = above;
            before = cost;
        }
        row[right.len()] = before;
    }
    row[right.len()]
}
