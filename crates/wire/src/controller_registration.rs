//! ControllerRegistration (key 70): a controller announces its listeners and features (KIP-919).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(ControllerRegistration: ControllerRegistrationRequest => ControllerRegistrationResponse);

messages! {
    /// Request of ControllerRegistration.
    ControllerRegistrationRequest, versions 0..=0, flexible 0 {
        controller_id: i32;
        incarnation_id: Uuid;
        zk_migration_ready: bool;
        listeners: Vec<Listener>;
        features: Vec<Feature>;
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

    /// Response of ControllerRegistration.
    ControllerRegistrationResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
    }
}
