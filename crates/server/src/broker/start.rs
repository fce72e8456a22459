//! From a configuration to a serving broker.
//!
//! Order matters: ports are bound and the data directory is locked before anything is written;
//! partitions are open before the first connection is accepted.

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwap;
use stream_log::disk::Disk;
use stream_log::disk::file::FileDisk;
use stream_metadata::config_def::StaticConfig;
use stream_metadata::controller::{DeclareAcls, DeclareAclsReply, RegisterBroker};
use stream_metadata::{Command, Endpoint, MetadataImage, Reply, features};
use stream_quorum::NodeConfig;
use stream_types::{Uuid, limits};
use tokio::sync::mpsc;

use super::publish::Publisher;
use super::stop::StopSignals;
use super::{Authorization, Broker, ProducerIds, Stop};
use crate::adopt::adopt_at_start;
use crate::audit::{self, AuditTrail};
use crate::bearer_keys::BearerKeys;
use crate::clock::{self, Clock};
use crate::config::{FlushPolicy, ServerConfig, TlsSettings};
use crate::controller::{self, ControllerStart};
use crate::coordinator::GroupCoordinator;
use crate::credentials::Credentials;
use crate::data_dir::{self, DataDir};
use crate::delegation_tokens::{self, DelegationTokens};
use crate::fetch_sessions::FetchSessions;
use crate::maintenance::{DiskSpace, Maintenance};
use crate::net::{self, Admission, BoundListener, HandshakeGate, ListenerInfo, ListenerTls, RequestMemory};
use crate::partitions::{Flusher, LogDirs, PartitionTable, WorkerContext, Workers};
use crate::quotas::ClientQuotas;
use crate::telemetry::http;
use crate::telemetry::metrics::Metrics;
use crate::unsecured;

const EXIT_CONFIGURATION: u8 = 2;
const EXIT_STORAGE: u8 = 4;
/// Committed images that may wait for this broker to work with them.
const PUBLISHED_MAX: usize = 1024;
const WORKERS_MAX: usize = 4;

/// Why the broker did not start, and the exit code that says so.
struct StartError {
    code: u8,
    text: String,
}

fn surroundings(text: impl Display) -> StartError {
    StartError { code: EXIT_CONFIGURATION, text: text.to_string() }
}

fn storage(text: impl Display) -> StartError {
    StartError { code: EXIT_STORAGE, text: text.to_string() }
}

/// Runs the server until SIGTERM, Ctrl-C or a failure. 0: stopped as told; 2: the configuration or its surroundings do
/// not allow a start; 4: the storage failed.
pub fn run(config: ServerConfig) -> ExitCode {
    abort_when_an_owner_panics();
    raise_file_limit();
    leave_no_core();
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    // One more than cores: a connection's thread may be inside a write (partitions/direct.rs).
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(cores + 1).enable_all().build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return report(storage(format!("cannot start the runtime's threads: {error}"))),
    };
    match runtime.block_on(serve(config, cores)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(error),
    }
}

fn report(error: StartError) -> ExitCode {
    eprintln!("hanzo-stream: {}", error.text);
    ExitCode::from(error.code)
}

async fn serve(config: ServerConfig, cores: usize) -> Result<(), StartError> {
    let clock = Clock::start();
    let bearer_keys = BearerKeys::load(&config).map_err(surroundings)?;
    let certificates = open_certificates(&config)?;
    let listeners = bind_all(&config, &certificates)?;
    let http_sockets = http::bind(&config).await.map_err(surroundings)?;
    let disk: Arc<dyn Disk> = Arc::new(FileDisk);
    adopt_at_start(&disk, &config)
        .map_err(|error| if error.is_storage() { storage(error) } else { surroundings(error) })?;
    let data_dir = data_dir::open(&config).map_err(surroundings)?;
    let log_dirs = LogDirs::load(&disk, &data_dir).map_err(storage)?;
    let static_config = Arc::new(StaticConfig::new(config.node_id, config.static_config()));
    let (published, images) = mpsc::channel(PUBLISHED_MAX);
    let controller = start_controller(&config, &data_dir, &static_config, &disk, clock, published)?;
    let metrics = Metrics::new();
    let workers = start_workers(&config, clock, disk, &metrics, cores)?;
    let tokens = Arc::new(DelegationTokens::new(config.tokens.secret_key.clone()));
    let broker = Arc::new(Broker {
        clock,
        partitions: PartitionTable::default(),
        log_dirs,
        disk_space: DiskSpace::new(&config.log_dirs, config.disk_reserve_bytes),
        workers,
        controller,
        credentials: Credentials::new(&config.declared.users, data_dir.directory_id, bearer_keys, Arc::clone(&tokens)),
        groups: GroupCoordinator::start(clock, &config, cores),
        certificates,
        request_memory: request_memory(&config),
        metrics,
        audit: AuditTrail::new(clock, config.audit_topic.clone()),
        image: ArcSwap::from_pointee(MetadataImage::empty(&data_dir.cluster_id)),
        image_offset: AtomicI64::new(0),
        broker_epoch: AtomicI64::new(-1),
        authorization: Authorization::new(config.authorizer.clone()),
        producer_ids: ProducerIds::default(),
        fetch_sessions: FetchSessions::new(config.network.fetch_sessions_max),
        admission: Arc::new(Admission::new(clock, config.network.connections.clone(), config.quotas.window)),
        tokens,
        quotas: ClientQuotas::new(clock, &config.quotas),
        stop: Stop::default(),
        static_config,
        config,
    });
    tokio::spawn(super::dir_failures::watch(Arc::clone(&broker)));
    let publisher = Publisher::new(Arc::clone(&broker));
    let publishing = tokio::spawn(publisher.run(images));
    let health = http::start(http_sockets, &broker);
    register(&broker, &data_dir).await?;
    let maintenance = Maintenance::start(&broker)
        .map_err(|error| storage(format!("cannot start the maintenance of logs: {error}")))?;
    if let Some(reason) = unsecured::refusal(&broker.config, &broker.image()) {
        super::stop::stop(&broker, publishing, maintenance).await.map_err(storage)?;
        return Err(surroundings(reason));
    }
    declare_acls(&broker).await?;
    audit::start(&broker);
    delegation_tokens::start(&broker, broker.config.tokens.check_interval);
    // From here on somebody may see that it serves, and stop it.
    let signals = StopSignals::catch().map_err(|error| storage(format!("cannot catch SIGTERM: {error}")))?;
    broker.credentials.start(&broker);
    for listener in listeners {
        listener.start(&broker);
    }
    net::watch_certificates(&broker);
    health.set_ready();
    announce(&broker, &data_dir);
    signals.wait().await;
    super::stop::stop(&broker, publishing, maintenance).await.map_err(storage)
}

