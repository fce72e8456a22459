//! ConsumerGroupDescribe for groups of KIP-848, DescribeGroups for classic ones.

use stream_codec::stored::consumer_protocol::ConsumerProtocolAssignment;
use stream_types::ErrorCode;
use stream_wire::ApiKey;
use stream_wire::consumer_group_describe::{Assignment, ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse};
use stream_wire::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse};

use super::find_coordinator::group_name;
use crate::client::Client;
use crate::error::ClientError;

/// A group and its members.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DescribedGroup {
    /// Its id.
    pub group_id: String,
    /// `Stable`, `Empty`, `Dead`...
    pub state: String,
    /// `consumer`, or what its members call themselves.
    pub protocol_type: String,
    /// How partitions are assigned.
    pub assignor: String,
    /// The node that coordinates it.
    pub coordinator: i32,
    /// How often its members changed; groups of KIP-848 only.
    pub group_epoch: Option<i32>,
    /// Of which group epoch the target assignment is; groups of KIP-848 only.
    pub assignment_epoch: Option<i32>,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupMember {
    /// The id that the coordinator gave it.
    pub member_id: String,
    /// The id that its configuration gives it, if it is a static member.
    pub instance_id: Option<String>,
    /// What its client calls itself.
    pub client_id: String,
    /// Where it is.
    pub host: String,
    /// Topic and partition of what it was given.
    pub assignment: Vec<(String, i32)>,
    /// What it is to have in the end; groups of KIP-848 only.
    pub target_assignment: Vec<(String, i32)>,
    /// Which target assignment it has reached; groups of KIP-848 only.
    pub epoch: Option<i32>,
    /// Whether it speaks the protocol of KIP-848; not known of members of classic groups.
    pub upgraded: Option<bool>,
}

impl Client {
    /// A group and its members.
    ///
    /// # Errors
    /// GROUP_ID_NOT_FOUND if there is no such group; Kafka's other errors; when its coordinator does not answer.
    pub async fn describe_group(&self, group: &str) -> Result<DescribedGroup, ClientError> {
        let coordinator = self.find_coordinator(group).await?;
        if self.offers(ApiKey::ConsumerGroupDescribe).await? {
            match self.describe_consumer_group(group, coordinator).await {
                Err(error) if error.code() == Some(ErrorCode::GroupIdNotFound) => {}
                described => return described,
            }
        }
        self.describe_classic_group(group, coordinator).await
    }

    async fn describe_consumer_group(&self, group: &str, coordinator: i32) -> Result<DescribedGroup, ClientError> {
        let request = |_| ConsumerGroupDescribeRequest { group_ids: vec![group.into()], ..Default::default() };
        let check = |response: &ConsumerGroupDescribeResponse| match response.groups.first() {
            Some(described) => {
                ClientError::check(group_name(group), described.error_code, described.error_message.as_deref())
            }
            None => Ok(()),
        };
        let response = self.call_coordinator(group, i16::MAX, request, check).await?;
        let described = response.groups.into_iter().next().unwrap_or_default();
        let members = described.members.into_iter().map(|member| GroupMember {
            member_id: member.member_id.to_string(),
            instance_id: member.instance_id.map(|id| id.to_string()),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            assignment: partitions(member.assignment),
            target_assignment: partitions(member.target_assignment),
            epoch: Some(member.member_epoch),
            upgraded: (member.member_type >= 0).then_some(member.member_type > 0),
        });
        Ok(DescribedGroup {
            group_id: group.to_owned(),
            state: described.group_state.to_string(),
            protocol_type: "consumer".to_owned(),
            assignor: described.assignor_name.to_string(),
            coordinator,
            group_epoch: Some(described.group_epoch),
            assignment_epoch: Some(described.assignment_epoch),
            members: members.collect(),
        })
    }

    async fn describe_classic_group(&self, group: &str, coordinator: i32) -> Result<DescribedGroup, ClientError> {
        let request = |_| DescribeGroupsRequest { groups: vec![group.into()], include_authorized_operations: false };
        let check = |response: &DescribeGroupsResponse| match response.groups.first() {
            Some(described) => {
                ClientError::check(group_name(group), described.error_code, described.error_message.as_deref())
            }
            None => Ok(()),
        };
        let response = self.call_coordinator(group, i16::MAX, request, check).await?;
        let described = response.groups.into_iter().next().unwrap_or_default();
        // Before version 6 a group that does not exist is described as a dead one.
        if described.group_state.as_str() == "Dead" {
            return Err(ClientError::refused(group_name(group), ErrorCode::GroupIdNotFound));
        }
        let members = described.members.into_iter().map(|member| GroupMember {
            member_id: member.member_id.to_string(),
            instance_id: member.group_instance_id.map(|id| id.to_string()),
            client_id: member.client_id.to_string(),
            host: member.client_host.to_string(),
            assignment: assigned_partitions(member.member_assignment),
            ..GroupMember::default()
        });
        Ok(DescribedGroup {
            group_id: group.to_owned(),
            state: described.group_state.to_string(),
            protocol_type: described.protocol_type.to_string(),
            assignor: described.protocol_data.to_string(),
            coordinator,
            members: members.collect(),
            ..DescribedGroup::default()
        })
    }
}

fn partitions(assignment: Assignment) -> Vec<(String, i32)> {
    let topics = assignment.topic_partitions.into_iter();
    topics
        .flat_map(|topic| topic.partitions.into_iter().map(move |partition| (topic.topic_name.to_string(), partition)))
        .collect()
}

/// What a consumer's assignment says; nothing if it is empty or another protocol's.
fn assigned_partitions(assignment: bytes::Bytes) -> Vec<(String, i32)> {
    let Ok(assignment) = ConsumerProtocolAssignment::from_member(assignment) else { return Vec::new() };
    let topics = assignment.assigned_partitions.into_iter();
    topics
        .flat_map(|topic| topic.partitions.into_iter().map(move |partition| (topic.topic.to_string(), partition)))
        .collect()
}
