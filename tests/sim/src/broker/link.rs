//! A client's connection: in order, and broken now and then. What was sent on a connection that its client gave up may
//! still arrive for a while, in order; what was sent to a process that died does not.

use crate::random::Random;

/// One client's connections, one after another.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// Number of the current connection.
    connection: u64,
    /// When the last message on its way to the broker arrives (milliseconds).
    last_arrival: u64,
    last_reply: u64,
    /// A reply was lost: nothing comes any more until the client gives up.
    is_deaf: bool,
    /// Until when what is on the last connection still arrives.
    old_until: u64,
}

impl Link {
    /// The number to send a request with, and when it arrives; none if the connection breaks on the way.
    pub(crate) fn send(&mut self, random: &mut Random, now: u64) -> Option<(u64, u64)> {
        let delay = if random.chance(100) { random.between(10, 400) } else { random.below(5) };
        self.last_arrival = (self.last_arrival + 1).max(now + delay);
        (!random.chance(15)).then_some((self.connection, self.last_arrival))
    }

    /// When a reply arrives at the client; none if the connection breaks or is given up.
    pub(crate) fn reply(&mut self, random: &mut Random, now: u64, connection: u64) -> Option<u64> {
        let delay = if random.chance(100) { random.between(10, 400) } else { random.below(5) };
        self.last_reply = (self.last_reply + 1).max(now + delay);
        self.is_deaf |= random.chance(15);
        (connection == self.connection && !self.is_deaf).then_some(self.last_reply)
    }

    /// Whether a request that arrives now is heard.
    pub(crate) fn is_heard(&self, connection: u64, now: u64) -> bool {
        connection == self.connection || (connection + 1 == self.connection && now <= self.old_until)
    }

    /// Whether a reply that arrives now is for somebody.
    pub(crate) fn is_current(&self, connection: u64) -> bool {
        connection == self.connection
    }

    /// Gives up the connection. With `late`, what is on its way may still arrive.
    pub(crate) fn reset(&mut self, random: &mut Random, now: u64, late: bool) {
        self.connection += 1;
        self.is_deaf = false;
        self.old_until = if late && random.chance(600) { now + random.below(500) } else { now.saturating_sub(1) };
        self.last_arrival = now;
        self.last_reply = now;
    }
}
