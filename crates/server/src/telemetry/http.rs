//! The HTTP listener: metrics and health of this broker.
//!
//! A port that nobody named and that is taken is a warning, and the broker runs without; a named one is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_http::{Backend, BindError, Exposition, Readiness, Sockets};

use super::unread::UnreadTimes;
use super::{scrape, state};
use crate::broker::Broker;
use crate::config::ServerConfig;

/// Binds `hanzo.http.listener`, if it is on and free.
///
/// # Errors
/// When the listener was named and cannot be bound.
pub(crate) async fn bind(config: &ServerConfig) -> Result<Option<Sockets>, BindError> {
    let Some(listener) = &config.http_listener else { return Ok(None) };
    match Sockets::bind(&listener.endpoint.host, listener.endpoint.port).await {
        Ok(sockets) => Ok(Some(sockets)),
        Err(error) if listener.explicit => Err(error),
        Err(error) => {
            tracing::warn!("{error}; running without metrics and health, set hanzo.http.listener to have them");
            Ok(None)
        }
    }
}

/// What the HTTP server asks, and the switch that says when clients can be served.
#[derive(Debug)]
pub(crate) struct Health {
    broker: Arc<Broker>,
    ready: AtomicBool,
    unread: Arc<UnreadTimes>,
}

impl Health {
    /// From now on `/readyz` says yes: the quorum is joined and the logs are recovered.
    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// Serves `sockets`, if there are any, and moves the rates on, until the broker stops.
pub(crate) fn start(sockets: Option<Sockets>, broker: &Arc<Broker>) -> Arc<Health> {
    let (ready, unread) = (AtomicBool::new(false), Arc::default());
    let health = Arc::new(Health { broker: Arc::clone(broker), ready, unread });
    let ticking = Arc::clone(broker);
    tokio::spawn(async move {
        tokio::select! {
            () = ticking.metrics.keep_ticking() => {}
            () = ticking.stopping() => {}
        }
    });
    if let Some(sockets) = sockets {
        for address in sockets.addresses() {
            tracing::info!("metrics and health on http://{address}");
        }
        let (backend, stopping) = (Arc::clone(&health), Arc::clone(broker));
        tokio::spawn(async move {
            let shutdown = async move { stopping.stopping().await };
            if let Err(error) = stream_http::serve(sockets, backend, shutdown).await {
                tracing::error!("the HTTP listener failed: {error}");
            }
        });
    }
    health
}

impl Backend for Health {
    fn readiness(&self) -> Readiness {
        if !self.ready.load(Ordering::Acquire) {
            return Readiness::NotReady("the quorum is being joined and the logs are being recovered".to_owned());
        }
        Readiness::Ready
    }

    fn write_metrics(&self, exposition: &mut Exposition) {
        let state = state::take(&self.broker, &self.unread);
        scrape::write(exposition, &self.broker.metrics, &state, self.broker.config.metrics);
    }
}
