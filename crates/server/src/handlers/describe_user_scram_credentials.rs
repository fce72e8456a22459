//! DescribeUserScramCredentials (key 50), version 0.
//!
//! - Says which SCRAM mechanisms users have, with how many iterations (KIP-554); needs Describe on the cluster.
//! - Without users, all that have a credential. A user that has none is RESOURCE_NOT_FOUND, one that is asked for twice
//!   DUPLICATE_RESOURCE.
//! - Never says a salt or a key.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use stream_codec::Str;
use stream_security::acl::Operation;
use stream_types::ErrorCode;
use stream_wire::describe_user_scram_credentials::{
    CredentialInfo, DescribeUserScramCredentialsRequest, DescribeUserScramCredentialsResponse,
    DescribeUserScramCredentialsResult,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

const TWICE: &str = "Cannot describe SCRAM credentials for the same user twice in a single request: ";
const NOBODY: &str = "Attempt to describe a user credential that does not exist: ";

/// Describes users.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeUserScramCredentialsRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let asked: Vec<Str> = body.users.unwrap_or_default().into_iter().map(|user| user.name).collect();
    if !broker.may_on_cluster(&request.session, Operation::Describe) {
        let (error, message) = (ErrorCode::ClusterAuthorizationFailed, "Cluster authorization failed.");
        let results = asked.into_iter().map(|user| refused(user, error, message.to_owned())).collect();
        let error_message = Some(message.into());
        return request.ready(&DescribeUserScramCredentialsResponse {
            throttle_time_ms: 0,
            error_code: error.code(),
            error_message,
            results,
        });
    }
    let image = broker.image();
    let mut known: BTreeMap<&str, Vec<CredentialInfo>> = BTreeMap::new();
    for ((user, mechanism), credential) in &image.security().scram {
        let info = CredentialInfo { mechanism: *mechanism, iterations: credential.iterations };
        known.entry(user).or_default().push(info);
    }
    let mut counts: HashMap<&Str, usize> = HashMap::new();
    asked.iter().for_each(|user| *counts.entry(user).or_default() += 1);
    let results = if asked.is_empty() {
        known.into_iter().map(|(user, infos)| described(user.into(), infos)).collect()
    } else {
        let mut users: Vec<&Str> = counts.keys().copied().collect();
        users.sort();
        let result = |user: &Str| match known.get(&**user) {
            _ if counts[user] > 1 => refused(user.clone(), ErrorCode::DuplicateResource, format!("{TWICE}{user}")),
            None => refused(user.clone(), ErrorCode::ResourceNotFound, format!("{NOBODY}{user}")),
            Some(infos) => described(user.clone(), infos.clone()),
        };
        users.into_iter().map(result).collect()
    };
    request.ready(&DescribeUserScramCredentialsResponse {
        throttle_time_ms: 0,
        error_code: ErrorCode::None.code(),
        error_message: None,
        results,
    })
}

fn described(user: Str, credential_infos: Vec<CredentialInfo>) -> DescribeUserScramCredentialsResult {
    DescribeUserScramCredentialsResult {
        user,
        error_code: ErrorCode::None.code(),
        error_message: None,
        credential_infos,
    }
}

fn refused(user: Str, error: ErrorCode, message: String) -> DescribeUserScramCredentialsResult {
    DescribeUserScramCredentialsResult {
        user,
        error_code: error.code(),
        error_message: Some(message.into()),
        credential_infos: Vec::new(),
    }
}
