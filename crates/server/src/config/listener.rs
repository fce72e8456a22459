//! Listeners, advertised listeners and the voters' addresses: their texts and what they mean.
//!
//! `NAME://host:port`, host empty for every interface, IPv6 addresses in brackets; lists are separated by commas.

use std::fmt;

use stream_metadata::SecurityProtocol;
use stream_types::NodeId;

/// A host and a port as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// Name or address without brackets; empty for every interface.
    pub host: String,
    /// 0 lets the operating system choose.
    pub port: u16,
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An address to bind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BindAddress {
    /// Name or address without brackets, as `ToSocketAddrs` takes it beside a port.
    pub host: String,
    /// 0 lets the operating system choose.
    pub port: u16,
    /// Whether a machine without this address family can do without: true for the `::1` beside `127.0.0.1`, and for
    /// `::` where `0.0.0.0` is tried next.
    pub optional: bool,
}

impl Endpoint {
    /// Whether it stands for every interface.
    pub fn is_wildcard(&self) -> bool {
        matches!(self.host.as_str(), "" | "0.0.0.0" | "::" | "0:0:0:0:0:0:0:0")
    }

    /// Whether it can only be reached from this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// What to bind, in this order. `localhost` is both loopback addresses. For every interface it is `::`, which
    /// takes IPv4 as well, and `0.0.0.0` only if that cannot be bound.
    pub fn bind_addresses(&self) -> Vec<BindAddress> {
        let address = |host: &str, optional| BindAddress { host: host.to_owned(), port: self.port, optional };
        match self.host.as_str() {
            "localhost" => vec![address("127.0.0.1", false), address("::1", true)],
            "" => vec![address("::", true), address("0.0.0.0", false)],
            host => vec![address(host, false)],
        }
    }
}

/// A place where the broker accepts connections, or that it tells clients to connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listener {
    /// Its name in capitals, such as `PLAINTEXT` or `CONTROLLER`.
    pub name: String,
    /// From `listener.security.protocol.map`.
    pub protocol: SecurityProtocol,
    /// Where.
    pub endpoint: Endpoint,
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.name, self.endpoint)
    }
}

/// An entry of `controller.quorum.voters`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Voter {
    /// `node.id` of the voter.
    pub node_id: NodeId,
    /// Where to dial it.
    pub endpoint: Endpoint,
}

impl fmt::Display for Voter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.node_id, self.endpoint)
    }
}

/// A listener's text before its security protocol is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct NamedEndpoint {
    /// In capitals.
    pub(crate) name: String,
    /// Where.
    pub(crate) endpoint: Endpoint,
}

/// Reads `NAME://host:port,...`. An empty text is an empty list.
pub(crate) fn parse_listeners(text: &str) -> Result<Vec<NamedEndpoint>, String> {
    let mut listeners: Vec<NamedEndpoint> = Vec::new();
    for entry in list(text) {
        let Some((name, address)) = entry.split_once("://") else {
            return Err(format!("'{entry}' is not NAME://host:port, such as PLAINTEXT://0.0.0.0:9092"));
        };
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
        {
            return Err(format!("'{entry}' has no listener name before ://, such as PLAINTEXT://0.0.0.0:9092"));
        }
        let name = name.to_ascii_uppercase();
        let endpoint = parse_endpoint(address).map_err(|problem| format!("'{entry}' {problem}"))?;
        if listeners.iter().any(|other| other.name == name) {
            return Err(format!("the name {name} is used twice; give each listener a name of its own"));
        }
        listeners.push(NamedEndpoint { name, endpoint });
    }
    Ok(listeners)
}

/// Reads `host:port`, the host maybe empty or an IPv6 address in brackets.
pub(crate) fn parse_endpoint(text: &str) -> Result<Endpoint, String> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err("has no port; write host:port".to_owned());
    };
    let host = match host.strip_prefix('[') {
        Some(inner) => {
            let inner = inner.strip_suffix(']').ok_or("has a bracket that is not closed")?;
            inner.parse::<std::net::Ipv6Addr>().map_err(|_| "has no IPv6 address in its brackets")?;
            inner
        }
        None if host.contains(':') => {
            return Err("has an IPv6 address without brackets; write [::1]:9092".to_owned());
        }
        None => host,
    };
    if host.chars().any(|character| character.is_whitespace() || character.is_control() || "/@[]".contains(character)) {
        return Err("has a host that is no name and no address".to_owned());
    }
    let port = port.parse::<u16>().map_err(|_| "has no port from 0 to 65535".to_owned())?;
    Ok(Endpoint { host: host.to_owned(), port })
}

