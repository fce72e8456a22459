//! What the tests over every API share: the list of APIs, a source of random numbers, and messages
//! full of random values.

#![allow(dead_code)]

use bytes::Bytes;
use stream_codec::{DecodeError, Decoder, Message};

/// Calls `$each!(Name module NameRequest NameResponse)` for every API of the table.
macro_rules! for_each_api {
    ($each:ident) => {
        support::for_each_api! { @ $each
            Produce produce ProduceRequest ProduceResponse
            Fetch fetch FetchRequest FetchResponse
            ListOffsets list_offsets ListOffsetsRequest ListOffsetsResponse
            Metadata metadata MetadataRequest MetadataResponse
            OffsetCommit offset_commit OffsetCommitRequest OffsetCommitResponse
            OffsetFetch offset_fetch OffsetFetchRequest OffsetFetchResponse
            FindCoordinator find_coordinator FindCoordinatorRequest FindCoordinatorResponse
            JoinGroup join_group JoinGroupRequest JoinGroupResponse
            Heartbeat heartbeat HeartbeatRequest HeartbeatResponse
            LeaveGroup leave_group LeaveGroupRequest LeaveGroupResponse
            SyncGroup sync_group SyncGroupRequest SyncGroupResponse
            DescribeGroups describe_groups DescribeGroupsRequest DescribeGroupsResponse
            ListGroups list_groups ListGroupsRequest ListGroupsResponse
            SaslHandshake sasl_handshake SaslHandshakeRequest SaslHandshakeResponse
            ApiVersions api_versions ApiVersionsRequest ApiVersionsResponse
            CreateTopics create_topics CreateTopicsRequest CreateTopicsResponse
            DeleteTopics delete_topics DeleteTopicsRequest DeleteTopicsResponse
            DeleteRecords delete_records DeleteRecordsRequest DeleteRecordsResponse
            InitProducerId init_producer_id InitProducerIdRequest InitProducerIdResponse
            OffsetForLeaderEpoch offset_for_leader_epoch OffsetForLeaderEpochRequest OffsetForLeaderEpochResponse
            AddPartitionsToTxn add_partitions_to_txn AddPartitionsToTxnRequest AddPartitionsToTxnResponse
            AddOffsetsToTxn add_offsets_to_txn AddOffsetsToTxnRequest AddOffsetsToTxnResponse
            EndTxn end_txn EndTxnRequest EndTxnResponse
            WriteTxnMarkers write_txn_markers WriteTxnMarkersRequest WriteTxnMarkersResponse
            TxnOffsetCommit txn_offset_commit TxnOffsetCommitRequest TxnOffsetCommitResponse
            DescribeAcls describe_acls DescribeAclsRequest DescribeAclsResponse
            CreateAcls create_acls CreateAclsRequest CreateAclsResponse
            DeleteAcls delete_acls DeleteAclsRequest DeleteAclsResponse
            DescribeConfigs describe_configs DescribeConfigsRequest DescribeConfigsResponse
            AlterConfigs alter_configs AlterConfigsRequest AlterConfigsResponse
            AlterReplicaLogDirs alter_replica_log_dirs AlterReplicaLogDirsRequest AlterReplicaLogDirsResponse
            DescribeLogDirs describe_log_dirs DescribeLogDirsRequest DescribeLogDirsResponse
            SaslAuthenticate sasl_authenticate SaslAuthenticateRequest SaslAuthenticateResponse
            CreatePartitions create_partitions CreatePartitionsRequest CreatePartitionsResponse
            CreateDelegationToken create_delegation_token CreateDelegationTokenRequest CreateDelegationTokenResponse
            RenewDelegationToken renew_delegation_token RenewDelegationTokenRequest RenewDelegationTokenResponse
            ExpireDelegationToken expire_delegation_token ExpireDelegationTokenRequest ExpireDelegationTokenResponse
            DescribeDelegationToken describe_delegation_token DescribeDelegationTokenRequest DescribeDelegationTokenResponse
            DeleteGroups delete_groups DeleteGroupsRequest DeleteGroupsResponse
            ElectLeaders elect_leaders ElectLeadersRequest ElectLeadersResponse
            IncrementalAlterConfigs incremental_alter_configs IncrementalAlterConfigsRequest IncrementalAlterConfigsResponse
            AlterPartitionReassignments alter_partition_reassignments AlterPartitionReassignmentsRequest AlterPartitionReassignmentsResponse
            ListPartitionReassignments list_partition_reassignments ListPartitionReassignmentsRequest ListPartitionReassignmentsResponse
            OffsetDelete offset_delete OffsetDeleteRequest OffsetDeleteResponse
            DescribeClientQuotas describe_client_quotas DescribeClientQuotasRequest DescribeClientQuotasResponse
            AlterClientQuotas alter_client_quotas AlterClientQuotasRequest AlterClientQuotasResponse
            DescribeUserScramCredentials describe_user_scram_credentials DescribeUserScramCredentialsRequest DescribeUserScramCredentialsResponse
            AlterUserScramCredentials alter_user_scram_credentials AlterUserScramCredentialsRequest AlterUserScramCredentialsResponse
            Vote vote VoteRequest VoteResponse
            BeginQuorumEpoch begin_quorum_epoch BeginQuorumEpochRequest BeginQuorumEpochResponse
            EndQuorumEpoch end_quorum_epoch EndQuorumEpochRequest EndQuorumEpochResponse
            DescribeQuorum describe_quorum DescribeQuorumRequest DescribeQuorumResponse
            AlterPartition alter_partition AlterPartitionRequest AlterPartitionResponse
            UpdateFeatures update_features UpdateFeaturesRequest UpdateFeaturesResponse
            Envelope envelope EnvelopeRequest EnvelopeResponse
            FetchSnapshot fetch_snapshot FetchSnapshotRequest FetchSnapshotResponse
            DescribeCluster describe_cluster DescribeClusterRequest DescribeClusterResponse
            DescribeProducers describe_producers DescribeProducersRequest DescribeProducersResponse
            BrokerRegistration broker_registration BrokerRegistrationRequest BrokerRegistrationResponse
            BrokerHeartbeat broker_heartbeat BrokerHeartbeatRequest BrokerHeartbeatResponse
            UnregisterBroker unregister_broker UnregisterBrokerRequest UnregisterBrokerResponse
            DescribeTransactions describe_transactions DescribeTransactionsRequest DescribeTransactionsResponse
            ListTransactions list_transactions ListTransactionsRequest ListTransactionsResponse
            AllocateProducerIds allocate_producer_ids AllocateProducerIdsRequest AllocateProducerIdsResponse
            ConsumerGroupHeartbeat consumer_group_heartbeat ConsumerGroupHeartbeatRequest ConsumerGroupHeartbeatResponse
            ConsumerGroupDescribe consumer_group_describe ConsumerGroupDescribeRequest ConsumerGroupDescribeResponse
            ControllerRegistration controller_registration ControllerRegistrationRequest ControllerRegistrationResponse
            GetTelemetrySubscriptions get_telemetry_subscriptions GetTelemetrySubscriptionsRequest GetTelemetrySubscriptionsResponse
            PushTelemetry push_telemetry PushTelemetryRequest PushTelemetryResponse
            AssignReplicasToDirs assign_replicas_to_dirs AssignReplicasToDirsRequest AssignReplicasToDirsResponse
            ListConfigResources list_config_resources ListConfigResourcesRequest ListConfigResourcesResponse
            DescribeTopicPartitions describe_topic_partitions DescribeTopicPartitionsRequest DescribeTopicPartitionsResponse
            ShareGroupHeartbeat share_group_heartbeat ShareGroupHeartbeatRequest ShareGroupHeartbeatResponse
            ShareGroupDescribe share_group_describe ShareGroupDescribeRequest ShareGroupDescribeResponse
            ShareFetch share_fetch ShareFetchRequest ShareFetchResponse
            ShareAcknowledge share_acknowledge ShareAcknowledgeRequest ShareAcknowledgeResponse
            AddRaftVoter add_raft_voter AddRaftVoterRequest AddRaftVoterResponse
            RemoveRaftVoter remove_raft_voter RemoveRaftVoterRequest RemoveRaftVoterResponse
            UpdateRaftVoter update_raft_voter UpdateRaftVoterRequest UpdateRaftVoterResponse
            InitializeShareGroupState initialize_share_group_state InitializeShareGroupStateRequest InitializeShareGroupStateResponse
            ReadShareGroupState read_share_group_state ReadShareGroupStateRequest ReadShareGroupStateResponse
            WriteShareGroupState write_share_group_state WriteShareGroupStateRequest WriteShareGroupStateResponse
            DeleteShareGroupState delete_share_group_state DeleteShareGroupStateRequest DeleteShareGroupStateResponse
            ReadShareGroupStateSummary read_share_group_state_summary ReadShareGroupStateSummaryRequest ReadShareGroupStateSummaryResponse
            StreamsGroupHeartbeat streams_group_heartbeat StreamsGroupHeartbeatRequest StreamsGroupHeartbeatResponse
            StreamsGroupDescribe streams_group_describe StreamsGroupDescribeRequest StreamsGroupDescribeResponse
            DescribeShareGroupOffsets describe_share_group_offsets DescribeShareGroupOffsetsRequest DescribeShareGroupOffsetsResponse
            AlterShareGroupOffsets alter_share_group_offsets AlterShareGroupOffsetsRequest AlterShareGroupOffsetsResponse
            DeleteShareGroupOffsets delete_share_group_offsets DeleteShareGroupOffsetsRequest DeleteShareGroupOffsetsResponse
        }
    };
    (@ $each:ident $($name:ident $module:ident $request:ident $response:ident)*) => {
        $($each!($name $module $request $response);)*
    };
}
pub(crate) use for_each_api;

