//! AlterUserScramCredentials: users' SCRAM credentials are set and removed (KIP-554).
//!
//! - The outcome is one for each user: whatever is wrong with one of its changes, none of them is made.
//! - A user may have a credential for each mechanism; each may be changed once in a request.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use bytes::Bytes;
use stream_codec::Str;
use stream_codec::stored::metadata::{RemoveUserScramCredentialRecord, UserScramCredentialRecord};
use stream_types::ErrorCode;

use super::{ApiError, Controller, Decision};
use crate::record::MetadataRecord;

/// Fewest and most iterations of PBKDF2, as in Kafka.
const ITERATIONS: std::ops::RangeInclusive<i32> = 4096..=16_384;
/// The numbers of SCRAM-SHA-256 and SCRAM-SHA-512.
const MECHANISMS: std::ops::RangeInclusive<i8> = 1..=2;

/// Credentials are to be set and removed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlterUserScramCredentials {
    /// User and mechanism of those that are to go.
    pub deletions: Vec<(String, i8)>,
    /// Those that are to be there.
    pub upsertions: Vec<ScramUpsertion>,
}

/// A credential that is to be there. Its keys are not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ScramUpsertion {
    /// The user.
    pub user: String,
    /// 1 is SCRAM-SHA-256, 2 is SCRAM-SHA-512.
    pub mechanism: i8,
    /// Rounds of PBKDF2.
    pub iterations: i32,
    /// The salt.
    pub salt: Bytes,
    /// The digest of the client's key.
    pub stored_key: Bytes,
    /// The key of the server's signature.
    pub server_key: Bytes,
}

impl fmt::Debug for ScramUpsertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ScramUpsertion { user, mechanism, iterations, .. } = self;
        let mut shown = f.debug_struct("ScramUpsertion");
        shown.field("user", user).field("mechanism", mechanism).field("iterations", iterations);
        shown.finish_non_exhaustive()
    }
}

/// The outcome for each user, in the order of their names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlterUserScramCredentialsReply {
    /// User and outcome.
    pub users: Vec<(String, Result<(), ApiError>)>,
}

impl Controller {
    /// Sets and removes credentials.
    pub fn alter_user_scram_credentials(
        &self,
        command: &AlterUserScramCredentials,
    ) -> Decision<AlterUserScramCredentialsReply> {
        let mut changes: BTreeMap<&str, Result<Vec<MetadataRecord>, ApiError>> = BTreeMap::new();
        let mut altered = HashSet::new();
        let deletions = command.deletions.iter().map(|(user, mechanism)| {
            let record = self
                .check_deletion(user, *mechanism)
                .map(|()| RemoveUserScramCredentialRecord { name: Str::from(user), mechanism: *mechanism }.into());
            (user.as_str(), *mechanism, record)
        });
        let upsertions = command
            .upsertions
            .iter()
            .map(|upsertion| (upsertion.user.as_str(), upsertion.mechanism, checked_record(upsertion)));
        for (user, mechanism, record) in deletions.chain(upsertions) {
            let record = record.and_then(|record| {
                if altered.insert((user, mechanism)) {
                    return Ok(record);
                }
                let message = "A user credential cannot be altered twice in the same request";
                Err(ApiError::new(ErrorCode::DuplicateResource, message))
            });
            let outcome = changes.entry(user).or_insert_with(|| Ok(Vec::new()));
            match (outcome.as_mut(), record) {
                (Ok(records), Ok(record)) => records.push(record),
                (Ok(_), Err(error)) => *outcome = Err(error),
                (Err(_), _) => {}
            }
        }
        let mut records = Vec::new();
        let users = changes.into_iter().map(|(user, outcome)| {
            let outcome = outcome.map(|changed| records.extend(changed));
            (user.to_owned(), outcome)
        });
        let users = users.collect();
        Decision { records, reply: AlterUserScramCredentialsReply { users } }
    }

    fn check_deletion(&self, user: &str, mechanism: i8) -> Result<(), ApiError> {
        check_user_and_mechanism(user, mechanism)?;
        if self.image.security().scram.contains_key(&(user.to_owned(), mechanism)) {
            return Ok(());
        }
        let message = "Attempt to delete a user credential that does not exist";
        Err(ApiError::new(ErrorCode::ResourceNotFound, message))
    }
}

fn checked_record(upsertion: &ScramUpsertion) -> Result<MetadataRecord, ApiError> {
    let ScramUpsertion { user, mechanism, iterations, salt, stored_key, server_key } = upsertion;
    check_user_and_mechanism(user, *mechanism)?;
    let unacceptable = |message| Err(ApiError::new(ErrorCode::UnacceptableCredential, message));
    if iterations > ITERATIONS.end() {
        return unacceptable("Too many iterations");
    }
    if iterations < ITERATIONS.start() {
        return unacceptable("Too few iterations");
    }
    let record = UserScramCredentialRecord {
        name: Str::from(user),
        mechanism: *mechanism,
        salt: salt.clone(),
        stored_key: stored_key.clone(),
        server_key: server_key.clone(),
        iterations: *iterations,
    };
    Ok(record.into())
}

