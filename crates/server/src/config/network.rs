//! Works out who listens where, and what is inferred when it is left out.

use stream_types::NodeId;

use super::error::ConfigError;
use super::listener::{Endpoint, Listener, NamedEndpoint, Voter, list, parse_listeners, parse_voters};
use super::machine::Machine;
use super::reader::Reader;
use super::settings::Settings;
use super::{Roles, security};

const BROKER_PORT: u16 = 9092;
const CONTROLLER_PORT: u16 = 9094;
const CONTROLLER: &str = "CONTROLLER";
const PLAINTEXT: &str = "PLAINTEXT";

/// Who this node is and where it is reached.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) node_id: NodeId,
    pub(crate) roles: Roles,
    pub(crate) listeners: Vec<Listener>,
    pub(crate) advertised_listeners: Vec<Listener>,
    pub(crate) controller_listeners: Vec<Listener>,
    pub(crate) controller_listener_names: Vec<String>,
    pub(crate) inter_broker_listener_name: String,
    pub(crate) quorum_voters: Vec<Voter>,
}

/// Writes into `settings` what follows from other values, so that `--check` and DescribeConfigs show it.
pub(crate) fn infer(settings: &mut Settings) -> Result<(), ConfigError> {
    settings.infer("process.roles", "broker,controller", "its being left out");
    let reader = Reader { settings };
    let roles = roles(reader)?;
    if reader.text("listeners").is_none() {
        let mut opened = roles;
        // A map that somebody wrote for a broker of ZooKeeper's time has no entry for it, and a sole voter needs none.
        opened.controller &= !roles.broker || knows_controller(reader);
        settings.infer("listeners", &local_listeners(opened), "its being left out");
    }
    let reader = Reader { settings };
    let voters = voters(reader)?;
    let node_id = node_id(reader, &voters)?;
    let named = named_listeners(reader)?;
    let controller_names = controller_names(reader, &named, &voters, node_id);
    let controller_port = named.iter().find(|l| controller_names.contains(&l.name)).map(|l| l.endpoint.port);

    let node_id_from = if voters.is_empty() { "the default of a single node" } else { "the only voter" };
    settings.infer("node.id", &node_id.to_string(), node_id_from);
    settings.infer("controller.listener.names", &controller_names.join(","), "the names and ports of the listeners");
    if voters.is_empty() {
        let port = controller_port.filter(|port| *port != 0).unwrap_or(CONTROLLER_PORT);
        settings.infer(
            "controller.quorum.voters",
            &format!("{node_id}@localhost:{port}"),
            "this node being the whole cluster",
        );
    }
    if voters.len() <= 1 {
        settings.infer("offsets.topic.replication.factor", "1", "this node being the whole cluster");
    }
    Ok(())
}

/// Whether a controller listener has a security protocol: without a map, or by it.
fn knows_controller(reader: Reader<'_>) -> bool {
    let is_controller =
        |entry: &str| entry.split(':').next().is_some_and(|name| name.trim().eq_ignore_ascii_case("CONTROLLER"));
    reader.text("listener.security.protocol.map").is_none_or(|map| list(map).any(is_controller))
}

/// Reads the network's keys after [`infer`].
pub(crate) fn resolve(settings: &Settings, machine: &Machine) -> Result<Network, ConfigError> {
    let reader = Reader { settings };
    let roles = roles(reader)?;
    let quorum_voters = voters(reader)?;
    let node_id = node_id(reader, &quorum_voters)?;
    let named = named_listeners(reader)?;
    check_ports(reader, &named)?;
    let controller_listener_names = controller_names(reader, &named, &quorum_voters, node_id);
    let (controllers, brokers): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|listener| controller_listener_names.contains(&listener.name));
    let with_protocol = |named: Vec<NamedEndpoint>| -> Result<Vec<Listener>, ConfigError> {
        let mut listeners = Vec::new();
        for NamedEndpoint { name, endpoint } in named {
            listeners.push(Listener { protocol: security::protocol_of(reader, &name)?, name, endpoint });
        }
        Ok(listeners)
    };
    let controller_listeners = with_protocol(controllers)?;
    let listeners = with_protocol(brokers)?;
    check_roles(reader, roles, node_id, &quorum_voters, &listeners, &controller_listeners)?;
    let advertised = advertised(reader, &listeners, &controller_listener_names, machine)?;
    Ok(Network {
        inter_broker_listener_name: inter_broker(reader, &listeners)?,
        advertised_listeners: with_protocol(advertised)?,
        node_id,
        roles,
        listeners,
        controller_listeners,
        controller_listener_names,
        quorum_voters,
    })
}

