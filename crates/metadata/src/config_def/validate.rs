//! Whether a value may be stored under a key.

use std::collections::{BTreeMap, BTreeSet};

use super::key::{Check, ConfigKey, ConfigType, Scope};
use super::{address_counts, broker_key, group_key, nearest_key, topic_key};
use crate::image::ConfigResourceType;

/// Longest value of one key (bytes): what a record can carry.
const VALUE_BYTES_MAX: usize = i16::MAX as usize;

/// Checks one value against the row of its key. The error is one sentence.
pub fn validate_value(key: &ConfigKey, value: &str) -> Result<(), String> {
    if value.len() > VALUE_BYTES_MAX {
        return Err(format!("the value of {} is longer than {VALUE_BYTES_MAX} bytes", key.name));
    }
    let trimmed = value.trim();
    let refused = |wanted: String| {
        let shown = if key.is_sensitive() { "[hidden]" } else { value };
        Err(format!("invalid value {shown} for configuration {}: {wanted}", key.name))
    };
    match key.kind {
        ConfigType::Boolean => {
            if !trimmed.eq_ignore_ascii_case("true") && !trimmed.eq_ignore_ascii_case("false") {
                return refused("it must be true or false".to_owned());
            }
        }
        ConfigType::Short | ConfigType::Int | ConfigType::Long => {
            let (type_min, type_max) = type_range(key.kind);
            let (min, max) = match key.check {
                Check::Range(min, max) | Check::RangeOr(min, max, _) => (min.max(type_min), max.min(type_max)),
                _ => (type_min, type_max),
            };
            let exception = if let Check::RangeOr(_, _, other) = key.check { Some(other) } else { None };
            let or = exception.map(|other| format!(", or {other}")).unwrap_or_default();
            let Some(number) = whole_number(trimmed) else {
                return refused(format!("it must be a whole number from {min} to {max}{or}"));
            };
            if !(min..=max).contains(&number) && exception != Some(number) {
                return refused(format!("it must be from {min} to {max}{or}"));
            }
        }
        ConfigType::Double => {
            let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
            match (number, key.check) {
                (None, _) => return refused("it must be a number".to_owned()),
                (Some(number), Check::Between(min, max)) if number < min || number > max => {
                    return refused(format!("it must be from {min} to {max}"));
                }
                _ => {}
            }
        }
        ConfigType::String | ConfigType::List | ConfigType::Class | ConfigType::Password => {
            if let Err(wanted) = check_text(key, trimmed) {
                return refused(wanted);
            }
        }
    }
    Ok(())
}

fn check_text(key: &ConfigKey, value: &str) -> Result<(), String> {
    if key.kind == ConfigType::List {
        check_entries(value)?;
    }
    match key.check {
        Check::OneOf(texts) if !texts.contains(&value) => Err(format!("it must be one of {}", texts.join(", "))),
        Check::OneOfIgnoringCase(texts) if !texts.iter().any(|text| text.eq_ignore_ascii_case(value)) => {
            Err(format!("it must be one of {}", texts.join(", ")))
        }
        Check::ListOf(texts) => {
            let items = list_items(value);
            if items.iter().all(|item| texts.contains(item)) {
                Ok(())
            } else {
                Err(format!("it must be a list of {}", texts.join(", ")))
            }
        }
        Check::SomeOf(texts) => {
            let items = list_items(value);
            if !items.is_empty() && items.iter().all(|item| texts.contains(item)) {
                Ok(())
            } else {
                Err(format!("it must be one or more of {}", texts.join(", ")))
            }
        }
        Check::NonEmpty if value.is_empty() => Err("it must not be empty".to_owned()),
        Check::Endpoints if !list_items(value).into_iter().all(is_endpoint) => {
            Err("it must be a list of host:port, such as kafka-1:9094,kafka-2:9094".to_owned())
        }
        Check::ThrottledReplicas if !is_throttled_replicas(value) => {
            Err("it must be * or a list of partition:broker".to_owned())
        }
        Check::OffsetReset
            if !matches!(value, "earliest" | "latest")
                && !value.strip_prefix("by_duration:").is_some_and(is_duration) =>
        {
            Err("it must be earliest, latest or by_duration:PnDTnHnMn.nS".to_owned())
        }
        _ => Ok(()),
    }
}

/// What is true of every list of Kafka's: no entry is empty, and none is there twice.
fn check_entries(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    for entry in value.split(',').map(str::trim) {
        if entry.is_empty() {
            return Err("an entry of the list is empty; take the comma away".to_owned());
        }
        if !seen.insert(entry) {
            return Err(format!("{entry} is listed twice"));
        }
    }
    Ok(())
}

/// Whether a stored value may be acted on. Lists of clusters before Kafka 4 may say one thing twice.
pub(super) fn is_usable(key: &ConfigKey, value: &str) -> bool {
    if key.kind != ConfigType::List {
        return validate_value(key, value).is_ok();
    }
    let items: BTreeSet<&str> = list_items(value).into_iter().collect();
    validate_value(key, &items.into_iter().collect::<Vec<_>>().join(",")).is_ok()
}

fn is_endpoint(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
}

/// Whether this is an ISO 8601 duration of days and less, as Java reads them: `PnDTnHnMn.nS`, not negative.
fn is_duration(text: &str) -> bool {
    let Some(text) = text.strip_prefix('P') else { return false };
    let (days, time) = text.split_once('T').map_or((text, None), |(days, time)| (days, Some(time)));
    let mut rest = days;
    if !days.is_empty() && !take_number(&mut rest, 'D', false) {
        return false;
    }
    let Some(mut time) = time else { return rest.is_empty() && !days.is_empty() };
    let parts = [('H', false), ('M', false), ('S', true)];
    let taken = parts.into_iter().filter(|(unit, fraction)| take_number(&mut time, *unit, *fraction)).count();
    rest.is_empty() && taken > 0 && time.is_empty()
}

