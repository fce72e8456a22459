//! Request and response headers.
//!
//! - Version 1 of the request header is key, version, correlation id and client id; version 2 adds
//!   tagged fields and goes with flexible bodies. The client id is never compact.
//! - A response header is the correlation id, with tagged fields for flexible versions. ApiVersions
//!   never has them, so that a client can read the answer to a version the broker does not know (KIP-511).

use stream_codec::{DecodeError, Decoder, EncodeError, Encoder, Field, Form, Str};

use crate::api::ApiKey;

/// What stands before every request.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RequestHeader {
    /// The API's number; may be one that nobody knows.
    pub api_key: i16,
    /// The version of the body; may be one that nobody knows.
    pub api_version: i16,
    /// The client's number for the request, repeated in the response.
    pub correlation_id: i32,
    /// What the client calls itself.
    pub client_id: Option<Str>,
}

const CLIENT_ID_FORM: Form = Form { version: 1, flexible: false, nullable: true, tagged: false };

impl RequestHeader {
    /// The API, if it is known.
    pub fn key(&self) -> Option<ApiKey> {
        ApiKey::from_code(self.api_key)
    }

    /// Whether the version is declared, and the body can be read.
    pub fn version_is_known(&self) -> bool {
        self.key().is_some_and(|key| {
            let (first, last) = key.api().versions;
            first <= self.api_version && self.api_version <= last
        })
    }
}

/// Reads a request header. Where API or version are unknown only key, version and correlation id are
/// sure: what stands behind them is read if it can be, and no reason to fail.
pub fn decode(d: &mut Decoder) -> Result<RequestHeader, DecodeError> {
    let mut header =
        RequestHeader { api_key: d.i16()?, api_version: d.i16()?, correlation_id: d.i32()?, client_id: None };
    match decode_client(d, &header) {
        Ok(client_id) => header.client_id = client_id,
        Err(error) if header.version_is_known() => return Err(error),
        Err(_) => {}
    }
    Ok(header)
}

fn decode_client(d: &mut Decoder, header: &RequestHeader) -> Result<Option<Str>, DecodeError> {
    let client_id = Option::<Str>::read(d, CLIENT_ID_FORM)?;
    if request_header_flexible(header.api_key, header.api_version) {
        d.skip_tags()?;
    }
    Ok(client_id)
}

/// Writes a request header in the version that the body's version asks for.
pub fn encode_request_header(e: &mut Encoder, header: &RequestHeader) -> Result<(), EncodeError> {
    e.i16(header.api_key);
    e.i16(header.api_version);
    e.i32(header.correlation_id);
    header.client_id.write(e, CLIENT_ID_FORM)?;
    if request_header_flexible(header.api_key, header.api_version) {
        e.unsigned_varint(0);
    }
    Ok(())
}

/// Writes a response header.
pub fn encode_response_header(e: &mut Encoder, key: ApiKey, version: i16, correlation_id: i32) {
    e.i32(correlation_id);
    if response_header_flexible(key, version) {
        e.unsigned_varint(0);
    }
}

/// Reads a response header and gives its correlation id.
pub fn decode_response_header(d: &mut Decoder, key: ApiKey, version: i16) -> Result<i32, DecodeError> {
    let correlation_id = d.i32()?;
    if response_header_flexible(key, version) {
        d.skip_tags()?;
    }
    Ok(correlation_id)
}

/// Whether tagged fields follow the client id.
pub fn request_header_flexible(api_key: i16, version: i16) -> bool {
    ApiKey::from_code(api_key).is_some_and(|key| key.api().flexible(version))
}

/// Whether tagged fields follow the correlation id of a response.
pub fn response_header_flexible(key: ApiKey, version: i16) -> bool {
    key != ApiKey::ApiVersions && key.api().flexible(version)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn header(key: i16, version: i16) -> RequestHeader {
        RequestHeader { api_key: key, api_version: version, correlation_id: 7, client_id: Some(Str::from("client")) }
    }

    fn encoded(header: &RequestHeader) -> Bytes {
        let mut encoder = Encoder::new();
        encode_request_header(&mut encoder, header).unwrap();
        encoder.into_bytes().unwrap()
    }

    #[test]
    fn every_known_version_is_read_back() {
        for api in crate::api::API_TABLE {
            for version in api.versions.0..=api.versions.1 {
                let sent = header(api.code, version);
                let mut decoder = Decoder::new(encoded(&sent));
                assert_eq!(decode(&mut decoder), Ok(sent));
                assert_eq!(decoder.end(), Ok(()));
            }
        }
    }

    #[test]
    fn a_null_client_id_is_read() {
        let sent = RequestHeader { client_id: None, ..header(3, 1) };
        assert_eq!(encoded(&sent)[8..], [0xff, 0xff]);
        assert_eq!(decode(&mut Decoder::new(encoded(&sent))), Ok(sent));
    }

    #[test]
    fn tagged_fields_are_skipped() {
        let mut bytes = encoded(&header(3, 9)).to_vec();
        assert_eq!(bytes.pop(), Some(0));
        bytes.extend_from_slice(&[1, 5, 2, 9, 9]);
        let mut decoder = Decoder::new(bytes.into());
        assert_eq!(decode(&mut decoder), Ok(header(3, 9)));
        assert_eq!(decoder.remaining(), 0);
    }

    #[test]
    fn unknown_apis_and_versions_keep_their_correlation_id() {
        for (key, version) in [(18, 99), (18, -3), (3, 77), (4, 0), (1000, 1), (-5, -5)] {
            let known = encoded(&header(key, version));
            assert_eq!(decode(&mut Decoder::new(known)), Ok(header(key, version)));
            let mut cut = encoded(&header(key, version)).slice(..8).to_vec();
            cut.extend_from_slice(&[0x7f, 0xff, 1]);
            let read = decode(&mut Decoder::new(cut.into())).unwrap();
            assert_eq!((read.api_key, read.correlation_id, read.client_id), (key, 7, None));
        }
    }

    #[test]
    fn a_cut_header_of_a_known_version_is_an_error() {
        let whole = encoded(&header(3, 9));
        for len in 0..whole.len() {
            assert!(decode(&mut Decoder::new(whole.slice(..len))).is_err(), "{len} bytes");
        }
    }

    #[test]
    fn the_answer_to_api_versions_never_has_tags() {
        for version in [0, 3, 4, 99] {
            assert!(!response_header_flexible(ApiKey::ApiVersions, version));
        }
        assert!(response_header_flexible(ApiKey::Metadata, 9));
        assert!(!response_header_flexible(ApiKey::Metadata, 8));
        assert!(request_header_flexible(ApiKey::ApiVersions.code(), 3));
    }
}
