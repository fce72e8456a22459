//! Somebody who may connect, and what they may reach.

use crate::error::CatalogError;
use crate::fields::Fields;
use crate::yaml::{Node, Position};

/// Longest user name (bytes), so that a principal and its ACLs fit into records and requests.
const USERNAME_BYTES_MAX: usize = 255;

/// One entry of the `credentials` part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// Where it begins.
    pub at: Position,
    /// The name after `User:`.
    pub username: String,
    /// Where the password is; none for somebody who proves who they are in another way.
    pub password: Option<PasswordSource>,
    /// Topics to read from.
    pub read: Vec<String>,
    /// Topics to write to.
    pub write: Vec<String>,
    /// Groups to be a member of.
    pub groups: Vec<String>,
}

/// Where a password is found. It is never in the catalog.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PasswordSource {
    /// A variable of the environment.
    Environment(String),
    /// A file, relative to the catalog's.
    File(String),
}

impl Credential {
    pub(crate) fn parse(node: &Node) -> Result<Credential, CatalogError> {
        const KEYS: &[&str] = &["username", "password_env", "password_file", "read", "write", "groups"];
        // People write a password where they are used to; it must not be quoted in the error.
        let fields = Fields::of(node, "a credential", KEYS)?;
        let Some(username) = fields.text("username")? else {
            return Err(CatalogError::new(fields.at, "a credential has no username"));
        };
        let place = |key: &str| fields.node(key).map_or(fields.at, |node| node.at);
        check_username(username).map_err(|problem| CatalogError::new(place("username"), problem))?;
        let password = match (fields.text("password_env")?, fields.text("password_file")?) {
            (Some(_), Some(_)) => {
                let problem = format!("{username} has both password_env and password_file; keep one");
                return Err(CatalogError::new(place("password_file"), problem));
            }
            (Some(variable), None) => {
                if variable.is_empty() || variable.contains(['=', '\0']) {
                    return Err(CatalogError::new(place("password_env"), "password_env is no name of a variable"));
                }
                Some(PasswordSource::Environment(variable.to_owned()))
            }
            (None, Some("")) => return Err(CatalogError::new(place("password_file"), "password_file names no file")),
            (None, Some(path)) => Some(PasswordSource::File(path.to_owned())),
            (None, None) => None,
        };
        let names = |key: &str| -> Result<Vec<String>, CatalogError> {
            Ok(fields.texts(key)?.into_iter().map(|(_, name)| name.to_owned()).collect())
        };
        Ok(Credential {
            at: fields.at,
            username: username.to_owned(),
            password,
            read: names("read")?,
            write: names("write")?,
            groups: names("groups")?,
        })
    }

    /// The principal: `User:` and the name.
    pub fn principal(&self) -> String {
        format!("User:{}", self.username)
    }

    /// The topics it names, those it reads first.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.read.iter().chain(&self.write).map(String::as_str)
    }
}

fn check_username(name: &str) -> Result<(), String> {
    if name.is_empty() || name.len() > USERNAME_BYTES_MAX {
        return Err(format!("a username has from 1 to {USERNAME_BYTES_MAX} bytes"));
    }
    // `User:*` is everybody, and ANONYMOUS is whoever did not say who they are.
    if name == "*" || name == "ANONYMOUS" {
        return Err(format!("{name:?} would be everybody or nobody in particular; name one user"));
    }
    if name.chars().any(|character| character.is_control() || character.is_whitespace()) {
        return Err(format!("the username {name:?} has white space or control characters"));
    }
    Ok(())
}
