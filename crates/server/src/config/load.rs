//! From arguments, file and environment to one checked configuration.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, fmt, fs};

use stream_metadata::SecurityProtocol;
use stream_metadata::controller::check_topic_name;
use stream_metadata::image::is_internal_topic;
use stream_security::Secret;
use stream_security::quota::QuotaWindow;
use stream_types::Uuid;

use super::declared::{self, DeclaredAccess, Outside};
use super::environment::{self, CLUSTER_ID_KEY, Environment};
use super::error::ConfigError;
use super::machine::Machine;
use super::reader::{Reader, check_all};
use super::settings::{Settings, Source};
use super::{
    FlushPolicy, GroupSettings, Listener, LogFormat, LogSettings, MetricsSettings, NetworkSettings, OffsetsSettings,
    QuotaSettings, SaslSettings, ServerConfig, TokenSettings, TopicSettings, Warning, authorizer, classify,
    connections, http, listener, network, properties, sasl, security, ssl,
};

/// What the command line says about the configuration.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Arguments {
    /// `--config`
    pub config_file: Option<PathBuf>,
    /// `--set key=value`, in order.
    pub set: Vec<(String, String)>,
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
}

impl fmt::Debug for Arguments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.set.iter().map(|(key, _)| key.as_str()).collect();
        write!(f, "--config {:?} --set {keys:?} --data-dir {:?}", self.config_file, self.data_dir)
    }
}

/// A configuration to start with, and what is to be said about it.
#[derive(Clone, PartialEq, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: ServerConfig,
    /// One line each.
    pub warnings: Vec<Warning>,
}

/// The image's data directory, and what decides that this is the image.
const BITNAMI_DATA_DIR: &str = "/bitnami/kafka/data";
const MEMORY_BYTES_MIN: u64 = 16 << 20;
const DEFAULT_DATA_DIR: &str = "./data";

impl ServerConfig {
    /// Reads the file, the environment of the process and the machine.
    pub fn load(arguments: &Arguments) -> Result<Loaded, ConfigError> {
        let open_files = RefCell::new(Vec::new());
        let read_secret = |path: &Path| {
            let file = declared::read_file(path)?;
            if file.others_read && !is_certificates(&file.text) {
                open_files.borrow_mut().push(path.to_owned());
            }
            Ok(file.text)
        };
        let text = match &arguments.config_file {
            None => None,
            Some(path) => match fs::read_to_string(path) {
                Ok(text) => Some(text),
                Err(error) => return Err(ConfigError::Unreadable { path: path.clone(), error }),
            },
        };
        let variables =
            env::vars_os().filter_map(|(name, text)| Some((name.into_string().ok()?, text.into_string().ok())));
        let environment = environment::read(variables, read_secret)?;
        let outside = Outside { variable: &|name| env::var(name).ok(), read_file: &declared::read_file };
        let mut loaded =
            ServerConfig::from_sources(arguments, text.as_deref(), environment, &Machine::probe(), &outside)?;
        loaded.config.refuse_several_nodes()?;
        for tls in &loaded.config.tls {
            crate::net::check_tls(tls)?;
        }
        let mut paths = open_files.into_inner();
        if let Some(path) = &arguments.config_file
            && loaded.config.settings.has_secret_of(path)
            && declared::others_read(path)
        {
            paths.push(path.clone());
        }
        paths.append(&mut loaded.config.declared.open_files);
        if !paths.is_empty() {
            loaded.warnings.push(Warning::OpenSecrets { paths });
        }
        Ok(loaded)
    }

    /// Configurations of several nodes are understood, but nodes do not speak to each other yet: one would wait for ever.
    pub(super) fn refuse_several_nodes(&self) -> Result<(), ConfigError> {
        let reader = Reader { settings: &self.settings };
        if !self.roles.broker || !self.roles.controller {
            return Err(
                reader.invalid("process.roles", "a node is both broker and controller until clusters of several exist")
            );
        }
        if !self.is_sole_voter() {
            let problem = "clusters of several nodes do not exist yet; list this node alone";
            return Err(reader.invalid("controller.quorum.voters", problem));
        }
        Ok(())
    }

