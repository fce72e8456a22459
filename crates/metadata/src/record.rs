//! The records of the metadata log: Kafka's own schemas, and from number 10,000 on ours, framed as Kafka frames them.
//!
//! One Raft entry carries the records of one decision, which count together or not at all. In the
//! entry each record is preceded by its length (an unsigned varint); a record is the frame version
//! (1), its kind and its version as unsigned varints, and the body.

use bytes::Bytes;
use stream_codec::stored::{decode_metadata_frame, encode_metadata_record};
use stream_codec::{DecodeError, Decoder, EncodeError, Encoder, Message};

use crate::error::MetadataError;
use stream_codec::stored::metadata::{
    AbortTransactionRecord, AccessControlEntryRecord, BeginTransactionRecord, BrokerRegistrationChangeRecord,
    ClearElrRecord, ClientQuotaRecord, ConfigRecord, DeclaredAclsRecord, DelegationTokenRecord, EndTransactionRecord,
    FeatureLevelRecord, FenceBrokerRecord, NoOpRecord, PartitionChangeRecord, PartitionRecord, ProducerIdsRecord,
    RegisterBrokerRecord, RegisterControllerRecord, RemoveAccessControlEntryRecord, RemoveDelegationTokenRecord,
    RemoveTopicRecord, RemoveUserScramCredentialRecord, TopicRecord, UnfenceBrokerRecord, UnregisterBrokerRecord,
    UserScramCredentialRecord, ZkMigrationStateRecord,
};

macro_rules! metadata_records {
    ($($api_key:literal $variant:ident($record:ident))*) => {
        /// One record of the metadata log.
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub enum MetadataRecord {
            $($variant($record),)*
        }

        impl MetadataRecord {
            /// Kafka's number for this kind of record.
            pub fn api_key(&self) -> u32 {
                match self {
                    $(MetadataRecord::$variant(_) => $api_key,)*
                }
            }

            /// Whether this kind of record has a schema here.
            pub(crate) fn is_known(api_key: i16) -> bool {
                matches!(u32::from(api_key.unsigned_abs()), $($api_key)|*)
            }

            /// The framed record: frame version, kind, version, body.
            pub fn encode(&self) -> Result<Bytes, MetadataError> {
                Ok(match self {
                    $(MetadataRecord::$variant(record) => {
                        encode_metadata_record(record, <$record as Message>::VERSIONS.1)?
                    })*
                })
            }

            /// Reads one framed record that fills `bytes`.
            pub fn decode(bytes: Bytes) -> Result<Self, MetadataError> {
                let frame = decode_metadata_frame(bytes)?;
                let (api_key, version) = (frame.api_key, frame.version);
                match u32::from(api_key.unsigned_abs()) {
                    $($api_key if version <= <$record as Message>::VERSIONS.1 => {
                        Ok(MetadataRecord::$variant(frame.read::<$record>()?))
                    })*
                    _ => Err(MetadataError::UnknownRecord { api_key, version }),
                }
            }
        }

        $(
            impl From<$record> for MetadataRecord {
                fn from(record: $record) -> Self {
                    MetadataRecord::$variant(record)
                }
            }
        )*
    };
}

metadata_records! {
    0 RegisterBroker(RegisterBrokerRecord)
    1 UnregisterBroker(UnregisterBrokerRecord)
    2 Topic(TopicRecord)
    3 Partition(PartitionRecord)
    4 Config(ConfigRecord)
    5 PartitionChange(PartitionChangeRecord)
    7 FenceBroker(FenceBrokerRecord)
    8 UnfenceBroker(UnfenceBrokerRecord)
    9 RemoveTopic(RemoveTopicRecord)
    10 DelegationToken(DelegationTokenRecord)
    11 UserScramCredential(UserScramCredentialRecord)
    12 FeatureLevel(FeatureLevelRecord)
    14 ClientQuota(ClientQuotaRecord)
    15 ProducerIds(ProducerIdsRecord)
    17 BrokerRegistrationChange(BrokerRegistrationChangeRecord)
    18 AccessControlEntry(AccessControlEntryRecord)
    19 RemoveAccessControlEntry(RemoveAccessControlEntryRecord)
    20 NoOp(NoOpRecord)
    21 ZkMigrationState(ZkMigrationStateRecord)
    22 RemoveUserScramCredential(RemoveUserScramCredentialRecord)
    23 BeginTransaction(BeginTransactionRecord)
    24 EndTransaction(EndTransactionRecord)
    25 AbortTransaction(AbortTransactionRecord)
    26 RemoveDelegationToken(RemoveDelegationTokenRecord)
    27 RegisterController(RegisterControllerRecord)
    28 ClearElr(ClearElrRecord)
    10000 DeclaredAcls(DeclaredAclsRecord)
}

/// The bytes of one Raft entry: the records of one decision in their order.
pub fn encode_entry(records: &[MetadataRecord]) -> Result<Bytes, MetadataError> {
    let mut entry = Encoder::new();
    for record in records {
        let framed = record.encode()?;
        let length = u32::try_from(framed.len())
            .map_err(|_| MetadataError::Malformed { reason: "a record is longer than 4 GiB".to_owned() })?;
        entry.unsigned_varint(length);
        entry.raw(&framed);
    }
    Ok(entry.into_bytes()?)
}

/// Reads what [`encode_entry`] wrote. An empty entry (a new leader's) has no records.
pub fn decode_entry(bytes: Bytes) -> Result<Vec<MetadataRecord>, MetadataError> {
    let mut decoder = Decoder::new(bytes);
    let mut records = Vec::new();
    while decoder.remaining() > 0 {
        let length = decoder.unsigned_varint()? as usize;
        let rest = decoder.rest();
        if length > rest.len() {
            let reason = format!("its length is {length}, but {} bytes are left", rest.len());
            return Err(MetadataError::Malformed { reason });
        }
        records.push(MetadataRecord::decode(rest.slice(..length))?);
        decoder = Decoder::new(rest.slice(length..));
    }
    Ok(records)
}

impl From<DecodeError> for MetadataError {
    fn from(error: DecodeError) -> Self {
        MetadataError::Malformed { reason: error.to_string() }
    }
}

impl From<EncodeError> for MetadataError {
    fn from(error: EncodeError) -> Self {
        MetadataError::Malformed { reason: error.to_string() }
    }
}
