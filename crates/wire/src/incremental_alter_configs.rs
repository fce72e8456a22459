//! IncrementalAlterConfigs (key 44): sets, deletes, appends to or subtracts from single keys
//! (KIP-339).

use stream_codec::{Str, messages};

use crate::api::request;

request!(IncrementalAlterConfigs: IncrementalAlterConfigsRequest => IncrementalAlterConfigsResponse);

messages! {
    /// Request of IncrementalAlterConfigs.
    IncrementalAlterConfigsRequest, versions 0..=1, flexible 1 {
        resources: Vec<AlterConfigsResource>;
        validate_only: bool;
    }
    AlterConfigsResource {
        resource_type: i8;
        resource_name: Str;
        configs: Vec<AlterableConfig>;
    }
    AlterableConfig {
        name: Str;
        config_operation: i8;
        value: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of IncrementalAlterConfigs.
    IncrementalAlterConfigsResponse, versions 0..=1, flexible 1 {
        throttle_time_ms: i32;
        responses: Vec<AlterConfigsResourceResponse>;
    }
    AlterConfigsResourceResponse {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        resource_type: i8;
        resource_name: Str;
    }
}
