//! Registered brokers and controllers.

use std::collections::BTreeMap;

use stream_types::{NodeId, Uuid};

/// How a listener is secured (`org.apache.kafka.common.security.auth.SecurityProtocol`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(i16)]
pub enum SecurityProtocol {
    /// Neither encrypted nor authenticated.
    #[default]
    Plaintext = 0,
    /// TLS.
    Ssl = 1,
    /// SASL on a bare connection.
    SaslPlaintext = 2,
    /// SASL on TLS.
    SaslSsl = 3,
}

impl SecurityProtocol {
    /// Whether whoever connects says who they are by SASL.
    pub fn speaks_sasl(self) -> bool {
        matches!(self, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl)
    }

    /// The number that records and requests carry.
    pub fn code(self) -> i16 {
        self as i16
    }

    /// The protocol with this number.
    pub fn from_code(code: i16) -> Option<Self> {
        Some(match code {
            0 => SecurityProtocol::Plaintext,
            1 => SecurityProtocol::Ssl,
            2 => SecurityProtocol::SaslPlaintext,
            3 => SecurityProtocol::SaslSsl,
            _ => return None,
        })
    }

    /// Kafka's name of it, as in `listener.security.protocol.map`.
    pub fn name(self) -> &'static str {
        match self {
            SecurityProtocol::Plaintext => "PLAINTEXT",
            SecurityProtocol::Ssl => "SSL",
            SecurityProtocol::SaslPlaintext => "SASL_PLAINTEXT",
            SecurityProtocol::SaslSsl => "SASL_SSL",
        }
    }

    /// The protocol with this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Plaintext, Self::Ssl, Self::SaslPlaintext, Self::SaslSsl]
            .into_iter()
            .find(|protocol| protocol.name().eq_ignore_ascii_case(name))
    }
}

/// Where clients or peers reach one listener of a node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// The listener's name.
    pub name: String,
    /// The advertised host.
    pub host: String,
    /// The advertised port.
    pub port: u16,
    /// How the listener is secured.
    pub security_protocol: SecurityProtocol,
}

/// The levels of one feature that a node can work with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SupportedVersions {
    /// Lowest level.
    pub min: i16,
    /// Highest level.
    pub max: i16,
}

/// A broker as it registered itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BrokerRegistration {
    /// `node.id`.
    pub id: NodeId,
    /// Differs with every start of the process.
    pub incarnation_id: Uuid,
    /// Differs with every registration; grows.
    pub epoch: i64,
    /// Advertised listeners, in the order of the configuration.
    pub endpoints: Vec<Endpoint>,
    /// Supported feature levels by name.
    pub features: BTreeMap<String, SupportedVersions>,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// A fenced broker leads nothing and is not shown to clients.
    pub fenced: bool,
    /// It is leaving in order: it should lead nothing new.
    pub in_controlled_shutdown: bool,
    /// Ids of its log directories that are online (KIP-858).
    pub log_dirs: Vec<Uuid>,
    /// Ids of its log directories that take no new partitions (KIP-1066).
    pub cordoned_log_dirs: Vec<Uuid>,
}

impl BrokerRegistration {
    /// The endpoint of the listener with this name.
    pub fn endpoint(&self, listener: &str) -> Option<&Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.name == listener)
    }

    /// Whether a replica in that directory can be served. Of the first hundred ids, which are reserved, none is a directory: the
    /// replica's place is not told yet (KIP-858).
    pub fn has_online_dir(&self, directory: Uuid) -> bool {
        let is_reserved = directory.0[..15].iter().all(|byte| *byte == 0) && directory.0[15] < 100;
        is_reserved || self.log_dirs.contains(&directory)
    }

    /// Whether it may lead partitions and join ISRs.
    pub fn is_active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }
}

/// A controller as it registered itself (KIP-919).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ControllerRegistration {
    /// `node.id`.
    pub id: NodeId,
    /// Differs with every start of the process.
    pub incarnation_id: Uuid,
    /// Its listeners.
    pub endpoints: Vec<Endpoint>,
    /// Supported feature levels by name.
    pub features: BTreeMap<String, SupportedVersions>,
}
