//! Which version of an API both sides know.

use stream_wire::api_versions::ApiVersionsResponse;
use stream_wire::{API_TABLE, ApiKey};

/// First and last version of each API that a broker offers, in the order of the table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Offered(Vec<Option<(i16, i16)>>);

impl Offered {
    /// What a broker said it offers.
    pub(crate) fn of(response: &ApiVersionsResponse) -> Offered {
        let mut offered = vec![None; API_TABLE.len()];
        for api in &response.api_keys {
            if let Some(key) = ApiKey::from_code(api.api_key)
                && let Some(slot) = offered.get_mut(key as usize)
            {
                *slot = Some((api.min_version, api.max_version));
            }
        }
        Offered(offered)
    }

    /// What the broker offers of one API.
    pub(crate) fn versions(&self, key: ApiKey) -> Option<(i16, i16)> {
        self.0.get(key as usize).copied().flatten()
    }

    /// The highest version that both sides know and that is at most `max`.
    pub(crate) fn choose(&self, key: ApiKey, max: i16) -> Option<i16> {
        let (first, last) = self.versions(key)?;
        let known = key.api().versions;
        let chosen = last.min(known.1).min(max);
        (chosen >= first.max(known.0)).then_some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use stream_wire::api_versions::ApiVersion;

    use super::*;

    #[test]
    fn the_highest_version_of_both_is_chosen() {
        let api = |api_key, min_version, max_version| ApiVersion { api_key, min_version, max_version };
        let response = ApiVersionsResponse {
            api_keys: vec![api(0, 0, 9), api(1, 4, 99), api(3, 90, 99), api(1234, 0, 1)],
            ..ApiVersionsResponse::default()
        };
        let offered = Offered::of(&response);
        assert_eq!(offered.choose(ApiKey::Produce, i16::MAX), Some(9));
        assert_eq!(offered.choose(ApiKey::Fetch, i16::MAX), Some(18));
        assert_eq!(offered.choose(ApiKey::Fetch, 12), Some(12));
        assert_eq!(offered.choose(ApiKey::Fetch, 3), None);
        assert_eq!(offered.choose(ApiKey::Metadata, i16::MAX), None);
        assert_eq!(offered.choose(ApiKey::JoinGroup, i16::MAX), None);
        assert_eq!(offered.versions(ApiKey::Metadata), Some((90, 99)));
    }
}
