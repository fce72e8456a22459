//! Brokers register, are fenced and unfenced, and leave.

use std::collections::BTreeMap;

use stream_types::{ErrorCode, NodeId, Uuid};

use super::{ApiError, Controller, Decision};
use crate::image::{BrokerRegistration, Endpoint, SupportedVersions, register_broker};
use crate::record::MetadataRecord;
use stream_codec::stored::metadata::{BrokerRegistrationChangeRecord, UnregisterBrokerRecord};

/// A broker started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RegisterBroker {
    /// `node.id`.
    pub broker_id: NodeId,
    /// The cluster it thinks it belongs to.
    pub cluster_id: String,
    /// Differs with every start of the process.
    pub incarnation_id: Uuid,
    /// Advertised listeners.
    pub endpoints: Vec<Endpoint>,
    /// Supported feature levels by name.
    pub features: BTreeMap<String, SupportedVersions>,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// Ids of its online log directories.
    pub log_dirs: Vec<Uuid>,
    /// Whether it stays fenced until [`UnfenceBroker`]. A single node is unfenced at once.
    pub fenced: bool,
}

/// A broker stopped answering, or has to catch up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FenceBroker {
    /// The broker.
    pub broker_id: NodeId,
    /// The registration that is meant.
    pub broker_epoch: i64,
}

/// A broker caught up.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnfenceBroker {
    /// The broker.
    pub broker_id: NodeId,
    /// The registration that is meant.
    pub broker_epoch: i64,
}

/// A broker is gone for good.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnregisterBroker {
    /// The broker.
    pub broker_id: NodeId,
}

/// The broker's epoch, or why not.
pub type BrokerReply = Result<i64, ApiError>;

impl Controller {
    /// Registers a broker. The same incarnation again gets the same epoch; a new one gets a larger
    /// epoch, and the partitions that it leads get new leader epochs or, if it is fenced, new leaders.
    pub fn register_broker(&self, command: &RegisterBroker) -> Decision<BrokerReply> {
        let refused = |code, message: String| Decision::nothing(Err(ApiError::new(code, message)));
        let cluster_id = self.image.cluster_id();
        if command.cluster_id != cluster_id {
            let message =
                format!("broker {} is of cluster {}, this is {cluster_id}", command.broker_id, command.cluster_id);
            return refused(ErrorCode::InconsistentClusterId, message);
        }
        if command.broker_id.get() < 0 {
            return refused(ErrorCode::InvalidRequest, format!("a broker cannot have the id {}", command.broker_id));
        }
        if command.endpoints.is_empty() {
            return refused(ErrorCode::InvalidRegistration, format!("broker {} has no listeners", command.broker_id));
        }
        let before = self.image.broker(command.broker_id);
        let same_start = before.filter(|before| before.incarnation_id == command.incarnation_id);
        let epoch = same_start.map_or(self.image.broker_epoch_highest() + 1, |before| before.epoch);
        let registration = BrokerRegistration {
            id: command.broker_id,
            incarnation_id: command.incarnation_id,
            epoch,
            endpoints: command.endpoints.clone(),
            features: command.features.clone(),
            rack: command.rack.clone(),
            fenced: same_start.map_or(command.fenced, |before| before.fenced && command.fenced),
            in_controlled_shutdown: false,
            log_dirs: command.log_dirs.clone(),
            cordoned_log_dirs: before.map(|before| before.cordoned_log_dirs.clone()).unwrap_or_default(),
        };
        if before.is_some_and(|before| **before == registration) {
            return Decision::nothing(Ok(epoch));
        }
        let mut records = vec![MetadataRecord::from(register_broker(&registration))];
        let was_active = same_start.is_some_and(|before| before.is_active());
        if registration.fenced {
            records.extend(self.lead_no_more(registration.id));
        } else if !was_active {
            records.extend(self.lead_again(registration.id));
        }
        Decision { records, reply: Ok(epoch) }
    }

    /// Fences a broker: it leads nothing and leaves the ISRs.
    pub fn fence_broker(&self, command: &FenceBroker) -> Decision<BrokerReply> {
        let before = match self.registration(command.broker_id, command.broker_epoch) {
            Ok(before) => before,
            Err(error) => return Decision::nothing(Err(error)),
        };
        if before.fenced {
            return Decision::nothing(Ok(before.epoch));
        }
        let mut records = vec![fencing(before, 1)];
        records.extend(self.lead_no_more(before.id));
        Decision { records, reply: Ok(before.epoch) }
    }

    /// Unfences a broker: it leads what waited for it.
    pub fn unfence_broker(&self, command: &UnfenceBroker) -> Decision<BrokerReply> {
        let before = match self.registration(command.broker_id, command.broker_epoch) {
            Ok(before) => before,
            Err(error) => return Decision::nothing(Err(error)),
        };
        if !before.fenced {
            return Decision::nothing(Ok(before.epoch));
        }
        let mut records = vec![fencing(before, -1)];
        records.extend(self.lead_again(before.id));
        Decision { records, reply: Ok(before.epoch) }
    }

    /// Forgets a broker.
    pub fn unregister_broker(&self, command: &UnregisterBroker) -> Decision<BrokerReply> {
        let id = command.broker_id;
        let Some(before) = self.image.broker(id) else {
            let message = format!("broker {id} is not registered");
            return Decision::nothing(Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, message)));
        };
        let mut records = self.lead_no_more(id);
        let gone = UnregisterBrokerRecord { broker_id: id.get(), broker_epoch: before.epoch };
        records.push(gone.into());
        Decision { records, reply: Ok(before.epoch) }
    }

    /// The broker's registration, if it is the one that is meant.
    pub(super) fn registration(&self, id: NodeId, epoch: i64) -> Result<&BrokerRegistration, ApiError> {
        let Some(registration) = self.image.broker(id) else {
            return Err(ApiError::new(ErrorCode::BrokerIdNotRegistered, format!("broker {id} is not registered")));
        };
        if registration.epoch != epoch {
            let message =
                format!("broker {id} registered again since: its epoch is {}, not {epoch}", registration.epoch);
            return Err(ApiError::new(ErrorCode::StaleBrokerEpoch, message));
        }
        Ok(registration)
    }
}

fn fencing(broker: &BrokerRegistration, fenced: i8) -> MetadataRecord {
    let record = BrokerRegistrationChangeRecord {
        broker_id: broker.id.get(),
        broker_epoch: broker.epoch,
        fenced,
        ..BrokerRegistrationChangeRecord::default()
    };
    record.into()
}
