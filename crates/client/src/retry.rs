//! Pauses between attempts, and the moment after which there is none.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::error::ClientError;

const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The attempts of one operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Retry {
    deadline: Instant,
    pause: Duration,
}

impl Retry {
    /// An operation that may take this long from now.
    pub(crate) fn within(timeout: Duration) -> Retry {
        Retry { deadline: Instant::now() + timeout, pause: FIRST_PAUSE }
    }

    /// What is left of the operation's time.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    /// Waits before the next attempt; gives the error back if it will not pass or time is up.
    pub(crate) async fn after(&mut self, error: ClientError) -> Result<(), ClientError> {
        let next = Instant::now() + self.pause;
        if !error.is_retriable() || next >= self.deadline {
            return Err(error);
        }
        sleep_until(next).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use stream_types::ErrorCode;

    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn attempts_end_with_the_last_error() {
        let mut retry = Retry::within(Duration::from_millis(90));
        let mut attempts = 0;
        let error = ClientError::refused("t-0", ErrorCode::NotLeaderOrFollower);
        while retry.after(error.clone()).await.is_ok() {
            attempts += 1;
        }
        assert!((1..=3).contains(&attempts), "{attempts}");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn what_will_not_pass_is_not_repeated() {
        let mut retry = Retry::within(Duration::from_secs(60));
        let error = ClientError::refused("t", ErrorCode::TopicAlreadyExists);
        assert!(retry.after(error).await.is_err());
    }
}
