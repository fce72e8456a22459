//! Which quota counts for whom (KIP-257): the most particular one that is set.

use std::collections::{BTreeMap, HashMap};

use stream_metadata::image::QuotaEntity;

use super::Client;

/// What is limited.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum QuotaType {
    /// Bytes produced per second (`producer_byte_rate`).
    Produce,
    /// Bytes fetched per second (`consumer_byte_rate`).
    Fetch,
    /// Time of one thread, in percent (`request_percentage`).
    Request,
    /// Partitions created or deleted per second (`controller_mutation_rate`).
    ControllerMutation,
}

impl QuotaType {
    /// Every one.
    pub const ALL: &'static [QuotaType] =
        &[QuotaType::Produce, QuotaType::Fetch, QuotaType::Request, QuotaType::ControllerMutation];

    /// Kafka's key.
    pub fn key(self) -> &'static str {
        match self {
            QuotaType::Produce => "producer_byte_rate",
            QuotaType::Fetch => "consumer_byte_rate",
            QuotaType::Request => "request_percentage",
            QuotaType::ControllerMutation => "controller_mutation_rate",
        }
    }
}

/// Whom a quota is for: nobody in particular, the default, or a name.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Part {
    Any,
    Default,
    Name(String),
}

/// Those who use up one quota together.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) struct SharedBy {
    user: Option<String>,
    client_id: Option<String>,
}

/// The quota that counts.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) limit: f64,
    pub(super) shared_by: SharedBy,
}

/// All quotas of users and client ids, and those of addresses.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct QuotaTable {
    limits: HashMap<QuotaType, HashMap<(Part, Part), f64>>,
    ips: HashMap<String, f64>,
    ip_default: Option<f64>,
}

impl QuotaTable {
    /// The table of an image's quotas.
    pub fn of(quotas: &BTreeMap<(QuotaEntity, String), f64>) -> QuotaTable {
        let mut table = QuotaTable::default();
        for ((entity, key), value) in quotas {
            table.add(entity, key, *value);
        }
        table
    }

    /// Whether anybody has a quota of this type.
    pub fn limits_any(&self, kind: QuotaType) -> bool {
        self.limits.contains_key(&kind)
    }

    /// Connections per second that an address may open, if that is limited.
    pub fn connection_rate(&self, ip: &str) -> Option<f64> {
        self.ips.get(ip).copied().or(self.ip_default)
    }

    /// Whether any address has a quota.
    pub fn limits_ips(&self) -> bool {
        self.ip_default.is_some() || !self.ips.is_empty()
    }

    fn add(&mut self, entity: &QuotaEntity, key: &str, value: f64) {
        let (mut user, mut client_id) = (Part::Any, Part::Any);
        for (kind, name) in entity {
            let part = match name {
                Some(name) => Part::Name(name.clone()),
                None => Part::Default,
            };
            match (kind.as_str(), name) {
                ("user", _) => user = part,
                ("client-id", _) => client_id = part,
                ("ip", Some(ip)) if key == "connection_creation_rate" => {
                    self.ips.insert(ip.clone(), value);
                    return;
                }
                ("ip", None) if key == "connection_creation_rate" => {
                    self.ip_default = Some(value);
                    return;
                }
                // A newer version may know more: what is not understood limits nobody.
                _ => return,
            }
        }
        if let Some(kind) = QuotaType::ALL.iter().find(|kind| kind.key() == key) {
            self.limits.entry(*kind).or_default().insert((user, client_id), value);
        }
    }

    /// The first that is set, in Kafka's order: both named, the user named, the user's default, the client id alone.
    pub(super) fn find(&self, kind: QuotaType, client: Client<'_>) -> Option<Found> {
        let limits = self.limits.get(&kind)?;
        let user = || Part::Name(client.user.to_owned());
        let client_id = || Part::Name(client.client_id.to_owned());
        let order = [
            (user(), client_id()),
            (user(), Part::Default),
            (user(), Part::Any),
            (Part::Default, client_id()),
            (Part::Default, Part::Default),
            (Part::Default, Part::Any),
            (Part::Any, client_id()),
            (Part::Any, Part::Default),
        ];
        for entity in order {
            if let Some(limit) = limits.get(&entity) {
                let named = |part: &Part, name: &str| (*part != Part::Any).then(|| name.to_owned());
                let shared_by =
                    SharedBy { user: named(&entity.0, client.user), client_id: named(&entity.1, client.client_id) };
                return Some(Found { limit: *limit, shared_by });
            }
        }
        None
    }
}
