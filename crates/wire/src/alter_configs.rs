//! AlterConfigs (key 33): replaces the whole configuration of resources (KIP-133).

use stream_codec::{Str, messages};

use crate::api::request;

request!(AlterConfigs: AlterConfigsRequest => AlterConfigsResponse);

messages! {
    /// Request of AlterConfigs.
    AlterConfigsRequest, versions 0..=2, flexible 2 {
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
        value: Option<Str> = Some(Str::EMPTY);
    }

    /// Response of AlterConfigs.
    AlterConfigsResponse, versions 0..=2, flexible 2 {
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