fn start_workers(
    config: &ServerConfig,
    clock: Clock,
    disk: Arc<dyn Disk>,
    metrics: &Metrics,
    cores: usize,
) -> Result<Workers, StartError> {
    let context = WorkerContext {
        clock,
        flusher: Flusher::start(clock, Arc::clone(&metrics.flushes))
            .map_err(|error| storage(format!("cannot start the flusher: {error}")))?,
        flush_policy: flush_policy(config),
        disk,
        node_id: config.node_id,
    };
    Workers::start(cores.min(WORKERS_MAX), context)
        .map_err(|error| storage(format!("cannot start the log writers: {error}")))
}

fn request_memory(config: &ServerConfig) -> RequestMemory {
    RequestMemory::new(config.network.queued_request_bytes_max.unwrap_or(limits::IN_FLIGHT_REQUEST_BYTES_MAX))
}

fn flush_policy(config: &ServerConfig) -> stream_replica::FlushPolicy {
    match config.flush_policy {
        FlushPolicy::Auto => stream_replica::FlushPolicy::Auto,
        FlushPolicy::Always => stream_replica::FlushPolicy::Always,
        FlushPolicy::Never => stream_replica::FlushPolicy::Never,
    }
}

/// Opens the key stores of the listeners that speak TLS.
fn open_certificates(config: &ServerConfig) -> Result<Vec<Arc<ListenerTls>>, StartError> {
    let gate = Arc::new(HandshakeGate::new());
    let open = |settings: &TlsSettings| ListenerTls::open(settings.clone(), &gate).map(Arc::new);
    config.tls.iter().map(open).collect::<Result<_, _>>().map_err(surroundings)
}

fn bind_all(config: &ServerConfig, certificates: &[Arc<ListenerTls>]) -> Result<Vec<BoundListener>, StartError> {
    let clients = config.listeners.iter().map(|listener| (listener, false));
    let controllers = config.controller_listeners.iter().map(|listener| (listener, true));
    let mut bound = Vec::new();
    for (listener, is_controller) in clients.chain(controllers) {
        let info = Arc::new(ListenerInfo {
            name: listener.name.clone(),
            protocol: listener.protocol,
            sasl: config.sasl.listeners.get(&listener.name).cloned(),
            tls: certificates.iter().find(|tls| tls.listener() == listener.name).cloned(),
            frame_bytes_max: config.network.request_bytes_max,
            is_controller,
        });
        let addresses = listener.endpoint.bind_addresses();
        bound.push(net::bind(info, &addresses, config.network.listen_backlog).map_err(|error| {
            let hint = match error.kind() {
                std::io::ErrorKind::AddrInUse => "stop what uses the port, or set listeners to another one",
                std::io::ErrorKind::PermissionDenied => {
                    "ports below 1024 need a privilege; set listeners to a higher one"
                }
                _ => "set listeners to a name or address of this machine, or leave the host out for every interface",
            };
            surroundings(format!("cannot listen on {listener}: {error}; {hint}"))
        })?);
    }
    Ok(bound)
}

