//! CreateDelegationToken (key 38), versions 1–3.
//!
//! - DELEGATION_TOKEN_REQUEST_NOT_ALLOWED on connections that did not log in, or did with a token.
//! - v3: a token for somebody else needs CreateTokens on that user (KIP-373).
//! - DELEGATION_TOKEN_AUTH_DISABLED without `delegation.token.secret.key`.
//! - Owner and renewers are of type User, else INVALID_PRINCIPAL_TYPE.

use std::sync::Arc;

use stream_metadata::controller::CreateDelegationToken;
use stream_metadata::{Command, Reply};
use stream_security::Principal;
use stream_security::acl::{Operation, ResourceType};
use stream_types::ErrorCode;
use stream_wire::create_delegation_token::{CreateDelegationTokenRequest, CreateDelegationTokenResponse};

use super::request::Request;
use crate::broker::Broker;
use crate::net::Pending;

/// Makes a token.
pub(crate) fn handle(broker: &Arc<Broker>, request: &Request) -> Pending {
    let body: CreateDelegationTokenRequest = match request.decode() {
        Ok(body) => body,
        Err(pending) => return pending,
    };
    let requester = request.session.principal.clone();
    let name = body.owner_principal_name.as_deref().filter(|name| !name.is_empty());
    let kind = body.owner_principal_type.as_deref().unwrap_or(Principal::USER);
    let owner = name.map_or_else(|| requester.clone(), Principal::user);
    let answer = CreateDelegationTokenResponse {
        principal_type: owner.kind().into(),
        principal_name: owner.name().into(),
        token_requester_principal_type: requester.kind().into(),
        token_requester_principal_name: requester.name().into(),
        ..Default::default()
    };
    // Versions without the requester's fields leave them out.
    let answer = if request.version() >= 3 {
        answer
    } else {
        CreateDelegationTokenResponse {
            token_requester_principal_type: "".into(),
            token_requester_principal_name: "".into(),
            ..answer
        }
    };
    let refused = |error: ErrorCode| CreateDelegationTokenResponse { error_code: error.code(), ..answer.clone() };
    let users_only = (name.is_none() || kind == Principal::USER)
        && body.renewers.iter().all(|renewer| *renewer.principal_type == *Principal::USER);
    if !broker.tokens.may_ask(&request.session) {
        return request.ready(&refused(ErrorCode::DelegationTokenRequestNotAllowed));
    }
    if owner != requester
        && !broker.may(&request.session, Operation::CreateTokens, ResourceType::User, &owner.to_string())
    {
        return request.ready(&refused(ErrorCode::DelegationTokenAuthorizationFailed));
    }
    if !broker.tokens.are_on() {
        return request.ready(&refused(ErrorCode::DelegationTokenAuthDisabled));
    }
    if !users_only {
        return request.ready(&refused(ErrorCode::InvalidPrincipalType));
    }
    let command = CreateDelegationToken {
        owner: owner.to_string(),
        requester: requester.to_string(),
        renewers: body.renewers.iter().map(|renewer| Principal::user(&renewer.principal_name).to_string()).collect(),
        lifetime_max_ms: body.max_lifetime_ms,
    };
    let (broker, session, responder) = (Arc::clone(broker), request.session.clone(), request.responder);
    Pending::later(async move {
        let refused = |error: ErrorCode| CreateDelegationTokenResponse { error_code: error.code(), ..answer.clone() };
        responder.respond(&match broker.change(&session, Command::CreateDelegationToken(command)).await {
            Ok(Reply::CreateDelegationToken(Ok(record))) => CreateDelegationTokenResponse {
                issue_timestamp_ms: record.issue_timestamp,
                expiry_timestamp_ms: record.expiration_timestamp,
                max_timestamp_ms: record.max_timestamp,
                hmac: broker.tokens.secret_of(&record.token_id),
                token_id: record.token_id,
                ..answer
            },
            Ok(Reply::CreateDelegationToken(Err(refusal))) => refused(refusal.code),
            Ok(_) => refused(ErrorCode::UnknownServerError),
            Err(error) => refused(error),
        })
    })
}