fn roles(reader: Reader<'_>) -> Result<Roles, ConfigError> {
    const KEY: &str = "process.roles";
    let mut roles = Roles { broker: false, controller: false };
    for role in list(reader.text_or_default(KEY)) {
        match role {
            "broker" => roles.broker = true,
            "controller" => roles.controller = true,
            _ => return Err(reader.invalid(KEY, "give broker, controller, or both")),
        }
    }
    Ok(roles)
}

fn voters(reader: Reader<'_>) -> Result<Vec<Voter>, ConfigError> {
    const KEY: &str = "controller.quorum.voters";
    parse_voters(reader.text_or_default(KEY)).map_err(|problem| reader.invalid(KEY, problem))
}

fn node_id(reader: Reader<'_>, voters: &[Voter]) -> Result<NodeId, ConfigError> {
    let given = |name| -> Result<Option<i32>, ConfigError> {
        let Some(_) = reader.text(name) else { return Ok(None) };
        Ok(Some(reader.int(name)?).filter(|id| *id >= 0))
    };
    match (given("node.id")?, given("broker.id")?) {
        (Some(node), Some(broker)) if node != broker => {
            Err(reader.invalid("broker.id", format!("node.id says {node}; give node.id alone")))
        }
        (Some(id), _) | (None, Some(id)) => Ok(NodeId(id)),
        (None, None) => match voters {
            [] => Ok(NodeId(1)),
            [only] => Ok(only.node_id),
            _ => Err(ConfigError::Missing {
                key: "node.id",
                problem: "controller.quorum.voters lists several nodes; say which of them this is, such as node.id=0"
                    .to_owned(),
            }),
        },
    }
}

fn named_listeners(reader: Reader<'_>) -> Result<Vec<NamedEndpoint>, ConfigError> {
    const KEY: &str = "listeners";
    parse_listeners(reader.text_or_default(KEY)).map_err(|problem| reader.invalid(KEY, problem))
}

/// What listens when nobody says so: loopback only.
fn local_listeners(roles: Roles) -> String {
    let broker = roles.broker.then(|| format!("{PLAINTEXT}://localhost:{BROKER_PORT}"));
    let controller = roles.controller.then(|| format!("{CONTROLLER}://localhost:{CONTROLLER_PORT}"));
    broker.into_iter().chain(controller).collect::<Vec<_>>().join(",")
}

/// The names that belong to controllers: those of the key, else CONTROLLER, else the listener on this voter's port.
fn controller_names(reader: Reader<'_>, named: &[NamedEndpoint], voters: &[Voter], node_id: NodeId) -> Vec<String> {
    let given: Vec<String> =
        list(reader.text_or_default("controller.listener.names")).map(str::to_ascii_uppercase).collect();
    if !given.is_empty() {
        return given;
    }
    let port = voters.iter().find(|voter| voter.node_id == node_id).map(|voter| voter.endpoint.port);
    let on_port = named.iter().filter(|_| named.len() > 1).find(|listener| Some(listener.endpoint.port) == port);
    let by_name = named.iter().any(|listener| listener.name == CONTROLLER);
    match on_port {
        Some(listener) if !by_name => vec![listener.name.clone()],
        _ => vec![CONTROLLER.to_owned()],
    }
}

fn check_ports(reader: Reader<'_>, named: &[NamedEndpoint]) -> Result<(), ConfigError> {
    for (index, listener) in named.iter().enumerate() {
        let clash = named[..index].iter().find(|other| other.endpoint == listener.endpoint && other.endpoint.port != 0);
        if let Some(other) = clash {
            let problem = format!("{} and {} are on the same port; give each its own", other.name, listener.name);
            return Err(reader.invalid("listeners", problem));
        }
    }
    Ok(())
}

