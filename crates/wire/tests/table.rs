//! The table of APIs says what the declarations say.

mod support;

use stream_codec::Message;
use stream_wire::{API_TABLE, ApiKey, Request};
use support::for_each_api;

fn check<R: Request>() {
    let api = R::KEY.api();
    assert_eq!(R::NAME, format!("{}Request", api.name));
    assert_eq!(R::Response::NAME, format!("{}Response", api.name));
    assert_eq!((R::VERSIONS, R::FLEXIBLE), (api.versions, api.flexible), "{}", R::NAME);
    assert_eq!(R::Response::VERSIONS, api.versions, "{}", R::Response::NAME);
    assert_eq!(R::Response::FLEXIBLE, api.flexible, "{}", R::Response::NAME);
}

#[test]
fn every_row_has_its_request_and_response() {
    let mut checked = Vec::new();
    macro_rules! each {
        ($name:ident $module:ident $request:ident $response:ident) => {
            check::<stream_wire::$module::$request>();
            checked.push(ApiKey::$name);
        };
    }
    for_each_api!(each);
    assert_eq!(checked, API_TABLE.iter().map(|api| api.key).collect::<Vec<_>>());
}
