//! Keys that limit connections, for the broker and for single listeners.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::error::ConfigError;
use super::listener::{Listener, list};
use super::reader::Reader;

/// Kafka's default of all of them: no limit.
const NO_LIMIT: i64 = i32::MAX as i64;

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
}

/// Reads the limits for these listeners.
pub(super) fn resolve<'a>(
    reader: Reader<'_>,
    listeners: impl Iterator<Item = &'a Listener>,
) -> Result<ConnectionLimits, ConfigError> {
    const CONNECTIONS: &str = "max.connections";
    const RATE: &str = "max.connection.creation.rate";
    let rate = |value: i64| (value < NO_LIMIT).then_some(value as f64);
    let mut by_listener = BTreeMap::new();
    for listener in listeners {
        let mut limits = ListenerLimits::NONE;
        let given = |key: &str| -> Result<Option<i64>, ConfigError> {
            let name = format!("listener.name.{}.{key}", listener.name.to_ascii_lowercase());
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

/// `10.0.0.1:5,::1:7`: the number stands behind the last colon.
fn overrides(reader: Reader<'_>) -> Result<BTreeMap<IpAddr, usize>, ConfigError> {
    const KEY: &str = "max.connections.per.ip.overrides";
    let mut overrides = BTreeMap::new();
    for entry in list(reader.text_or_default(KEY)) {
        let parsed = entry.rsplit_once(':').and_then(|(address, count)| {
            let address = address.trim().trim_start_matches('[').trim_end_matches(']');
            Some((address.parse::<IpAddr>().ok()?.to_canonical(), count.trim().parse::<usize>().ok()?))
        });
        let Some((address, count)) = parsed else {
            return Err(reader.invalid(KEY, format!("'{entry}' is not ADDRESS:COUNT, such as 10.0.0.1:100")));
        };
        overrides.insert(address, count);
    }
    Ok(overrides)
}
