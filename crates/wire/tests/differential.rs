//! Ours against kafka-protocol 0.18, over every API and version that it knows: what we write it reads
//! and writes again to the same bytes, and these are read back to the same message.
//!
//! It only ever sees bytes that we have written: announced lengths of a hostile sender make it abort.

mod support;

use std::fmt::Debug;

use bytes::{Bytes, BytesMut};
use kafka_protocol::messages as theirs;
use kafka_protocol::protocol::{Decodable, Encodable, Message as TheirMessage};
use stream_codec::{Message, decode_body, to_bytes};
use support::{Random, for_each_api, random_message};

const MESSAGES_PER_VERSION: usize = 40;

/// Compares one message type; gives the number of messages compared.
fn compare<Ours, Theirs>() -> usize
where
    Ours: Message,
    Theirs: TheirMessage + Encodable + Decodable + Debug,
{
    let mut compared = 0;
    let first = Ours::VERSIONS.0.max(Theirs::VERSIONS.min);
    let last = Ours::VERSIONS.1.min(Theirs::VERSIONS.max);
    assert_eq!(first, Ours::VERSIONS.0, "{}: the first version", Ours::NAME);
    for version in first..=last {
        let mut random = Random(0xcafe + version as u64);
        for _ in 0..MESSAGES_PER_VERSION {
            let ours: Ours = random_message(&mut random, version);
            let name = Ours::NAME;
            let written = to_bytes(&ours, version).expect("what was decoded can be encoded");
            let read: Ours = decode_body(written.clone(), version).expect("what was encoded can be decoded");
            assert_eq!(read, ours, "{name} v{version}");
            let mut buffer = written.clone();
            let theirs = Theirs::decode(&mut buffer, version)
                .unwrap_or_else(|e| panic!("{name} v{version}: {e}\n{ours:?}\n{written:?}"));
            assert!(buffer.is_empty(), "{name} v{version} leaves {buffer:?}\n{ours:?}\n{theirs:?}");
            let mut again = BytesMut::new();
            theirs
                .encode(&mut again, version)
                .unwrap_or_else(|e| panic!("{name} v{version}: {e}\n{ours:?}\n{theirs:?}"));
            assert_eq!(Bytes::from(again), written, "{name} v{version}\n{ours:?}\n{theirs:?}");
            compared += 1;
        }
        let default = Theirs::decode(&mut to_bytes(&Ours::default(), version).expect("defaults fit"), version);
        assert!(default.is_ok(), "{} v{version}: defaults", Ours::NAME);
    }
    compared
}

#[test]
fn every_message_is_read_and_written_as_kafka_protocol_does() {
    let mut compared = 0;
    macro_rules! each {
        // kafka-protocol 0.18 does not know these two.
        (StreamsGroupHeartbeat $($rest:tt)*) => {};
        (StreamsGroupDescribe $($rest:tt)*) => {};
        ($name:ident $module:ident $request:ident $response:ident) => {
            compared += compare::<stream_wire::$module::$request, theirs::$request>();
            compared += compare::<stream_wire::$module::$response, theirs::$response>();
        };
    }
    for_each_api!(each);
    assert!(compared > 10_000, "{compared} messages");
}
