//! TLS on listeners: what a listener shows and trusts, handshakes within limits, and the bytes of a connection.
//!
//! - TLS 1.3, and 1.2 where it is asked for; no 0-RTT, no renegotiation (neither exists in the library), and no resumption:
//!   every connection shows its certificate again, and an idle one keeps nothing for a next one.
//! - A client that has sent nothing costs a socket. One whose first bytes are no TLS is closed before a session exists.
//! - Certificates are swapped as a whole; connections keep what they began with.

mod build;
mod handshake;
mod reload;
mod session;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls_pki_types::CertificateDer;
use stream_security::mapping::PrincipalMapping;
use stream_security::{CertificateFacts, Principal};

use crate::config::{ConfigError, StoreContent, TlsSettings};

pub(crate) use handshake::{HandshakeGate, accept};
pub(crate) use reload::watch;
pub(crate) use session::TlsSession;
pub(in crate::net) use session::with_scratch;

/// TLS of one listener, with the certificates of now.
pub(crate) struct ListenerTls {
    settings: TlsSettings,
    current: ArcSwap<rustls::ServerConfig>,
    /// Of the certificate that is shown.
    facts: ArcSwap<CertificateFacts>,
    /// How the files looked before they were opened first.
    opened: reload::Print,
    gate: Arc<HandshakeGate>,
}

impl std::fmt::Debug for ListenerTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListenerTls").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl ListenerTls {
    /// Opens the stores of a listener.
    ///
    /// # Errors
    /// When one cannot be used; the text names its key and file.
    pub(crate) fn open(settings: TlsSettings, gate: &Arc<HandshakeGate>) -> Result<ListenerTls, ConfigError> {
        let opened = reload::print(&files(&settings));
        let built = build::build(&settings)?;
        Ok(ListenerTls {
            current: ArcSwap::new(built.config),
            facts: ArcSwap::from_pointee(built.facts),
            opened,
            gate: Arc::clone(gate),
            settings,
        })
    }

    /// The listener's name.
    pub(crate) fn listener(&self) -> &str {
        &self.settings.listener
    }

    /// When the certificate that is shown ends (seconds since 1970).
    pub(crate) fn not_after_seconds(&self) -> i64 {
        self.facts.load().not_after_seconds
    }

    /// What the next handshake is made with.
    pub(crate) fn config(&self) -> Arc<rustls::ServerConfig> {
        self.current.load_full()
    }

    /// Who shows this certificate, which was checked.
    ///
    /// # Errors
    /// Why its name is nobody's.
    pub(crate) fn principal_of(&self, certificate: &CertificateDer<'_>) -> Result<Principal, String> {
        match self.mapping() {
            None => Ok(Principal::anonymous()),
            Some(mapping) => named_by(certificate, mapping),
        }
    }

    /// How a client is named by the certificate it showed, where it is.
    fn mapping(&self) -> Option<&PrincipalMapping> {
        self.settings.names_clients.then_some(&*self.settings.mapping)
    }
}

/// The files that certificates are in, to look for changes.
fn files(settings: &TlsSettings) -> Vec<PathBuf> {
    let stores = std::iter::once(&settings.key_store).chain(&settings.trust_store);
    let files = stores.filter_map(|store| match &store.content {
        StoreContent::File(path) => Some(path.clone()),
        StoreContent::Inline { .. } => None,
    });
    files.collect()
}

/// Opens the stores of a listener and forgets them: `--check`, and before anything is written.
///
/// # Errors
/// As [`ListenerTls::open`].
pub(crate) fn check(settings: &TlsSettings) -> Result<(), ConfigError> {
    build::build(settings).map(|_| ())
}

/// Who the client is, by the certificate it showed; anonymous without one, or without a mapping.
fn principal(connection: &rustls::ServerConnection, mapping: Option<&PrincipalMapping>) -> Result<Principal, String> {
    let certificate = connection.peer_certificates().and_then(<[_]>::first);
    let (Some(certificate), Some(mapping)) = (certificate, mapping) else { return Ok(Principal::anonymous()) };
    named_by(certificate, mapping)
}

fn named_by(certificate: &CertificateDer<'_>, mapping: &PrincipalMapping) -> Result<Principal, String> {
    let facts = stream_security::certificate_facts(certificate);
    let subject = facts.ok_or("its certificate's name cannot be read")?.subject;
    match mapping.apply(&subject) {
        Some(name) => Ok(Principal::user(&name)),
        None => Err(format!("no rule of ssl.principal.mapping.rules fits its name {subject}")),
    }
}

fn display(path: &Path) -> String {
    path.display().to_string().escape_debug().to_string()
}
