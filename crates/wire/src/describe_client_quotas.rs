//! DescribeClientQuotas (key 48): client quotas that match a filter (KIP-546).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeClientQuotas: DescribeClientQuotasRequest => DescribeClientQuotasResponse);

messages! {
    /// Request of DescribeClientQuotas.
    DescribeClientQuotasRequest, versions 0..=1, flexible 1 {
        components: Vec<ComponentData>;
        strict: bool;
    }
    ComponentData {
        entity_type: Str;
        match_type: i8;
        r#match: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of DescribeClientQuotas.
    DescribeClientQuotasResponse, versions 0..=1, flexible 1 {
        throttle_time_ms: i32;
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        entries: Option<Vec<EntryData>> = Some(vec![]);
    }
    EntryData {
        entity: Vec<EntityData>;
        values: Vec<ValueData>;
    }
    EntityData {
        entity_type: Str;
        entity_name: Option<Str> = Some(Str::EMPTY);
    }
    ValueData {
        key: Str;
        value: f64;
    }
}
