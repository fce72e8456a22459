//! PushTelemetry (key 72): metrics of a client (KIP-714).

use bytes::Bytes;
use stream_codec::messages;
use stream_types::Uuid;

use crate::api::request;

request!(PushTelemetry: PushTelemetryRequest => PushTelemetryResponse);

messages! {
    /// Request of PushTelemetry.
    PushTelemetryRequest, versions 0..=0, flexible 0 {
        client_instance_id: Uuid;
        subscription_id: i32;
        terminating: bool;
        compression_type: i8;
        metrics: Bytes;
    }

    /// Response of PushTelemetry.
    PushTelemetryResponse, versions 0..=0, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
    }
}
