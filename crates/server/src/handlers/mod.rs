//! One file an API: a request in the broker's words, its work started, its answer encoded.
//!
//! [`dispatch`] runs stage 1 of each request, on the connection's task and in request order. What
//! takes longer is a future in the [`Pending`] that it returns.

pub(crate) mod error_map;
mod request;

mod alter_client_quotas;
mod alter_configs;
mod alter_user_scram_credentials;
mod api_versions;
mod create_acls;
mod create_delegation_token;
mod create_partitions;
mod create_topics;
mod delete_acls;
mod delete_groups;
mod delete_records;
mod delete_topics;
mod describe_acls;
mod describe_client_quotas;
mod describe_cluster;
mod describe_configs;
mod describe_delegation_token;
mod describe_groups;
mod describe_log_dirs;
mod describe_producers;
mod describe_quorum;
mod describe_topic_partitions;
mod describe_user_scram_credentials;
mod elect_leaders;
mod expire_delegation_token;
mod fetch;
mod find_coordinator;
mod heartbeat;
mod incremental_alter_configs;
mod init_producer_id;
mod join_group;
mod leave_group;
mod list_config_resources;
mod list_groups;
mod list_offsets;
mod list_partition_reassignments;
mod metadata;
mod offset_commit;
mod offset_delete;
mod offset_fetch;
mod offset_for_leader_epoch;
mod produce;
mod renew_delegation_token;
mod sasl_authenticate;
mod sasl_handshake;
mod sync_group;

use std::sync::Arc;

use bytes::Bytes;
use stream_codec::Decoder;
use stream_security::quota::QuotaType;
use stream_types::limits;
use stream_wire::api::{Api, ApiKey};
use stream_wire::header::{self, RequestHeader};

use crate::broker::Broker;
use crate::net::{Answer, Authentication, Pending, Session};
use request::{Request, Responder};

/// Starts the request in `frame`. What cannot be understood ends the connection, as Kafka does;
/// only an unknown version of ApiVersions has an answer (KIP-511).
pub(crate) fn dispatch(
    broker: &Arc<Broker>,
    session: &mut Session,
    authentication: &mut Authentication,
    frame: Bytes,
) -> Pending {
    if authentication.takes_raw_tokens() {
        return sasl_authenticate::raw_token(broker, session, authentication, &frame);
    }
    let frame_bytes = frame.len();
    let mut decoder = Decoder::new(frame);
    let RequestHeader { api_key, api_version, correlation_id, client_id } = match header::decode(&mut decoder) {
        Ok(header) => header,
        Err(error) => return close(format!("a request header is malformed: {error}")),
    };
    let Some(key) = ApiKey::from_code(api_key) else {
        return close(format!("request of the unknown API {api_key}"));
    };
    if let Err(reason) = authentication.check_request(key, broker.clock.monotonic()) {
        return close(reason);
    }
    if !is_answered(key.api(), session) || !key.api().serves(api_version) {
        if key == ApiKey::ApiVersions {
            return Pending::Ready(api_versions::unsupported_version(session, correlation_id));
        }
        return close(format!("request {key} v{api_version} is not served on listener {}", session.listener.name));
    }
    // Decoded structs are larger than their bytes: only record data, which is not decoded, may be large.
    if key != ApiKey::Produce && frame_bytes > limits::OTHER_REQUEST_BYTES_MAX {
        let limit = limits::OTHER_REQUEST_BYTES_MAX;
        return close(format!(
            "{key} request of {frame_bytes} bytes, more than the {limit} that one without records may have"
        ));
    }
    broker.metrics.request(key);
    let responder = Responder { api: key, version: api_version, correlation_id };
    let request = Request { responder, session: session.clone(), client_id, body: decoder.rest() };
    // Logging in is free, as in Kafka: whose quota should it be?
    let is_login = authentication.is_closed() || matches!(key, ApiKey::SaslHandshake | ApiKey::SaslAuthenticate);
    if is_login || !broker.quotas.limits_any(QuotaType::Request) {
        return answer(broker, session, authentication, &request);
    }
    let began = broker.clock.monotonic();
    let pending = answer(broker, session, authentication, &request);
    let spent = broker.clock.monotonic().since(began);
    broker.quotas.charge_time((key, api_version), session, request.client_id.as_deref(), spent, pending)
}

