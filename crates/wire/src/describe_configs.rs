//! DescribeConfigs (key 32): effective configuration of resources with sources and synonyms
//! (KIP-133, KIP-226).

use stream_codec::{Str, messages};

use crate::api::request;

request!(DescribeConfigs: DescribeConfigsRequest => DescribeConfigsResponse);

messages! {
    /// Request of DescribeConfigs.
    DescribeConfigsRequest, versions 1..=4, flexible 4 {
        resources: Vec<DescribeConfigsResource>;
        include_synonyms: bool;
        include_documentation: bool, since 3;
    }
    DescribeConfigsResource {
        resource_type: i8;
        resource_name: Str;
        configuration_keys: Option<Vec<Str>> = Some(vec![]);
    }

    /// Response of DescribeConfigs.
    DescribeConfigsResponse, versions 1..=4, flexible 4 {
        throttle_time_ms: i32;
        results: Vec<DescribeConfigsResult>;
    }
    DescribeConfigsResult {
        error_code: i16;
        error_message: Option<Str> = Some(Str::EMPTY);
        resource_type: i8;
        resource_name: Str;
        configs: Vec<DescribeConfigsResourceResult>;
    }
    DescribeConfigsResourceResult {
        name: Str;
        value: Option<Str> = Some(Str::EMPTY);
        read_only: bool;
        config_source: i8 = -1;
        is_sensitive: bool;
        synonyms: Vec<DescribeConfigsSynonym>;
        config_type: i8, since 3, ignorable;
        documentation: Option<Str> = Some(Str::EMPTY), since 3, ignorable;
    }
    DescribeConfigsSynonym {
        name: Str;
        value: Option<Str> = Some(Str::EMPTY);
        source: i8;
    }
}
