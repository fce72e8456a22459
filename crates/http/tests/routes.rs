//! The HTTP server over a real socket.
#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_http::{Backend, Exposition, Readiness, Sockets, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

struct Fake {
    ready: AtomicBool,
}

impl Backend for Fake {
    fn readiness(&self) -> Readiness {
        if self.ready.load(Ordering::SeqCst) {
            Readiness::Ready
        } else {
            Readiness::NotReady("the logs are being recovered".to_owned())
        }
    }

    fn write_metrics(&self, exposition: &mut Exposition) {
        exposition.counter("kafka_messages_in_total", "Records.", 7);
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    get_of(address, "localhost", path).await
}

async fn get_of(address: SocketAddr, host: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn health_readiness_and_metrics_are_served_until_told_to_stop() {
    let sockets = Sockets::bind("localhost", 0).await.unwrap();
    let addresses = sockets.addresses();
    let backend = Arc::new(Fake { ready: AtomicBool::new(false) });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(sockets, backend.clone(), async {
        let _ = stopped.await;
    }));
    for address in &addresses {
        assert!(get(*address, "/healthz").await.ends_with("\r\n\r\nok\n"));
    }
    let not_ready = get(addresses[0], "/readyz").await;
    assert!(not_ready.starts_with("HTTP/1.1 503") && not_ready.ends_with("not ready: the logs are being recovered\n"));
    backend.ready.store(true, Ordering::SeqCst);
    assert!(get(addresses[0], "/readyz").await.starts_with("HTTP/1.1 200"));
    let metrics = get(addresses[0], "/metrics").await;
    assert!(metrics.contains("content-type: text/plain; version=0.0.4"));
    assert!(metrics.ends_with("\nkafka_messages_in_total 7\n"));
    assert!(get(addresses[0], "/api/v1/topics").await.starts_with("HTTP/1.1 404"));
    // A page whose name was pointed here reads nothing.
    for path in ["/metrics", "/healthz", "/nowhere"] {
        let rebound = get_of(addresses[0], "evil.example:8080", path).await;
        assert!(rebound.starts_with("HTTP/1.1 421") && !rebound.contains("kafka_messages"), "{rebound}");
    }
    assert!(get_of(addresses[0], &addresses[0].to_string(), "/metrics").await.starts_with("HTTP/1.1 200"));
    stop.send(()).unwrap();
    server.await.unwrap().unwrap();
    assert!(TcpStream::connect(addresses[0]).await.is_err());
}

#[tokio::test]
async fn a_taken_port_is_told_from_other_failures() {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let error = Sockets::bind("127.0.0.1", taken.local_addr().unwrap().port()).await.unwrap_err();
    assert!(error.is_in_use());
    let error = Sockets::bind("192.0.2.1", 17600).await.unwrap_err();
    assert!(!error.is_in_use());
    assert!(error.to_string().starts_with("cannot listen for HTTP on 192.0.2.1:17600: "));
}
