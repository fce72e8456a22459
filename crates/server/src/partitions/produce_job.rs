//! Who is told how an append ended; and one Produce request's answer in the making: one slot a partition.

use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use stream_log::AppendOrigin;
use stream_types::{ErrorCode, Offset, WallMillis};
use tokio::sync::oneshot;

/// How the append to one partition ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppendOutcome {
    /// `None` where the batch is stored (and, with acks=all, committed).
    pub(crate) error: ErrorCode,
    /// What a person should know of the error.
    pub(crate) message: Option<String>,
    /// Offset of the batch's first record.
    pub(crate) base_offset: Offset,
    /// The broker's timestamp, where the topic asks for LogAppendTime; else -1.
    pub(crate) log_append_time: WallMillis,
    /// First offset of the partition.
    pub(crate) log_start_offset: Offset,
    /// The records at fault, by their index in the batch (KIP-467).
    pub(crate) record_errors: Vec<(i32, String)>,
}

impl AppendOutcome {
    /// Nothing was stored.
    pub(crate) fn refused(error: ErrorCode, message: impl Into<Option<String>>) -> AppendOutcome {
        AppendOutcome {
            error,
            message: message.into(),
            base_offset: Offset::NONE,
            log_append_time: WallMillis(-1),
            log_start_offset: Offset::NONE,
            record_errors: Vec::new(),
        }
    }
}

/// A coordinator's side of an append: called from the log's threads, so it may not wait for anything.
pub(crate) trait AppendListener: Send + Sync + fmt::Debug {
    /// The batch has its place in the log; it is not committed yet.
    fn appended(&self, base_offset: Offset);
    /// The batch is committed, or it never will be for all that this broker can promise.
    fn completed(&self, outcome: AppendOutcome);
}

/// Who is told how an append ended.
#[derive(Debug, Clone)]
pub(crate) enum AppendReply {
    /// A producer's request, of which this is one slot.
    Produce { job: Arc<ProduceJob>, slot: usize },
    /// A coordinator, for records of its own.
    Coordinator(Arc<dyn AppendListener>),
}

impl AppendReply {
    /// The batch has its place in the log.
    pub(crate) fn appended(&self, base_offset: Offset) {
        if let AppendReply::Coordinator(listener) = self {
            listener.appended(base_offset);
        }
    }

    /// The append ended.
    pub(crate) fn complete(&self, outcome: AppendOutcome) {
        match self {
            AppendReply::Produce { job, slot } => job.complete(*slot, outcome),
            AppendReply::Coordinator(listener) => listener.completed(outcome),
        }
    }

    /// Whose rules the log applies.
    pub(crate) fn origin(&self) -> AppendOrigin {
        match self {
            AppendReply::Produce { .. } => AppendOrigin::Client,
            AppendReply::Coordinator(_) => AppendOrigin::Coordinator,
        }
    }
}

#[derive(Debug)]
struct Slots {
    outcomes: Vec<Option<AppendOutcome>>,
    open: usize,
    done: Option<oneshot::Sender<Vec<AppendOutcome>>>,
}

/// Collects the outcomes of one request; the last one releases the answer.
#[derive(Debug)]
pub(crate) struct ProduceJob {
    slots: Mutex<Slots>,
}

impl ProduceJob {
    /// A job of `count` appends and the receiver of their outcomes, in slot order.
    pub(crate) fn new(count: usize) -> (ProduceJob, oneshot::Receiver<Vec<AppendOutcome>>) {
        let (sender, receiver) = oneshot::channel();
        let slots = Slots { outcomes: vec![None; count], open: count, done: Some(sender) };
        (ProduceJob { slots: Mutex::new(slots) }, receiver)
    }

    /// Fills one slot. A slot that is already filled keeps its first outcome.
    pub(crate) fn complete(&self, slot: usize, outcome: AppendOutcome) {
        let mut slots = self.slots.lock();
        let Some(place) = slots.outcomes.get_mut(slot) else { return };
        if place.is_some() {
            return;
        }
        *place = Some(outcome);
        slots.open -= 1;
        if slots.open == 0
            && let Some(done) = slots.done.take()
        {
            let outcomes = std::mem::take(&mut slots.outcomes).into_iter().flatten().collect();
            // The connection may be gone; what was stored stays stored.
            let _ = done.send(outcomes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_slot_releases_all_in_slot_order() {
        let (job, mut receiver) = ProduceJob::new(2);
        job.complete(1, AppendOutcome::refused(ErrorCode::CorruptMessage, None));
        job.complete(1, AppendOutcome::refused(ErrorCode::NotController, None));
        assert!(receiver.try_recv().is_err());
        job.complete(0, AppendOutcome::refused(ErrorCode::MessageTooLarge, None));
        let errors: Vec<_> = receiver.try_recv().unwrap().into_iter().map(|o| o.error).collect();
        assert_eq!(errors, [ErrorCode::MessageTooLarge, ErrorCode::CorruptMessage]);
    }
}