fn check_user_and_mechanism(user: &str, mechanism: i8) -> Result<(), ApiError> {
    if user.is_empty() {
        return Err(ApiError::new(ErrorCode::UnacceptableCredential, "Username must not be empty"));
    }
    if !MECHANISMS.contains(&mechanism) {
        return Err(ApiError::new(ErrorCode::UnsupportedSaslMechanism, "Unknown SCRAM mechanism"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use stream_types::NodeId;

    use super::*;
    use crate::config_def::StaticConfig;
    use crate::image::MetadataImage;

    fn upsert(user: &str, mechanism: i8, iterations: i32) -> ScramUpsertion {
        let key = Bytes::from_static(b"key");
        ScramUpsertion {
            user: user.to_owned(),
            mechanism,
            iterations,
            salt: key.clone(),
            stored_key: key.clone(),
            server_key: key,
        }
    }

    /// Decides, replays, and gives the outcomes as texts.
    fn alter(image: &mut MetadataImage, deletions: &[(&str, i8)], upsertions: Vec<ScramUpsertion>) -> Vec<String> {
        let config = Arc::new(StaticConfig::new(NodeId(1), BTreeMap::new()));
        let deletions = deletions.iter().map(|(user, mechanism)| ((*user).to_owned(), *mechanism)).collect();
        let command = AlterUserScramCredentials { deletions, upsertions };
        let decision = Controller::new(Arc::new(image.clone()), config).alter_user_scram_credentials(&command);
        image.replay_all(&decision.records).unwrap();
        let text = |(user, outcome): &(String, Result<(), ApiError>)| match outcome {
            Ok(()) => format!("{user} done"),
            Err(error) => format!("{user} {error}"),
        };
        decision.reply.users.iter().map(text).collect()
    }

    fn users(image: &MetadataImage) -> Vec<String> {
        image.security().scram.keys().map(|(user, mechanism)| format!("{user}/{mechanism}")).collect()
    }

    #[test]
    fn a_user_has_a_credential_for_each_mechanism() {
        let mut image = MetadataImage::empty("c");
        let both = vec![upsert("b", 2, 4096), upsert("a", 1, 16_384), upsert("b", 1, 8192)];
        assert_eq!(alter(&mut image, &[], both), ["a done", "b done"]);
        assert_eq!(users(&image), ["a/1", "b/1", "b/2"]);
        assert_eq!(alter(&mut image, &[("b", 1)], vec![upsert("b", 2, 5000)]), ["b done"]);
        assert_eq!(users(&image), ["a/1", "b/2"]);
        assert_eq!(image.security().scram[&("b".to_owned(), 2)].iterations, 5000);
    }

    #[test]
    fn what_is_wrong_is_said_as_kafka_says_it_and_changes_nothing_of_the_user() {
        let mut image = MetadataImage::empty("c");
        alter(&mut image, &[], vec![upsert("old", 1, 4096)]);
        let outcomes = alter(
            &mut image,
            &[("nobody", 1), ("old", 1), ("", 1), ("odd", 3), ("twice", 9)],
            vec![
                upsert("old", 1, 4096),
                upsert("few", 1, 4095),
                upsert("many", 2, 16_385),
                upsert("double", 1, 4096),
                upsert("double", 1, 4096),
                upsert("half", 1, 4096),
                upsert("half", 2, 1),
                upsert("twice", 1, 4096),
                upsert("fine", 1, 4096),
            ],
        );
        assert_eq!(
            outcomes,
            [
                " UNACCEPTABLE_CREDENTIAL: Username must not be empty",
                "double DUPLICATE_RESOURCE: A user credential cannot be altered twice in the same request",
                "few UNACCEPTABLE_CREDENTIAL: Too few iterations",
                "fine done",
                "half UNACCEPTABLE_CREDENTIAL: Too few iterations",
                "many UNACCEPTABLE_CREDENTIAL: Too many iterations",
                "nobody RESOURCE_NOT_FOUND: Attempt to delete a user credential that does not exist",
                "odd UNSUPPORTED_SASL_MECHANISM: Unknown SCRAM mechanism",
                "old DUPLICATE_RESOURCE: A user credential cannot be altered twice in the same request",
                "twice UNSUPPORTED_SASL_MECHANISM: Unknown SCRAM mechanism",
            ]
        );
        assert_eq!(users(&image), ["fine/1", "old/1"]);
    }

    #[test]
    fn keys_are_not_shown() {
        assert!(!format!("{:?}", upsert("u", 1, 4096)).contains("key"));
    }
}
