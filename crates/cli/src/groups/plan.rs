//! Which offset each partition gets: decided here, without a broker.

/// Where offsets go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Destination {
    /// The first record that is left.
    Earliest,
    /// The end.
    Latest,
    /// This offset.
    Offset(i64),
    /// So many records on, or back if negative.
    Shift(i64),
    /// The first record at or after a time (milliseconds since 1970).
    Time(i64),
    /// What is committed; the end where nothing is.
    Current,
    /// What a file says of each partition.
    Wanted,
}

/// What is known of a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) committed: Option<i64>,
    pub(super) earliest: i64,
    pub(super) latest: i64,
    /// What a file says of it.
    pub(super) wanted: Option<i64>,
    /// The first record at the destination's time; none is that young.
    pub(super) at_time: Option<i64>,
}

/// What happens to a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Planned {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) committed: Option<i64>,
    pub(super) offset: i64,
}

/// The new offset of each partition, never outside of what the partition holds. A shift needs an offset to start from:
/// partitions without one are left out.
pub(super) fn plan(known: &[Known], destination: Destination) -> Vec<Planned> {
    known.iter().filter_map(|known| plan_partition(known, destination)).collect()
}

fn plan_partition(known: &Known, destination: Destination) -> Option<Planned> {
    let wanted = match destination {
        Destination::Earliest => known.earliest,
        Destination::Latest => known.latest,
        Destination::Offset(offset) => offset,
        Destination::Shift(records) => known.committed?.saturating_add(records),
        Destination::Current => known.committed.unwrap_or(known.latest),
        Destination::Wanted => known.wanted?,
        Destination::Time(_) => known.at_time.unwrap_or(known.latest),
    };
    Some(Planned {
        topic: known.topic.clone(),
        partition: known.partition,
        committed: known.committed,
        offset: wanted.min(known.latest).max(known.earliest),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(destination: Destination, committed: Option<i64>, at_time: Option<i64>, expected: Option<i64>) {
        let wanted = Some(60);
        let known = Known { topic: "t".into(), partition: 2, committed, earliest: 10, latest: 100, wanted, at_time };
        let planned = plan(&[known], destination);
        assert_eq!(planned.first().map(|planned| planned.offset), expected, "{destination:?}");
    }

    #[test]
    fn offsets_go_where_they_are_told() {
        check(Destination::Earliest, Some(50), None, Some(10));
        check(Destination::Latest, None, None, Some(100));
        check(Destination::Offset(42), None, None, Some(42));
        check(Destination::Shift(-5), Some(50), None, Some(45));
        check(Destination::Shift(5), Some(50), None, Some(55));
        check(Destination::Time(1), Some(50), Some(77), Some(77));
        check(Destination::Current, Some(50), None, Some(50));
        check(Destination::Current, None, None, Some(100));
        check(Destination::Wanted, Some(50), None, Some(60));
    }

    #[test]
    fn offsets_stay_within_the_partition() {
        check(Destination::Offset(3), None, None, Some(10));
        check(Destination::Offset(1000), None, None, Some(100));
        check(Destination::Shift(i64::MIN), Some(50), None, Some(10));
        check(Destination::Shift(i64::MAX), Some(50), None, Some(100));
        check(Destination::Time(1), None, None, Some(100));
    }

    #[test]
    fn a_shift_needs_a_committed_offset() {
        check(Destination::Shift(1), None, None, None);
    }
}
