//! AlterUserScramCredentials (key 51), version 0.
//!
//! - Sets and removes SCRAM credentials (KIP-554); needs Alter on the cluster.
//! - The client sends the salted password; what is stored are the two keys made of it, which let nobody log in.
//! - Each user has its own outcome, with Kafka's codes and sentences; one bad change leaves the user as it was.
//! - A credential counts for logins once the answer is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use stream_codec::Str;
use stream_metadata::controller::{AlterUserScramCredentials, ScramUpsertion};
use stream_metadata::{Command, Reply};
use stream_security::Secret;
use stream_security::acl::Operation;
use stream_security::sasl::scram::ScramMechanism;
use stream_types::ErrorCode;
use stream_wire::alter_user_scram_credentials::{
    AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse, AlterUserScramCredentialsResult,
    ScramCredentialUpsertion,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Changes credentials.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: AlterUserScramCredentialsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let deleted = body.deletions.iter().map(|deletion| deletion.name.clone());
    let users: BTreeSet<Str> = deleted.chain(body.upsertions.iter().map(|upsertion| upsertion.name.clone())).collect();
    if !broker.may_on_cluster(&request.session, Operation::Alter) {
        let message = Some("Cluster authorization failed.");
        return request.ready(&refuse_all(&users, ErrorCode::ClusterAuthorizationFailed, message));
    }
    let command = AlterUserScramCredentials {
        deletions: body.deletions.iter().map(|deletion| (deletion.name.to_string(), deletion.mechanism)).collect(),
        upsertions: body.upsertions.into_iter().map(upsertion).collect(),
    };
    let (broker, session, responder) = (Arc::clone(broker), request.session.clone(), request.responder);
    Pending::later(async move {
        let all = |error: ErrorCode| refuse_all(&users, error, None);
        let response = match broker.change(&session, Command::AlterUserScramCredentials(command)).await {
            Ok(Reply::AlterUserScramCredentials(reply)) => {
                let outcome = |(user, outcome): (String, Result<(), stream_metadata::ApiError>)| match outcome {
                    Ok(()) => result(&user.into(), ErrorCode::None, None),
                    Err(error) => result(&user.into(), error.code, Some(&error.message)),
                };
                AlterUserScramCredentialsResponse {
                    throttle_time_ms: 0,
                    results: reply.users.into_iter().map(outcome).collect(),
                }
            }
            Ok(_) => all(ErrorCode::UnknownServerError),
            Err(error) => all(error),
        };
        responder.respond(&response)
    })
}

/// What is stored of a salted password; nothing for a mechanism that the controller will refuse.
fn upsertion(asked: ScramCredentialUpsertion) -> ScramUpsertion {
    let credential = ScramMechanism::from_code(asked.mechanism).map(|mechanism| {
        let salted_password = Secret::new(asked.salted_password.to_vec());
        mechanism.credential(&salted_password, &asked.salt, u32::try_from(asked.iterations).unwrap_or(0))
    });
    let key = |key: fn(&stream_security::sasl::scram::ScramCredential) -> &Secret| {
        credential.as_ref().map(|credential| key(credential).as_bytes().to_vec()).unwrap_or_default().into()
    };
    ScramUpsertion {
        user: asked.name.to_string(),
        mechanism: asked.mechanism,
        iterations: asked.iterations,
        stored_key: key(|credential| &credential.stored_key),
        server_key: key(|credential| &credential.server_key),
        salt: asked.salt,
    }
}

fn refuse_all(users: &BTreeSet<Str>, error: ErrorCode, message: Option<&str>) -> AlterUserScramCredentialsResponse {
    AlterUserScramCredentialsResponse {
        throttle_time_ms: 0,
        results: users.iter().map(|user| result(user, error, message)).collect(),
    }
}

fn result(user: &Str, error: ErrorCode, message: Option<&str>) -> AlterUserScramCredentialsResult {
    AlterUserScramCredentialsResult {
        user: user.clone(),
        error_code: error.code(),
        error_message: message.map(Into::into),
    }
}
