//! The HTTP listener: metrics and health of this broker.
//!
//! A port that nobody named and that is taken is a warning, and the broker runs without; a named one is an error.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stream_http::{Backend, BindError, Exposition, Readiness, Sockets};

use super::scrape::{self, ClusterState, PartitionState};
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
}

impl Health {
    /// From now on `/readyz` says yes: the quorum is joined and the logs are recovered.
    pub(crate) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }
}

/// Serves `sockets`, if there are any, and moves the rates on, until the broker stops.
pub(crate) fn start(sockets: Option<Sockets>, broker: &Arc<Broker>) -> Arc<Health> {
    let health = Arc::new(Health { broker: Arc::clone(broker), ready: AtomicBool::new(false) });
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
        scrape::write(exposition, &self.broker.metrics, &state(&self.broker));
    }
}

/// What the broker knows at this moment.
fn state(broker: &Broker) -> ClusterState {
    let image = broker.image();
    let node_id = broker.node_id();
    let mut state = ClusterState {
        flush_policy: broker.config.flush_policy.name(),
        active_controller: broker.controller_id() == node_id,
        brokers: image.unfenced_brokers().count(),
        topics: image.topics().len(),
        refused_connections: broker.admission.refused().collect(),
        audit: broker.audit.count(),
        request_bytes_held: broker.request_memory.used(),
        offline_log_dirs: broker.log_dirs.offline().len(),
        certificate_ends: broker
            .certificates
            .iter()
            .map(|tls| (tls.listener().into(), tls.not_after_seconds()))
            .collect(),
        ..ClusterState::default()
    };
    for partition in image.topics().iter().flat_map(|topic| topic.partitions.values()) {
        state.offline_partitions += usize::from(partition.leader.is_none());
        let under_replicated = partition.leader == Some(node_id) && partition.isr.len() < partition.replicas.len();
        state.under_replicated_partitions += usize::from(under_replicated);
    }
    for partition in broker.partitions.all() {
        let Some(reader) = partition.reader() else { continue };
        let index = partition.id.partition;
        let known = image.topic(&partition.id.topic).and_then(|topic| topic.partition(index));
        // One without a leader is counted already: the controller takes it away from a failed directory.
        let is_led = known.is_some_and(|known| known.leader.is_some());
        state.offline_partitions += usize::from(is_led && reader.offline().is_some());
        state.partitions.push(PartitionState {
            topic: partition.id.topic.as_str().into(),
            partition: index.get(),
            leads: known.is_some_and(|known| known.leader == Some(node_id)),
            size_bytes: reader.size().bytes,
            log_start: reader.log_start().get(),
            high_watermark: reader.high_watermark().get(),
        });
    }
    let census = broker.groups.census();
    state.groups = census.states.iter().map(|(state, count)| (state.clone(), *count)).collect();
    state.group_lags = census.lags(&image, &broker.partitions);
    state.partitions.sort_by(|a, b| (&a.topic, a.partition).cmp(&(&b.topic, b.partition)));
    state
}
