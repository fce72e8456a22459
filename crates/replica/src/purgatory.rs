//! Those who wait for the high watermark to reach an offset.
//!
//! Invariant: tokens wait in the order of their offsets, because appends are ordered.

use std::collections::VecDeque;

use stream_types::Offset;

/// Waiting tokens, the lowest offset first.
#[derive(Debug)]
pub(crate) struct Purgatory<Token> {
    waiting: VecDeque<(Offset, Token)>,
}

impl<Token> Purgatory<Token> {
    pub(crate) fn new() -> Self {
        Purgatory { waiting: VecDeque::new() }
    }

    /// Parks `token` until the high watermark is at `offset` or above.
    pub(crate) fn park(&mut self, offset: Offset, token: Token) {
        let position = self.waiting.partition_point(|(other, _)| *other <= offset);
        self.waiting.insert(position, (offset, token));
    }

    /// Takes everybody whose offset the high watermark has reached.
    pub(crate) fn release(&mut self, high_watermark: Offset) -> Vec<Token> {
        let count = self.waiting.partition_point(|(offset, _)| *offset <= high_watermark);
        self.waiting.drain(..count).map(|(_, token)| token).collect()
    }

    /// Takes everybody.
    pub(crate) fn drain(&mut self) -> Vec<Token> {
        self.waiting.drain(..).map(|(_, token)| token).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}
