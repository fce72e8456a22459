//! What a row of the table says.

/// The type of a value, with the number that DescribeConfigs carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i8)]
pub enum ConfigType {
    /// `true` or `false`.
    Boolean = 1,
    /// Any text.
    String = 2,
    /// A whole number of 32 bits.
    Int = 3,
    /// A whole number of 16 bits.
    Short = 4,
    /// A whole number of 64 bits.
    Long = 5,
    /// A number.
    Double = 6,
    /// Texts separated by commas.
    List = 7,
    /// A class of Kafka's; only its default means anything here.
    Class = 8,
    /// A text that is never shown.
    Password = 9,
}

impl ConfigType {
    /// The number that DescribeConfigs carries.
    pub fn code(self) -> i8 {
        self as i8
    }

    /// Kafka's name of the type.
    pub fn name(self) -> &'static str {
        match self {
            ConfigType::Boolean => "boolean",
            ConfigType::String => "string",
            ConfigType::Int => "int",
            ConfigType::Short => "short",
            ConfigType::Long => "long",
            ConfigType::Double => "double",
            ConfigType::List => "list",
            ConfigType::Class => "class",
            ConfigType::Password => "password",
        }
    }
}

/// Which values of the type are allowed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Check {
    /// Every one.
    Any,
    /// Whole numbers from the first to the second.
    Range(i64, i64),
    /// Whole numbers from the first to the second, and the third.
    RangeOr(i64, i64, i64),
    /// Numbers from the first to the second.
    Between(f64, f64),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// One of these texts, in any case.
    OneOfIgnoringCase(&'static [&'static str]),
    /// A list of these texts.
    ListOf(&'static [&'static str]),
    /// A list of these texts that is not empty.
    SomeOf(&'static [&'static str]),
    /// Any text, or any list, but the empty one.
    NonEmpty,
    /// A list of `host:port`.
    Endpoints,
    /// A list of `partition:broker`, or `*` for every replica (KIP-73).
    ThrottledReplicas,
    /// `earliest`, `latest` or `by_duration:` with an ISO 8601 duration (KIP-932).
    OffsetReset,
}

/// Where a broker key may be changed while the broker runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// Nowhere: only in the broker's own configuration.
    ReadOnly,
    /// For one broker by its id.
    PerBroker,
    /// For one broker or for all of them.
    ClusterWide,
}

impl Scope {
    /// Kafka's name of the update mode.
    pub fn name(self) -> &'static str {
        match self {
            Scope::ReadOnly => "read-only",
            Scope::PerBroker => "per-broker",
            Scope::ClusterWide => "cluster-wide",
        }
    }
}

/// How much a key matters to most people.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Importance {
    /// Look at it first.
    High,
    /// Look at it when something bothers you.
    Medium,
    /// Leave it.
    Low,
}

/// Where a value comes from, with the number that DescribeConfigs carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i8)]
pub enum ConfigSource {
    /// Set for the topic.
    DynamicTopic = 1,
    /// Set for this broker while the cluster runs.
    DynamicBroker = 2,
    /// Set for every broker while the cluster runs.
    DynamicDefaultBroker = 3,
    /// Set in the broker's configuration.
    StaticBroker = 4,
    /// Not set.
    Default = 5,
    /// A log level.
    DynamicBrokerLogger = 6,
    /// Set for a client metrics subscription.
    ClientMetrics = 7,
    /// Set for the group.
    Group = 8,
}

impl ConfigSource {
    /// The number that DescribeConfigs carries.
    pub fn code(self) -> i8 {
        self as i8
    }

    /// Kafka's name of the source.
    pub fn name(self) -> &'static str {
        match self {
            ConfigSource::DynamicTopic => "DYNAMIC_TOPIC_CONFIG",
            ConfigSource::DynamicBroker => "DYNAMIC_BROKER_CONFIG",
            ConfigSource::DynamicDefaultBroker => "DYNAMIC_DEFAULT_BROKER_CONFIG",
            ConfigSource::StaticBroker => "STATIC_BROKER_CONFIG",
            ConfigSource::Default => "DEFAULT_CONFIG",
            ConfigSource::DynamicBrokerLogger => "DYNAMIC_BROKER_LOGGER_CONFIG",
            ConfigSource::ClientMetrics => "DYNAMIC_CLIENT_METRICS_CONFIG",
            ConfigSource::Group => "DYNAMIC_GROUP_CONFIG",
        }
    }
}

/// A broker key that gives this key its value, and what a value there is multiplied with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Synonym {
    /// The broker key.
    pub name: &'static str,
    /// 60,000 for minutes, 3,600,000 for hours, 1 for the same unit.
    pub factor: i64,
}

/// One row of the table.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ConfigKey {
    /// Kafka's name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: ConfigType,
    /// What holds when nobody says anything; None where Kafka says null or wants a value.
    pub default: Option<&'static str>,
    /// Which values are allowed.
    pub check: Check,
    /// Where it may be changed.
    pub scope: Scope,
    /// Broker keys that stand in for it, the strongest first. For a broker key: weaker ones in other
    /// units.
    pub synonyms: &'static [Synonym],
    /// How much it matters.
    pub importance: Importance,
    /// Whether this broker does what it says.
    pub honoured: bool,
    /// Whether a change that `scope` allows takes effect in this broker while it runs.
    pub live: bool,
    /// Whether people should not see it in lists (Kafka's internal keys).
    pub internal: bool,
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// What is different from Kafka here, or good to know; may be empty.
    pub note: &'static str,
}

