//! `authorizer.class.name` and what goes with it.

use std::collections::HashSet;

use stream_security::Principal;
use stream_security::acl::AuthorizerSettings;

use super::error::ConfigError;
use super::reader::Reader;

const CLASS: &str = "authorizer.class.name";
const SUPER_USERS: &str = "super.users";
const ALLOW_EVERYONE: &str = "allow.everyone.if.no.acl.found";
const STANDARD: &str = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
/// What configurations of ZooKeeper's time say.
const OLD: &[&str] = &["kafka.security.authorizer.AclAuthorizer", "kafka.security.auth.SimpleAclAuthorizer"];

/// Who decides; None where everybody may do everything.
pub(super) fn resolve(reader: Reader<'_>) -> Result<Option<AuthorizerSettings>, ConfigError> {
    match reader.text_or_default(CLASS).trim() {
        "" => refuse_without_authorizer(reader).map(|()| None),
        STANDARD => Ok(Some(AuthorizerSettings {
            super_users: super_users(reader)?,
            allow_everyone_if_no_acl_found: reader.bool(ALLOW_EVERYONE)?,
        })),
        class if OLD.contains(&class) => {
            Err(reader.invalid(CLASS, format!("it kept ACLs in ZooKeeper, which is gone; write {STANDARD}")))
        }
        _ => Err(reader.invalid(CLASS, format!("classes cannot be loaded here; write {STANDARD}, or nothing"))),
    }
}

/// Without an authorizer these keys would do nothing, and whoever writes them wants access closed.
fn refuse_without_authorizer(reader: Reader<'_>) -> Result<(), ConfigError> {
    let problem = || format!("nobody is refused anything without {CLASS}={STANDARD}; add that");
    if reader.text(SUPER_USERS).is_some_and(|users| !users.trim().is_empty()) {
        return Err(reader.invalid(SUPER_USERS, problem()));
    }
    if reader.text(ALLOW_EVERYONE).is_some_and(|text| text.eq_ignore_ascii_case("false")) {
        return Err(reader.invalid(ALLOW_EVERYONE, problem()));
    }
    Ok(())
}

fn super_users(reader: Reader<'_>) -> Result<HashSet<Principal>, ConfigError> {
    let users = reader.text_or_default(SUPER_USERS).split(';').map(str::trim).filter(|user| !user.is_empty());
    let parse = |user: &str| {
        Principal::parse(user).ok_or_else(|| {
            reader.invalid(SUPER_USERS, format!("'{user}' is not Type:name, such as User:admin; separate users by ;"))
        })
    };
    users.map(parse).collect()
}
