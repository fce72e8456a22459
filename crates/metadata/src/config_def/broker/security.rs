//! Broker keys of authentication, encryption and authorization.

use super::super::key::{Check, ConfigKey, ConfigType, boolean, class, double, int, list, long, short, string, unset};

pub(super) static KEYS: &[ConfigKey] = &[
    boolean("allow.everyone.if.no.acl.found", "false")
        .honoured()
        .doc("Whether everybody may use what no ACL names.")
        .note("`false` without an authorizer is exit 2."),
    string("authorizer.class.name", "")
        .low()
        .honoured()
        .doc("The class that decides who may do what; empty is nobody is refused.")
        .note("`org.apache.kafka.metadata.authorizer.StandardAuthorizer` or empty; any other class is exit 2."),
    int("connection.failed.authentication.delay.ms", "100")
        .from(0)
        .low()
        .honoured()
        .doc("How long a connection stays open after it failed to authenticate, so that guessing is slow."),
    long("connections.max.reauth.ms", "0")
        .honoured()
        .doc("How long an authenticated session lasts before the client must authenticate again; 0 is for ever.")
        .note("For a listener's mechanism, a listener, or all."),
    long("delegation.token.expiry.check.interval.ms", "3600000")
        .from(1)
        .low()
        .honoured()
        .doc("How often expired delegation tokens are removed."),
    long("delegation.token.expiry.time.ms", "86400000")
        .from(1)
        .honoured()
        .doc("How long a delegation token is valid before it must be renewed."),
    long("delegation.token.max.lifetime.ms", "604800000")
        .from(1)
        .honoured()
        .doc("How long a delegation token can be renewed."),
    unset("delegation.token.secret.key", ConfigType::Password)
        .honoured()
        .doc("The secret that delegation tokens are made with, the same on every node.")
        .note("Without it there are no tokens (docs/security.md)."),
    class("principal.builder.class", "org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder")
        .per_broker()
        .doc("The class that names the user of a connection."),
    unset("sasl.client.callback.handler.class", ConfigType::Class)
        .doc("The class that answers for the broker's own SASL logins."),
    list("sasl.enabled.mechanisms", "GSSAPI")
        .per_broker()
        .honoured()
        .doc("Which SASL mechanisms clients may use.")
        .note(
            "Of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 and OAUTHBEARER, for a listener or for all; a SASL listener \
             with none of them, or with GSSAPI, does not start.",
        ),
    unset("sasl.jaas.config", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The login of a SASL listener in JAAS form.")
        .note(
            "Users of PLAIN as `user_NAME=\"password\"`, for a listener's mechanism, a listener, or all. Other \
             options of login modules mean nothing here; SCRAM's users are in the metadata.",
        ),
    string("sasl.kerberos.kinit.cmd", "/usr/bin/kinit").per_broker().doc("The program that gets Kerberos tickets."),
    long("sasl.kerberos.min.time.before.relogin", "60000")
        .per_broker()
        .doc("How long the Kerberos login rests between two refreshes."),
    list("sasl.kerberos.principal.to.local.rules", "DEFAULT").per_broker().doc("How Kerberos names become user names."),
    unset("sasl.kerberos.service.name", ConfigType::String)
        .per_broker()
        .doc("The name under which Kerberos knows the brokers."),
    double("sasl.kerberos.ticket.renew.jitter", "0.05")
        .per_broker()
        .doc("How much of the time before a Kerberos ticket is renewed is random."),
    double("sasl.kerberos.ticket.renew.window.factor", "0.8")
        .per_broker()
        .doc("The share of a Kerberos ticket's life after which it is renewed."),
    unset("sasl.login.callback.handler.class", ConfigType::Class).doc("The class that answers for SASL logins."),
    unset("sasl.login.class", ConfigType::Class).doc("The class that logs in."),
    unset("sasl.login.connect.timeout.ms", ConfigType::Int)
        .low()
        .doc("How long a connection to an identity provider may take."),
    unset("sasl.login.read.timeout.ms", ConfigType::Int)
        .low()
        .doc("How long an answer of an identity provider may take."),
    short("sasl.login.refresh.buffer.seconds", "300")
        .per_broker()
        .doc("How long before its end a login is refreshed at the latest."),
    short("sasl.login.refresh.min.period.seconds", "60")
        .per_broker()
        .doc("How long a login lasts at least before it is refreshed."),
    double("sasl.login.refresh.window.factor", "0.8")
        .per_broker()
        .doc("The share of a login's life after which it is refreshed."),
    double("sasl.login.refresh.window.jitter", "0.05")
        .per_broker()
        .doc("How much of the time before a login is refreshed is random."),
    long("sasl.login.retry.backoff.max.ms", "10000")
        .low()
        .doc("The longest wait between two attempts to reach an identity provider."),
    long("sasl.login.retry.backoff.ms", "100")
        .low()
        .doc("The first wait between two attempts to reach an identity provider."),
    string("sasl.mechanism.controller.protocol", "GSSAPI")
        .high()
        .honoured()
        .doc("The SASL mechanism with which brokers log in at the controller.")
        .note("Where it is given, the listener for controllers must take it."),
    string("sasl.mechanism.inter.broker.protocol", "GSSAPI")
        .per_broker()
        .honoured()
        .doc("The SASL mechanism with which brokers log in at each other.")
        .note("Where it is given, the listener for brokers must take it."),
    string("sasl.oauthbearer.assertion.algorithm", "RS256")
        .check(Check::OneOfIgnoringCase(&["ES256", "RS256"]))
        .doc("How the assertion to an identity provider is signed."),
    unset("sasl.oauthbearer.assertion.claim.aud", ConfigType::String)
        .doc("Whom the assertion to an identity provider is for."),
    int("sasl.oauthbearer.assertion.claim.exp.seconds", "300")
        .range(0, 86_400)
        .low()
        .doc("How long an assertion is valid."),
    unset("sasl.oauthbearer.assertion.claim.iss", ConfigType::String).doc("Who makes the assertion."),
    boolean("sasl.oauthbearer.assertion.claim.jti.include", "false")
        .doc("Whether each assertion has an id of its own."),
    int("sasl.oauthbearer.assertion.claim.nbf.seconds", "60")
        .range(0, 3_600)
        .low()
        .doc("How long before it is made an assertion is valid."),
    unset("sasl.oauthbearer.assertion.claim.sub", ConfigType::String).doc("Whom the assertion is about."),
    unset("sasl.oauthbearer.assertion.file", ConfigType::String).doc("A file that holds an assertion."),
    unset("sasl.oauthbearer.assertion.private.key.file", ConfigType::String)
        .doc("The file of the key that assertions are signed with."),
    unset("sasl.oauthbearer.assertion.private.key.passphrase", ConfigType::Password)
        .doc("The passphrase of the key that assertions are signed with."),
    unset("sasl.oauthbearer.assertion.template.file", ConfigType::String)
        .doc("A file with headers and claims of assertions."),
    unset("sasl.oauthbearer.client.credentials.client.id", ConfigType::String)
        .doc("The client id for the client credentials grant."),
    unset("sasl.oauthbearer.client.credentials.client.secret", ConfigType::Password)
        .doc("The client secret for the client credentials grant."),
    int("sasl.oauthbearer.clock.skew.seconds", "30")
        .low()
        .honoured()
        .doc("How far the clocks of broker and identity provider may differ."),
    list("sasl.oauthbearer.expected.audience", "").high().honoured().doc("Whom an OAuth token must be for."),
    unset("sasl.oauthbearer.expected.issuer", ConfigType::String)
        .high()
        .honoured()
        .doc("Who must have made an OAuth token."),
    long("sasl.oauthbearer.jwks.endpoint.refresh.ms", "3600000")
        .low()
        .honoured()
        .doc("How often the identity provider's keys are read again.")
        .note("At least 1000."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms", "10000")
        .low()
        .doc("The longest wait between two attempts to read the identity provider's keys."),
    long("sasl.oauthbearer.jwks.endpoint.retry.backoff.ms", "100")
        .low()
        .doc("The first wait between two attempts to read the identity provider's keys."),
    unset("sasl.oauthbearer.jwks.endpoint.url", ConfigType::String)
        .honoured()
        .doc("Where the identity provider's keys are.")
        .note("`https://`, `http://` or `file:///`; needed with OAUTHBEARER."),
    class("sasl.oauthbearer.jwt.retriever.class", "org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever")
        .doc("The class that gets OAuth tokens."),
    class("sasl.oauthbearer.jwt.validator.class", "org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator")
        .doc("The class that checks OAuth tokens."),
    unset("sasl.oauthbearer.scope", ConfigType::String).doc("The scope that is asked for with an OAuth token."),
    string("sasl.oauthbearer.scope.claim.name", "scope")
        .low()
        .honoured()
        .doc("The claim that holds an OAuth token's scope."),
    string("sasl.oauthbearer.sub.claim.name", "sub")
        .low()
        .honoured()
        .doc("The claim that holds an OAuth token's user."),
    unset("sasl.oauthbearer.token.endpoint.url", ConfigType::String).doc("Where OAuth tokens are got."),
    unset("sasl.server.callback.handler.class", ConfigType::Class).doc("The class that checks SASL logins."),
    int("sasl.server.max.receive.size", "524288")
        .honoured()
        .doc("How large a request may be before the client has authenticated."),
    string("security.inter.broker.protocol", "PLAINTEXT")
        .one_of(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
        .honoured()
        .doc("The security protocol between brokers, where no listener is named for it.")
        .note("It names the first listener that speaks it."),
    unset("security.providers", ConfigType::String).low().doc("Classes that provide security algorithms."),
    boolean("ssl.allow.dn.changes", "false").low().honoured().doc("Whether a new certificate may be for another name."),
    boolean("ssl.allow.san.changes", "false")
        .low()
        .honoured()
        .doc("Whether a new certificate may lack alternative names that the old one had."),
    list("ssl.cipher.suites", "")
        .per_broker()
        .honoured()
        .doc("Which cipher suites TLS may use; none is the default ones.")
        .note("In this order; an unknown one is refused."),
    string("ssl.client.auth", "none")
        .one_of(&["required", "requested", "none"])
        .per_broker()
        .honoured()
        .doc("Whether clients must show a certificate."),
    list("ssl.enabled.protocols", "TLSv1.2,TLSv1.3")
        .per_broker()
        .honoured()
        .doc("Which versions of TLS are on.")
        .note("`TLSv1.3` by default here."),
    string("ssl.endpoint.identification.algorithm", "https")
        .per_broker()
        .low()
        .honoured()
        .doc("How the name in a server's certificate is checked; empty is not at all.")
        .note("`https` or nothing; a broker of a cluster of one dials nobody."),
    unset("ssl.engine.factory.class", ConfigType::Class).per_broker().low().doc("The class that makes TLS engines."),
    unset("ssl.key.password", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The password of the private key.")
        .note("`ssl.keystore.password` by default. Of an encrypted key in PEM form, or of the key in a JKS store."),
    string("ssl.keymanager.algorithm", "SunX509").per_broker().doc("The algorithm that manages keys."),
    unset("ssl.keystore.certificate.chain", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The certificate chain in PEM form.")
        .note("With type PEM, in place of the file."),
    unset("ssl.keystore.key", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The private key in PEM form.")
        .note("With `ssl.keystore.certificate.chain`."),
    unset("ssl.keystore.location", ConfigType::String)
        .per_broker()
        .honoured()
        .doc("The file of the key store.")
        .note("Looked at for changes."),
    unset("ssl.keystore.password", ConfigType::Password).per_broker().honoured().doc("The password of the key store."),
    string("ssl.keystore.type", "JKS")
        .per_broker()
        .honoured()
        .doc("The form of the key store.")
        .note("PEM, PKCS12 or JKS."),
    string("ssl.principal.mapping.rules", "DEFAULT")
        .low()
        .honoured()
        .doc("How names in certificates become user names."),
    string("ssl.protocol", "TLSv1.3")
        .per_broker()
        .honoured()
        .doc("The newest version of TLS to offer.")
        .note("`TLSv1.2` leaves 1.3 out."),
    unset("ssl.provider", ConfigType::String).per_broker().doc("The name of the security provider of TLS."),
    unset("ssl.secure.random.implementation", ConfigType::String).per_broker().low().doc("The random source of TLS."),
    string("ssl.trustmanager.algorithm", "PKIX").per_broker().doc("The algorithm that decides whom to trust."),
    unset("ssl.truststore.certificates", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The trusted certificates in PEM form.")
        .note("With type PEM, in place of the file."),
    unset("ssl.truststore.location", ConfigType::String)
        .per_broker()
        .honoured()
        .doc("The file of the trust store.")
        .note("Needed with `ssl.client.auth`; Kafka would trust Java's own store. Looked at for changes."),
    unset("ssl.truststore.password", ConfigType::Password)
        .per_broker()
        .honoured()
        .doc("The password of the trust store."),
    string("ssl.truststore.type", "JKS")
        .per_broker()
        .honoured()
        .doc("The form of the trust store.")
        .note("PEM, PKCS12 or JKS."),
    string("super.users", "")
        .honoured()
        .doc("Users who may do everything, as User:name separated by semicolons.")
        .note("Without an authorizer it is exit 2."),
];
