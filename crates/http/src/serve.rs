//! The routes.
//!
//! - `GET /healthz`: 200 while the process lives.
//! - `GET /readyz`: 200 when clients can be served, else 503 and the reason.
//! - `GET /metrics`: Prometheus text.

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

use crate::host::only_loopback;
use crate::listen::{Limited, permits};
use crate::{Backend, Exposition, Readiness, Sockets};

const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How long requests that have begun may take once the server is told to stop.
const DRAIN_MAX: Duration = Duration::from_secs(1);

/// Serves until `shutdown` completes; requests that have begun are then answered, within a second.
pub async fn serve(
    sockets: Sockets,
    backend: Arc<dyn Backend>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(backend);
    let (stop, stopped) = watch::channel(());
    let permits = permits();
    let mut servers = JoinSet::new();
    for listener in sockets.listeners {
        let mut stopped = stopped.clone();
        let is_loopback = listener.local_addr()?.ip().is_loopback();
        let listener = Limited { listener, permits: Arc::clone(&permits) };
        let router = router.clone();
        let router = if is_loopback { router.layer(middleware::from_fn(only_loopback)) } else { router };
        let server = axum::serve(listener, router).with_graceful_shutdown(async move {
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
