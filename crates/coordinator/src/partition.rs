//! Which partition of `__consumer_offsets` keeps a group.

/// The partition that keeps `group_id`: the absolute value of Java's `String.hashCode` (over UTF-16 code units)
/// modulo `partition_count`, as Kafka's `partitionFor`. `partition_count` must be positive.
pub fn partition_for_group(group_id: &str, partition_count: i32) -> i32 {
    assert!(partition_count > 0);
    let mut hash = 0i32;
    for unit in group_id.encode_utf16() {
        hash = hash.wrapping_mul(31).wrapping_add(i32::from(unit));
    }
    // Kafka's Utils.abs: the smallest integer has no absolute value and becomes 0.
    let hash = if hash == i32::MIN { 0 } else { hash.abs() };
    hash % partition_count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_javas() {
        assert_eq!(partition_for_group("", 50), 0);
        // "hello".hashCode() is 99162322.
        assert_eq!(partition_for_group("hello", 50), 22);
        // "polygenelubricants".hashCode() is the smallest integer.
        assert_eq!(partition_for_group("polygenelubricants", 50), 0);
        // "console-consumer-1".hashCode() overflows on the way; UTF-16 surrogates count as two.
        assert_eq!(partition_for_group("\u{1F600}", i32::MAX), 0xD83D * 31 + 0xDE00);
    }
}