fn check_roles(
    reader: Reader<'_>,
    roles: Roles,
    node_id: NodeId,
    voters: &[Voter],
    listeners: &[Listener],
    controller_listeners: &[Listener],
) -> Result<(), ConfigError> {
    let is_voter = voters.iter().any(|voter| voter.node_id == node_id);
    let invalid = |key, problem: String| Err(reader.invalid(key, problem));
    if roles.broker && listeners.is_empty() {
        return invalid("listeners", "there is no listener for clients; add one such as PLAINTEXT://:9092".to_owned());
    }
    if !roles.broker && !listeners.is_empty() {
        let name = &listeners[0].name;
        return invalid("listeners", format!("{name} is for clients, and process.roles has no broker"));
    }
    if roles.controller && !is_voter {
        return invalid(
            "controller.quorum.voters",
            format!("this node's id {node_id} is not listed; add {node_id}@host:9094"),
        );
    }
    if !roles.controller && is_voter {
        return invalid(
            "process.roles",
            format!("node {node_id} is listed in controller.quorum.voters; add controller"),
        );
    }
    if roles.controller && voters.len() > 1 && controller_listeners.is_empty() {
        return invalid(
            "listeners",
            "the other voters have no listener to connect to; add CONTROLLER://:9094".to_owned(),
        );
    }
    Ok(())
}

fn inter_broker(reader: Reader<'_>, listeners: &[Listener]) -> Result<String, ConfigError> {
    const KEY: &str = "inter.broker.listener.name";
    match reader.text(KEY) {
        Some(name) if listeners.is_empty() || listeners.iter().any(|l| l.name.eq_ignore_ascii_case(name)) => {
            Ok(name.to_ascii_uppercase())
        }
        Some(_) => Err(reader.invalid(KEY, "no listener for clients has this name")),
        None => {
            const PROTOCOL: &str = "security.inter.broker.protocol";
            if let Some(protocol) = reader.text(PROTOCOL).filter(|_| !listeners.is_empty()) {
                let by_protocol = listeners.iter().find(|listener| listener.protocol.name() == protocol);
                let name = by_protocol.map(|listener| listener.name.clone());
                return name.ok_or_else(|| reader.invalid(PROTOCOL, "no listener for clients speaks it"));
            }
            let by_name = listeners.iter().find(|listener| listener.name == PLAINTEXT);
            Ok(by_name.or(listeners.first()).map_or(PLAINTEXT, |listener| &listener.name).to_owned())
        }
    }
}

fn advertised(
    reader: Reader<'_>,
    listeners: &[Listener],
    controller_names: &[String],
    machine: &Machine,
) -> Result<Vec<NamedEndpoint>, ConfigError> {
    const KEY: &str = "advertised.listeners";
    let given = parse_listeners(reader.text_or_default(KEY)).map_err(|problem| reader.invalid(KEY, problem))?;
    if given.is_empty() {
        let advertise = |listener: &Listener| {
            let Endpoint { host, port } = listener.endpoint.clone();
            let host = if listener.endpoint.is_wildcard() { machine.host_name.clone() } else { host };
            NamedEndpoint { name: listener.name.clone(), endpoint: Endpoint { host, port } }
        };
        return Ok(listeners.iter().map(advertise).collect());
    }
    let mut advertised = Vec::new();
    for mut entry in given {
        let name = &entry.name;
        if controller_names.contains(name) {
            // Kafka 3.9 and later take it (KIP-853) and tell it to controllers; nobody needs telling here.
            continue;
        }
        if !listeners.iter().any(|listener| listener.name == *name) {
            return Err(reader.invalid(KEY, format!("there is no listener {name}; add it to listeners")));
        }
        if entry.endpoint.host.is_empty() {
            entry.endpoint.host = machine.host_name.clone();
        }
        if entry.endpoint.is_wildcard() {
            let problem =
                format!("clients cannot connect to {}; give a name or address they can reach", entry.endpoint.host);
            return Err(reader.invalid(KEY, problem));
        }
        advertised.push(entry);
    }
    if advertised.is_empty() && !listeners.is_empty() {
        return Err(reader.invalid(KEY, "it names no listener for clients"));
    }
    Ok(advertised)
}
