//! Whose configuration is meant: a type and a name, or a user's client.

use stream_client::{ConfigResource, QuotaEntity, ResourceType};

use super::Configs;
use crate::kafka_tools::error::ToolError;
use crate::output::print;

/// What has a configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Topics,
    Clients,
    Users,
    Brokers,
    Ips,
    ClientMetrics,
    Groups,
    BrokerLoggers,
}

impl Kind {
    const ALL: [Kind; 8] = [
        Kind::Topics,
        Kind::Clients,
        Kind::Users,
        Kind::Brokers,
        Kind::Ips,
        Kind::ClientMetrics,
        Kind::Groups,
        Kind::BrokerLoggers,
    ];

    /// Kafka's word.
    pub(super) fn name(self) -> &'static str {
        match self {
            Kind::Topics => "topics",
            Kind::Clients => "clients",
            Kind::Users => "users",
            Kind::Brokers => "brokers",
            Kind::Ips => "ips",
            Kind::ClientMetrics => "client-metrics",
            Kind::Groups => "groups",
            Kind::BrokerLoggers => "broker-loggers",
        }
    }

    /// Kafka's word for one of them: the other without its last letter.
    pub(super) fn singular(self) -> &'static str {
        let name = self.name();
        name.get(..name.len() - 1).unwrap_or(name)
    }

    fn of(word: &str) -> Result<Kind, ToolError> {
        let known = Kind::ALL.into_iter().find(|kind| kind.name() == word);
        known.ok_or_else(|| {
            let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
            ToolError::usage(format!(
                "Invalid entity type {word}, the entity type must be one of {} with a --bootstrap-server or --bootstrap-controller argument",
                names.join(", ")
            ))
        })
    }

    /// Whether it has quotas in place of a configuration.
    pub(super) fn is_limited(self) -> bool {
        self.quota_type().is_some()
    }

    /// The word of the quota requests.
    pub(super) fn quota_type(self) -> Option<&'static str> {
        match self {
            Kind::Users => Some("user"),
            Kind::Clients => Some("client-id"),
            Kind::Ips => Some("ip"),
            _ => None,
        }
    }

    /// The kind of resource of the configuration requests.
    pub(super) fn resource_type(self) -> ResourceType {
        match self {
            Kind::Brokers => ResourceType::Broker,
            Kind::BrokerLoggers => ResourceType::BrokerLogger,
            Kind::ClientMetrics => ResourceType::ClientMetrics,
            Kind::Groups => ResourceType::Group,
            _ => ResourceType::Topic,
        }
    }
}

/// Types, and the name of each if it has one; an empty name is the default of all that have none of their own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Entity {
    pub(super) parts: Vec<(Kind, Option<String>)>,
}

impl Entity {
    /// What the arguments mean: `--entity-type` and `--entity-name` in their order, then the short options in Kafka's.
    pub(super) fn of(arguments: &Configs) -> Result<Entity, ToolError> {
        let mut kinds: Vec<Kind> =
            arguments.entity_type.iter().map(|word| Kind::of(word)).collect::<Result<_, ToolError>>()?;
        let mut names: Vec<String> = arguments.entity_name.clone();
        let default = |is_meant: bool| is_meant.then(String::new);
        for (kind, name) in [
            (Kind::Topics, arguments.topic.clone()),
            (Kind::Clients, arguments.client.clone()),
            (Kind::Users, arguments.user.clone()),
            (Kind::Brokers, arguments.broker.clone()),
            (Kind::BrokerLoggers, arguments.broker_logger.clone()),
            (Kind::Ips, arguments.ip.clone()),
            (Kind::ClientMetrics, arguments.client_metrics.clone()),
            (Kind::Groups, arguments.group.clone()),
            (Kind::Clients, default(arguments.client_defaults)),
            (Kind::Users, default(arguments.user_defaults)),
            (Kind::Brokers, default(arguments.broker_defaults)),
            (Kind::Ips, default(arguments.ip_defaults)),
        ] {
            if let Some(name) = name {
                kinds.push(kind);
                names.push(name);
            }
        }
        let mut names = names.into_iter();
        let parts: Vec<(Kind, Option<String>)> = kinds.into_iter().map(|kind| (kind, names.next())).collect();
        let of = |wanted: Kind| parts.iter().filter(|(kind, _)| *kind == wanted).count();
        match parts.len() {
            0 => Err(ToolError::usage("At least one entity type must be specified")),
            1 => Ok(Entity { parts }),
            2 if of(Kind::Users) == 1 && of(Kind::Clients) == 1 => Ok(Entity { parts }),
            _ => Err(ToolError::usage("Only 'users' and 'clients' entity types may be specified together")),
        }
    }