fn start_controller(
    config: &ServerConfig,
    data_dir: &DataDir,
    static_config: &Arc<StaticConfig>,
    disk: &Arc<dyn Disk>,
    clock: Clock,
    published: mpsc::Sender<controller::Published>,
) -> Result<controller::ControllerHandle, StartError> {
    let image = MetadataImage::empty(&data_dir.cluster_id);
    let node = NodeConfig {
        node_id: config.node_id,
        directory_id: data_dir.directory_id,
        cluster_id: Some(data_dir.cluster_id.clone()),
        new_cluster_id: data_dir.cluster_id.clone(),
        voters: config.quorum_voters.iter().map(|voter| voter.node_id).collect(),
    };
    controller::start(ControllerStart {
        disk: Arc::clone(disk),
        dir: config.metadata_dir(),
        node,
        image,
        static_config: Arc::clone(static_config),
        clock,
        published,
    })
    .map_err(|error| storage(format!("cannot open the metadata log: {error}")))
}

/// Tells the controller where this broker is to be reached.
async fn register(broker: &Arc<Broker>, data_dir: &DataDir) -> Result<(), StartError> {
    let config = &broker.config;
    let endpoints = config
        .advertised_listeners
        .iter()
        .map(|listener| Endpoint {
            name: listener.name.clone(),
            host: listener.endpoint.host.clone(),
            port: listener.endpoint.port,
            security_protocol: listener.protocol,
        })
        .collect();
    let command = RegisterBroker {
        broker_id: config.node_id,
        cluster_id: data_dir.cluster_id.clone(),
        incarnation_id: Uuid::from_random(clock::random_16()),
        endpoints,
        rack: config.rack.clone(),
        features: features::supported(),
        log_dirs: data_dir.directory_ids(),
        fenced: false,
    };
    match broker.controller.submit(Command::RegisterBroker(command)).await {
        Ok(Reply::RegisterBroker(Err(refusal))) => {
            Err(surroundings(format!("the controller refused to register this broker: {refusal}")))
        }
        Ok(Reply::RegisterBroker(Ok(epoch))) => {
            broker.broker_epoch.store(epoch, Ordering::Relaxed);
            Ok(())
        }
        Ok(_) => Err(storage("the controller answered the registration with something else")),
        Err(error) => Err(storage(format!("the controller did not register this broker: {error}"))),
    }
}

/// Makes the metadata log hold the ACLs that the configuration declares, and no others of those that it declared before.
async fn declare_acls(broker: &Arc<Broker>) -> Result<(), StartError> {
    let acls = broker.config.declared.acls.clone();
    if acls.is_empty() && broker.image().security().declared_acls.is_empty() {
        return Ok(());
    }
    match broker.controller.submit(Command::DeclareAcls(DeclareAcls { acls })).await {
        Ok(Reply::DeclareAcls(DeclareAclsReply { added, removed })) => {
            for (action, acls) in [("CreateAcls", &added), ("DeleteAcls", &removed)] {
                acls.iter().for_each(|acl| broker.audit.changed_by_broker(action, crate::config::acl_text(acl)));
            }
            if added.len() + removed.len() > 0 {
                tracing::info!("the catalog file added {} ACLs and took {} away", added.len(), removed.len());
            }
            Ok(())
        }
        Ok(_) => Err(storage("the controller answered the declared ACLs with something else")),
        Err(error) => Err(storage(format!("the controller did not take the declared ACLs: {error}"))),
    }
}

fn announce(broker: &Broker, data_dir: &DataDir) {
    let config = &broker.config;
    let open = config.sasl.readable_passwords(&config.listeners, &config.controller_listeners);
    if !open.is_empty() {
        tracing::warn!(
            "passwords and tokens can be read on the way to {}: PLAIN or OAUTHBEARER without TLS",
            open.join(", ")
        );
    }
    let list = |listeners: &[crate::config::Listener]| {
        listeners.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    };
    tracing::info!("listening on {}", list(&config.listeners));
    if !config.controller_listeners.is_empty() {
        tracing::info!("controller on {}", list(&config.controller_listeners));
    }
    let dirs: Vec<String> = config.log_dirs.iter().map(|dir| dir.display().to_string()).collect();
    let new = if data_dir.is_new { "new " } else { "" };
    tracing::info!("data in {} ({new}cluster {}, node {})", dirs.join(", "), data_dir.cluster_id, config.node_id);
    tracing::info!("flush policy {}; {} partitions; ready", config.flush_policy.name(), broker.partitions.all().len());
}

/// The owner of durable state is suspect once it panicked: the process ends before it can promise more.
fn abort_when_an_owner_panics() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        report(info);
        let thread = std::thread::current();
        let is_owner = thread
            .name()
            .is_some_and(|name| name.starts_with("append-") || name.starts_with("flusher") || name == "controller");
        if is_owner {
            std::process::abort();
        }
    }));
}

/// A core would hold passwords and keys. 1 instead of 0: the kernel then hands none to a program either.
fn leave_no_core() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Core);
    let most = limit.maximum.map_or(1, |maximum| maximum.min(1));
    if let Err(error) = setrlimit(Resource::Core, Rlimit { current: Some(most), maximum: Some(most) }) {
        tracing::warn!("cannot turn core dumps off: {error}");
    }
}

/// Every connection and open segment is a descriptor: take what the system allows.
fn raise_file_limit() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        // The soft limit stays as it is where the system says no.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    }
}
