//! Answers leave in the order in which their requests came.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use stream_types::Monotonic;
use stream_wire::api::ApiKey;

use super::output::Response;

/// How one request ends.
#[derive(Debug)]
pub(crate) enum Answer {
    /// With this response.
    Respond(Response),
    /// With nothing: acks=0.
    Silence,
    /// With the end of the connection, for the reason given.
    Close(String),
}

/// An answer that is here, or that will come.
pub(crate) enum Pending {
    /// It is here.
    Ready(Answer),
    /// It will come. The future is polled once it is at the front of its connection's queue, so
    /// what must happen in request order happens before it is made.
    Later(Pin<Box<dyn Future<Output = Answer> + Send>>),
}

impl Pending {
    /// Boxes a future.
    pub(crate) fn later(future: impl Future<Output = Answer> + Send + 'static) -> Pending {
        Pending::Later(Box::pin(future))
    }

    fn ready_bytes(&self) -> usize {
        match self {
            Pending::Ready(Answer::Respond(response)) => response.len(),
            Pending::Ready(_) | Pending::Later(_) => 0,
        }
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Pending::Ready(answer) => f.debug_tuple("Ready").field(answer).finish(),
            Pending::Later(_) => f.write_str("Later"),
        }
    }
}

/// What is remembered of a request until its answer leaves.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Received {
    /// Size of its frame without the prefix (bytes).
    pub(crate) bytes: usize,
    /// When the frame was whole.
    pub(crate) at: Monotonic,
    /// Its API, if it is known.
    pub(crate) api: Option<ApiKey>,
    /// The version of its body.
    pub(crate) version: Option<i16>,
    /// The client's number for it.
    pub(crate) correlation_id: Option<i32>,
}

impl Received {
    /// A frame that is whole now.
    pub(crate) fn of(frame: &Bytes, at: Monotonic) -> Received {
        let header = frame.first_chunk::<8>();
        let [api, version] = [0, 2].map(|place| header.map(|h| i16::from_be_bytes([h[place], h[place + 1]])));
        Received {
            bytes: frame.len(),
            at,
            api: api.and_then(ApiKey::from_code),
            version,
            correlation_id: header.map(|h| i32::from_be_bytes([h[4], h[5], h[6], h[7]])),
        }
    }

    /// The same of a frame without a header: a step of a login, of which nothing may be told.
    pub(crate) fn without_header(frame: &Bytes, at: Monotonic) -> Received {
        Received { bytes: frame.len(), at, api: None, version: None, correlation_id: None }
    }
}

#[derive(Debug)]
struct Entry {
    pending: Pending,
    received: Received,
}

/// The unanswered requests of one connection, oldest first.
#[derive(Debug, Default)]
pub(crate) struct ResponseQueue {
    entries: VecDeque<Entry>,
    /// Bytes of the answers that were ready when they were pushed and are still here.
    ready_bytes: usize,
}

impl ResponseQueue {
    /// How many requests are unanswered.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether every request is answered.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of answers that only wait for those before them, as far as that is known without asking them.
    pub(crate) fn ready_bytes(&self) -> usize {
        self.ready_bytes
    }

    /// Adds the newest request.
    pub(crate) fn push(&mut self, pending: Pending, received: Received) {
        self.ready_bytes += pending.ready_bytes();
        self.entries.push_back(Entry { pending, received });
    }

    /// Takes the oldest answer and what is known of its request, when it is there.
    pub(crate) fn poll_front(&mut self, context: &mut Context<'_>) -> Poll<(Answer, Received)> {
        let Some(entry) = self.entries.front_mut() else { return Poll::Pending };
        let ready_bytes = entry.pending.ready_bytes();
        let answer = match &mut entry.pending {
            Pending::Ready(answer) => std::mem::replace(answer, Answer::Silence),
            Pending::Later(future) => match future.as_mut().poll(context) {
                Poll::Ready(answer) => answer,
                Poll::Pending => return Poll::Pending,
            },
        };
        let received = entry.received;
        self.ready_bytes -= ready_bytes;
        self.entries.pop_front();
        Poll::Ready((answer, received))
    }

    /// Waits for the oldest answer; for ever while there is none.
    pub(crate) async fn front(&mut self) -> (Answer, Received) {
        std::future::poll_fn(|context| self.poll_front(context)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    fn received(bytes: usize) -> Received {
        Received { bytes, ..Received::without_header(&Bytes::new(), Monotonic::default()) }
    }

    #[test]
    fn a_late_answer_holds_back_those_behind_it() {
        let (sender, receiver) = tokio::sync::oneshot::channel::<()>();
        let mut queue = ResponseQueue::default();
        queue.push(
            Pending::later(async {
                let _ = receiver.await;
                Answer::Close("first".into())
            }),
            received(10),
        );
        queue.push(Pending::Ready(Answer::Close("second".into())), received(20));
        let mut context = Context::from_waker(Waker::noop());
        assert!(queue.poll_front(&mut context).is_pending());
        sender.send(()).unwrap();
        let Poll::Ready((Answer::Close(reason), Received { bytes: 10, .. })) = queue.poll_front(&mut context) else {
            panic!("the first answer must come first");
        };
        assert_eq!(reason, "first");
        assert!(matches!(queue.poll_front(&mut context), Poll::Ready((Answer::Close(_), Received { bytes: 20, .. }))));
        assert!(queue.is_empty());
    }
}
