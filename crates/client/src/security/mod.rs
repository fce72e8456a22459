//! How a client shows who it is and learns who the broker is: TLS and SASL, from Kafka's own client properties.
//!
//! Whatever cannot be honoured is an error that names the key; nothing secret is in an error, a warning or `Debug`.

mod keys;
mod sasl;
mod tls;
pub(crate) mod tls_error;

use std::collections::BTreeMap;

pub(crate) use sasl::Sasl;
pub(crate) use tls::Tls;

use keys::Keys;

/// Why client properties cannot be honoured.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{key}: {problem}")]
pub struct SecurityError {
    /// The key.
    pub key: String,
    /// What is wrong with it, and what to write instead.
    pub problem: String,
}

impl SecurityError {
    fn new(key: &str, problem: impl Into<String>) -> SecurityError {
        SecurityError { key: key.to_owned(), problem: problem.into() }
    }
}

/// What connections are secured with; by default nothing (PLAINTEXT).
#[derive(Clone, Debug, Default)]
pub struct Security {
    pub(crate) tls: Option<Tls>,
    pub(crate) sasl: Option<Sasl>,
    /// What is allowed and better not done.
    pub warnings: Vec<String>,
}

impl Security {
    /// Reads `security.protocol`, `ssl.*` and `sasl.*`, and the stores they name. Other keys are not looked at.
    ///
    /// # Errors
    /// For a key of these that nobody knows or that cannot be honoured, and for stores that cannot be read.
    pub fn from_properties(properties: &BTreeMap<String, String>) -> Result<Security, SecurityError> {
        let keys = Keys::new(properties)?;
        let (tls, sasl) = match keys.text("security.protocol").unwrap_or("PLAINTEXT") {
            "PLAINTEXT" => (false, false),
            "SSL" => (true, false),
            "SASL_PLAINTEXT" => (false, true),
            "SASL_SSL" => (true, true),
            other => {
                let problem = format!("'{other}' is none of PLAINTEXT, SSL, SASL_PLAINTEXT and SASL_SSL");
                return Err(SecurityError::new("security.protocol", problem));
            }
        };
        let mut warnings = Vec::new();
        Ok(Security {
            tls: tls.then(|| Tls::from_keys(&keys, &mut warnings)).transpose()?,
            sasl: sasl.then(|| Sasl::from_keys(&keys, tls, &mut warnings)).transpose()?,
            warnings,
        })
    }

    /// Kafka's name for it.
    pub fn protocol(&self) -> &'static str {
        match (&self.tls, &self.sasl) {
            (None, None) => "PLAINTEXT",
            (Some(_), None) => "SSL",
            (None, Some(_)) => "SASL_PLAINTEXT",
            (Some(_), Some(_)) => "SASL_SSL",
        }
    }
}
