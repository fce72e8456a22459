//! What the machine wants done.

use bytes::Bytes;

use crate::group::reply::GroupReply;

/// A record for `__consumer_offsets` in Kafka's format, ready to append.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CoordinatorRecord {
    /// The kind's number and the key.
    pub key: Bytes,
    /// The value behind its version; `None` deletes what the key names.
    pub value: Option<Bytes>,
}

/// What came of one command or one passage of time.
///
/// The records are to be appended in order and replayed once the append is accepted. The replies may
/// leave when these records and everything proposed before are committed. A token that is not
/// answered here comes back in a later step.
#[derive(Debug)]
#[must_use]
pub struct Step<Token> {
    /// To append, in this order.
    pub records: Vec<CoordinatorRecord>,
    /// To answer once the records are committed.
    pub replies: Vec<(Token, GroupReply)>,
}

impl<Token> Step<Token> {
    /// Nothing to do.
    pub fn new() -> Self {
        Step { records: Vec::new(), replies: Vec::new() }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.replies.is_empty()
    }
}

impl<Token> Default for Step<Token> {
    fn default() -> Self {
        Step::new()
    }
}