/// Splitmix64: the same seed gives the same numbers.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn pick(&mut self, values: &[u8]) -> u8 {
        values[self.below(values.len() as u64) as usize]
    }
}

/// A message of this version with random values in its fields, tagged ones too.
///
/// It is found by decoding: as long as the decoder says that it misses a value of some kind, one of
/// that kind is appended.
pub(crate) fn random_message<M: Message>(random: &mut Random, version: i16) -> M {
    for _ in 0..200 {
        let growth = Growth { random: &mut *random, bytes: Vec::new(), tags: Vec::new(), version };
        if let Some(message) = growth.run::<M>() {
            return message;
        }
    }
    panic!("no random {} of version {version} found", M::NAME);
}

struct Growth<'a> {
    random: &'a mut Random,
    bytes: Vec<u8>,
    /// Where the sizes of the tagged fields are that may be growing, the outermost first.
    tags: Vec<usize>,
    version: i16,
}

const STEPS_MAX: usize = 3000;

impl Growth<'_> {
    fn run<M: Message>(mut self) -> Option<M> {
        for _ in 0..STEPS_MAX {
            match attempt::<M>(&self.bytes, self.version) {
                Ok(message) => return Some(message),
                Err(DecodeError::Truncated { what, needed, left, position }) => {
                    self.append::<M>(what, needed, left, position)?;
                }
                Err(DecodeError::Null { what, position }) => {
                    self.fill_null(what, position, self.version >= M::FLEXIBLE);
                }
                Err(_) => return None,
            }
        }
        None
    }

    /// Appends a value. If that does not help, a tagged field must grow to take it in.
    fn append<M: Message>(&mut self, what: &'static str, needed: usize, left: usize, position: usize) -> Option<()> {
        let value = self.value(what, needed, left, self.version >= M::FLEXIBLE);
        let before = self.bytes.clone();
        for growing in 0..=self.tags.len() {
            self.bytes = before.clone();
            for &size in &self.tags[..growing] {
                self.bytes[size] = u8::try_from(usize::from(self.bytes[size]) + value.len()).ok()?;
                if self.bytes[size] > 127 {
                    return None;
                }
            }
            self.bytes.extend_from_slice(&value);
            let helped = match attempt::<M>(&self.bytes, self.version) {
                Err(DecodeError::LeftOver { .. }) => false,
                Err(DecodeError::Truncated { what: "tagged field", .. }) => false,
                Err(DecodeError::Truncated { position: p, left: l, .. }) => (p, l) != (position, left),
                _ => true,
            };
            if helped {
                self.tags.truncate(growing);
                if what == "tag size" {
                    self.tags.push(self.bytes.len() - 1);
                }
                return Some(());
            }
        }
        None
    }

    fn value(&mut self, what: &str, needed: usize, left: usize, flexible: bool) -> Vec<u8> {
        let missing = needed - left;
        let mut value = vec![0; missing];
        if left > 0 || what == "array" {
            // The start is there already: zeros keep lengths small.
            return value;
        }
        match what {
            "text length" | "bytes length" | "array length" if flexible => {
                value[0] = self.random.pick(&[0, 1, 2, 3, 4]);
            }
            "text length" | "bytes length" | "array length" => match self.random.below(6) {
                0 => value.fill(0xff),
                length => value[missing - 1] = length as u8 - 1,
            },
            "text" => value.fill_with(|| b'a' + self.random.below(26) as u8),
            "tag count" => value[0] = self.random.pick(&[0, 1, 1, 2]),
            "tag" => value[0] = self.random.pick(&[0, 0, 1, 1, 2, 2, 3, 4, 8]),
            "tag size" => {}
            "f64" => value.copy_from_slice(&(self.random.below(1000) as f64 / 8.0).to_be_bytes()),
            _ => match self.random.below(4) {
                0 => {}
                1 => value.fill(0xff),
                2 => value[missing - 1] = self.random.below(4) as u8,
                _ => value.fill_with(|| self.random.next() as u8),
            },
        }
        value
    }

    /// Puts a small length where null is not allowed.
    fn fill_null(&mut self, what: &str, position: usize, flexible: bool) {
        let width = match (flexible, what) {
            (true, _) => 1,
            (false, "text") => 2,
            (false, _) => 4,
        };
        self.bytes[position - width..position].fill(0);
        self.bytes[position - 1] = 1 + self.random.below(3) as u8;
    }
}

fn attempt<M: Message>(bytes: &[u8], version: i16) -> Result<M, DecodeError> {
    M::decode(&mut Decoder::new(Bytes::copy_from_slice(bytes)), version)
}
