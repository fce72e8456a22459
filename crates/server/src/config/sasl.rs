//! Who may log in how: the `sasl.*` keys, for every listener that speaks SASL.
//!
//! A key is looked for as `listener.name.<listener>.<mechanism>.<key>`, then without the mechanism, then as it is.
//! Login configurations (`sasl.jaas.config`) belong to one mechanism, whose module they name.

use std::collections::BTreeMap;
use std::time::Duration;

use stream_metadata::SecurityProtocol;
use stream_security::Secret;
use stream_security::sasl::jaas::{self, LoginModule};
use stream_security::sasl::{BearerPolicy, Mechanism};

use super::error::ConfigError;
use super::listener::{Listener, list};
use super::reader::{Reader, invalid};
use super::settings::{Setting, Settings};

const MECHANISMS: &str = "sasl.enabled.mechanisms";
const JAAS: &str = "sasl.jaas.config";
const REAUTHENTICATION: &str = "connections.max.reauth.ms";
const SPOKEN: &str = "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER are spoken";
/// The prefix of an option of PlainLoginModule that names a user.
const USER: &str = "user_";

/// All that is configured about logging in.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SaslSettings {
    /// What listeners that speak SASL take, by their names in capitals.
    pub listeners: BTreeMap<String, ListenerSasl>,
    /// `connection.failed.authentication.delay.ms`
    pub failure_delay: Duration,
    /// `sasl.server.max.receive.size`
    pub receive_bytes_max: usize,
}

/// What one listener takes.
#[derive(Clone, PartialEq, Debug)]
pub struct ListenerSasl {
    /// In the order in which clients are told.
    pub mechanisms: Vec<MechanismSettings>,
    /// How tokens are checked, where OAUTHBEARER is one of them.
    pub bearer: Option<BearerSettings>,
}

/// One mechanism of a listener.
#[derive(Clone, PartialEq, Debug)]
pub struct MechanismSettings {
    /// The mechanism.
    pub mechanism: Mechanism,
    /// `connections.max.reauth.ms`; none for ever.
    pub session_max: Option<Duration>,
    /// Users of PLAIN and their passwords, from JAAS.
    pub users: BTreeMap<String, Secret>,
}

/// How the tokens of OAUTHBEARER are checked.
#[derive(Clone, PartialEq, Debug)]
pub struct BearerSettings {
    /// What a token must say.
    pub policy: BearerPolicy,
    /// `sasl.oauthbearer.jwks.endpoint.url`
    pub keys_url: String,
    /// `sasl.oauthbearer.jwks.endpoint.refresh.ms`
    pub keys_refresh: Duration,
}

impl SaslSettings {
    /// The listeners on which what shows who somebody is travels as it is.
    pub(crate) fn readable_passwords(&self, clients: &[Listener], controllers: &[Listener]) -> Vec<String> {
        let readable = |sasl: &ListenerSasl| {
            sasl.mechanism(Mechanism::Plain).is_some() || sasl.mechanism(Mechanism::OAuthBearer).is_some()
        };
        let listeners = clients.iter().chain(controllers);
        let plain = listeners.filter(|listener| listener.protocol == SecurityProtocol::SaslPlaintext);
        let open = plain.filter(|listener| self.listeners.get(&listener.name).is_some_and(readable));
        open.filter(|listener| !listener.endpoint.is_loopback()).map(ToString::to_string).collect()
    }
}

impl ListenerSasl {
    /// The settings of a mechanism, if it is enabled.
    pub fn mechanism(&self, mechanism: Mechanism) -> Option<&MechanismSettings> {
        self.mechanisms.iter().find(|settings| settings.mechanism == mechanism)
    }
}

