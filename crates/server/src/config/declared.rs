//! Users and ACLs that the configuration declares: the `credentials` of the catalog file and the users of the Bitnami
//! image's environment.
//!
//! - A password that is missing or empty refuses the start: a user without one would be nobody's.
//! - Passwords are [`Secret`]s from here on. No text of an error or warning has one.
//! - Every file with a secret that other users of the machine can read is named in one warning.

use std::cell::RefCell;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use stream_catalog::{AccessResource, Catalog, CatalogWarning, Credential, DeclaredOperation, PasswordSource};
use stream_metadata::controller::DeclaredAcl;
use stream_security::Secret;
use stream_security::acl::{Operation, ResourceType};
use stream_types::limits::CATALOG_BYTES_MAX;

use super::classify::Warning;
use super::error::ConfigError;
use super::sasl::SaslSettings;
use super::settings::{Settings, Source};

pub(crate) const CATALOG_KEY: &str = "hanzo.catalog.file";
const AUTHORIZER_KEY: &str = "authorizer.class.name";
const STANDARD_AUTHORIZER: &str = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
const MECHANISMS_KEY: &str = "sasl.enabled.mechanisms";
/// What a declared user may log in with: the password is known, so each of these can be served.
const MECHANISMS: &str = "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512";

/// Who may connect and what they may do, as far as it is declared outside of the metadata log.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct DeclaredAccess {
    /// Users with their passwords; no name twice.
    pub users: Vec<DeclaredUser>,
    /// ACLs of the catalog file.
    pub acls: Vec<DeclaredAcl>,
    /// What looks wrong in the catalog file.
    pub(crate) warnings: Vec<Warning>,
    /// Files with passwords that every user of the machine can read.
    pub(crate) open_files: Vec<PathBuf>,
    /// Whether the catalog file has credentials.
    has_credentials: bool,
}

/// Somebody who may connect.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DeclaredUser {
    /// The name after `User:`.
    pub name: String,
    /// What they prove to know.
    pub password: Secret,
    /// Who declared them.
    pub given: Source,
}

/// What a declaration may look at beside itself.
pub(crate) struct Outside<'a> {
    /// A variable of the environment, none if it is not set or no text.
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    /// The text of a file, and whether every user of the machine can read it.
    pub(crate) read_file: &'a dyn Fn(&Path) -> io::Result<FileText>,
}

/// The text of a file.
#[derive(Clone)]
pub(crate) struct FileText {
    pub(crate) text: String,
    pub(crate) others_read: bool,
}

impl DeclaredAccess {
    /// Reads the catalog file, if one is named, and adds the environment's users.
    pub(crate) fn read(
        settings: &Settings,
        environment: Vec<DeclaredUser>,
        outside: &Outside<'_>,
    ) -> Result<DeclaredAccess, ConfigError> {
        let mut access = DeclaredAccess { users: environment, ..DeclaredAccess::default() };
        if let Some(path) = settings.text(CATALOG_KEY) {
            access.read_catalog(Path::new(path), &settings.source(CATALOG_KEY), outside)?;
        }
        for (index, user) in access.users.iter().enumerate() {
            if let Some(other) = access.users[..index].iter().find(|other| other.name == user.name)
                && other.password != user.password
            {
                return Err(ConfigError::TwoPasswords {
                    user: user.name.clone(),
                    first: other.given.clone(),
                    second: user.given.clone(),
                });
            }
        }
        Ok(access)
    }

    fn read_catalog(&mut self, path: &Path, given: &Source, outside: &Outside<'_>) -> Result<(), ConfigError> {
        let text = (outside.read_file)(path)
            .map_err(|error| ConfigError::CatalogUnreadable { path: path.to_owned(), given: given.clone(), error })?
            .text;
        let catalog = Catalog::parse(&text).map_err(|error| ConfigError::Catalog { path: path.to_owned(), error })?;
        let open_files = RefCell::new(Vec::new());
        for credential in &catalog.credentials {
            let Some(source) = &credential.password else { continue };
            let password = password(path, source, outside, &open_files).map_err(|problem| ConfigError::NoPassword {
                path: path.to_owned(),
                at: credential.at,
                user: credential.username.clone(),
                problem,
            })?;
            self.users.push(declared_user(path, credential, password));
        }
        self.open_files = open_files.into_inner();
        let doubt = |warning: CatalogWarning| Warning::Catalog { path: path.to_owned(), warning };
        self.warnings.extend(catalog.warnings().into_iter().map(doubt));
        self.acls = catalog.acls().into_iter().map(declared_acl).collect();
        self.has_credentials = !catalog.credentials.is_empty();
        Ok(())
    }

