//! The routes.
//!
//! - `GET /healthz`: 200 while the process lives.
//! - `GET /readyz`: 200 when clients can be served, else 503 and the reason.
//! - `GET /metrics`: Prometheus text.
//!
//! Nothing else, and nothing that changes anything: there is no request that a page of somebody else could have a browser
//! send (CSRF).

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Router, middleware};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::accept::{Acceptor, Peer, permits};
use crate::guard::{guard, harden};
use crate::host::only_loopback;
use crate::{Backend, Exposition, Readiness, Resource, Sockets, Tls};

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long requests that have begun may take once the server is told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// Serves until `shutdown` completes, over TLS where there is one; requests that have begun are then answered, within a
/// second.
pub async fn serve(
    sockets: Sockets,
    tls: Option<Arc<dyn Tls>>,
    backend: Arc<dyn Backend>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = router(backend);
    let (stop, stopped) = watch::channel(());
    let permits = permits();
    let mut servers = JoinSet::new();
    for listener in sockets.listeners {
        let mut stopped = stopped.clone();
        let is_loopback = listener.local_addr()?.ip().is_loopback();
        let listener = Acceptor::new(listener, Arc::clone(&permits), tls.clone());
        let router = router.clone();
        let router = if is_loopback { router.layer(middleware::from_fn(only_loopback)) } else { router };
        let router = router.layer(middleware::map_response(harden));
        let service = router.into_make_service_with_connect_info::<Peer>();
        let server = axum::serve(listener, service).with_graceful_shutdown(async move {
            let _ = stopped.changed().await;
        });
        servers.spawn(server.into_future());
    }
    drop(stopped);
    tokio::select! {
        () = shutdown => {}
        // A server ends by itself only on a failure of its socket.
        Some(ended) = servers.join_next() => return ended.unwrap_or_else(|error| Err(io::Error::other(error))),
    }
    drop(stop);
    let drained = async { while servers.join_next().await.is_some() {} };
    let _ = timeout(DRAIN_MAX, drained).await;
    Ok(())
}

fn router(backend: Arc<dyn Backend>) -> Router {
    let guarded = |resource| middleware::from_fn_with_state((Arc::clone(&backend), resource), guard);
    let health = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route_layer(guarded(Resource::Health));
    let metrics = Router::new().route("/metrics", get(metrics)).route_layer(guarded(Resource::Metrics));
    health.merge(metrics).with_state(Arc::clone(&backend))
}

async fn ready(State(backend): State<Arc<dyn Backend>>) -> (StatusCode, String) {
    match backend.readiness() {
        Readiness::Ready => (StatusCode::OK, "ready\n".to_owned()),
        Readiness::NotReady(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {reason}\n")),
    }
}

async fn metrics(State(backend): State<Arc<dyn Backend>>) -> impl IntoResponse {
    // Thousands of partitions take milliseconds to write down; connections of clients do not wait for that.
    let text = spawn_blocking(move || {
        let mut exposition = Exposition::new();
        backend.write_metrics(&mut exposition);
        exposition.into_text()
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