    /// The type that was named first.
    pub(super) fn kind(&self) -> Kind {
        let kinds = self.parts.iter().map(|(kind, _)| *kind);
        kinds.into_iter().next().unwrap_or(Kind::Topics)
    }

    /// The name of the type that was named first.
    pub(super) fn name(&self) -> Option<&str> {
        self.parts.first().and_then(|(_, name)| name.as_deref())
    }

    /// Changes are of something that is named.
    pub(super) fn check_named(&self) -> Result<(), ToolError> {
        let kind = self.kind();
        let is_default_known = kind.is_limited() || kind == Kind::Brokers;
        if self.parts.iter().any(|(_, name)| name.is_none()) {
            return Err(ToolError::usage(if is_default_known {
                "An entity-name or default entity must be specified with --alter of users, clients, brokers or ips"
                    .to_owned()
            } else {
                format!("An entity name must be specified with --alter of {}", kind.name())
            }));
        }
        if kind == Kind::Brokers && self.name().is_some_and(|name| !name.is_empty() && name.parse::<i32>().is_err()) {
            let name = self.name().unwrap_or_default();
            return Err(ToolError::usage(format!(
                "The entity name for brokers must be a valid integer broker id, but it is: {name}"
            )));
        }
        Ok(())
    }

    /// The resource of this name.
    pub(super) fn resource(&self, name: &str) -> ConfigResource {
        ConfigResource { resource_type: self.kind().resource_type(), name: name.to_owned() }
    }

    /// Whose quotas are meant.
    pub(super) fn quota_entity(&self) -> QuotaEntity {
        let part = |(kind, name): &(Kind, Option<String>)| {
            let name = name.clone().filter(|name| !name.is_empty());
            kind.quota_type().map(|quota_type| (quota_type.to_owned(), name))
        };
        let mut parts: Vec<_> = self.parts.iter().filter_map(part).collect();
        parts.sort_by(|left, right| right.0.cmp(&left.0));
        QuotaEntity { parts }
    }

    /// What Kafka says after a change.
    pub(super) fn print_completed(&self) -> Result<(), ToolError> {
        let kind = self.kind();
        let text = match self.name() {
            Some(name) if !name.is_empty() => format!("Completed updating config for {} {name}.\n", kind.singular()),
            _ => format!("Completed updating default config for {} in the cluster.\n", kind.name()),
        };
        Ok(print(&text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_client_is_one_entity_and_other_pairs_are_none() {
        let entity = |types: &[&str], names: &[&str]| {
            let strings = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
            let arguments = Configs { entity_type: strings(types), entity_name: strings(names), ..Configs::default() };
            Entity::of(&arguments)
        };
        let pair = entity(&["clients", "users"], &["c", ""]).expect("valid").quota_entity();
        assert_eq!(pair.parts, [("user".to_owned(), None), ("client-id".to_owned(), Some("c".to_owned()))]);
        for (types, problem) in [
            (["users", "topics"], "may be specified together"),
            (["users", "users"], "may be specified together"),
            (["users", "nope"], "Invalid entity type nope"),
        ] {
            assert!(entity(&types, &[]).expect_err("refused").to_string().contains(problem));
        }
        assert_eq!(Kind::ClientMetrics.singular(), "client-metric");
        assert!(entity(&["brokers"], &["one"]).expect("valid").check_named().is_err());
        assert!(entity(&["users"], &[]).expect("valid").check_named().is_err());
    }
}
