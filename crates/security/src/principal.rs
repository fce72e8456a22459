//! Who a connection belongs to.

use std::fmt;
use std::sync::Arc;

/// Kafka's principal: a type, which is `User` for everybody who connects, and a name. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Principal {
    kind: Arc<str>,
    name: Arc<str>,
}

impl Principal {
    /// The type of everybody who connects.
    pub const USER: &'static str = "User";

    /// The user with this name.
    pub fn user(name: &str) -> Principal {
        Principal { kind: Arc::from(Principal::USER), name: Arc::from(name) }
    }

    /// Whoever connects without saying who they are.
    pub fn anonymous() -> Principal {
        Principal::user("ANONYMOUS")
    }

    /// Reads `Type:name`; the name may contain colons. None without a type or a name.
    pub fn parse(text: &str) -> Option<Principal> {
        let (kind, name) = text.split_once(':')?;
        (!kind.is_empty() && !name.is_empty()).then(|| Principal { kind: Arc::from(kind), name: Arc::from(name) })
    }

    /// The type, such as `User`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind, self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_principal_is_a_type_and_a_name() {
        let principal = Principal::parse("User:CN=a:b,O=c").unwrap();
        assert_eq!((principal.kind(), principal.name()), ("User", "CN=a:b,O=c"));
        assert_eq!(principal.to_string(), "User:CN=a:b,O=c");
        for text in ["", "User", "User:", ":a"] {
            assert_eq!(Principal::parse(text), None, "{text}");
        }
    }
}