/// Reads `1@host:9094,...`.
pub(crate) fn parse_voters(text: &str) -> Result<Vec<Voter>, String> {
    let mut voters: Vec<Voter> = Vec::new();
    for entry in list(text) {
        let Some((id, address)) = entry.split_once('@') else {
            return Err(format!("'{entry}' is not id@host:port, such as 1@localhost:9094"));
        };
        let node_id = match id.parse::<i32>() {
            Ok(id) if id >= 0 => NodeId(id),
            _ => {
                return Err(format!("'{entry}' does not begin with a node id, such as 1@localhost:9094"));
            }
        };
        let endpoint = parse_endpoint(address).map_err(|problem| format!("'{entry}' {problem}"))?;
        if endpoint.host.is_empty() || endpoint.port == 0 {
            return Err(format!("'{entry}' names no host and port to connect to, such as 1@localhost:9094"));
        }
        if voters.iter().any(|other| other.node_id == node_id) {
            return Err(format!("the node id {node_id} is listed twice"));
        }
        voters.push(Voter { node_id, endpoint });
    }
    Ok(voters)
}

/// The entries of a list separated by commas, without white space and empty entries.
pub(crate) fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, u16)]) {
        let listeners = parse_listeners(text).unwrap();
        let found: Vec<_> =
            listeners.iter().map(|l| (l.name.as_str(), l.endpoint.host.as_str(), l.endpoint.port)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn kafkas_ways_to_write_a_listener_are_read() {
        check("PLAINTEXT://:9092", &[("PLAINTEXT", "", 9092)]);
        check(
            "plaintext://0.0.0.0:9092 , CONTROLLER://[::1]:9094,CLIENT://kafka-0.kafka.svc:19092",
            &[("PLAINTEXT", "0.0.0.0", 9092), ("CONTROLLER", "::1", 9094), ("CLIENT", "kafka-0.kafka.svc", 19092)],
        );
        check("", &[]);
    }

    #[test]
    fn what_is_no_listener_is_refused_with_the_entry() {
        for (text, problem) in [
            ("localhost:9092", "'localhost:9092' is not NAME://host:port, such as PLAINTEXT://0.0.0.0:9092"),
            ("A://h", "'A://h' has no port; write host:port"),
            ("A://h:70000", "'A://h:70000' has no port from 0 to 65535"),
            ("A://::1:9092", "'A://::1:9092' has an IPv6 address without brackets; write [::1]:9092"),
            ("A://[x]:9092", "'A://[x]:9092' has no IPv6 address in its brackets"),
            ("A://h:1,a://h:2", "the name A is used twice; give each listener a name of its own"),
        ] {
            assert_eq!(parse_listeners(text).unwrap_err(), problem);
        }
    }

    #[test]
    fn voters_are_read_and_repeated_ids_refused() {
        let voters = parse_voters("0@kafka-0:9094, 1@[::1]:9095").unwrap();
        assert_eq!(voters.iter().map(ToString::to_string).collect::<Vec<_>>(), ["0@kafka-0:9094", "1@[::1]:9095"]);
        assert!(parse_voters("0@a:1,0@b:1").is_err());
        assert!(parse_voters("a:1").is_err());
        assert!(parse_voters("0@:1").is_err());
    }

    #[test]
    fn localhost_is_bound_on_both_loopbacks() {
        let endpoint = parse_endpoint("localhost:9092").unwrap();
        let hosts: Vec<_> = endpoint.bind_addresses().into_iter().map(|a| (a.host, a.optional)).collect();
        assert_eq!(hosts, [("127.0.0.1".to_owned(), false), ("::1".to_owned(), true)]);
        assert!(endpoint.is_loopback() && !endpoint.is_wildcard());
    }
}
