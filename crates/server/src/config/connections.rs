//! Keys that limit connections, for the broker and for single listeners.

use std::collections::BTreeMap;
use std::net::IpAddr;

use stream_metadata::MetadataImage;
use stream_metadata::config_def::{StaticConfig, address_counts};

use super::error::ConfigError;
use super::listener::Listener;
use super::reader::Reader;

/// Kafka's default of all of them: no limit.
const NO_LIMIT: i64 = i32::MAX as i64;
const CONNECTIONS: &str = "max.connections";
const PER_IP: &str = "max.connections.per.ip";
const OVERRIDES: &str = "max.connections.per.ip.overrides";
const RATE: &str = "max.connection.creation.rate";

/// How many connections there may be, and how fast they may come.
#[derive(Clone, PartialEq, Debug)]
pub struct ConnectionLimits {
    /// `max.connections`
    pub connections_max: usize,
    /// `max.connections.per.ip`
    pub per_ip_max: usize,
    /// `max.connections.per.ip.overrides`
    pub per_ip_overrides: BTreeMap<IpAddr, usize>,
    /// `max.connection.creation.rate`, per second; none for no limit.
    pub creation_rate_max: Option<f64>,
    /// Limits of single listeners (`listener.name.NAME.*`), by their names in capitals.
    pub by_listener: BTreeMap<String, ListenerLimits>,
}

/// Limits of one listener.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ListenerLimits {
    /// `max.connections`
    pub connections_max: usize,
    /// `max.connection.creation.rate`, per second; none for no limit.
    pub creation_rate_max: Option<f64>,
}

impl ListenerLimits {
    /// No limit of its own.
    pub const NONE: ListenerLimits = ListenerLimits { connections_max: usize::MAX, creation_rate_max: None };
}

impl ConnectionLimits {
    /// No limits.
    pub fn none() -> ConnectionLimits {
        ConnectionLimits {
            connections_max: usize::MAX,
            per_ip_max: usize::MAX,
            per_ip_overrides: BTreeMap::new(),
            creation_rate_max: None,
            by_listener: BTreeMap::new(),
        }
    }

    /// What holds now for these listeners: the metadata's values go before those of the configuration.
    pub(crate) fn effective(config: &StaticConfig, image: &MetadataImage, listeners: &[Listener]) -> ConnectionLimits {
        let number = |key: &str| config.effective_number(image, key).unwrap_or(NO_LIMIT);
        let size = |key: &str| usize::try_from(number(key)).unwrap_or(0);
        let of_listener = |listener: &Listener| ListenerLimits {
            connections_max: size(&key_of(listener, CONNECTIONS)),
            creation_rate_max: rate(number(&key_of(listener, RATE))),
        };
        // What cannot be read was refused when it was to be stored.
        let overrides = config.effective(image, OVERRIDES).and_then(|text| address_counts(&text).ok());
        ConnectionLimits {
            connections_max: size(CONNECTIONS),
            per_ip_max: size(PER_IP),
            per_ip_overrides: overrides.unwrap_or_default(),
            creation_rate_max: rate(number(RATE)),
            by_listener: listeners.iter().map(|listener| (listener.name.clone(), of_listener(listener))).collect(),
        }
    }
}

fn key_of(listener: &Listener, key: &str) -> String {
    format!("listener.name.{}.{key}", listener.name.to_ascii_lowercase())
}

fn rate(value: i64) -> Option<f64> {
    (value < NO_LIMIT).then_some(value as f64)
}

/// Reads the limits for these listeners.
pub(super) fn resolve<'a>(
    reader: Reader<'_>,
    listeners: impl Iterator<Item = &'a Listener>,
) -> Result<ConnectionLimits, ConfigError> {
    let mut by_listener = BTreeMap::new();
    for listener in listeners {
        let mut limits = ListenerLimits::NONE;
        let given = |key: &str| -> Result<Option<i64>, ConfigError> {
            let name = key_of(listener, key);
            let number = |text: &str| text.parse().map_err(|_| reader.invalid(&name, "it must be a whole number"));
            reader.text(&name).map(number).transpose()
        };
        if let Some(connections) = given(CONNECTIONS)? {
            limits.connections_max = usize::try_from(connections).unwrap_or(0);
        }
        if let Some(value) = given(RATE)? {
            limits.creation_rate_max = rate(value);
        }
        if limits != ListenerLimits::NONE {
            by_listener.insert(listener.name.clone(), limits);
        }
    }
    const PER_IP: &str = "max.connections.per.ip";
    if reader.size(PER_IP)? == 0 && reader.text("max.connections.per.ip.overrides").is_none() {
        let problem = "nobody could connect; give at least 1, or name addresses in max.connections.per.ip.overrides";
        return Err(reader.invalid(PER_IP, problem));
    }
    Ok(ConnectionLimits {
        connections_max: reader.size(CONNECTIONS)?,
        per_ip_max: reader.size(PER_IP)?,
        per_ip_overrides: overrides(reader)?,
        creation_rate_max: rate(reader.long(RATE)?),
        by_listener,
    })
}

fn overrides(reader: Reader<'_>) -> Result<BTreeMap<IpAddr, usize>, ConfigError> {
    address_counts(reader.text_or_default(OVERRIDES)).map_err(|problem| reader.invalid(OVERRIDES, problem))
}