    /// What the declarations make necessary and nobody wrote down: without an authorizer everybody could do everything.
    pub(crate) fn infer(&self, settings: &mut Settings) {
        if self.has_credentials {
            settings.infer(AUTHORIZER_KEY, STANDARD_AUTHORIZER, "the credentials of hanzo.catalog.file");
        }
        if !self.users.is_empty() {
            settings.infer(MECHANISMS_KEY, MECHANISMS, "the declared users having passwords");
        }
    }

    /// Refuses users whom a login configuration has with another password.
    pub(crate) fn check_logins(&self, sasl: &SaslSettings) -> Result<(), ConfigError> {
        let mechanisms = sasl.listeners.values().flat_map(|listener| &listener.mechanisms);
        for user in mechanisms.flat_map(|mechanism| &mechanism.users) {
            if let Some(declared) = self.users.iter().find(|declared| declared.name == *user.0)
                && declared.password != *user.1
            {
                return Err(ConfigError::TwoPasswords {
                    user: declared.name.clone(),
                    first: declared.given.clone(),
                    second: Source::Inferred("a login configuration (sasl.jaas.config)"),
                });
            }
        }
        Ok(())
    }

    /// One line of `--check` for each user and each ACL.
    pub(crate) fn describe(&self) -> impl Iterator<Item = String> {
        let users = self.users.iter().map(|user| format!("User:{} has a password ({})", user.name, user.given));
        users.chain(self.acls.iter().map(acl_text))
    }

    /// Refuses users that no listener lets in.
    pub(crate) fn check_listeners(&self, any_speaks_sasl: bool) -> Result<(), ConfigError> {
        match self.users.first() {
            Some(user) if !any_speaks_sasl => {
                Err(ConfigError::NobodyAsks { user: user.name.clone(), given: user.given.clone() })
            }
            _ => Ok(()),
        }
    }
}

/// An ACL as people read it.
pub(crate) fn acl_text(acl: &DeclaredAcl) -> String {
    let operation = Operation::from_code(acl.operation).map_or("", Operation::name);
    let resource = ResourceType::from_code(acl.resource_type).map_or("", ResourceType::name);
    format!("{} may {operation} {resource} {}", acl.principal, acl.resource_name)
}

fn declared_user(path: &Path, credential: &Credential, password: Secret) -> DeclaredUser {
    DeclaredUser {
        name: credential.username.clone(),
        password,
        given: Source::File { path: path.to_owned(), line: credential.at.line },
    }
}

