//! JoinGroup and SyncGroup: from a request to a list of partitions.

use std::collections::BTreeMap;

use bytes::Bytes;
use stream_codec::stored::consumer_protocol::{
    ConsumerProtocolAssignment, ConsumerProtocolSubscription, TopicPartition,
};
use stream_codec::stored::encode_versioned;
use stream_types::ErrorCode;
use stream_wire::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use stream_wire::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment, SyncGroupResponse};

use super::assignor::{Member, Partitions, range};
use super::{GroupConsumer, rejoins};
use crate::admin::find_coordinator::group_name;
use crate::consumer::StartAt;
use crate::error::ClientError;

const PROTOCOL_TYPE: &str = "consumer";
const ASSIGNOR: &str = "range";
/// The version of subscriptions and assignments that every client reads.
const PROTOCOL_VERSION: i16 = 1;

impl GroupConsumer {
    /// Joins, and starts to read what the leader assigns.
    pub(super) async fn join(&mut self) -> Result<Vec<(String, i32)>, ClientError> {
        loop {
            let joined = self.join_group().await?;
            self.generation = joined.generation_id;
            let assignments = match joined.leader == joined.member_id {
                true => self.assign(&joined).await?,
                false => Vec::new(),
            };
            match self.sync_group(assignments).await {
                Ok(assignment) => return self.start_reading(assignment).await,
                Err(error) if rejoins(&error) => {
                    if error.code() == Some(ErrorCode::UnknownMemberId) {
                        self.member_id.clear();
                    }
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn join_group(&mut self) -> Result<JoinGroupResponse, ClientError> {
        let subscription = ConsumerProtocolSubscription {
            topics: self.options.topics.iter().map(|topic| topic.as_str().into()).collect(),
            ..ConsumerProtocolSubscription::default()
        };
        let metadata = encode_versioned(&subscription, PROTOCOL_VERSION).unwrap_or_default();
        loop {
            let request = |_| JoinGroupRequest {
                group_id: self.options.group.as_str().into(),
                session_timeout_ms: self.options.session_timeout.as_millis() as i32,
                rebalance_timeout_ms: self.options.rebalance_timeout.as_millis() as i32,
                member_id: self.member_id.as_str().into(),
                protocol_type: PROTOCOL_TYPE.into(),
                protocols: vec![JoinGroupRequestProtocol { name: ASSIGNOR.into(), metadata: metadata.clone() }],
                ..JoinGroupRequest::default()
            };
            let group = self.options.group.clone();
            let check = |response: &JoinGroupResponse| match ErrorCode::from_code(response.error_code) {
                Some(ErrorCode::MemberIdRequired | ErrorCode::UnknownMemberId) => Ok(()),
                _ => ClientError::check(group_name(&group), response.error_code, None),
            };
            let response = self.client.call_coordinator(&group, i16::MAX, request, check).await?;
            match ErrorCode::from_code(response.error_code) {
                Some(ErrorCode::MemberIdRequired) => self.member_id = response.member_id.to_string(),
                Some(ErrorCode::UnknownMemberId) => self.member_id.clear(),
                _ => {
                    self.member_id = response.member_id.to_string();
                    return Ok(response);
                }
            }
        }
    }

    /// What each member gets, decided by this member as the leader.
    async fn assign(&self, joined: &JoinGroupResponse) -> Result<Vec<SyncGroupRequestAssignment>, ClientError> {
        let malformed = |error: stream_codec::DecodeError| ClientError::Records {
            what: group_name(&self.options.group),
            reason: format!("a member's subscription: {error}"),
        };
        let mut members = Vec::new();
        for member in &joined.members {
            let subscription = ConsumerProtocolSubscription::from_member(member.metadata.clone()).map_err(malformed)?;
            members.push(Member {
                id: member.member_id.to_string(),
                instance_id: member.group_instance_id.as_ref().map(|id| id.to_string()),
                topics: subscription.topics.iter().map(|topic| topic.to_string()).collect(),
            });
        }
        let mut topics: Vec<&str> = members.iter().flat_map(|member| &member.topics).map(String::as_str).collect();
        topics.sort_unstable();
        topics.dedup();
        let described = self.client.topics(&topics).await?;
        let counts: BTreeMap<String, i32> = described
            .into_iter()
            .filter(|topic| topic.error_code == 0)
            .map(|topic| (topic.name, topic.partitions.len() as i32))
            .collect();
        let assigned = range(&members, &counts);
        Ok(assigned
            .into_iter()
            .map(|(member, partitions)| SyncGroupRequestAssignment {
                member_id: member.as_str().into(),
                assignment: encode_assignment(partitions),
            })
            .collect())
    }

    async fn sync_group(
        &self,
        assignments: Vec<SyncGroupRequestAssignment>,
    ) -> Result<ConsumerProtocolAssignment, ClientError> {
        let request = |_| SyncGroupRequest {
            group_id: self.options.group.as_str().into(),
            generation_id: self.generation,
            member_id: self.member_id.as_str().into(),
            protocol_type: Some(PROTOCOL_TYPE.into()),
            protocol_name: Some(ASSIGNOR.into()),
            assignments: assignments.clone(),
            ..SyncGroupRequest::default()
        };
        let what = || group_name(&self.options.group);
        let check = |response: &SyncGroupResponse| ClientError::check(what(), response.error_code, None);
        let response = self.client.call_coordinator(&self.options.group, i16::MAX, request, check).await?;
        if response.assignment.is_empty() {
            return Ok(ConsumerProtocolAssignment::default());
        }
        ConsumerProtocolAssignment::from_member(response.assignment)
            .map_err(|error| ClientError::Records { what: what(), reason: format!("the assignment: {error}") })
    }

    async fn start_reading(
        &mut self,
        assignment: ConsumerProtocolAssignment,
    ) -> Result<Vec<(String, i32)>, ClientError> {
        let partitions: Vec<(String, i32)> = assignment
            .assigned_partitions
            .into_iter()
            .flat_map(|topic| topic.partitions.into_iter().map(move |index| (topic.topic.to_string(), index)))
            .collect();
        let committed = self.client.committed_offsets(&self.options.group).await?;
        let start = |(topic, partition): &(String, i32)| {
            let offset = committed.get(&(topic.clone(), *partition)).map(|committed| committed.offset);
            (topic.clone(), *partition, offset.map_or(self.options.start, StartAt::Offset))
        };
        let starts: Vec<_> = partitions.iter().map(start).collect();
        self.committed = committed.into_iter().map(|(partition, committed)| (partition, committed.offset)).collect();
        self.consumer.assign(&starts).await?;
        Ok(partitions)
    }
}

fn encode_assignment(partitions: Partitions) -> Bytes {
    let assigned_partitions = partitions
        .into_iter()
        .map(|(topic, partitions)| TopicPartition { topic: topic.as_str().into(), partitions })
        .collect();
    let assignment = ConsumerProtocolAssignment { assigned_partitions, user_data: None };
    encode_versioned(&assignment, PROTOCOL_VERSION).unwrap_or_default()
}
