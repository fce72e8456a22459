//! GetTelemetrySubscriptions (key 71): which metrics a client shall push (KIP-714).

use stream_codec::{Str, messages};
use stream_types::Uuid;

use crate::api::request;

request!(GetTelemetrySubscriptions: GetTelemetrySubscriptionsRequest => GetTelemetrySubscriptionsResponse);

messages! {
    /// Request of GetTelemetrySubscriptions.
    GetTelemetrySubscriptionsRequest, versions 0..=0, flexible 0 {
        client_instance_id: Uuid;
    }

    /// Response of GetTelemetrySubscriptions.
    GetTelemetrySubscriptionsResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        client_instance_id: Uuid;
        subscription_id: i32;
        accepted_compression_types: Vec<i8>;
        push_interval_ms: i32;
        telemetry_max_bytes: i32;
        delta_temporality: bool;
        requested_metrics: Vec<Str>;
    }
}
