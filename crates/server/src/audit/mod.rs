//! The audit trail: authentication failures, denials and every administrative change, in the order in which they happen.
//!
//! - Each event is a line of the log under the target `audit`; with `hanzo.audit.topic` also a JSON record of that topic.
//! - Nobody waits for the trail: what does not fit into its queue is dropped, and counted.
//! - The same denial or failure again within [`REPEATS_WINDOW`] is counted and reported once, at the window's end.
//! - Names and keys only: a sensitive value is `(hidden)`, a password or token never comes here.

mod changes;
mod event;
mod repeats;
mod topic;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use stream_metadata::{Command, Reply};
use stream_security::acl::{Operation, ResourceType};
use stream_types::{ErrorCode, limits};
use tokio::sync::{mpsc, oneshot};

use crate::broker::Broker;
use crate::clock::Clock;
use crate::net::Session;
use event::{Event, What};
use repeats::Repeats;

/// How long the same event again is only counted.
const REPEATS_WINDOW: Duration = Duration::from_secs(10);
/// How long a stopping broker waits for the trail's last records.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// Where events go.
#[derive(Debug)]
pub(crate) struct AuditTrail {
    clock: Clock,
    repeats: Mutex<Repeats>,
    topic: Option<Topic>,
    counts: Counts,
}

#[derive(Debug)]
struct Topic {
    name: String,
    queue: mpsc::Sender<Queued>,
    /// Taken by the task that writes.
    waiting: Mutex<Option<mpsc::Receiver<Queued>>>,
}

/// What the writing task is given.
#[derive(Debug)]
enum Queued {
    Record { at: i64, json: String },
    Finish(oneshot::Sender<()>),
}

#[derive(Debug, Default)]
struct Counts {
    denied: AtomicU64,
    failed: AtomicU64,
    changed: AtomicU64,
    dropped: AtomicU64,
}

/// What the trail has seen so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct AuditCount {
    /// Denials, repeated ones included.
    pub(crate) denied: u64,
    /// Authentication failures, repeated ones included.
    pub(crate) authentication_failed: u64,
    /// Administrative changes.
    pub(crate) changed: u64,
    /// Events that are missing in the topic.
    pub(crate) dropped: u64,
}

impl AuditTrail {
    /// A trail to the log, and to `topic` where there is one.
    pub(crate) fn new(clock: Clock, topic: Option<String>) -> AuditTrail {
        let topic = topic.map(|name| {
            let (queue, waiting) = mpsc::channel(limits::AUDIT_QUEUE_EVENTS_MAX);
            Topic { name, queue, waiting: Mutex::new(Some(waiting)) }
        });
        AuditTrail { clock, repeats: Mutex::new(Repeats::default()), topic, counts: Counts::default() }
    }

    /// Whether this is the topic that the trail is written to: nobody else may write to it.
    pub(crate) fn is_trail(&self, topic: &str) -> bool {
        self.topic.as_ref().is_some_and(|trail| trail.name == topic)
    }

    /// Somebody wanted what they may not.
    pub(crate) fn denied(&self, session: &Session, operation: Operation, resource_type: ResourceType, name: &str) {
        self.counts.denied.fetch_add(1, Ordering::Relaxed);
        let what = What::Denied { operation, resource_type, name: name.to_owned() };
        self.bounded(Event::of(session, what));
    }

    /// Somebody did not prove who they are. `reason` must not hold what they sent as a proof.
    pub(crate) fn authentication_failed(&self, listener: &str, peer: SocketAddr, mechanism: &str, reason: &str) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let what = What::AuthenticationFailed { mechanism: mechanism.to_owned(), reason: reason.to_owned() };
        self.bounded(Event::new(None, Some(peer), listener, what));
    }

    /// Somebody changed something. `action` is Kafka's name of the request, `what` its object and what it became, such as
    /// `topic orders partitions=3`.
    pub(crate) fn changed(&self, session: &Session, action: &'static str, what: impl fmt::Display) {
        self.change(Event::of(session, What::Changed { action, what: what.to_string() }));
    }

    /// The broker itself changed something, because its configuration says so.
    pub(crate) fn changed_by_broker(&self, action: &'static str, what: impl fmt::Display) {
        self.change(Event::new(None, None, "", What::Changed { action, what: what.to_string() }));
    }

    /// What the scrape shows.
    pub(crate) fn count(&self) -> AuditCount {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let Counts { denied, failed, changed, dropped } = &self.counts;
        AuditCount {
            denied: load(denied),
            authentication_failed: load(failed),
            changed: load(changed),
            dropped: load(dropped),
        }
    }

    /// Everything that a command of `session` has changed.
    fn changed_by_command(&self, session: &Session, command: &Command, reply: &Reply) {
        let (action, changes) = changes::of(command, reply);
        for what in changes {
            self.changed(session, action, what);
        }
    }

    fn change(&self, event: Event) {
        self.counts.changed.fetch_add(1, Ordering::Relaxed);
        self.report(&event);
    }

    fn bounded(&self, event: Event) {
        if self.repeats.lock().admit(&event) {
            self.report(&event);
        }
    }

    fn report(&self, event: &Event) {
        event.log();
        let Some(topic) = &self.topic else { return };
        let at = self.clock.wall().0;
        let queued = Queued::Record { at, json: event.json(at).to_string() };
        if topic.queue.try_send(queued).is_err() {
            self.dropped(1);
        }
    }

    fn dropped(&self, events: u64) {
        self.counts.dropped.fetch_add(events, Ordering::Relaxed);
    }

    /// Reports what was only counted since the last time.
    fn report_repeats(&self) {
        let (repeated, left_out) = self.repeats.lock().take();
        repeated.iter().for_each(|event| self.report(event));
        if left_out > 0 {
            self.report(&Event::new(None, None, "", What::LeftOut { events: left_out }));
        }
    }

    /// Writes what is left; nothing is written afterwards.
    pub(crate) async fn finish(&self) {
        self.report_repeats();
        let Some(topic) = &self.topic else { return };
        let (done, finished) = oneshot::channel();
        let finish = async {
            if topic.queue.send(Queued::Finish(done)).await.is_ok() {
                // A task that ended has written all it could.
                let _ = finished.await;
            }
        };
        if tokio::time::timeout(FINISH_MAX, finish).await.is_err() {
            tracing::warn!("the audit trail's last events could not be written to {}", topic.name);
        }
    }
}

/// Starts the trail's tasks, once the broker can write to its own topics.
pub(crate) fn start(broker: &Arc<Broker>) {
    let repeats = Arc::clone(broker);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = tokio::time::sleep(REPEATS_WINDOW) => repeats.audit.report_repeats(),
                () = repeats.stopping() => return,
            }
        }
    });
    if let Some(topic) = &broker.audit.topic
        && let Some(waiting) = topic.waiting.lock().take()
    {
        tokio::spawn(topic::write(Arc::clone(broker), topic.name.clone(), waiting));
    }
}

impl Broker {
    /// Asks the controller for a change in the name of `session`; what changes is in the audit trail.
    ///
    /// # Errors
    /// As [`crate::controller::ControllerHandle::submit`].
    pub(crate) async fn change(&self, session: &Session, command: Command) -> Result<Reply, ErrorCode> {
        let asked = command.clone();
        let reply = self.controller.submit(command).await?;
        self.audit.changed_by_command(session, &asked, &reply);
        Ok(reply)
    }
}
