//! One GET over HTTP or HTTPS, for what the configuration names: small, bounded in size and time, without redirects.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// Longest time from the look-up of the name to the last byte.
const TIME_MAX: Duration = Duration::from_secs(10);
/// Where systems keep the certificates that they trust, unless `SSL_CERT_FILE` names another file.
const SYSTEM_CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
    "/etc/ssl/ca-bundle.pem",
];

/// The body that `url` answers with 200.
///
/// # Errors
/// What went wrong, in a few words.
pub(crate) async fn get(url: &str, bytes_max: usize) -> Result<Bytes, String> {
    match tokio::time::timeout(TIME_MAX, get_for_ever(url, bytes_max)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(format!("no answer in {} s", TIME_MAX.as_secs())),
    }
}

async fn get_for_ever(url: &str, bytes_max: usize) -> Result<Bytes, String> {
    let uri: Uri = url.parse().map_err(|_| "it is no address".to_owned())?;
    let is_tls = uri.scheme_str() == Some("https");
    let host = uri.host().ok_or("it names no host")?.trim_matches(['[', ']']);
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let stream = TcpStream::connect((host, port)).await.map_err(|error| error.to_string())?;
    if !is_tls {
        return ask(stream, &uri, bytes_max).await;
    }
    let name = ServerName::try_from(host.to_owned()).map_err(|_| "its host is no name".to_owned())?;
    let stream = connector()?.connect(name, stream).await.map_err(|error| error.to_string())?;
    ask(stream, &uri, bytes_max).await
}

async fn ask<S>(stream: S, uri: &Uri, bytes_max: usize) -> Result<Bytes, String>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let told = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(told)?;
    // Ends with the sender.
    tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, uri.authority().map_or("", |authority| authority.as_str()))
        .header(header::ACCEPT, "application/json")
        .header(header::CONNECTION, "close")
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let response = sender.send_request(request).await.map_err(told)?;
    let status = response.status();
    if status != hyper::StatusCode::OK {
        return Err(format!("the answer is {status}"));
    }
    let body = Limited::new(response.into_body(), bytes_max).collect().await;
    body.map(|body| body.to_bytes()).map_err(|error| error.to_string())
}

/// Trusts what the system trusts.
fn connector() -> Result<TlsConnector, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    CONFIG.get_or_init(client_config).clone().map(TlsConnector::from)
}

fn client_config() -> Result<Arc<ClientConfig>, String> {
    let named = std::env::var_os("SSL_CERT_FILE").map(std::path::PathBuf::from);
    let system = SYSTEM_CERTIFICATES.iter().map(std::path::PathBuf::from).find(|path| path.exists());
    let path = named.or(system).ok_or("the system has no file of trusted certificates; name one in SSL_CERT_FILE")?;
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    for certificate in certificates.flatten() {
        // Systems keep certificates of kinds that rustls does not take; the others do.
        let _ = roots.add(certificate);
    }
    if roots.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}
