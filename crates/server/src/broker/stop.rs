//! Controlled shutdown: nothing new is read, what was read is answered, logs are closed cleanly.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stream_log::LogError;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use super::Broker;
use super::publish::Publisher;
use crate::maintenance::Maintenance;

/// How long connections may take to get their last answers.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// Waits for SIGTERM or Ctrl-C.
pub(super) async fn wait_for_signal() {
    let (terminate, interrupt) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    match (terminate, interrupt) {
        (Ok(mut terminate), Ok(mut interrupt)) => {
            tokio::select! {
                _ = terminate.recv() => tracing::info!("SIGTERM: stopping"),
                _ = interrupt.recv() => tracing::info!("interrupted: stopping"),
            }
        }
        // Without handlers the default action of the signals ends the process; recovery copes.
        _ => std::future::pending().await,
    }
}

/// Stops the broker in order.
///
/// # Errors
/// When a log or a checkpoint could not be written; the next start then recovers.
pub(super) async fn stop(
    broker: &Arc<Broker>,
    publishing: JoinHandle<Publisher>,
    maintenance: Maintenance,
) -> Result<(), LogError> {
    broker.ask_to_stop();
    broker.groups.stop();
    let deadline = broker.clock.deadline(DRAIN_MAX);
    while broker.metrics.connections.load(Ordering::Relaxed) > 0 && !broker.clock.has_passed(deadline) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let broker = Arc::clone(broker);
    let publisher = publishing.await;
    let stopped = tokio::task::spawn_blocking(move || {
        maintenance.stop();
        broker.controller.stop();
        broker.workers.stop();
        match publisher {
            Ok(publisher) => publisher.close_logs(),
            Err(_) => Ok(()),
        }
    });
    let result = stopped.await.unwrap_or(Ok(()));
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result
}
