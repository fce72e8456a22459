//! BrokerRegistration (key 62): a broker enters the cluster and gets its epoch (KIP-631).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(BrokerRegistration: BrokerRegistrationRequest => BrokerRegistrationResponse);

messages! {
    /// Request of BrokerRegistration.
    BrokerRegistrationRequest, versions 0..=4, flexible 0 {
        broker_id: i32;
        cluster_id: Str;
        incarnation_id: Uuid;
        listeners: Vec<Listener>;
        features: Vec<Feature>;
        rack: Option<Str> = Some(Str::EMPTY);
        is_migrating_zk_broker: bool, since 1;
        log_dirs: Vec<Uuid>, since 2, ignorable;
        previous_broker_epoch: i64 = -1, since 3, ignorable;
    }
    Listener {
        name: Str;
        host: Str;
        port: u16;
        security_protocol: i16;
    }
    Feature {
        name: Str;
        min_supported_version: i16;
        max_supported_version: i16;
    }

    /// Response of BrokerRegistration.
    BrokerRegistrationResponse, versions 0..=4, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        broker_epoch: i64 = -1;
    }
}