/// The error says what is missing and never what was found.
fn password(
    catalog: &Path,
    source: &PasswordSource,
    outside: &Outside<'_>,
    open_files: &RefCell<Vec<PathBuf>>,
) -> Result<Secret, String> {
    let text = match source {
        PasswordSource::Environment(name) => {
            (outside.variable)(name).ok_or_else(|| format!("environment variable {name} is not set"))?
        }
        PasswordSource::File(name) => {
            let path = catalog.parent().unwrap_or(Path::new("")).join(name);
            let file =
                (outside.read_file)(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            if file.others_read {
                open_files.borrow_mut().push(path);
            }
            without_line_end(&file.text).to_owned()
        }
    };
    if text.is_empty() {
        return Err(match source {
            PasswordSource::Environment(name) => format!("environment variable {name} is empty"),
            PasswordSource::File(name) => format!("{name} is empty"),
        });
    }
    Ok(Secret::new(text))
}

/// A secret's text without the line end that editors and `echo` leave.
pub(crate) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn declared_acl(acl: stream_catalog::DeclaredAcl) -> DeclaredAcl {
    DeclaredAcl {
        principal: acl.principal,
        resource_type: match acl.resource {
            AccessResource::Topic => ResourceType::Topic.code(),
            AccessResource::Group => ResourceType::Group.code(),
        },
        resource_name: acl.name,
        operation: match acl.operation {
            DeclaredOperation::Read => Operation::Read.code(),
            DeclaredOperation::Write => Operation::Write.code(),
            DeclaredOperation::Describe => Operation::Describe.code(),
        },
    }
}

/// Reads a file for [`Outside`]: text of a bounded size.
pub(crate) fn read_file(path: &Path) -> io::Result<FileText> {
    let file = File::open(path)?;
    let others_read = file.metadata().is_ok_and(|metadata| is_open(&metadata));
    let mut text = String::new();
    // One byte more shows that there is more.
    file.take(CATALOG_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
    Ok(FileText { text, others_read })
}

/// Whether every user of the machine can read the file.
pub(crate) fn others_read(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| is_open(&metadata))
}

fn is_open(metadata: &Metadata) -> bool {
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(path: &Path) -> io::Result<FileText> {
        let (text, others_read) = match path.to_str().unwrap() {
            "/etc/registry.yaml" => (
                "credentials:\n- {username: ada, password_env: ADA, read: [a], groups: [g]}\n\
                 - {username: bob, password_file: bob}\n- {username: eve, write: [a]}\n",
                false,
            ),
            "/etc/broken.yaml" => ("credentials:\n- {usrname: ada}\n", false),
            "/etc/topics.yaml" => ("topics: {a: {}}\n", false),
            "/etc/bob" => ("hunter2\n", true),
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(FileText { text: text.to_owned(), others_read })
    }

    fn read(path: &str, ada: Option<&str>, environment: Vec<DeclaredUser>) -> Result<DeclaredAccess, ConfigError> {
        let mut settings = Settings::default();
        settings.set(CATALOG_KEY, path, Source::Flag("--set"));
        let variable = |name: &str| ada.filter(|_| name == "ADA").map(str::to_owned);
        DeclaredAccess::read(&settings, environment, &Outside { variable: &variable, read_file: &files })
    }

    fn check_refused(path: &str, ada: Option<&str>, expected: &str) {
        assert_eq!(read(path, ada, Vec::new()).unwrap_err().to_string(), expected);
    }

    #[test]
    fn passwords_come_from_where_the_catalog_says() {
        let access = read("/etc/registry.yaml", Some("hunter1"), Vec::new()).unwrap();
        let users: Vec<_> = access.users.iter().map(|user| (user.name.as_str(), user.password.as_bytes())).collect();
        assert_eq!(users, [("ada", &b"hunter1"[..]), ("bob", b"hunter2")]);
        assert_eq!(access.users[0].given.to_string(), "/etc/registry.yaml line 2");
        assert_eq!(access.acls.len(), 5);
        assert!(!format!("{access:?}").contains("hunter"));
        assert_eq!(access.open_files, [Path::new("/etc/bob")]);
        assert_eq!(access.warnings, []);
    }

    #[test]
    fn what_is_missing_is_one_line_with_its_place() {
        let file = "/etc/registry.yaml";
        check_refused(
            file,
            None,
            "/etc/registry.yaml line 2 column 3: ada has no password: environment variable ADA is not set",
        );
        check_refused(
            file,
            Some(""),
            "/etc/registry.yaml line 2 column 3: ada has no password: environment variable ADA is empty",
        );
        check_refused(
            "/etc/broken.yaml",
            None,
            "/etc/broken.yaml line 2 column 4: \"usrname\" is no key of a credential; did you mean username?",
        );
        check_refused(
            "/nowhere",
            None,
            "cannot read /nowhere named by hanzo.catalog.file (--set): entity not found; name a readable YAML file, or none",
        );
    }

    #[test]
    fn a_user_has_one_password() {
        let user = |password: &str| DeclaredUser {
            name: "ada".to_owned(),
            password: Secret::new(password),
            given: Source::Environment("KAFKA_CLIENT_USERS".to_owned()),
        };
        assert!(read("/etc/registry.yaml", Some("hunter1"), vec![user("hunter1")]).is_ok());
        assert_eq!(
            read("/etc/registry.yaml", Some("hunter1"), vec![user("hunter3")]).unwrap_err().to_string(),
            "ada has two passwords, of environment variable KAFKA_CLIENT_USERS and of /etc/registry.yaml line 2; keep one of them"
        );
    }

    #[test]
    fn credentials_want_an_authorizer_and_mechanisms() {
        let mut settings = Settings::default();
        read("/etc/topics.yaml", None, Vec::new()).unwrap().infer(&mut settings);
        assert_eq!(settings, Settings::default());
        let access = read("/etc/registry.yaml", Some("hunter1"), Vec::new()).unwrap();
        access.infer(&mut settings);
        assert_eq!(settings.text(AUTHORIZER_KEY), Some(STANDARD_AUTHORIZER));
        assert_eq!(settings.text(MECHANISMS_KEY), Some(MECHANISMS));
        assert!(access.check_listeners(true).is_ok());
        let error = access.check_listeners(false).unwrap_err().to_string();
        assert!(error.starts_with("ada has a password (/etc/registry.yaml line 2), and no listener asks"), "{error}");
    }
}
