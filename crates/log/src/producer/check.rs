//! May a producer's batch be appended?

use stream_codec::batch::BatchHeader;
use stream_types::{ProducerEpoch, Sequence};

use super::{BatchRecord, Producers};
use crate::error::AppendError;

/// What becomes of a batch that a producer sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verdict {
    /// It is new.
    Append,
    /// It has been appended before, there.
    Duplicate(BatchRecord),
}

impl Producers {
    /// Compares a batch with what its producer sent before.
    pub(crate) fn check(&self, header: &BatchHeader) -> Result<Verdict, AppendError> {
        if !header.has_producer_id() || header.attributes.is_control() {
            return Ok(Verdict::Append);
        }
        let Some(entry) = self.get(header.producer_id) else { return Ok(Verdict::Append) };
        if let Some(batch) = entry.find_repeat(header) {
            return Ok(Verdict::Duplicate(*batch));
        }
        if header.producer_epoch < entry.epoch {
            return Err(AppendError::InvalidProducerEpoch {
                producer_id: header.producer_id,
                current: entry.epoch,
                found: header.producer_epoch,
            });
        }
        let expected = match entry.last_batch() {
            _ if entry.epoch == ProducerEpoch::NONE => return Ok(Verdict::Append),
            // A new epoch begins at 0, and so does an epoch that only a marker has announced.
            _ if header.producer_epoch > entry.epoch => Sequence(0),
            None => Sequence(0),
            Some(last) => last.last_sequence.plus(1),
        };
        if header.base_sequence != expected {
            return Err(AppendError::OutOfOrderSequence {
                producer_id: header.producer_id,
                producer_epoch: header.producer_epoch,
                expected,
                found: header.base_sequence,
            });
        }
        Ok(Verdict::Append)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Entry;
    use super::*;
    use stream_codec::batch::BatchBuilder;
    use stream_types::{Offset, ProducerId, WallMillis};

    fn header(epoch: i16, sequence: i32, count: i32, offset: i64) -> BatchHeader {
        let mut builder = BatchBuilder::new().base_offset(Offset(offset)).producer(
            ProducerId(7),
            ProducerEpoch(epoch),
            Sequence(sequence),
        );
        for _ in 0..count {
            builder.push(1, None, Some(b"v"), &[]);
        }
        BatchHeader::parse(&builder.build().expect("builds")).expect("header")
    }

    fn after(batches: &[(i16, i32, i32)]) -> Producers {
        let mut producers = Producers::default();
        let mut offset = 0;
        for (epoch, sequence, count) in batches {
            let header = header(*epoch, *sequence, *count, offset);
            assert_eq!(producers.check(&header).expect("accepted"), Verdict::Append);
            producers.apply(&header, WallMillis(0));
            offset += i64::from(*count);
        }
        producers
    }

    fn answer(producers: &Producers, epoch: i16, sequence: i32, count: i32) -> String {
        match producers.check(&header(epoch, sequence, count, 1000)) {
            Ok(Verdict::Append) => "append".to_owned(),
            Ok(Verdict::Duplicate(batch)) => format!("duplicate {}", batch.base_offset),
            Err(AppendError::OutOfOrderSequence { expected, .. }) => format!("expected {expected}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn sequences_follow_one_another() {
        let producers = after(&[(0, 0, 3), (0, 3, 2)]);
        assert_eq!(answer(&producers, 0, 5, 1), "append");
        assert_eq!(answer(&producers, 0, 6, 1), "expected 5");
        assert_eq!(answer(&producers, 0, 4, 1), "expected 5");
        assert_eq!(answer(&producers, 0, 3, 2), "duplicate 3");
        assert_eq!(answer(&producers, 0, 0, 3), "duplicate 0");
        assert_eq!(answer(&producers, 0, 0, 2), "expected 5");
    }

    #[test]
    fn five_batches_are_remembered() {
        let producers = after(&[(0, 0, 1), (0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1), (0, 5, 1)]);
        assert_eq!(answer(&producers, 0, 0, 1), "expected 6");
        assert_eq!(answer(&producers, 0, 1, 1), "duplicate 1");
        assert_eq!(answer(&producers, 0, 5, 1), "duplicate 5");
    }

    #[test]
    fn an_unknown_producer_may_begin_anywhere() {
        let producers = after(&[(3, 17, 2)]);
        assert_eq!(answer(&producers, 3, 19, 1), "append");
    }

    #[test]
    fn epochs_only_grow_and_begin_at_zero() {
        let producers = after(&[(3, 0, 2)]);
        assert_eq!(answer(&producers, 2, 2, 1), "producer 7: epoch 2, current is 3");
        assert_eq!(answer(&producers, 4, 2, 1), "expected 0");
        assert_eq!(answer(&producers, 4, 0, 1), "append");
    }

    #[test]
    fn sequences_wrap_after_the_largest() {
        let producers = after(&[(0, i32::MAX - 1, 2)]);
        assert_eq!(answer(&producers, 0, 0, 1), "append");
        let producers = after(&[(0, i32::MAX - 1, 4)]);
        assert_eq!(producers.get(ProducerId(7)).map(Entry::last_sequence), Some(Sequence(1)));
        assert_eq!(answer(&producers, 0, 2, 1), "append");
        assert_eq!(answer(&producers, 0, i32::MAX - 1, 4), "duplicate 0");
    }

    #[test]
    fn silent_producers_are_forgotten() {
        let mut producers = after(&[(0, 0, 1)]);
        producers.expire(WallMillis(99), 100);
        assert_eq!(answer(&producers, 0, 5, 1), "expected 1");
        producers.expire(WallMillis(100), 100);
        assert_eq!(answer(&producers, 0, 5, 1), "append");
    }
}