    /// The same from values; only what they name is read.
    pub(crate) fn from_sources(
        arguments: &Arguments,
        file: Option<&str>,
        environment: Environment,
        machine: &Machine,
        outside: &Outside<'_>,
    ) -> Result<Loaded, ConfigError> {
        let (credentials, users) = (environment.credentials.clone(), environment.users.clone());
        let mut settings = layer(arguments, file, environment, machine)?;
        check_all(&settings)?;
        let mut declared = DeclaredAccess::read(&settings, users, outside)?;
        declared.infer(&mut settings);
        security::refuse_unhonoured(&settings, &credentials)?;
        let mut warnings = classify::classify(&settings);
        warnings.append(&mut declared.warnings);
        network::infer(&mut settings)?;
        let memory = (machine.memory_bytes / 4).max(MEMORY_BYTES_MIN).to_string();
        settings.infer("hanzo.memory.bytes", &memory, "a quarter of this machine's or container's memory");
        let mut config = build(settings, machine, declared)?;
        let advertised: Vec<String> = config.advertised_listeners.iter().map(ToString::to_string).collect();
        config.settings.infer("advertised.listeners", &advertised.join(","), "the listeners");
        config.settings.infer("inter.broker.listener.name", &config.inter_broker_listener_name, "the listeners");
        ssl::infer(&mut config.settings, config.tls.is_empty());
        Ok(Loaded { config, warnings })
    }
}

/// Whether a file has certificates and no key: the Bitnami image's directory holds both, and certificates are for everybody.
fn is_certificates(text: &str) -> bool {
    text.contains("-----BEGIN CERTIFICATE-----") && !text.contains("PRIVATE KEY-----")
}

fn layer(
    arguments: &Arguments,
    file: Option<&str>,
    environment: Environment,
    machine: &Machine,
) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    if let (Some(path), Some(text)) = (&arguments.config_file, file) {
        let properties = properties::parse(text).map_err(|error| ConfigError::Syntax {
            path: path.clone(),
            line: error.line,
            problem: error.problem.to_owned(),
        })?;
        for property in properties {
            if property.key.is_empty() {
                let problem = "there is no key before the value; write KEY=VALUE".to_owned();
                return Err(ConfigError::Syntax { path: path.clone(), line: property.line, problem });
            }
            let source = Source::File { path: path.clone(), line: property.line };
            settings.set(property.key, &property.value, source);
        }
    }
    let bitnami = environment.bitnami;
    for setting in environment.settings {
        if setting.certain || classify::is_plausible(&setting.key) {
            settings.set(setting.key, &setting.text, setting.source);
        }
    }
    for (key, text) in &arguments.set {
        settings.set(key.trim(), text, Source::Flag("--set"));
    }
    if let Some(path) = &arguments.data_dir {
        settings.set("log.dirs", &path.to_string_lossy(), Source::Flag("--data-dir"));
    }
    if settings.text("log.dirs").is_none() && settings.text("log.dir").is_none() {
        if bitnami && machine.bitnami_volume {
            settings.infer("log.dirs", BITNAMI_DATA_DIR, "the KAFKA_CFG_ variables and the volume at /bitnami/kafka");
        } else {
            settings.infer("log.dirs", DEFAULT_DATA_DIR, "no log.dirs being given");
        }
    }
    Ok(settings)
}

