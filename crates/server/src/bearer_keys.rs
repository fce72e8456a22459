//! The public keys of identity providers, read from a file or over HTTP and read again in the background.
//!
//! - Only what the configuration names is read; a token cannot name another place.
//! - A key that a token names and nobody knows makes one reading at once, at most every [`ASKED_INTERVAL`].
//! - A reading that fails keeps the keys that are there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use stream_security::sasl::KeySet;
use tokio::sync::Notify;

use crate::broker::Broker;
use crate::config::ServerConfig;
use crate::http_get;

/// Shortest time between two readings that tokens ask for.
const ASKED_INTERVAL: Duration = Duration::from_secs(10);
/// How long after a failed reading the next one comes.
const RETRY: Duration = Duration::from_secs(5);
/// Shortest time between two readings, whatever is configured.
const REFRESH_MIN: Duration = Duration::from_secs(1);
/// Largest set of keys (bytes).
const SET_BYTES_MAX: usize = 1024 * 1024;

/// The keys of every place that the configuration names.
#[derive(Debug, Default)]
pub(crate) struct BearerKeys {
    sources: BTreeMap<String, Arc<Source>>,
}

#[derive(Debug)]
struct Source {
    url: String,
    refresh: Duration,
    keys: ArcSwap<KeySet>,
    asked: Notify,
}

impl BearerKeys {
    /// The places that listeners name, and what those that are files hold.
    ///
    /// # Errors
    /// When a file cannot be read or holds no keys.
    pub(crate) fn load(config: &ServerConfig) -> Result<BearerKeys, String> {
        let mut keys = BearerKeys::default();
        for bearer in config.sasl.listeners.values().filter_map(|listener| listener.bearer.as_ref()) {
            let url = &bearer.keys_url;
            let set = match url.strip_prefix("file://") {
                Some(path) => std::fs::read(path)
                    .map_err(|error| error.to_string())
                    .and_then(|json| KeySet::parse(&json))
                    .map_err(|problem| format!("sasl.oauthbearer.jwks.endpoint.url={url}: {problem}"))?,
                None => KeySet::default(),
            };
            let refresh = bearer.keys_refresh.max(REFRESH_MIN);
            let source = Source { url: url.clone(), refresh, keys: ArcSwap::from_pointee(set), asked: Notify::new() };
            keys.sources.insert(url.clone(), Arc::new(source));
        }
        Ok(keys)
    }

    /// Reads them again from now on, until the broker stops.
    pub(crate) fn start(&self, broker: &Arc<Broker>) {
        for source in self.sources.values() {
            tokio::spawn(keep_fresh(Arc::clone(source), Arc::clone(broker)));
        }
    }

    /// The keys of a place.
    pub(crate) fn of(&self, url: &str) -> Arc<KeySet> {
        self.sources.get(url).map(|source| source.keys.load_full()).unwrap_or_default()
    }

    /// Asks for a reading before its time.
    pub(crate) fn ask_again(&self, url: &str) {
        if let Some(source) = self.sources.get(url) {
            source.asked.notify_one();
        }
    }
}

async fn keep_fresh(source: Arc<Source>, broker: Arc<Broker>) {
    let mut is_known = !source.keys.load().is_empty();
    let mut wait = if is_known { source.refresh } else { Duration::ZERO };
    loop {
        tokio::select! {
            () = broker.stopping() => return,
            () = tokio::time::sleep(wait) => {}
            () = source.asked.notified(), if is_known => {}
        }
        match read(&source.url).await {
            Ok(keys) => {
                if keys != **source.keys.load() {
                    tracing::info!(url = source.url, "{} keys of the identity provider read", keys.len());
                    source.keys.store(Arc::new(keys));
                }
                is_known = true;
                wait = source.refresh;
            }
            Err(problem) => {
                tracing::warn!(url = source.url, "the identity provider's keys cannot be read: {problem}");
                wait = RETRY.min(source.refresh);
            }
        }
        // What was asked for meanwhile is answered by this reading.
        let rest = ASKED_INTERVAL.min(wait);
        tokio::select! {
            () = broker.stopping() => return,
            () = tokio::time::sleep(rest) => wait -= rest,
        }
    }
}

async fn read(url: &str) -> Result<KeySet, String> {
    let json = match url.strip_prefix("file://") {
        Some(path) => {
            let path = path.to_owned();
            let read = tokio::task::spawn_blocking(move || std::fs::read(path));
            read.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?.into()
        }
        None => http_get::get(url, SET_BYTES_MAX).await?,
    };
    KeySet::parse(&json)
}