/// Reads the keys of SASL for these listeners.
pub(super) fn resolve<'a>(
    settings: &Settings,
    listeners: impl Iterator<Item = &'a Listener>,
) -> Result<SaslSettings, ConfigError> {
    let reader = Reader { settings };
    let mut sasl = SaslSettings {
        failure_delay: Duration::from_millis(reader.long("connection.failed.authentication.delay.ms")? as u64),
        receive_bytes_max: reader.size("sasl.server.max.receive.size")?,
        ..SaslSettings::default()
    };
    for listener in listeners {
        if matches!(listener.protocol, SecurityProtocol::SaslPlaintext | SecurityProtocol::SaslSsl) {
            let keys = ListenerKeys { reader, listener: &listener.name };
            sasl.listeners.insert(listener.name.clone(), keys.listener()?);
        }
    }
    Ok(sasl)
}

/// Refuses keys of a listener that there is not: what they were to close would stay open. A map may name listeners that
/// are not in use.
pub(super) fn check_listener_names<'a>(
    settings: &'a Settings,
    listeners: impl Iterator<Item = &'a str>,
) -> Result<(), ConfigError> {
    let reader = Reader { settings };
    let mapped =
        list(reader.text_or_default("listener.security.protocol.map")).filter_map(|entry| entry.split(':').next());
    let controllers = list(reader.text_or_default("controller.listener.names"));
    // Listener names may have dots.
    let prefixes: Vec<String> = listeners
        .chain(mapped)
        .chain([super::HTTP_LISTENER])
        .chain(controllers)
        .map(|name| format!("{}.", name.trim().to_ascii_lowercase()))
        .collect();
    for (key, setting) in settings.iter() {
        let lower = key.to_ascii_lowercase();
        let Some(rest) = lower.strip_prefix("listener.name.") else { continue };
        if !prefixes.iter().any(|prefix| rest.starts_with(prefix)) {
            let problem = "there is no listener of this name; add it to listeners and listener.security.protocol.map";
            return Err(invalid(key, Some(setting), problem));
        }
    }
    Ok(())
}

/// Refuses a mechanism for brokers that their listener does not take.
pub(super) fn check_own_mechanism(
    settings: &Settings,
    key: &'static str,
    listener: Option<&ListenerSasl>,
) -> Result<(), ConfigError> {
    let reader = Reader { settings };
    let (Some(name), Some(listener)) = (reader.text(key), listener) else { return Ok(()) };
    match Mechanism::from_name(name) {
        Some(mechanism) if listener.mechanism(mechanism).is_some() => Ok(()),
        _ => Err(reader.invalid(key, format!("the listener for it does not take it; add it to its {MECHANISMS}"))),
    }
}

/// The keys of one listener.
#[derive(Clone, Copy)]
struct ListenerKeys<'a> {
    reader: Reader<'a>,
    listener: &'a str,
}

impl<'a> ListenerKeys<'a> {
    /// Where a key was given for a mechanism of the listener, or for the listener, or for all.
    fn find(self, mechanism: Option<Mechanism>, key: &str) -> Option<(&'a str, &'a Setting)> {
        let of_listener = format!("listener.name.{}.", self.listener.to_ascii_lowercase());
        let of_mechanism =
            mechanism.map(|mechanism| format!("{of_listener}{}.", mechanism.name().to_ascii_lowercase()));
        let prefixes = [of_mechanism, Some(of_listener), Some(String::new())];
        prefixes.into_iter().flatten().find_map(|prefix| {
            let name = format!("{prefix}{key}");
            let found = self.reader.settings.iter().find(|(given, _)| given.eq_ignore_ascii_case(&name));
            found.filter(|(_, setting)| !setting.text.is_empty())
        })
    }

