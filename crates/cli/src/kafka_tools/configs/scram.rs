//! SCRAM credentials of users, whose passwords Kafka's tool takes on the command line.

use std::num::NonZeroU32;

use stream_client::{Client, ScramUser};
use stream_security::Secret;
use stream_security::sasl::scram::{ITERATIONS_MIN, ScramMechanism};

use super::entity::{Entity, Kind};
use crate::kafka_tools::error::ToolError;
use crate::output::print;

/// Shows the credentials of a user, or of all; nothing where clients or the default are meant.
pub(super) async fn describe(client: &Client, entity: &Entity) -> Result<(), ToolError> {
    let names = match entity.parts.as_slice() {
        [(Kind::Users, None)] => None,
        [(Kind::Users, Some(name))] if !name.is_empty() => Some(vec![name.clone()]),
        _ => return Ok(()),
    };
    let users = client.scram_users(names.as_deref()).await?;
    let line = |user: &ScramUser| {
        let credential = |(mechanism, iterations): &(String, i32)| format!("{mechanism}=iterations={iterations}");
        let credentials: Vec<String> = user.credentials.iter().map(credential).collect();
        format!("SCRAM credential configs for user-principal '{}' are {}\n", user.name, credentials.join(", "))
    };
    Ok(print(&users.iter().map(line).collect::<String>())?)
}

pub(super) async fn alter(
    client: &Client,
    entity: &Entity,
    set: &[(String, String)],
    delete: &[String],
) -> Result<(), ToolError> {
    let name = match entity.parts.as_slice() {
        [(Kind::Users, Some(name))] if !name.is_empty() => name,
        [(Kind::Users, _)] => {
            return Err(ToolError::usage(
                "The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.",
            ));
        }
        _ => {
            return Err(ToolError::usage(
                "Cannot alter SCRAM credentials of a user's client: name --entity-type users only",
            ));
        }
    };
    let mut upsertions = Vec::new();
    for (key, value) in set {
        let mechanism = mechanism(key, "added")?;
        upsertions.push((mechanism, credential(mechanism, value)?));
    }
    let deletions: Vec<ScramMechanism> =
        delete.iter().map(|key| mechanism(key, "deleted")).collect::<Result<_, ToolError>>()?;
    for (mechanism, (iterations, password)) in upsertions {
        client.set_scram_password(name, &[mechanism], &password, iterations).await?;
    }
    for mechanism in deletions {
        client.delete_scram_credential(name, mechanism).await?;
    }
    Ok(())
}

fn mechanism(key: &str, done: &str) -> Result<ScramMechanism, ToolError> {
    let known = ScramMechanism::ALL.iter().copied().find(|mechanism| mechanism.name() == key);
    known.ok_or_else(|| {
        ToolError::usage(format!(
            "Only quota and SCRAM credential configs can be {done} for 'users' using --bootstrap-server. Unexpected config names: Set({key})"
        ))
    })
}

/// `iterations=8192,password=...`, of which the iterations may be left out.
fn credential(mechanism: ScramMechanism, value: &str) -> Result<(NonZeroU32, Secret), ToolError> {
    // The value is not repeated: it holds a password.
    let invalid = || ToolError::usage(format!("Invalid credential property {}", mechanism.name()));
    let (iterations, password) = match value.strip_prefix("iterations=") {
        Some(rest) => rest.split_once(',').ok_or_else(invalid)?,
        None => ("-1", value),
    };
    let password = password.strip_prefix("password=").ok_or_else(invalid)?;
    let iterations: i64 = iterations.parse().map_err(|_| invalid())?;
    let iterations = if iterations == -1 { i64::from(ITERATIONS_MIN) } else { iterations };
    let enough = u32::try_from(iterations).ok().filter(|iterations| *iterations >= ITERATIONS_MIN);
    let enough = enough.and_then(NonZeroU32::new).ok_or_else(|| {
        ToolError::usage(format!(
            "Iterations {iterations} is less than the minimum {ITERATIONS_MIN} required for {}",
            mechanism.name()
        ))
    })?;
    Ok((enough, Secret::new(password)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_may_be_left_out_and_passwords_are_not_repeated() {
        let parse = |value: &str| credential(ScramMechanism::Sha256, value);
        let (iterations, password) = parse("iterations=8192,password=a,b=c").expect("valid");
        assert_eq!((iterations.get(), password.as_bytes()), (8192, b"a,b=c".as_slice()));
        assert_eq!(parse("password=x").expect("valid").0.get(), 4096);
        for value in ["hunter2", "iterations=8192", "iterations=many,password=hunter2", "iterations=1,password=hunter2"]
        {
            let refusal = parse(value).expect_err("refused").to_string();
            assert!(!refusal.contains("hunter2"), "{refusal}");
        }
    }
}
