//! Integers of the protocol, each as a type of its own.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($int:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $name(pub $int);

        impl $name {
            /// The bare integer, as the wire carries it.
            pub const fn get(self) -> $int {
                self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl From<$int> for $name {
            fn from(value: $int) -> Self {
                $name(value)
            }
        }
    };
}

id! {
    /// The position of a record in a partition's log; the first record has offset 0.
    Offset(i64)
}
id! {
    /// Counts the leaders of one partition; -1 where a client knows none.
    LeaderEpoch(i32)
}
id! {
    /// Counts the changes of one partition's replica state (KIP-497).
    PartitionEpoch(i32)
}
id! {
    /// The number of a partition within its topic.
    PartitionIndex(i32)
}
id! {
    /// `node.id` of a broker or controller.
    NodeId(i32)
}
id! {
    /// An idempotent or transactional producer (KIP-98); -1 for none.
    ProducerId(i64)
}
id! {
    /// Counts the incarnations of one producer id; -1 for none.
    ProducerEpoch(i16)
}
id! {
    /// Sequence number of a producer's record in one partition; wraps to 0 after `i32::MAX`.
    Sequence(i32)
}

impl Offset {
    /// No offset: what ListOffsets answers when there is none.
    pub const NONE: Offset = Offset(-1);
    /// The first offset of a log that never lost anything.
    pub const ZERO: Offset = Offset(0);

    /// The offset `count` records further on.
    #[must_use]
    pub const fn plus(self, count: i64) -> Offset {
        Offset(self.0 + count)
    }
}

impl LeaderEpoch {
    /// No epoch known: the sender asks for no check.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
}

impl ProducerId {
    /// A batch that no idempotent producer wrote.
    pub const NONE: ProducerId = ProducerId(-1);
}

impl ProducerEpoch {
    /// A batch that no idempotent producer wrote.
    pub const NONE: ProducerEpoch = ProducerEpoch(-1);
}

impl Sequence {
    /// A batch that no idempotent producer wrote.
    pub const NONE: Sequence = Sequence(-1);

    /// The sequence `count` records further on, wrapping after `i32::MAX` to 0 (KIP-98).
    #[must_use]
    pub const fn plus(self, count: i32) -> Sequence {
        let sum = self.0 as i64 + count as i64;
        if sum > i32::MAX as i64 { Sequence((sum - i32::MAX as i64 - 1) as i32) } else { Sequence(sum as i32) }
    }
}

/// A partition by topic name and number, as people and error texts name it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: String,
    /// The partition's number within the topic.
    pub partition: PartitionIndex,
}

impl TopicPartition {
    /// Names partition `partition` of `topic`.
    pub fn new(topic: impl Into<String>, partition: PartitionIndex) -> Self {
        TopicPartition { topic: topic.into(), partition }
    }
}

impl fmt::Debug for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_wraps_after_the_largest_integer() {
        assert_eq!(Sequence(i32::MAX).plus(1), Sequence(0));
        assert_eq!(Sequence(i32::MAX - 1).plus(3), Sequence(1));
        assert_eq!(Sequence(7).plus(3), Sequence(10));
    }
}
