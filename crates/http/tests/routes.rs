//! The HTTP server over a real socket.
#![allow(clippy::unwrap_used)]

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_http::{Access, Backend, Caller, Credentials, Exposition, Readiness, Resource, Sockets, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

struct Fake {
    ready: AtomicBool,
    /// Whether `/metrics` asks for alice and her password.
    closed: bool,
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

    fn is_open(&self, resource: Resource) -> bool {
        !self.closed || resource == Resource::Health
    }

    fn access(&self, _: Resource, caller: Caller) -> Pin<Box<dyn Future<Output = Access> + Send + '_>> {
        Box::pin(async move {
            assert!(!caller.encrypted && caller.peer.ip().is_loopback());
            match caller.credentials {
                Some(Credentials::Basic { user, password }) if user == "alice" && *password == b"secret" => {
                    Access::Granted
                }
                Some(Credentials::Bearer(_)) => Access::Refused("alice alone".to_owned()),
                _ => Access::Unknown { bearer: true },
            }
        })
    }
}

async fn get(address: SocketAddr, path: &str) -> String {
    get_of(address, "localhost", path).await
}

async fn get_of(address: SocketAddr, host: &str, path: &str) -> String {
    ask(address, "GET", path, &format!("Host: {host}\r\n")).await
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(format!("{method} {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n").as_bytes())
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
    let backend = Arc::new(Fake { ready: AtomicBool::new(false), closed: false });
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(sockets, None, backend.clone(), async {
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
async fn what_is_closed_asks_who_comes_and_every_answer_is_kept_from_caches() {
    let sockets = Sockets::bind("127.0.0.1", 0).await.unwrap();
    let address = sockets.addresses()[0];
    let backend = Arc::new(Fake { ready: AtomicBool::new(true), closed: true });
    tokio::spawn(serve(sockets, None, backend, std::future::pending()));
    let with = |authorization: &str| format!("Host: localhost\r\n{authorization}");

    let unknown = ask(address, "GET", "/metrics", &with("")).await;
    assert!(unknown.starts_with("HTTP/1.1 401") && !unknown.contains("kafka_messages"), "{unknown}");
    assert!(unknown.contains("www-authenticate: Basic realm=") && unknown.contains("www-authenticate: Bearer"));
    let wrong = ask(address, "GET", "/metrics", &with("Authorization: Basic YWxpY2U6d3Jvbmc=\r\n")).await;
    assert!(wrong.starts_with("HTTP/1.1 401"), "{wrong}");
    let refused = ask(address, "GET", "/metrics", &with("Authorization: Bearer x\r\n")).await;
    assert!(refused.starts_with("HTTP/1.1 403") && refused.ends_with("alice alone\n"), "{refused}");
    let alice = ask(address, "GET", "/metrics", &with("Authorization: Basic YWxpY2U6c2VjcmV0\r\n")).await;
    assert!(alice.starts_with("HTTP/1.1 200") && alice.contains("kafka_messages_in_total 7"), "{alice}");
    assert!(get(address, "/healthz").await.starts_with("HTTP/1.1 200"));

    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = ask(address, method, "/healthz", &with("")).await;
        assert!(answer.starts_with("HTTP/1.1 405") && !answer.contains("access-control"), "{answer}");
    }
    for answer in [unknown, refused, alice] {
        assert!(answer.contains("x-content-type-options: nosniff") && answer.contains("cache-control: no-store"));
    }
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
