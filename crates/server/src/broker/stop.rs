//! Controlled shutdown: nothing new is read, what was read is answered, logs are closed cleanly.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use stream_log::LogError;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use super::Broker;
use super::publish::Publisher;
use crate::maintenance::Maintenance;

/// How long connections may take to get their last answers.
const DRAIN_MAX: Duration = Duration::from_secs(10);

/// SIGTERM and Ctrl-C, caught from the moment this exists: whoever sees the broker serve may stop it.
#[derive(Debug)]
pub(super) struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Takes the signals over.
    ///
    /// # Errors
    /// When the operating system refuses.
    pub(super) fn catch() -> io::Result<StopSignals> {
        Ok(StopSignals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub(super) async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => tracing::info!("SIGTERM: stopping"),
            _ = self.interrupt.recv() => tracing::info!("interrupted: stopping"),
        }
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
    broker.audit.finish().await;
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
    crate::telemetry::logging::say_what_was_left_out();
    if result.is_ok() {
        tracing::info!("stopped");
    }
    result
}