/// Takes a number with its unit off the front of a duration, if one is there.
fn take_number(text: &mut &str, unit: char, fraction: bool) -> bool {
    let Some((number, after)) = text.split_once(unit) else { return false };
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit() || (fraction && b == b'.'));
    if is_number {
        *text = after;
    }
    is_number
}

fn is_throttled_replicas(value: &str) -> bool {
    value == "*"
        || list_items(value).iter().all(|item| {
            item.split_once(':')
                .is_some_and(|(partition, broker)| partition.parse::<u32>().is_ok() && broker.parse::<u32>().is_ok())
        })
}

/// The entries of a list value: separated by commas, without blanks around them.
pub(crate) fn list_items(value: &str) -> Vec<&str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

pub(super) fn whole_number(value: &str) -> Option<i64> {
    value.trim().parse().ok()
}

fn type_range(kind: ConfigType) -> (i64, i64) {
    match kind {
        ConfigType::Short => (i16::MIN.into(), i16::MAX.into()),
        ConfigType::Int => (i32::MIN.into(), i32::MAX.into()),
        _ => (i64::MIN, i64::MAX),
    }
}

/// Checks every key of a topic's configuration, and what keys say together.
pub fn validate_topic_configs(configs: &BTreeMap<String, String>) -> Result<(), String> {
    for (name, value) in configs {
        check_topic_change(name, value)?;
    }
    check_topic_relations(configs)
}

/// Checks a value that is to be stored for a topic.
pub(crate) fn check_topic_change(name: &str, value: &str) -> Result<(), String> {
    let key = topic_key(name).ok_or_else(|| unknown_key(ConfigResourceType::Topic, name))?;
    validate_value(key, value)?;
    if name == "remote.storage.enable" && value.trim().eq_ignore_ascii_case("true") {
        return Err("remote.storage.enable cannot be true: this cluster has no tiered storage".to_owned());
    }
    Ok(())
}

/// Checks what the keys of one topic say together.
pub(crate) fn check_topic_relations(configs: &BTreeMap<String, String>) -> Result<(), String> {
    let lag = |key: &str, default: i64| configs.get(key).and_then(|value| whole_number(value)).unwrap_or(default);
    let min = lag("min.compaction.lag.ms", 0);
    let max = lag("max.compaction.lag.ms", i64::MAX);
    if min > max {
        return Err(format!("min.compaction.lag.ms ({min}) must not be above max.compaction.lag.ms ({max})"));
    }
    Ok(())
}

/// Checks a value that is given for a broker. A key that nobody knows is taken: it may be meant for
/// something else that reads the same file.
pub fn validate_broker_value(name: &str, value: &str) -> Result<(), String> {
    broker_key(name).map_or(Ok(()), |key| validate_value(key, value))
}

/// Checks a change of a broker's dynamic configuration; the empty name means every broker.
pub(crate) fn check_broker_change(resource_name: &str, name: &str, value: &str) -> Result<(), BrokerRefusal> {
    let Some(key) = broker_key(name) else {
        return Err(BrokerRefusal::Config(unknown_key(ConfigResourceType::Broker, name)));
    };
    // A key of one listener belongs to one broker.
    let scope = if key.name == name || !key.live { key.live_scope() } else { Scope::PerBroker };
    match scope {
        Scope::ReadOnly => {
            let text = format!("{name} cannot be changed while the broker runs; set it in the broker's configuration");
            return Err(BrokerRefusal::Request(text));
        }
        Scope::PerBroker if resource_name.is_empty() => {
            return Err(BrokerRefusal::Request(format!("{name} can only be set for one broker by its id")));
        }
        _ => {}
    }
    if key.name == "max.connections.per.ip.overrides" {
        address_counts(value).map_err(|problem| BrokerRefusal::Config(format!("{name}: {problem}")))?;
    }
    if key.name == "max.connections.per.ip" && whole_number(value) == Some(0) {
        let text = "max.connections.per.ip=0 would let nobody in to take it back; give at least 1".to_owned();
        return Err(BrokerRefusal::Config(text));
    }
    validate_value(key, value).map_err(BrokerRefusal::Config)
}

/// Why a change of a broker's configuration is refused.
pub(crate) enum BrokerRefusal {
    /// The key may not be changed there: INVALID_REQUEST.
    Request(String),
    /// The key or the value is wrong: INVALID_CONFIG.
    Config(String),
}

/// Checks a value that is to be stored for a group or a client metrics subscription.
pub(crate) fn check_group_change(kind: ConfigResourceType, name: &str, value: &str) -> Result<(), String> {
    let key = match kind {
        ConfigResourceType::ClientMetrics => super::client_metrics_key(name),
        _ => group_key(name),
    };
    validate_value(key.ok_or_else(|| unknown_key(kind, name))?, value)
}

/// The sentence for a key that nobody knows.
pub(crate) fn unknown_key(kind: ConfigResourceType, name: &str) -> String {
    let what = match kind {
        ConfigResourceType::Topic => "topic",
        ConfigResourceType::Broker => "broker",
        ConfigResourceType::BrokerLogger => "broker logger",
        ConfigResourceType::ClientMetrics => "client metrics",
        ConfigResourceType::Group => "group",
    };
    match nearest_key(kind, name) {
        Some(nearest) => format!("unknown {what} configuration {name}; did you mean {nearest}?"),
        None => format!("unknown {what} configuration {name}"),
    }
}
