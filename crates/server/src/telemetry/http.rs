//! The HTTP listener: metrics and health of this broker. Who may ask for them is in `http_access`.
//!
//! A port that nobody named and that is taken is a warning, and the broker runs without; a named one is an error.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_http::{Access, Backend, BindError, Caller, Exposition, Readiness, Resource, Sockets, Tls};

use super::http_access::HttpAccess;
use super::unread::UnreadTimes;
use super::{scrape, state};
use crate::broker::Broker;
use crate::config::{HTTP_LISTENER, HttpListener, ServerConfig};
use crate::net::ListenerTls;

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
    access: HttpAccess,
}

impl Health {
    /// From now on `/readyz` says yes: the quorum is joined and the logs are recovered.
    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// Serves `sockets`, if there are any, and moves the rates on, until the broker stops.
pub(crate) fn start(sockets: Option<Sockets>, broker: &Arc<Broker>) -> Arc<Health> {
    let tls = broker.certificates.iter().find(|tls| tls.listener() == HTTP_LISTENER).cloned();
    let access = HttpAccess::new(broker, tls.clone());
    let (ready, unread) = (AtomicBool::new(false), Arc::default());
    let health = Arc::new(Health { broker: Arc::clone(broker), ready, unread, access });
    let ticking = Arc::clone(broker);
    tokio::spawn(async move {
        tokio::select! {
            () = ticking.metrics.keep_ticking() => {}
            () = ticking.stopping() => {}
        }
    });
    if let Some(sockets) = sockets {
        let scheme = if tls.is_some() { "https" } else { "http" };
        for address in sockets.addresses() {
            tracing::info!("metrics and health on {scheme}://{address}");
        }
        if broker.config.http_listener.as_ref().is_some_and(HttpListener::refuses_all_from_elsewhere) {
            tracing::warn!(
                "/metrics is refused to other machines: clients have to log in here, and passwords are not taken without TLS; set \
                 hanzo.http.listener=https://HOST:PORT, or hanzo.http.metrics.auth=open"
            );
        }
        let (backend, stopping) = (Arc::clone(&health), Arc::clone(broker));
        let tls = tls.map(|tls| tls as Arc<dyn Tls>);
        tokio::spawn(async move {
            let shutdown = async move { stopping.stopping().await };
            if let Err(error) = stream_http::serve(sockets, tls, backend, shutdown).await {
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

    fn is_open(&self, resource: Resource) -> bool {
        let Some(listener) = &self.broker.config.http_listener else { return true };
        match resource {
            Resource::Metrics => !listener.metrics_closed,
            Resource::Health => !listener.health_closed,
        }
    }

    fn access(&self, resource: Resource, caller: Caller) -> Pin<Box<dyn Future<Output = Access> + Send + '_>> {
        Box::pin(self.access.decide(&self.broker, resource, caller))
    }
}

impl Tls for ListenerTls {
    fn config(&self) -> Arc<rustls::ServerConfig> {
        ListenerTls::config(self)
    }

    fn handshake_failed(&self, peer: SocketAddr, reason: &str) {
        tracing::info!(%peer, listener = HTTP_LISTENER, "TLS handshake failed: {reason}");
    }
}
