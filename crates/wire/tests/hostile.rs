//! Hostile bytes in every decoder: no panic, no hang, and memory in proportion to the bytes that
//! arrived, never to the lengths they announce.

mod support;

use bytes::Bytes;
use stream_codec::{Decoder, Message, decode_body, to_bytes};
use stream_wire::header;
use support::{Random, for_each_api, random_message};

/// Lengths that lie, as 16 and 32 bits and as varints.
const LENGTHS: [&[u8]; 9] = [
    &[0x7f, 0xff, 0xff, 0xff],
    &[0xff, 0xff, 0xff, 0xff],
    &[0x80, 0x00, 0x00, 0x00],
    &[0x00, 0x0f, 0xff, 0xff],
    &[0x7f, 0xff],
    &[0xff, 0xff, 0xff, 0xff, 0x07],
    &[0xff, 0xff, 0xff, 0xff, 0x0f],
    &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80],
    &[0xff, 0xff, 0x03],
];

fn hostile_bytes(random: &mut Random) -> Vec<u8> {
    let len = if random.below(40) == 0 { 20_000 } else { random.below(120) } as usize;
    let kind = random.below(4);
    let mut bytes: Vec<u8> = (0..len)
        .map(|_| match kind {
            0 => random.next() as u8,
            1 => random.below(4) as u8,
            2 if random.below(8) > 0 => 0,
            2 => random.below(20) as u8,
            _ => 1 + random.below(2) as u8,
        })
        .collect();
    for _ in 0..random.below(4) {
        let lie = LENGTHS[random.below(LENGTHS.len() as u64) as usize];
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let end = bytes.len().min(at + lie.len());
        bytes.splice(at..end, lie.iter().copied());
    }
    bytes
}

/// Decodes, and what decodes must encode again.
fn try_bytes<M: Message>(bytes: Bytes, version: i16) {
    let mut decoder = Decoder::new(bytes.clone());
    let Ok(message) = M::decode(&mut decoder, version) else { return };
    let again = to_bytes(&message, version)
        .unwrap_or_else(|e| panic!("{} v{version} cannot be written: {e}\n{bytes:?}", M::NAME));
    let third = decode_body::<M>(again.clone(), version).map(|m| to_bytes(&m, version));
    assert_eq!(third, Ok(Ok(again)), "{} v{version}", M::NAME);
}

fn attack<M: Message>(random: &mut Random) {
    for version in M::VERSIONS.0..=M::VERSIONS.1 {
        for _ in 0..60 {
            try_bytes::<M>(hostile_bytes(random).into(), version);
        }
        let message: M = random_message(random, version);
        let bytes = to_bytes(&message, version).expect("what was decoded can be encoded");
        for _ in 0..40 {
            let cut = random.below(bytes.len() as u64 + 1) as usize;
            try_bytes::<M>(bytes.slice(..cut), version);
            let mut changed = bytes.to_vec();
            if let Some(byte) = changed.get_mut(cut) {
                *byte = random.next() as u8;
            }
            try_bytes::<M>(changed.into(), version);
        }
        if !bytes.is_empty() {
            let short = decode_body::<M>(bytes.slice(..bytes.len() - 1), version);
            assert!(short.is_err(), "{} v{version} lacks a byte", M::NAME);
        }
        let mut long = bytes.to_vec();
        long.push(0);
        assert!(decode_body::<M>(long.into(), version).is_err(), "{} v{version} is too long", M::NAME);
    }
    assert!(M::decode(&mut Decoder::new(Bytes::new()), M::VERSIONS.1 + 1).is_err());
}

/// Largest address space so far (bytes).
fn address_space_peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmPeak:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}

#[test]
fn no_bytes_make_a_decoder_panic_or_take_what_they_announce() {
    let before = address_space_peak();
    let mut random = Random(7);
    macro_rules! each {
        ($name:ident $module:ident $request:ident $response:ident) => {
            attack::<stream_wire::$module::$request>(&mut random);
            attack::<stream_wire::$module::$response>(&mut random);
        };
    }
    for_each_api!(each);
    for _ in 0..20_000 {
        // Whatever the header is, it is read or refused.
        let _ = header::decode(&mut Decoder::new(hostile_bytes(&mut random).into()));
    }
    if let (Some(before), Some(after)) = (before, address_space_peak()) {
        assert!(after - before < 64 << 20, "{} bytes more", after - before);
    }
}

#[test]
fn millions_of_empty_names_are_refused() {
    let count = 4_000_000u32;
    let mut bytes = count.to_be_bytes().to_vec();
    bytes.resize(bytes.len() + 2 * count as usize, 0);
    let refused = decode_body::<stream_wire::metadata::MetadataRequest>(bytes.into(), 0);
    assert!(matches!(refused, Err(stream_codec::DecodeError::Memory { .. })), "{refused:?}");
}
