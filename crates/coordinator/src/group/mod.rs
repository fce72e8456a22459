//! The groups of one `__consumer_offsets` partition.

pub mod command;
pub mod reply;

use std::sync::Arc;

use bytes::Bytes;
use stream_types::{LeaderEpoch, Monotonic, Now, Offset};

use crate::random::Random;
use crate::{CoordinatorError, GroupCommand, GroupConfig, Step};

/// The groups of one `__consumer_offsets` partition, led by this broker since `epoch`.
#[derive(Debug)]
pub struct GroupShard<Token> {
    config: Arc<GroupConfig>,
    epoch: LeaderEpoch,
    random: Random,
    tokens: Vec<Token>,
}

impl<Token> GroupShard<Token> {
    /// A shard that knows nothing yet: [`replay`](Self::replay) every record of the log, then call
    /// [`loaded`](Self::loaded). `seed` makes the member ids.
    pub fn new(config: Arc<GroupConfig>, epoch: LeaderEpoch, seed: u64) -> Self {
        GroupShard { config, epoch, random: Random::new(seed), tokens: Vec::new() }
    }

    /// Takes in a record that was read from the log or whose append was accepted.
    pub fn replay(&mut self, _offset: Offset, _key: &Bytes, _value: Option<&Bytes>) -> Result<(), CoordinatorError> {
        Ok(())
    }

    /// The log is replayed: from now on commands may come. Sessions of members start anew.
    pub fn loaded(&mut self, _now: Now) -> Step<Token> {
        Step::new()
    }

    /// Decides a command. Its reply is in this step or in a later one.
    pub fn handle(&mut self, _now: Now, _command: GroupCommand, token: Token) -> Step<Token> {
        self.tokens.push(token);
        Step::new()
    }

    /// Does what is due. Call it at [`next_deadline`](Self::next_deadline).
    pub fn tick(&mut self, _now: Now) -> Step<Token> {
        Step::new()
    }

    /// When [`tick`](Self::tick) has something to do next.
    pub fn next_deadline(&self) -> Option<Monotonic> {
        None
    }
}
