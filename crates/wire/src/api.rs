//! The one table of APIs: what exists, in which versions, on which listeners, and what is served.
//!
//! Dispatch, the ApiVersions answer and the documentation read it. An API is switched on by giving its
//! row `served` versions.

use stream_codec::Message;

/// A request and its response; implemented by every request of the table.
pub trait Request: Message {
    /// The row of the table.
    const KEY: ApiKey;
    /// What answers it.
    type Response: Message;
}

/// The kinds of listeners that answer an API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listeners {
    /// Listeners for clients and other brokers.
    pub broker: bool,
    /// Listeners of the controller quorum.
    pub controller: bool,
}

const BROKER: Listeners = Listeners { broker: true, controller: false };
const CONTROLLER: Listeners = Listeners { broker: false, controller: true };
const BOTH: Listeners = Listeners { broker: true, controller: true };

/// One API.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Api {
    /// The API.
    pub key: ApiKey,
    /// Its number on the wire.
    pub code: i16,
    /// Kafka's name.
    pub name: &'static str,
    /// First and last version that is declared.
    pub versions: (i16, i16),
    /// First flexible version (KIP-482); `i16::MAX` if none is.
    pub flexible: i16,
    /// Where it may be asked.
    pub listeners: Listeners,
    /// First and last version that is answered; none: the API is not offered.
    pub served: Option<(i16, i16)>,
    /// First version that ApiVersions names, where that is not the first one served.
    pub advertised_from: Option<i16>,
}

impl Api {
    /// Whether requests of this version are answered.
    pub fn serves(&self, version: i16) -> bool {
        self.served.is_some_and(|(first, last)| first <= version && version <= last)
    }

    /// First and last version that ApiVersions names.
    pub fn advertised(&self) -> Option<(i16, i16)> {
        self.served.map(|(first, last)| (self.advertised_from.unwrap_or(first), last))
    }

    /// Whether requests and response bodies of this version are flexible.
    pub fn flexible(&self, version: i16) -> bool {
        version >= self.flexible
    }
}

impl ApiKey {
    /// The API with this number.
    pub fn from_code(code: i16) -> Option<ApiKey> {
        // Rows are in the order of their numbers, with gaps where Kafka removed an API.
        API_TABLE.binary_search_by_key(&code, |api| api.code).ok().map(|row| API_TABLE[row].key)
    }

    /// The row of the table.
    pub fn api(self) -> &'static Api {
        &API_TABLE[self as usize]
    }

    /// The number on the wire.
    pub fn code(self) -> i16 {
        self.api().code
    }

    /// Kafka's name.
    pub fn name(self) -> &'static str {
        self.api().name
    }
}

impl std::fmt::Display for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

macro_rules! request {
    ($key:ident: $request:ident => $response:ident) => {
        impl crate::api::Request for $request {
            const KEY: crate::api::ApiKey = crate::api::ApiKey::$key;
            type Response = $response;
        }
    };
}
pub(crate) use request;

macro_rules! table {
    ($(
        $code:literal $name:ident on $listeners:ident, $first:literal ..= $last:literal $(, flexible $flexible:literal)?
        $(, served $served_first:literal ..= $served_last:literal $(advertised from $advertised:literal)?)?;
    )*) => {
        /// The APIs of Kafka 4.3, by name.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[allow(missing_docs)]
        pub enum ApiKey {
            $($name,)*
        }

        /// Every API, in the order of its number.
        pub const API_TABLE: &[Api] = &[$(
            Api {
                key: ApiKey::$name,
                code: $code,
                name: stringify!($name),
                versions: ($first, $last),
                flexible: [$($flexible,)? i16::MAX][0],
                listeners: $listeners,
                served: [$(Some(($served_first, $served_last)),)? None][0],
                advertised_from: [$($(Some($advertised),)?)? None][0],
            },
        )*];
    };
}