fn build(settings: Settings, machine: &Machine, declared: DeclaredAccess) -> Result<ServerConfig, ConfigError> {
    let reader = Reader { settings: &settings };
    let network = network::resolve(&settings, machine)?;
    let protocols = network.listeners.iter().chain(&network.controller_listeners).map(|listener| listener.protocol);
    declared.check_listeners(protocols.into_iter().any(SecurityProtocol::speaks_sasl))?;
    let sasl = sasl_settings(&settings, &network)?;
    declared.check_logins(&sasl)?;
    let connections_and_requests = network_settings(reader, &network.listeners)?;
    let all_listeners: Vec<_> = network.listeners.iter().chain(&network.controller_listeners).collect();
    let mut tls = ssl::resolve(&settings, &all_listeners)?;
    let (http_listener, http_tls) = http::resolve(&settings, &network.listeners, &tls)?.unzip();
    tls.extend(http_tls.flatten());
    Ok(ServerConfig {
        tls,
        node_id: network.node_id,
        roles: network.roles,
        cluster_id: cluster_id(reader)?,
        rack: reader.text("broker.rack").map(str::to_owned),
        listeners: network.listeners,
        advertised_listeners: network.advertised_listeners,
        controller_listeners: network.controller_listeners,
        controller_listener_names: network.controller_listener_names,
        inter_broker_listener_name: network.inter_broker_listener_name,
        quorum_voters: network.quorum_voters,
        http_listener,
        log_dirs: log_dirs(reader)?,
        topics: topic_settings(reader)?,
        offsets: offsets_settings(reader)?,
        groups: group_settings(reader)?,
        network: connections_and_requests,
        sasl,
        tokens: TokenSettings {
            secret_key: reader.text("delegation.token.secret.key").map(Secret::new),
            check_interval: millis(reader, "delegation.token.expiry.check.interval.ms")?,
        },
        quotas: quota_settings(reader)?,
        log: log_settings(reader)?,
        authorizer: authorizer::resolve(reader)?,
        allow_unsecured: reader.bool("hanzo.allow.unsecured")?,
        flush_policy: match reader.text_or_default("hanzo.flush.policy") {
            "always" => FlushPolicy::Always,
            "never" => FlushPolicy::Never,
            _ => FlushPolicy::Auto,
        },
        memory_bytes: reader.long("hanzo.memory.bytes")? as u64,
        disk_reserve_bytes: reader.long("hanzo.disk.reserve.bytes")? as u64,
        audit_topic: audit_topic(reader)?,
        metrics: MetricsSettings {
            partition_labels: reader.bool("hanzo.metrics.partition.labels")?,
            series_max: usize::try_from(reader.long("hanzo.metrics.max.series")?).unwrap_or(usize::MAX),
        },
        declared,
        log_format: if reader.text_or_default("hanzo.log.format") == "json" {
            LogFormat::Json
        } else {
            LogFormat::Text
        },
        log_level: log_level(reader)?,
        settings,
    })
}

fn sasl_settings(settings: &Settings, network: &network::Network) -> Result<SaslSettings, ConfigError> {
    let listeners = || network.listeners.iter().chain(&network.controller_listeners);
    sasl::check_listener_names(settings, listeners().map(|listener| listener.name.as_str()))?;
    let sasl = sasl::resolve(settings, listeners())?;
    let own = sasl.listeners.get(&network.inter_broker_listener_name);
    sasl::check_own_mechanism(settings, "sasl.mechanism.inter.broker.protocol", own)?;
    let controllers = network.controller_listener_names.first().and_then(|name| sasl.listeners.get(name));
    sasl::check_own_mechanism(settings, "sasl.mechanism.controller.protocol", controllers)?;
    Ok(sasl)
}

fn cluster_id(reader: Reader<'_>) -> Result<Option<String>, ConfigError> {
    match reader.text(CLUSTER_ID_KEY) {
        Some(text) if text.parse::<Uuid>().is_err() => Err(reader.invalid(
            CLUSTER_ID_KEY,
            "a cluster id is 22 characters of URL-safe base64, as kafka-storage.sh random-uuid prints",
        )),
        text => Ok(text.map(|text| text.trim_end_matches('=').to_owned())),
    }
}

fn log_dirs(reader: Reader<'_>) -> Result<Vec<PathBuf>, ConfigError> {
    let key = if reader.text("log.dirs").is_some() { "log.dirs" } else { "log.dir" };
    let mut dirs: Vec<PathBuf> = Vec::new();
    for dir in listener::list(reader.text_or_default(key)) {
        let dir = PathBuf::from(dir);
        if dirs.contains(&dir) {
            return Err(reader.invalid(key, format!("{} is listed twice", dir.display())));
        }
        dirs.push(dir);
    }
    if dirs.is_empty() {
        return Err(reader.invalid(key, "it names no directory"));
    }
    Ok(dirs)
}

fn audit_topic(reader: Reader<'_>) -> Result<Option<String>, ConfigError> {
    const KEY: &str = "hanzo.audit.topic";
    let Some(name) = reader.text(KEY) else { return Ok(None) };
    if is_internal_topic(name) {
        return Err(reader.invalid(KEY, "this topic belongs to the broker; give the trail one of its own"));
    }
    match check_topic_name(name) {
        Ok(()) => Ok(Some(name.to_owned())),
        Err(refusal) => Err(reader.invalid(KEY, refusal.message)),
    }
}

fn log_level(reader: Reader<'_>) -> Result<String, ConfigError> {
    const KEY: &str = "hanzo.log.level";
    let text = reader.text_or_default(KEY);
    // A word alone that is no level would be taken for a target.
    let is_level = |word: &str| word.contains('=') || word.trim().parse::<tracing::metadata::LevelFilter>().is_ok();
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) if text.split(',').all(is_level) => Ok(text.to_owned()),
        _ => Err(reader
            .invalid(KEY, "give off, error, warn, info, debug or trace, or pairs such as info,stream_server=debug")),
    }
}

