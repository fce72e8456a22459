//! Which configuration keys hold secrets, whoever asks: error texts, `--check`, dumps, logs.

use stream_metadata::config_def;

/// What the names of secrets have in common, for keys that no table knows.
const WORDS: &[&str] = &["password", "passphrase", "secret", "jaas", "credential", "private.key", "keystore.key"];

/// Whether the value of `key` is never shown. Keys of one listener (`listener.name.NAME.KEY`) are as their key is.
pub fn is_secret_key(key: &str) -> bool {
    let key = key.trim().to_ascii_lowercase();
    let known = config_def::broker_key(&key).or_else(|| config_def::topic_key(&key));
    if let Some(row) = known.or_else(|| config_def::group_key(&key)).or_else(|| config_def::client_metrics_key(&key)) {
        return row.is_sensitive();
    }
    let last = key.rsplit('.').next().unwrap_or(&key);
    WORDS.iter().any(|word| key.contains(word)) || last == "token"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_table_or_by_name() {
        for key in [
            "sasl.jaas.config",
            "listener.name.clients.plain.sasl.jaas.config",
            "listener.name.CLIENTS.scram-sha-512.sasl.jaas.config",
            "listener.name.a.b.c.sasl.jaas.config",
            "ssl.keystore.key",
            "listener.name.tls.ssl.key.password",
            "SSL.KEYSTORE.PASSWORD",
            "delegation.token.secret.key",
            "sasl.oauthbearer.client.credentials.client.secret",
            "my.own.db.password",
            "api.token",
        ] {
            assert!(is_secret_key(key), "{key}");
        }
        for key in [
            "num.partitions",
            "ssl.keystore.location",
            "hanzo.catalog.file",
            "retention.ms",
            "delegation.token.expiry.time.ms",
        ] {
            assert!(!is_secret_key(key), "{key}");
        }
    }
}