/// Hands the request to its file.
fn answer(
    broker: &Arc<Broker>,
    session: &mut Session,
    authentication: &mut Authentication,
    request: &Request,
) -> Pending {
    match request.responder.api {
        ApiKey::Produce => produce::handle(broker, request),
        ApiKey::Fetch => fetch::handle(broker, request),
        ApiKey::ListOffsets => list_offsets::handle(broker, request),
        ApiKey::Metadata => metadata::handle(broker, request),
        ApiKey::ApiVersions => api_versions::handle(broker, request),
        ApiKey::CreateTopics => create_topics::handle(broker, request),
        ApiKey::DeleteTopics => delete_topics::handle(broker, request),
        ApiKey::InitProducerId => init_producer_id::handle(broker, request),
        ApiKey::DescribeConfigs => describe_configs::handle(broker, request),
        ApiKey::OffsetCommit => offset_commit::handle(broker, request),
        ApiKey::OffsetFetch => offset_fetch::handle(broker, request),
        ApiKey::FindCoordinator => find_coordinator::handle(broker, request),
        ApiKey::JoinGroup => join_group::handle(broker, request),
        ApiKey::Heartbeat => heartbeat::handle(broker, request),
        ApiKey::LeaveGroup => leave_group::handle(broker, request),
        ApiKey::SyncGroup => sync_group::handle(broker, request),
        ApiKey::DescribeGroups => describe_groups::handle(broker, request),
        ApiKey::ListGroups => list_groups::handle(broker, request),
        ApiKey::DeleteGroups => delete_groups::handle(broker, request),
        ApiKey::OffsetDelete => offset_delete::handle(broker, request),
        ApiKey::AlterClientQuotas => alter_client_quotas::handle(broker, request),
        ApiKey::AlterConfigs => alter_configs::handle(broker, request),
        ApiKey::CreateAcls => create_acls::handle(broker, request),
        ApiKey::CreateDelegationToken => create_delegation_token::handle(broker, request),
        ApiKey::DescribeDelegationToken => describe_delegation_token::handle(broker, request),
        ApiKey::ExpireDelegationToken => expire_delegation_token::handle(broker, request),
        ApiKey::RenewDelegationToken => renew_delegation_token::handle(broker, request),
        ApiKey::CreatePartitions => create_partitions::handle(broker, request),
        ApiKey::DeleteAcls => delete_acls::handle(broker, request),
        ApiKey::DeleteRecords => delete_records::handle(broker, request),
        ApiKey::DescribeAcls => describe_acls::handle(broker, request),
        ApiKey::DescribeClientQuotas => describe_client_quotas::handle(broker, request),
        ApiKey::DescribeCluster => describe_cluster::handle(broker, request),
        ApiKey::DescribeLogDirs => describe_log_dirs::handle(broker, request),
        ApiKey::DescribeProducers => describe_producers::handle(broker, request),
        ApiKey::DescribeQuorum => describe_quorum::handle(broker, request),
        ApiKey::DescribeTopicPartitions => describe_topic_partitions::handle(broker, request),
        ApiKey::ElectLeaders => elect_leaders::handle(broker, request),
        ApiKey::IncrementalAlterConfigs => incremental_alter_configs::handle(broker, request),
        ApiKey::ListConfigResources => list_config_resources::handle(broker, request),
        ApiKey::ListPartitionReassignments => list_partition_reassignments::handle(broker, request),
        ApiKey::AlterUserScramCredentials => alter_user_scram_credentials::handle(broker, request),
        ApiKey::DescribeUserScramCredentials => describe_user_scram_credentials::handle(broker, request),
        ApiKey::SaslAuthenticate => sasl_authenticate::handle(broker, session, request, authentication),
        ApiKey::SaslHandshake => sasl_handshake::handle(broker, request, authentication),
        ApiKey::OffsetForLeaderEpoch => offset_for_leader_epoch::handle(broker, request),
        other => close(format!("request {other} is advertised without a handler")),
    }
}

/// Whether this kind of listener answers the API.
pub(crate) fn is_answered(api: &Api, session: &Session) -> bool {
    if session.listener.is_controller { api.listeners.controller } else { api.listeners.broker }
}

fn close(reason: String) -> Pending {
    Pending::Ready(Answer::Close(reason))
}