// Number and name, listeners, declared versions, first flexible version, served versions.
//
// Produce names 0 as its first version though 0 to 2 are refused: librdkafka before 2.11.1 switches
// compression off otherwise (KAFKA-18659). InitProducerId 6 is unstable in Kafka: not to be served.
table! {
    0 Produce on BROKER, 3..=13, flexible 9, served 3..=13 advertised from 0;
    1 Fetch on BOTH, 4..=18, flexible 12, served 4..=18;
    2 ListOffsets on BROKER, 1..=11, flexible 6, served 1..=11;
    3 Metadata on BROKER, 0..=13, flexible 9, served 0..=13;
    8 OffsetCommit on BROKER, 2..=10, flexible 8, served 2..=10;
    9 OffsetFetch on BROKER, 1..=10, flexible 6, served 1..=10;
    10 FindCoordinator on BROKER, 0..=6, flexible 3, served 0..=6;
    11 JoinGroup on BROKER, 0..=9, flexible 6, served 0..=9;
    12 Heartbeat on BROKER, 0..=4, flexible 4, served 0..=4;
    13 LeaveGroup on BROKER, 0..=5, flexible 4, served 0..=5;
    14 SyncGroup on BROKER, 0..=5, flexible 4, served 0..=5;
    15 DescribeGroups on BROKER, 0..=6, flexible 5, served 0..=6;
    16 ListGroups on BROKER, 0..=5, flexible 3, served 0..=5;
    17 SaslHandshake on BOTH, 0..=1, served 0..=1;
    18 ApiVersions on BOTH, 0..=4, flexible 3, served 0..=4;
    19 CreateTopics on BOTH, 2..=7, flexible 5, served 2..=7;
    20 DeleteTopics on BOTH, 1..=6, flexible 4, served 1..=6;
    21 DeleteRecords on BROKER, 0..=2, flexible 2, served 0..=2;
    22 InitProducerId on BROKER, 0..=6, flexible 2, served 0..=5;
    23 OffsetForLeaderEpoch on BROKER, 2..=4, flexible 4, served 2..=4;
    24 AddPartitionsToTxn on BROKER, 0..=5, flexible 3;
    25 AddOffsetsToTxn on BROKER, 0..=4, flexible 3;
    26 EndTxn on BROKER, 0..=5, flexible 3;
    27 WriteTxnMarkers on BROKER, 1..=2, flexible 1;
    28 TxnOffsetCommit on BROKER, 0..=5, flexible 3;
    29 DescribeAcls on BOTH, 1..=3, flexible 2, served 1..=3;
    30 CreateAcls on BOTH, 1..=3, flexible 2, served 1..=3;
    31 DeleteAcls on BOTH, 1..=3, flexible 2, served 1..=3;
    32 DescribeConfigs on BOTH, 1..=4, flexible 4, served 1..=4;
    33 AlterConfigs on BOTH, 0..=2, flexible 2, served 0..=2;
    34 AlterReplicaLogDirs on BROKER, 1..=2, flexible 2;
    35 DescribeLogDirs on BROKER, 1..=5, flexible 2, served 1..=5;
    36 SaslAuthenticate on BOTH, 0..=2, flexible 2, served 0..=2;
    37 CreatePartitions on BOTH, 0..=3, flexible 2, served 0..=3;
    38 CreateDelegationToken on BOTH, 1..=3, flexible 2, served 1..=3;
    39 RenewDelegationToken on BOTH, 1..=2, flexible 2, served 1..=2;
    40 ExpireDelegationToken on BOTH, 1..=2, flexible 2, served 1..=2;
    41 DescribeDelegationToken on BOTH, 1..=3, flexible 2, served 1..=3;
    42 DeleteGroups on BROKER, 0..=2, flexible 2, served 0..=2;
    43 ElectLeaders on BOTH, 0..=2, flexible 2, served 0..=2;
    44 IncrementalAlterConfigs on BOTH, 0..=1, flexible 1, served 0..=1;
    45 AlterPartitionReassignments on BOTH, 0..=1, flexible 0;
    46 ListPartitionReassignments on BOTH, 0..=0, flexible 0, served 0..=0;
    47 OffsetDelete on BROKER, 0..=0, served 0..=0;
    48 DescribeClientQuotas on BROKER, 0..=1, flexible 1, served 0..=1;
    49 AlterClientQuotas on BOTH, 0..=1, flexible 1, served 0..=1;
    50 DescribeUserScramCredentials on BOTH, 0..=0, flexible 0, served 0..=0;
    51 AlterUserScramCredentials on BOTH, 0..=0, flexible 0, served 0..=0;
    52 Vote on CONTROLLER, 0..=2, flexible 0;
    53 BeginQuorumEpoch on CONTROLLER, 0..=1, flexible 1;
    54 EndQuorumEpoch on CONTROLLER, 0..=1, flexible 1;
    55 DescribeQuorum on BOTH, 0..=2, flexible 0, served 0..=2;
    56 AlterPartition on CONTROLLER, 2..=3, flexible 0;
    57 UpdateFeatures on BOTH, 0..=2, flexible 0;
    58 Envelope on CONTROLLER, 0..=0, flexible 0;
    59 FetchSnapshot on CONTROLLER, 0..=1, flexible 0;
    60 DescribeCluster on BOTH, 0..=2, flexible 0, served 0..=2;
    61 DescribeProducers on BROKER, 0..=0, flexible 0, served 0..=0;
    62 BrokerRegistration on CONTROLLER, 0..=4, flexible 0;
    63 BrokerHeartbeat on CONTROLLER, 0..=2, flexible 0;
    64 UnregisterBroker on BOTH, 0..=0, flexible 0;
    65 DescribeTransactions on BROKER, 0..=0, flexible 0;
    66 ListTransactions on BROKER, 0..=2, flexible 0;
    67 AllocateProducerIds on CONTROLLER, 0..=0, flexible 0;
    68 ConsumerGroupHeartbeat on BROKER, 0..=1, flexible 0;
    69 ConsumerGroupDescribe on BROKER, 0..=1, flexible 0;
    70 ControllerRegistration on CONTROLLER, 0..=0, flexible 0;
    71 GetTelemetrySubscriptions on BROKER, 0..=0, flexible 0;
    72 PushTelemetry on BROKER, 0..=0, flexible 0;
    73 AssignReplicasToDirs on CONTROLLER, 0..=0, flexible 0;
    74 ListConfigResources on BROKER, 0..=1, flexible 0, served 0..=1;
    75 DescribeTopicPartitions on BROKER, 0..=0, flexible 0, served 0..=0;
    76 ShareGroupHeartbeat on BROKER, 1..=1, flexible 0;
    77 ShareGroupDescribe on BROKER, 1..=1, flexible 0;
    78 ShareFetch on BROKER, 1..=2, flexible 0;
    79 ShareAcknowledge on BROKER, 1..=2, flexible 0;
    80 AddRaftVoter on BOTH, 0..=1, flexible 0;
    81 RemoveRaftVoter on BOTH, 0..=0, flexible 0;
    82 UpdateRaftVoter on CONTROLLER, 0..=0, flexible 0;
    83 InitializeShareGroupState on BROKER, 0..=0, flexible 0;
    84 ReadShareGroupState on BROKER, 0..=0, flexible 0;
    85 WriteShareGroupState on BROKER, 0..=1, flexible 0;
    86 DeleteShareGroupState on BROKER, 0..=0, flexible 0;
    87 ReadShareGroupStateSummary on BROKER, 0..=1, flexible 0;
    88 StreamsGroupHeartbeat on BROKER, 0..=0, flexible 0;
    89 StreamsGroupDescribe on BROKER, 0..=0, flexible 0;
    90 DescribeShareGroupOffsets on BROKER, 0..=1, flexible 0;
    91 AlterShareGroupOffsets on BROKER, 0..=0, flexible 0;
    92 DeleteShareGroupOffsets on BROKER, 0..=0, flexible 0;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_in_order_and_serve_only_what_is_declared() {
        assert!(API_TABLE.is_sorted_by_key(|api| api.code));
        for (row, api) in API_TABLE.iter().enumerate() {
            assert_eq!(api.key as usize, row);
            assert_eq!(ApiKey::from_code(api.code), Some(api.key));
            if let Some((first, last)) = api.served {
                assert!(api.versions.0 <= first && first <= last && last <= api.versions.1, "{}", api.name);
            }
        }
        assert_eq!(ApiKey::from_code(4), None);
        assert_eq!(ApiKey::from_code(-1), None);
        assert_eq!(ApiKey::Produce.api().advertised(), Some((0, 13)));
        assert_eq!(ApiKey::Fetch.api().advertised(), Some((4, 18)));
        assert_eq!(ApiKey::Vote.api().advertised(), None);
    }
}