    fn text(self, mechanism: Option<Mechanism>, key: &str) -> &'a str {
        self.find(mechanism, key).map_or_else(|| self.reader.text_or_default(key), |(_, setting)| &setting.text)
    }

    fn long(self, mechanism: Mechanism, key: &str) -> Result<u64, ConfigError> {
        let text = self.text(Some(mechanism), key);
        // The table has checked that it is a number; what is below zero means what zero does.
        text.parse::<i64>()
            .map(|number| number.max(0) as u64)
            .map_err(|_| self.invalid(key, "it must be a whole number"))
    }

    fn invalid(self, key: &str, problem: impl Into<String>) -> ConfigError {
        let given = self.find(None, key);
        invalid(given.map_or(key, |(name, _)| name), given.map(|(_, setting)| setting), problem)
    }

    fn listener(self) -> Result<ListenerSasl, ConfigError> {
        let mut mechanisms: Vec<MechanismSettings> = Vec::new();
        for name in list(self.text(None, MECHANISMS)) {
            let Some(mechanism) = Mechanism::from_name(name) else {
                let problem = if name == "GSSAPI" {
                    format!(
                        "listener {}: Kerberos (GSSAPI, Kafka's default) is not spoken here; {SPOKEN}",
                        self.listener
                    )
                } else {
                    format!("listener {}: {name} is no mechanism; {SPOKEN}", self.listener)
                };
                return Err(self.invalid(MECHANISMS, problem));
            };
            if mechanisms.iter().any(|other| other.mechanism == mechanism) {
                return Err(self.invalid(MECHANISMS, format!("{name} is listed twice")));
            }
            mechanisms.push(MechanismSettings {
                mechanism,
                session_max: Some(self.long(mechanism, REAUTHENTICATION)?)
                    .filter(|millis| *millis > 0)
                    .map(Duration::from_millis),
                users: self.users(mechanism)?,
            });
        }
        if mechanisms.is_empty() {
            return Err(self.invalid(MECHANISMS, format!("listener {} has none; {SPOKEN}", self.listener)));
        }
        let takes_tokens = mechanisms.iter().any(|settings| settings.mechanism == Mechanism::OAuthBearer);
        Ok(ListenerSasl { mechanisms, bearer: if takes_tokens { Some(self.bearer()?) } else { None } })
    }

    /// The users in the mechanism's login configuration; other mechanisms than PLAIN keep theirs elsewhere.
    fn users(self, mechanism: Mechanism) -> Result<BTreeMap<String, Secret>, ConfigError> {
        let mut users = BTreeMap::new();
        let Some((key, setting)) = self.find(Some(mechanism), JAAS) else { return Ok(users) };
        let refuse = |problem: String| invalid(key, Some(setting), problem);
        let modules = jaas::parse(&setting.text).map_err(|error| refuse(error.to_string()))?;
        let is_for_mechanism = key.contains(&format!(".{}.", mechanism.name().to_ascii_lowercase()));
        for LoginModule { class, options } in &modules {
            let module_of = match class.rsplit('.').next().unwrap_or_default() {
                "PlainLoginModule" => &[Mechanism::Plain][..],
                "ScramLoginModule" => &Mechanism::ALL[1..3],
                "OAuthBearerLoginModule" => &[Mechanism::OAuthBearer],
                "Krb5LoginModule" => return Err(refuse("Kerberos is not spoken here".to_owned())),
                _ => return Err(refuse(format!("{} is no login module that is known here", class.escape_debug()))),
            };
            if !module_of.contains(&mechanism) {
                if is_for_mechanism {
                    return Err(refuse(format!("it names {class}, which is not for {mechanism}")));
                }
                continue;
            }
            if mechanism == Mechanism::OAuthBearer {
                if options.iter().any(|(name, _)| name.starts_with("unsecured")) {
                    return Err(refuse(
                        "unsigned tokens (unsecuredLogin..., unsecuredValidator...) are not taken".to_owned(),
                    ));
                }
                continue;
            }
            for (name, password) in options {
                let Some(user) = name.strip_prefix(USER).filter(|_| mechanism == Mechanism::Plain) else { continue };
                if user.is_empty() || password.is_empty() {
                    return Err(refuse(format!("option {} has no user or no password", name.escape_debug())));
                }
                users.insert(user.to_owned(), password.clone());
            }
        }
        Ok(users)
    }

    fn bearer(self) -> Result<BearerSettings, ConfigError> {
        const URL: &str = "sasl.oauthbearer.jwks.endpoint.url";
        let mechanism = Mechanism::OAuthBearer;
        let text = |key| self.text(Some(mechanism), key);
        let url = text(URL);
        if url.is_empty() {
            return Err(ConfigError::Missing {
                key: URL,
                problem: format!(
                    "listener {} takes OAUTHBEARER; say where the identity provider's keys are, such as \
                     https://idp.example/keys or file:///etc/kafka/jwks.json (unsigned tokens, which Kafka takes \
                     without it, are not taken)",
                    self.listener
                ),
            });
        }
        if !["https://", "http://", "file:///"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(self.invalid(URL, "give an https:// or http:// address, or file:/// and an absolute path"));
        }
        let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        Ok(BearerSettings {
            policy: BearerPolicy {
                audiences: list(text("sasl.oauthbearer.expected.audience")).map(str::to_owned).collect(),
                issuer: some(text("sasl.oauthbearer.expected.issuer")),
                user_claim: text("sasl.oauthbearer.sub.claim.name").to_owned(),
                scope_claim: text("sasl.oauthbearer.scope.claim.name").to_owned(),
                clock_skew_seconds: self.long(mechanism, "sasl.oauthbearer.clock.skew.seconds")? as i64,
            },
            keys_url: url.to_owned(),
            keys_refresh: Duration::from_millis(self.long(mechanism, "sasl.oauthbearer.jwks.endpoint.refresh.ms")?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::declared::Outside;
    use super::super::environment::Environment;
    use super::super::{Arguments, Machine, ServerConfig};
    use super::*;

    fn load(set: &[(&str, &str)]) -> Result<SaslSettings, String> {
        let fixed = [("listeners", "CLIENT://:9092"), ("listener.security.protocol.map", "CLIENT:SASL_PLAINTEXT")];
        let set = fixed.iter().chain(set).map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect();
        let arguments = Arguments { set, ..Arguments::default() };
        let machine = Machine { host_name: "box".to_owned(), memory_bytes: 1 << 30, bitnami_volume: false };
        let read_file = |_: &std::path::Path| Err(std::io::ErrorKind::NotFound.into());
        let outside = Outside { variable: &|_| None, read_file: &read_file };
        let loaded = ServerConfig::from_sources(&arguments, None, Environment::default(), &machine, &outside);
        loaded.map(|loaded| loaded.config.sasl).map_err(|error| error.to_string())
    }

    const PLAIN: &str = "org.apache.kafka.common.security.plain.PlainLoginModule required ";

    #[test]
    fn users_come_from_the_login_configuration_of_the_mechanism() {
        let of_mechanism = format!("{PLAIN} username=\"b\" password=\"x\" user_alice=\"a1\" user_bob=\"b1\";");
        let of_all = format!("{PLAIN} user_carol=\"c1\";");
        for (key, text, users) in [
            ("listener.name.client.plain.sasl.jaas.config", &of_mechanism, &["alice", "bob"][..]),
            ("listener.name.CLIENT.PLAIN.sasl.jaas.config", &of_mechanism, &["alice", "bob"]),
            ("listener.name.client.sasl.jaas.config", &of_all, &["carol"]),
            ("sasl.jaas.config", &of_all, &["carol"]),
        ] {
            let sasl = load(&[("sasl.enabled.mechanisms", "SCRAM-SHA-512, PLAIN"), (key, text)]).unwrap();
            let listener = &sasl.listeners["CLIENT"];
            let names: Vec<_> = listener.mechanisms.iter().map(|settings| settings.mechanism.name()).collect();
            assert_eq!(names, ["SCRAM-SHA-512", "PLAIN"]);
            let plain = listener.mechanism(Mechanism::Plain).unwrap();
            assert_eq!(plain.users.keys().collect::<Vec<_>>(), users, "{key}");
            assert!(!format!("{sasl:?}").contains("a1"));
        }
    }

    #[test]
    fn the_key_of_a_listener_goes_before_the_key_of_all() {
        let sasl = load(&[
            ("sasl.enabled.mechanisms", "GSSAPI"),
            ("listener.name.client.sasl.enabled.mechanisms", "PLAIN,SCRAM-SHA-256"),
            ("connections.max.reauth.ms", "7000"),
            ("listener.name.client.plain.connections.max.reauth.ms", "0"),
        ])
        .unwrap();
        let listener = &sasl.listeners["CLIENT"];
        assert_eq!(listener.mechanism(Mechanism::Plain).unwrap().session_max, None);
        assert_eq!(listener.mechanisms[1].session_max, Some(Duration::from_secs(7)));
        assert_eq!((sasl.failure_delay, sasl.receive_bytes_max), (Duration::from_millis(100), 524_288));
    }

    #[test]
    fn what_cannot_be_honoured_is_refused_and_no_secret_is_shown() {
        let open = format!("{PLAIN} user_alice=\"hunter2;");
        let nobody = format!("{PLAIN} user_=\"hunter2\";");
        let kerberos = "com.sun.security.auth.module.Krb5LoginModule required;";
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
        let plain = ("sasl.enabled.mechanisms", "PLAIN");
        let jaas = "listener.name.client.plain.sasl.jaas.config";
        let tokens = ("sasl.enabled.mechanisms", "OAUTHBEARER");
        for (set, part) in [
            (&[][..], "Kerberos (GSSAPI, Kafka's default) is not spoken here; PLAIN, SCRAM-SHA-256"),
            (&[("sasl.enabled.mechanisms", "PLAIN,NTLM")], "NTLM is no mechanism"),
            (&[("sasl.enabled.mechanisms", "PLAIN,PLAIN")], "listed twice"),
            (&[plain, ("listener.name.clinet.plain.sasl.jaas.config", &nobody)], "there is no listener of this name"),
            (&[plain, (jaas, &open)], "[hidden] (--set): a quotation mark after user_alice is not closed"),
            (&[plain, (jaas, &nobody)], "option user_ has no user or no password"),
            (&[plain, (jaas, kerberos)], "Kerberos is not spoken here"),
            (&[plain, (jaas, scram)], "which is not for PLAIN"),
            (&[plain, ("sasl.mechanism.inter.broker.protocol", "SCRAM-SHA-512")], "does not take it"),
            (&[tokens], "sasl.oauthbearer.jwks.endpoint.url is not set"),
            (&[tokens, ("sasl.oauthbearer.jwks.endpoint.url", "ftp://x")], "give an https://"),
        ] {
            let problem = load(set).unwrap_err();
            assert!(problem.contains(part) && !problem.contains("hunter2"), "{problem}");
        }
    }

    #[test]
    fn unsigned_tokens_are_refused_with_one_line() {
        let module = "org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required";
        let jaas = "listener.name.client.oauthbearer.sasl.jaas.config";
        let url = ("sasl.oauthbearer.jwks.endpoint.url", "file:///keys.json");
        let set = |text| [("sasl.enabled.mechanisms", "OAUTHBEARER"), url, (jaas, text)];
        let unsecured = format!("{module} unsecuredLoginStringClaim_sub=\"admin\";");
        assert!(load(&set(&unsecured)).unwrap_err().contains("unsigned tokens"));
        let sasl = load(&set(&format!("{module};"))).unwrap();
        let bearer = sasl.listeners["CLIENT"].bearer.as_ref().unwrap();
        assert_eq!((bearer.policy.user_claim.as_str(), bearer.policy.clock_skew_seconds), ("sub", 30));
    }
}
