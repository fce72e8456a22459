//! ListConfigResources (key 74): resources that have configuration (KIP-1000, KIP-1142).

use stream_codec::{Str, messages};

use crate::api::request;

request!(ListConfigResources: ListConfigResourcesRequest => ListConfigResourcesResponse);

messages! {
    /// Request of ListConfigResources.
    ListConfigResourcesRequest, versions 0..=1, flexible 0 {
        resource_types: Vec<i8>, since 1;
    }

    /// Response of ListConfigResources.
    ListConfigResourcesResponse, versions 0..=1, flexible 0 {
        throttle_time_ms: i32;
        error_code: i16;
        config_resources: Vec<ConfigResource>;
    }
    ConfigResource {
        resource_name: Str;
        resource_type: i8 = 16, since 1, ignorable;
    }
}
