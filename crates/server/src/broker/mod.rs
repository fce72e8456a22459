//! The broker: what handlers share, and how it starts and stops.

mod authorization;
mod dir_failures;
mod producer_ids;
mod publish;
mod start;
mod stop;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use arc_swap::ArcSwap;
use stream_metadata::MetadataImage;
use stream_metadata::config_def::StaticConfig;
use stream_types::NodeId;
use tokio::sync::Notify;

use crate::audit::AuditTrail;
use crate::clock::Clock;
use crate::config::ServerConfig;
use crate::controller::ControllerHandle;
use crate::coordinator::GroupCoordinator;
use crate::credentials::Credentials;
use crate::delegation_tokens::DelegationTokens;
use crate::fetch_sessions::FetchSessions;
use crate::maintenance::DiskSpace;
use crate::net::{Admission, ListenerTls, RequestMemory};
use crate::partitions::{LogDirs, PartitionTable, Workers};
use crate::quotas::ClientQuotas;
use crate::telemetry::metrics::Metrics;

pub(crate) use authorization::Authorization;
pub(crate) use producer_ids::ProducerIds;
pub use start::run;

/// What every connection and handler of this process shares.
#[derive(Debug)]
pub(crate) struct Broker {
    pub(crate) config: ServerConfig,
    pub(crate) static_config: Arc<StaticConfig>,
    pub(crate) clock: Clock,
    pub(crate) partitions: PartitionTable,
    pub(crate) log_dirs: LogDirs,
    pub(crate) disk_space: DiskSpace,
    pub(crate) workers: Workers,
    pub(crate) controller: ControllerHandle,
    pub(crate) groups: GroupCoordinator,
    pub(crate) credentials: Credentials,
    /// Of the listeners that speak TLS.
    pub(crate) certificates: Vec<Arc<ListenerTls>>,
    pub(crate) request_memory: RequestMemory,
    pub(crate) metrics: Metrics,
    pub(crate) audit: AuditTrail,
    pub(crate) authorization: Authorization,
    pub(crate) producer_ids: ProducerIds,
    pub(crate) fetch_sessions: FetchSessions,
    pub(crate) tokens: Arc<DelegationTokens>,
    pub(crate) quotas: ClientQuotas,
    pub(crate) admission: Arc<Admission>,
    image: ArcSwap<MetadataImage>,
    image_offset: AtomicI64,
    broker_epoch: AtomicI64,
    stop: Stop,
}

/// Tells every task that the broker stops.
#[derive(Debug, Default)]
struct Stop {
    asked: AtomicBool,
    notify: Notify,
}

impl Broker {
    /// The metadata that this broker works with.
    pub(crate) fn image(&self) -> Arc<MetadataImage> {
        self.image.load_full()
    }

    /// The newest metadata entry in [`Broker::image`].
    pub(crate) fn image_offset(&self) -> i64 {
        self.image_offset.load(Ordering::Relaxed)
    }

    /// The active controller as clients should know it.
    pub(crate) fn controller_id(&self) -> NodeId {
        self.controller.status().leader.unwrap_or(NodeId(-1))
    }

    /// The epoch of this broker's registration; -1 before it.
    pub(crate) fn broker_epoch(&self) -> i64 {
        self.broker_epoch.load(Ordering::Relaxed)
    }

    /// This broker's id.
    pub(crate) fn node_id(&self) -> NodeId {
        self.config.node_id
    }

    /// Whether the broker was told to stop.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.asked.load(Ordering::Acquire)
    }

    /// Waits until the broker is told to stop.
    pub(crate) async fn stopping(&self) {
        loop {
            let notified = self.stop.notify.notified();
            if self.stop.asked.load(Ordering::Acquire) {
                return;
            }
            notified.await;
        }
    }

    fn ask_to_stop(&self) {
        self.stop.asked.store(true, Ordering::Release);
        self.stop.notify.notify_waiters();
    }
}