impl ConfigKey {
    /// Its values in words, for documents.
    pub fn values(&self) -> String {
        let kind = self.kind.name();
        match self.check {
            Check::Range(min, i64::MAX) => format!("{kind} from {min}"),
            Check::Range(min, max) => format!("{kind} from {min} to {max}"),
            Check::RangeOr(min, i64::MAX, or) => format!("{kind} from {min}, or {or}"),
            Check::RangeOr(min, max, or) => format!("{kind} from {min} to {max}, or {or}"),
            Check::Between(min, max) => format!("{kind} from {min} to {max}"),
            Check::OneOf(texts) | Check::OneOfIgnoringCase(texts) => texts.join(", "),
            Check::ListOf(texts) | Check::SomeOf(texts) => format!("list of {}", texts.join(", ")),
            Check::ThrottledReplicas => "list of partition:broker, or *".to_owned(),
            Check::OffsetReset => "earliest, latest, by_duration:PnDTnHnMn.nS".to_owned(),
            Check::Endpoints => "list of host:port".to_owned(),
            Check::Any | Check::NonEmpty => kind.to_owned(),
        }
    }

    /// Whether its value is never shown.
    pub fn is_sensitive(&self) -> bool {
        self.kind == ConfigType::Password
    }

    /// Where it may be changed in this broker while it runs: `scope` is what Kafka allows.
    pub fn live_scope(&self) -> Scope {
        if self.live { self.scope } else { Scope::ReadOnly }
    }

    pub(super) const fn new(name: &'static str, kind: ConfigType, default: Option<&'static str>) -> Self {
        ConfigKey {
            name,
            kind,
            default,
            check: Check::Any,
            scope: Scope::ReadOnly,
            synonyms: &[],
            importance: Importance::Medium,
            honoured: false,
            live: false,
            internal: false,
            doc: "",
            note: "",
        }
    }

    pub(super) const fn check(self, check: Check) -> Self {
        ConfigKey { check, ..self }
    }

    pub(super) const fn from(self, min: i64) -> Self {
        ConfigKey { check: Check::Range(min, i64::MAX), ..self }
    }

    pub(super) const fn range(self, min: i64, max: i64) -> Self {
        ConfigKey { check: Check::Range(min, max), ..self }
    }

    pub(super) const fn one_of(self, texts: &'static [&'static str]) -> Self {
        ConfigKey { check: Check::OneOf(texts), ..self }
    }

    pub(super) const fn list_of(self, texts: &'static [&'static str]) -> Self {
        ConfigKey { check: Check::ListOf(texts), ..self }
    }

    pub(super) const fn synonyms(self, synonyms: &'static [Synonym]) -> Self {
        ConfigKey { synonyms, ..self }
    }

    pub(super) const fn cluster_wide(self) -> Self {
        ConfigKey { scope: Scope::ClusterWide, ..self }
    }

    pub(super) const fn per_broker(self) -> Self {
        ConfigKey { scope: Scope::PerBroker, ..self }
    }

    pub(super) const fn high(self) -> Self {
        ConfigKey { importance: Importance::High, ..self }
    }

    pub(super) const fn low(self) -> Self {
        ConfigKey { importance: Importance::Low, ..self }
    }

    pub(super) const fn honoured(self) -> Self {
        ConfigKey { honoured: true, ..self }
    }

    /// Honoured, and a change is taken over while the broker runs.
    pub(super) const fn live(self) -> Self {
        ConfigKey { honoured: true, live: true, ..self }
    }

    pub(super) const fn internal(self) -> Self {
        ConfigKey { internal: true, ..self }
    }

    pub(super) const fn doc(self, doc: &'static str) -> Self {
        ConfigKey { doc, ..self }
    }

    pub(super) const fn note(self, note: &'static str) -> Self {
        ConfigKey { note, ..self }
    }
}

pub(super) const fn same(name: &'static str) -> Synonym {
    Synonym { name, factor: 1 }
}

pub(super) const fn minutes(name: &'static str) -> Synonym {
    Synonym { name, factor: 60_000 }
}

pub(super) const fn hours(name: &'static str) -> Synonym {
    Synonym { name, factor: 3_600_000 }
}

pub(super) const fn boolean(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Boolean, Some(default))
}

pub(super) const fn int(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Int, Some(default))
}

pub(super) const fn short(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Short, Some(default))
}

pub(super) const fn long(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Long, Some(default))
}

pub(super) const fn double(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Double, Some(default))
}

pub(super) const fn string(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::String, Some(default))
}

pub(super) const fn list(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::List, Some(default))
}

pub(super) const fn class(name: &'static str, default: &'static str) -> ConfigKey {
    ConfigKey::new(name, ConfigType::Class, Some(default))
}

/// A key without a default.
pub(super) const fn unset(name: &'static str, kind: ConfigType) -> ConfigKey {
    ConfigKey::new(name, kind, None)
}
