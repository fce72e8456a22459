//! AlterClientQuotas (key 49): sets and removes client quotas (KIP-546).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AlterClientQuotas: AlterClientQuotasRequest => AlterClientQuotasResponse);

messages! {
    /// Request of AlterClientQuotas.
    AlterClientQuotasRequest, versions 0..=1, flexible 1 {
        entries: Vec<RequestEntryData>;
        validate_only: bool;
    }
    RequestEntryData {
        entity: Vec<EntityData>;
        ops: Vec<OpData>;
    }
    EntityData {
        entity_type: Str;
        entity_name: Option<Str> = Some(Str::EMPTY);
    }
    OpData {
        key: Str;
        value: f64;
        remove: bool;
    }

    /// Response of AlterClientQuotas.
    AlterClientQuotasResponse, versions 0..=1, flexible 1 {
        throttle_time_ms: i32;
        entries: Vec<ResponseEntryData>;
    }
    ResponseEntryData {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        entity: Vec<EntityData>;
    }
}
