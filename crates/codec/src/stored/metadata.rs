//! Records of the metadata log, as Kafka's controllers write them (KIP-631).

use bytes::Bytes;
use stream_types::Uuid;

use crate::stored::metadata_frame::metadata_records;
use crate::{Str, messages};

messages! {
    /// A broker has registered and got its epoch.
    RegisterBrokerRecord, versions 0..=4, flexible 0 {
        broker_id: i32;
        is_migrating_zk_broker: bool, since 2;
        incarnation_id: Uuid;
        broker_epoch: i64;
        end_points: Vec<BrokerEndpoint>;
        features: Vec<BrokerFeature>;
        rack: Option<Str> = Some(Str::EMPTY);
        fenced: bool = true;
        in_controlled_shutdown: bool, since 1;
        @0 log_dirs: Vec<Uuid>, since 3;
        @1 cordoned_log_dirs: Option<Vec<Uuid>>, since 4;
    }
    BrokerEndpoint {
        name: Str;
        host: Str;
        port: u16;
        security_protocol: i16;
    }
    BrokerFeature {
        name: Str;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// A broker has left for good.
    UnregisterBrokerRecord, versions 0..=0, flexible 0 {
        broker_id: i32;
        broker_epoch: i64;
    }

    /// A registration has changed: fenced, shutting down, log directories.
    BrokerRegistrationChangeRecord, versions 0..=3, flexible 0 {
        broker_id: i32;
        broker_epoch: i64;
        @0 fenced: i8;
        @1 in_controlled_shutdown: i8, since 1;
        @2 log_dirs: Vec<Uuid>, since 2;
        @3 cordoned_log_dirs: Option<Vec<Uuid>>, since 3;
    }

    /// A broker is fenced (before registration changes existed).
    FenceBrokerRecord, versions 0..=0, flexible 0 {
        id: i32;
        epoch: i64;
    }

    /// A broker is unfenced (before registration changes existed).
    UnfenceBrokerRecord, versions 0..=0, flexible 0 {
        id: i32;
        epoch: i64;
    }

    /// A controller has registered (KIP-919).
    RegisterControllerRecord, versions 0..=0, flexible 0 {
        controller_id: i32;
        incarnation_id: Uuid;
        zk_migration_ready: bool;
        end_points: Vec<ControllerEndpoint>;
        features: Vec<ControllerFeature>;
    }
    ControllerEndpoint {
        name: Str;
        host: Str;
        port: u16;
        security_protocol: i16;
    }
    ControllerFeature {
        name: Str;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// A topic exists.
    TopicRecord, versions 0..=0, flexible 0 {
        name: Str;
        topic_id: Uuid;
    }

    /// A topic is gone, with its partitions.
    RemoveTopicRecord, versions 0..=0, flexible 0 {
        topic_id: Uuid;
    }

    /// A partition, whole.
    PartitionRecord, versions 0..=2, flexible 0 {
        partition_id: i32 = -1;
        topic_id: Uuid;
        replicas: Vec<i32>;
        isr: Vec<i32>;
        removing_replicas: Vec<i32>;
        adding_replicas: Vec<i32>;
        leader: i32 = -1;
        leader_epoch: i32 = -1;
        partition_epoch: i32 = -1;
        directories: Vec<Uuid>, since 1;
        @0 leader_recovery_state: i8;
        @1 eligible_leader_replicas: Option<Vec<i32>>, since 2;
        @2 last_known_elr: Option<Vec<i32>>, since 2;
    }

    /// What has changed in a partition; null and -2 mean unchanged.
    PartitionChangeRecord, versions 0..=2, flexible 0 {
        partition_id: i32 = -1;
        topic_id: Uuid;
        @0 isr: Option<Vec<i32>>;
        @1 leader: i32 = -2;
        @2 replicas: Option<Vec<i32>>;
        @3 removing_replicas: Option<Vec<i32>>;
        @4 adding_replicas: Option<Vec<i32>>;
        @5 leader_recovery_state: i8 = -1;
        @6 eligible_leader_replicas: Option<Vec<i32>>, since 2;
        @7 last_known_elr: Option<Vec<i32>>, since 2;
        @8 directories: Option<Vec<Uuid>>, since 1;
    }

    /// The eligible leader replicas of a topic are cleared (KIP-966).
    ClearElrRecord, versions 0..=0, flexible 0 {
        topic_name: Str;
    }

    /// A configuration key of a resource; a null value deletes it.
    ConfigRecord, versions 0..=0, flexible 0 {
        resource_type: i8;
        resource_name: Str;
        name: Str;
        value: Option<Str> = Some(Str::EMPTY);
    }

    /// A finalized feature level (KIP-584).
    FeatureLevelRecord, versions 0..=0, flexible 0 {
        name: Str;
        feature_level: i16;
    }

    /// A block of producer ids is given to a broker (KIP-730).
    ProducerIdsRecord, versions 0..=0, flexible 0 {
        broker_id: i32;
        broker_epoch: i64 = -1;
        next_producer_id: i64;
    }

    /// A client quota is set or removed (KIP-546).
    ClientQuotaRecord, versions 0..=0, flexible 0 {
        entity: Vec<EntityData>;
        key: Str;
        value: f64;
        remove: bool;
    }
    EntityData {
        entity_type: Str;
        entity_name: Option<Str> = Some(Str::EMPTY);
    }

    /// A SCRAM credential (KIP-554).
    UserScramCredentialRecord, versions 0..=0, flexible 0 {
        name: Str;
        mechanism: i8;
        salt: Bytes;
        stored_key: Bytes;
        server_key: Bytes;
        iterations: i32;
    }

    /// A SCRAM credential is gone.
    RemoveUserScramCredentialRecord, versions 0..=0, flexible 0 {
        name: Str;
        mechanism: i8;
    }

    /// An ACL.
    AccessControlEntryRecord, versions 0..=0, flexible 0 {
        id: Uuid;
        resource_type: i8;
        resource_name: Str;
        pattern_type: i8;
        principal: Str;
        host: Str;
        operation: i8;
        permission_type: i8;
    }

    /// An ACL is gone.
    RemoveAccessControlEntryRecord, versions 0..=0, flexible 0 {
        id: Uuid;
    }

    /// A delegation token (KIP-48).
    DelegationTokenRecord, versions 0..=0, flexible 0 {
        owner: Str;
        requester: Str;
        renewers: Vec<Str>;
        issue_timestamp: i64;
        max_timestamp: i64;
        expiration_timestamp: i64;
        token_id: Str;
    }

    /// A delegation token is gone.
    RemoveDelegationTokenRecord, versions 0..=0, flexible 0 {
        token_id: Str;
    }

    /// The records up to the end of the transaction count together or not at all (KIP-868).
    BeginTransactionRecord, versions 0..=0, flexible 0 {
        @0 name: Option<Str>;
    }

    /// The transaction counts.
    EndTransactionRecord, versions 0..=0, flexible 0 {}

    /// The transaction does not count.
    AbortTransactionRecord, versions 0..=0, flexible 0 {
        @0 reason: Option<Str>;
    }

    /// Nothing; keeps the log moving.
    NoOpRecord, versions 0..=0, flexible 0 {}

    /// How far a migration from ZooKeeper has come.
    ZkMigrationStateRecord, versions 0..=0, flexible 0 {
        zk_migration_state: i8;
    }

    /// Ours: which ACLs came from the file of topics as code. It replaces what an earlier one said.
    DeclaredAclsRecord, versions 0..=0, flexible 0 {
        ids: Vec<Uuid>;
    }
}

metadata_records! {
    0 RegisterBrokerRecord;
    1 UnregisterBrokerRecord;
    2 TopicRecord;
    3 PartitionRecord;
    4 ConfigRecord;
    5 PartitionChangeRecord;
    7 FenceBrokerRecord;
    8 UnfenceBrokerRecord;
    9 RemoveTopicRecord;
    10 DelegationTokenRecord;
    11 UserScramCredentialRecord;
    12 FeatureLevelRecord;
    14 ClientQuotaRecord;
    15 ProducerIdsRecord;
    17 BrokerRegistrationChangeRecord;
    18 AccessControlEntryRecord;
    19 RemoveAccessControlEntryRecord;
    20 NoOpRecord;
    21 ZkMigrationStateRecord;
    22 RemoveUserScramCredentialRecord;
    23 BeginTransactionRecord;
    24 EndTransactionRecord;
    25 AbortTransactionRecord;
    26 RemoveDelegationTokenRecord;
    27 RegisterControllerRecord;
    28 ClearElrRecord;
    10000 DeclaredAclsRecord;
}
