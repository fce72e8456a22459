//! DescribeUserScramCredentials and AlterUserScramCredentials (KIP-554).

use bytes::Bytes;
use stream_security::Secret;
use stream_security::sasl::scram::ScramMechanism;
use stream_types::ErrorCode;
use stream_wire::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResult, ScramCredentialDeletion,
    ScramCredentialUpsertion,
};
use stream_wire::describe_user_scram_credentials::{
    DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResult, UserName,
};

use crate::client::{Client, Target};
use crate::clock::fill_random;
use crate::error::ClientError;

/// Random bytes that make equal passwords look different.
const SALT_BYTES: usize = 32;

/// A user who can log in by SCRAM.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ScramUser {
    /// The name.
    pub name: String,
    /// Each mechanism's name, with the iterations of its credential.
    pub credentials: Vec<(String, i32)>,
}

impl Client {
    /// The users who have SCRAM credentials, by name; of these names, or all.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time. A name that nobody has is no error.
    pub async fn scram_users(&self, names: Option<&[String]>) -> Result<Vec<ScramUser>, ClientError> {
        let name = |name: &String| UserName { name: name.as_str().into() };
        let request =
            DescribeUserScramCredentialsRequest { users: names.map(|names| names.iter().map(name).collect()) };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            let checked = ClientError::check("users", response.error_code, response.error_message.as_deref());
            let users = match checked {
                Ok(()) => response.results.into_iter().map(described).collect::<Result<Vec<_>, _>>(),
                Err(error) => Err(error),
            };
            match users {
                Ok(users) => {
                    let mut users: Vec<ScramUser> = users.into_iter().flatten().collect();
                    users.sort_by(|left, right| left.name.cmp(&right.name));
                    return Ok(users);
                }
                Err(error) => retry.after(error).await?,
            }
        }
    }

    /// Gives a user credentials for these mechanisms, in place of those that it has for them. The password itself does
    /// not leave this machine.
    ///
    /// # Errors
    /// Kafka's error, or when no broker answers in time.
    pub async fn set_scram_password(
        &self,
        user: &str,
        mechanisms: &[ScramMechanism],
        password: &Secret,
        iterations: std::num::NonZeroU32,
    ) -> Result<(), ClientError> {
        let upsertion = |mechanism: &ScramMechanism| {
            let mut salt = [0; SALT_BYTES];
            fill_random(&mut salt);
            let salted_password = mechanism.salted_password(password.as_bytes(), &salt, iterations);
            ScramCredentialUpsertion {
                name: user.into(),
                mechanism: mechanism.code(),
                iterations: i32::try_from(iterations.get()).unwrap_or(i32::MAX),
                salt: Bytes::copy_from_slice(&salt),
                salted_password: Bytes::copy_from_slice(salted_password.as_bytes()),
            }
        };
        let upsertions: Vec<ScramCredentialUpsertion> = mechanisms.iter().map(upsertion).collect();
        // Of several changes to one user in a request Kafka refuses all (DUPLICATE_RESOURCE), so each has its own.
        for upsertion in upsertions {
            self.alter_scram(
                user,
                AlterUserScramCredentialsRequest { deletions: Vec::new(), upsertions: vec![upsertion] },
            )
            .await?;
        }
        Ok(())
    }

    /// Takes a user's credential for a mechanism away.
    ///
    /// # Errors
    /// RESOURCE_NOT_FOUND if there is none; Kafka's other errors; when no broker answers in time.
    pub async fn delete_scram_credential(&self, user: &str, mechanism: ScramMechanism) -> Result<(), ClientError> {
        let deletion = ScramCredentialDeletion { name: user.into(), mechanism: mechanism.code() };
        self.alter_scram(user, AlterUserScramCredentialsRequest { deletions: vec![deletion], upsertions: Vec::new() })
            .await
    }

    async fn alter_scram(&self, user: &str, request: AlterUserScramCredentialsRequest) -> Result<(), ClientError> {
        let check = |result: &AlterUserScramCredentialsResult| {
            ClientError::check(format!("user '{user}'"), result.error_code, result.error_message.as_deref())
        };
        let mut retry = self.retry();
        loop {
            let response = self.call(Target::Any, &request).await?;
            match response.results.iter().try_for_each(check) {
                Ok(()) => return Ok(()),
                Err(error) => retry.after(error).await?,
            }
        }
    }
}

fn described(result: DescribeUserScramCredentialsResult) -> Result<Option<ScramUser>, ClientError> {
    if ErrorCode::from_code(result.error_code) == Some(ErrorCode::ResourceNotFound) {
        return Ok(None);
    }
    ClientError::check(format!("user '{}'", result.user), result.error_code, result.error_message.as_deref())?;
    let name = |code: i8| {
        ScramMechanism::from_code(code)
            .map_or_else(|| format!("mechanism {code}"), |mechanism| mechanism.name().to_owned())
    };
    let credentials = result.credential_infos.iter().map(|info| (name(info.mechanism), info.iterations)).collect();
    Ok(Some(ScramUser { name: result.user.to_string(), credentials }))
}
