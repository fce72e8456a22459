//! DescribeDelegationToken (key 41), versions 1–3.
//!
//! - DELEGATION_TOKEN_REQUEST_NOT_ALLOWED on connections that did not log in, or did with a token; without
//!   `delegation.token.secret.key` DELEGATION_TOKEN_AUTH_DISABLED.
//! - Null owners: all tokens; an empty list: none. A token is shown to its owner, requester and renewers, and to whoever may
//!   Describe it or DescribeTokens of its owner (KIP-373); the others are left out.

use std::sync::Arc;

use stream_codec::Str;
use stream_codec::stored::metadata::DelegationTokenRecord;
use stream_security::Principal;
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::describe_delegation_token::{
    DescribeDelegationTokenRequest, DescribeDelegationTokenResponse, DescribedDelegationToken,
    DescribedDelegationTokenRenewer,
};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Lists tokens.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: DescribeDelegationTokenRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let refused = |error: ErrorCode| {
        let answer = DescribeDelegationTokenResponse { error_code: error.code(), ..Default::default() };
        request.ready(&answer)
    };
    if !broker.tokens.may_ask(&request.session) {
        return refused(ErrorCode::DelegationTokenRequestNotAllowed);
    }
    if !broker.tokens.are_on() {
        return refused(ErrorCode::DelegationTokenAuthDisabled);
    }
    let wanted: Option<Vec<String>> = body.owners.map(|owners| {
        owners.iter().map(|owner| format!("{}:{}", owner.principal_type, owner.principal_name)).collect()
    });
    let asks = request.session.principal.to_string();
    let would_let = |operation, kind, name: &str| broker.would_let(&request.session, operation, kind, name);
    let is_shown = |record: &DelegationTokenRecord| {
        if wanted.as_ref().is_some_and(|wanted| !wanted.iter().any(|principal| belongs_to(record, principal))) {
            return false;
        }
        belongs_to(record, &asks)
            || would_let(Operation::Describe, ResourceType::DelegationToken, &record.token_id)
            || would_let(Operation::DescribeTokens, ResourceType::User, &record.owner)
    };
    let image = broker.image();
    let shown = image.security().tokens.values().filter(|record| is_shown(record));
    let tokens = shown.map(|record| described(broker, request.version(), record)).collect();
    request.ready(&DescribeDelegationTokenResponse { tokens, ..Default::default() })
}

fn belongs_to(record: &DelegationTokenRecord, principal: &str) -> bool {
    *record.owner == *principal
        || *record.requester == *principal
        || record.renewers.iter().any(|renewer| **renewer == *principal)
}

fn described(broker: &Broker, version: i16, record: &DelegationTokenRecord) -> DescribedDelegationToken {
    let (principal_type, principal_name) = parts(&record.owner);
    let (token_requester_principal_type, token_requester_principal_name) =
        if version >= 3 { parts(&record.requester) } else { Default::default() };
    let renewer = |renewer: &Str| {
        let (principal_type, principal_name) = parts(renewer);
        DescribedDelegationTokenRenewer { principal_type, principal_name }
    };
    DescribedDelegationToken {
        principal_type,
        principal_name,
        token_requester_principal_type,
        token_requester_principal_name,
        issue_timestamp: record.issue_timestamp,
        expiry_timestamp: record.expiration_timestamp,
        max_timestamp: record.max_timestamp,
        token_id: record.token_id.clone(),
        hmac: broker.tokens.secret_of(&record.token_id),
        renewers: record.renewers.iter().map(renewer).collect(),
    }
}

fn parts(principal: &str) -> (Str, Str) {
    match Principal::parse(principal) {
        Some(principal) => (principal.kind().into(), principal.name().into()),
        None => (Principal::USER.into(), principal.into()),
    }
}