fn topic_settings(reader: Reader<'_>) -> Result<TopicSettings, ConfigError> {
    Ok(TopicSettings {
        num_partitions: reader.int("num.partitions")?,
        default_replication_factor: reader.int("default.replication.factor")? as i16,
        auto_create: reader.bool("auto.create.topics.enable")?,
        delete_enable: reader.bool("delete.topic.enable")?,
    })
}

fn offsets_settings(reader: Reader<'_>) -> Result<OffsetsSettings, ConfigError> {
    Ok(OffsetsSettings {
        num_partitions: reader.int("offsets.topic.num.partitions")?,
        replication_factor: reader.int("offsets.topic.replication.factor")? as i16,
        segment_bytes: reader.int("offsets.topic.segment.bytes")?,
        retention: Duration::from_secs(60 * reader.long("offsets.retention.minutes")? as u64),
        retention_check_interval: millis(reader, "offsets.retention.check.interval.ms")?,
        metadata_bytes_max: reader.size("offset.metadata.max.bytes")?,
    })
}

fn group_settings(reader: Reader<'_>) -> Result<GroupSettings, ConfigError> {
    const MIN: &str = "group.min.session.timeout.ms";
    const MAX: &str = "group.max.session.timeout.ms";
    if reader.int(MIN)? > reader.int(MAX)? {
        let key = if reader.text(MIN).is_some() { MIN } else { MAX };
        return Err(reader.invalid(key, format!("{MIN} is above {MAX}")));
    }
    Ok(GroupSettings {
        session_timeout_min: millis(reader, MIN)?,
        session_timeout_max: millis(reader, MAX)?,
        initial_rebalance_delay: millis(reader, "group.initial.rebalance.delay.ms")?,
        size_max: reader.size("group.max.size")?,
    })
}

fn network_settings(reader: Reader<'_>, listeners: &[Listener]) -> Result<NetworkSettings, ConfigError> {
    const QUEUED: &str = "queued.max.request.bytes";
    const DELAY: &str = "connection.failed.authentication.delay.ms";
    let queued = reader.long(QUEUED)?;
    let idle = reader.long("connections.max.idle.ms")?;
    if queued > 0 && queued < reader.long("socket.request.max.bytes")? {
        let problem =
            "a single request of socket.request.max.bytes would not fit; give at least that, or -1 for no limit";
        return Err(reader.invalid(QUEUED, problem));
    }
    if idle >= 0 && reader.long(DELAY)? >= idle {
        return Err(reader.invalid(DELAY, "it must be below connections.max.idle.ms, which ends the connection before"));
    }
    Ok(NetworkSettings {
        request_bytes_max: reader.size("socket.request.max.bytes")?,
        queued_request_bytes_max: usize::try_from(queued).ok().filter(|bytes| *bytes > 0),
        connection_idle_max: u64::try_from(idle).ok().map(Duration::from_millis),
        connections: connections::resolve(reader, listeners.iter())?,
        listen_backlog: reader.int("socket.listen.backlog.size")?,
        fetch_sessions_max: reader.size("max.incremental.fetch.session.cache.slots")?,
        fetch_bytes_max: reader.size("fetch.max.bytes")?,
    })
}

fn quota_settings(reader: Reader<'_>) -> Result<QuotaSettings, ConfigError> {
    let window = |samples, seconds| -> Result<QuotaWindow, ConfigError> {
        Ok(QuotaWindow {
            samples: reader.int(samples)? as u32,
            sample: Duration::from_secs(reader.int(seconds)? as u64),
        })
    };
    Ok(QuotaSettings {
        window: window("quota.window.num", "quota.window.size.seconds")?,
        mutation_window: window("controller.quota.window.num", "controller.quota.window.size.seconds")?,
    })
}

fn log_settings(reader: Reader<'_>) -> Result<LogSettings, ConfigError> {
    Ok(LogSettings {
        retention_check_interval: millis(reader, "log.retention.check.interval.ms")?,
        cleaner_enable: reader.bool("log.cleaner.enable")?,
        cleaner_backoff: millis(reader, "log.cleaner.backoff.ms")?,
        producer_id_expiration: millis(reader, "producer.id.expiration.ms")?,
    })
}

fn millis(reader: Reader<'_>, key: &str) -> Result<Duration, ConfigError> {
    Ok(Duration::from_millis(u64::try_from(reader.long(key)?).unwrap_or(0)))
}
