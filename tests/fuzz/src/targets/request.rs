//! Frames, headers and the bodies of every API.

use bytes::Bytes;
use stream_codec::{Decoder, Message, decode_body, to_bytes};
use stream_wire::api::ApiKey;
use stream_wire::{frame, header};

use crate::support::{self, Random, for_each_api, random_message};

/// Largest frame (bytes), as on a broker's listener.
const FRAME_BYTES_MAX: usize = 100 * 1024 * 1024;

/// A stream of frames as a connection reads it.
pub(super) fn frames(mut stream: &[u8]) {
    while let Some((prefix, rest)) = stream.split_first_chunk::<{ frame::SIZE_BYTES }>() {
        let Ok(size) = frame::size(*prefix, FRAME_BYTES_MAX) else { return };
        let Some((whole, next)) = rest.split_at_checked(size) else { return };
        request(whole);
        stream = next;
    }
}

/// One request: header and body.
pub(super) fn request(bytes: &[u8]) {
    let mut decoder = Decoder::new(Bytes::copy_from_slice(bytes));
    let Ok(header) = header::decode(&mut decoder) else { return };
    if !header.version_is_known() {
        return;
    }
    let (Some(key), body) = (header.key(), decoder.rest()) else { return };
    macro_rules! each {
        ($name:ident $module:ident $request:ident $response:ident) => {
            if key == ApiKey::$name {
                read::<stream_wire::$module::$request>(body.clone(), header.api_version);
            }
        };
    }
    for_each_api!(each);
}

/// What decodes encodes again, and that decodes to the same.
fn read<M: Message>(body: Bytes, version: i16) {
    let Ok(message) = decode_body::<M>(body, version) else { return };
    let again = to_bytes(&message, version).unwrap_or_else(|error| panic!("{} v{version}: {error}", M::NAME));
    let third = decode_body::<M>(again.clone(), version).map(|message| to_bytes(&message, version));
    assert_eq!(third, Ok(Ok(again)), "{} v{version}", M::NAME);
}

/// One request of each API in its newest version, and a stream of some.
pub(super) fn seeds() -> Vec<(&'static str, String, Vec<u8>)> {
    let mut random = Random(11);
    let mut seeds = Vec::new();
    macro_rules! each {
        ($name:ident $module:ident $request:ident $response:ident) => {
            seeds.push(seed::<stream_wire::$module::$request>(&mut random, ApiKey::$name));
        };
    }
    for_each_api!(each);
    let mut stream = Vec::new();
    for (_, _, request) in seeds.iter().take(12) {
        let size = u32::try_from(request.len()).expect("a request is small");
        stream.extend_from_slice(&size.to_be_bytes());
        stream.extend_from_slice(request);
    }
    seeds.push(("frames", "several".to_owned(), stream));
    seeds.push(("frames", "announced".to_owned(), vec![0x06, 0x40, 0, 0, 0, 18, 0, 0]));
    seeds.push(("frames", "http".to_owned(), b"GET / HTTP/1.1\r\n\r\n".to_vec()));
    seeds
}

fn seed<M: Message>(random: &mut Random, key: ApiKey) -> (&'static str, String, Vec<u8>) {
    let version = key.api().versions.1;
    let message: M = random_message(random, version);
    let mut bytes = Vec::new();
    bytes.extend_from_slice(&key.code().to_be_bytes());
    bytes.extend_from_slice(&version.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 7, 0, 4]);
    bytes.extend_from_slice(b"fuzz");
    if key.api().flexible(version) {
        bytes.push(0);
    }
    bytes.extend_from_slice(&to_bytes(&message, version).expect("a random message can be encoded"));
    ("request", key.name().to_owned(), bytes)
}
