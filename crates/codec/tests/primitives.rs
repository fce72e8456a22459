//! The primitive encodings at their edges.

#![allow(clippy::unwrap_used)]

use bytes::Bytes;
use stream_codec::{DecodeError, Decoder, EncodeError, Encoder, Message, RecordPart, Records, Segment, Str};
use stream_codec::{decode_body, messages, to_bytes};
use stream_types::Uuid;

messages! {
    /// One field of every kind; flexible from version 2 on.
    Everything, versions 0..=3, flexible 2 {
        flag: bool = true;
        tiny: i8;
        short: i16 = -1;
        port: u16;
        number: i32;
        checksum: u32;
        long: i64;
        ratio: f64;
        id: Uuid;
        text: Str;
        text_or_null: Option<Str>, nullable 1;
        bytes: Bytes;
        bytes_or_null: Option<Bytes>;
        records: Records;
        records_or_null: Option<Records>;
        numbers: Vec<i32>;
        inner: Inner;
        inners_or_null: Option<Vec<Inner>>;
        inner_or_null: Option<Inner>, since 3;
        late: i32 = 7, since 1;
        early: Str, until 1, ignorable;
        @0 tagged: Option<Str> = Some(Str::EMPTY), since 2;
        @5 tagged_late: Vec<Inner>, since 3, ignorable;
        @6 tagged_inner: Option<Inner> = Some(Inner::default()), since 2;
    }
    Inner {
        name: Str;
    }
}

messages! {
    /// Only what a test needs.
    Texts, versions 0..=1, flexible 1 {
        texts: Vec<Str>;
    }
}

fn inner(name: &str) -> Inner {
    Inner { name: name.into() }
}

fn everything() -> Everything {
    Everything {
        flag: false,
        tiny: -3,
        short: 300,
        port: 60_000,
        number: i32::MIN,
        checksum: u32::MAX,
        long: i64::MIN,
        ratio: -0.25,
        id: Uuid([9; 16]),
        text: "grüße".into(),
        text_or_null: Some("x".into()),
        bytes: Bytes::from_static(b"\0\xff"),
        bytes_or_null: None,
        records: Records::from(vec![1, 2, 3]),
        records_or_null: None,
        numbers: vec![1, -1],
        inner: inner("a"),
        inners_or_null: None,
        ..Everything::default()
    }
}

#[test]
fn values_are_read_back_in_every_version() {
    for version in 0..=3 {
        let message = everything();
        let bytes = to_bytes(&message, version).unwrap();
        assert_eq!(decode_body::<Everything>(bytes.clone(), version), Ok(message), "version {version}");
        for cut in 0..bytes.len() {
            assert!(decode_body::<Everything>(bytes.slice(..cut), version).is_err(), "{cut} bytes");
        }
    }
    let message = Everything {
        text_or_null: None,
        bytes_or_null: Some(Bytes::new()),
        records_or_null: Some(Records::empty()),
        inners_or_null: Some(vec![inner("b"), inner("")]),
        inner_or_null: Some(inner("c")),
        late: 0,
        tagged: None,
        tagged_late: vec![inner("d")],
        tagged_inner: None,
        ..everything()
    };
    let bytes = to_bytes(&message, 3).unwrap();
    assert_eq!(decode_body::<Everything>(bytes, 3), Ok(message));
}

#[test]
fn what_a_version_lacks_is_left_out_only_if_nothing_is_lost() {
    let late = Everything { late: 8, ..everything() };
    let lost = EncodeError::Field { message: "Everything", field: "late", version: 0 };
    assert_eq!(to_bytes(&late, 0), Err(lost));
    assert!(to_bytes(&late, 1).is_ok());
    let tagged = Everything { tagged: None, ..everything() };
    let lost = EncodeError::Field { message: "Everything", field: "tagged", version: 1 };
    assert_eq!(to_bytes(&tagged, 1), Err(lost));
    let ignorable = Everything { tagged_late: vec![inner("gone")], early: "gone".into(), ..everything() };
    let read: Everything = decode_body(to_bytes(&ignorable, 2).unwrap(), 2).unwrap();
    assert_eq!(read, everything());
}

#[test]
fn null_has_its_versions() {
    let null = Everything { text_or_null: None, ..everything() };
    assert_eq!(to_bytes(&null, 0), Err(EncodeError::Null { what: "text" }));
    let bytes = to_bytes(&null, 1).unwrap();
    assert_eq!(decode_body::<Everything>(bytes, 1), Ok(null));
    let refused = decode_body::<Texts>(Bytes::from_static(&[0xff; 4]), 0);
    assert_eq!(refused, Err(DecodeError::Null { what: "array", position: 4 }));
    let refused = decode_body::<Texts>(Bytes::from_static(&[0, 0]), 1);
    assert_eq!(refused, Err(DecodeError::Null { what: "array", position: 1 }));
}

#[test]
fn versions_outside_the_declaration_are_refused() {
    for version in [-1, 4, i16::MAX, i16::MIN] {
        let refused = EncodeError::Version { message: "Everything", version };
        assert_eq!(to_bytes(&everything(), version), Err(refused));
        let refused = DecodeError::Version { message: "Everything", version };
        assert_eq!(decode_body::<Everything>(Bytes::new(), version), Err(refused));
    }
    assert_eq!((Everything::VERSIONS, Everything::FLEXIBLE), ((0, 3), 2));
}

#[test]
fn tagged_fields_at_their_default_take_no_place() {
    let flexible = to_bytes(&Texts::default(), 1).unwrap();
    assert_eq!(flexible[..], [1, 0]);
    let bytes = to_bytes(&everything(), 2).unwrap();
    assert_eq!(bytes.last(), Some(&0));
}

#[test]
fn unknown_tagged_fields_are_passed_over() {
    let mut bytes = to_bytes(&everything(), 3).unwrap().to_vec();
    assert_eq!(bytes.pop(), Some(0));
    bytes.extend_from_slice(&[2, 0, 2, 2, b'!', 99, 3, 1, 2, 3]);
    let read: Everything = decode_body(bytes.into(), 3).unwrap();
    assert_eq!(read, Everything { tagged: Some("!".into()), ..everything() });
}

#[test]
fn a_tagged_field_fills_its_size() {
    let mut bytes = to_bytes(&everything(), 3).unwrap().to_vec();
    bytes.pop();
    let end = bytes.len() + 5;
    bytes.extend_from_slice(&[1, 0, 3, 2, b'!', 0]);
    let refused = decode_body::<Everything>(bytes.into(), 3);
    assert_eq!(refused, Err(DecodeError::LeftOver { left: 1, position: end }));
}

#[test]
fn announced_lengths_are_checked_against_what_is_left() {
    let bytes = Bytes::from_static(&[0x7f, 0xff, 0xff, 0xff, 0, 0]);
    let truncated = DecodeError::Truncated { what: "array", needed: 0x7fff_ffff, left: 2, position: 4 };
    assert_eq!(decode_body::<Texts>(bytes, 0), Err(truncated));
    let bytes = Bytes::from_static(&[0xff, 0xff, 0xff, 0xff, 0x0f, 0]);
    let truncated = DecodeError::Truncated { what: "array", needed: 0xffff_fffe, left: 1, position: 5 };
    assert_eq!(decode_body::<Texts>(bytes, 1), Err(truncated));
    let bytes = Bytes::from_static(&[0, 0, 0, 1, 0x7f, 0xff, b'a']);
    let truncated = DecodeError::Truncated { what: "text", needed: 0x7fff, left: 1, position: 6 };
    assert_eq!(decode_body::<Texts>(bytes, 0), Err(truncated));
}

#[test]
fn negative_lengths_other_than_null_are_refused() {
    let bytes = Bytes::from_static(&[0xff, 0xff, 0xff, 0xfe]);
    let refused = DecodeError::Length { what: "array length", length: -2, position: 4 };
    assert_eq!(decode_body::<Texts>(bytes, 0), Err(refused));
    let bytes = Bytes::from_static(&[0, 0, 0, 1, 0x80, 0]);
    let refused = DecodeError::Length { what: "text length", length: -32768, position: 6 };
    assert_eq!(decode_body::<Texts>(bytes, 0), Err(refused));
}

#[test]
fn text_is_utf8_of_at_most_32767_bytes() {
    let refused = decode_body::<Texts>(Bytes::from_static(&[0, 0, 0, 1, 0, 2, 0xc3, 0x28]), 0);
    assert_eq!(refused, Err(DecodeError::Utf8 { position: 6 }));
    for version in 0..=1 {
        let longest = Texts { texts: vec!["a".repeat(32767).into()] };
        let bytes = to_bytes(&longest, version).unwrap();
        assert_eq!(decode_body::<Texts>(bytes, version), Ok(longest));
        let longer = Texts { texts: vec!["a".repeat(32768).into()] };
        let refused = EncodeError::Length { what: "text", length: 32768 };
        assert_eq!(to_bytes(&longer, version), Err(refused));
    }
    let mut bytes = vec![2, 0x81, 0x80, 0x02];
    bytes.resize(40_000, b'a');
    let refused = DecodeError::Length { what: "text length", length: 32768, position: 4 };
    assert_eq!(decode_body::<Texts>(bytes.into(), 1), Err(refused));
}

fn decoder(bytes: &[u8]) -> Decoder {
    Decoder::new(Bytes::copy_from_slice(bytes))
}

#[test]
fn varints_are_read_back_at_every_length() {
    for shift in 0..63 {
        for value in [1i64 << shift, (1i64 << shift) - 1, -(1i64 << shift)] {
            let mut encoder = Encoder::new();
            encoder.varlong(value);
            encoder.varint(value as i32);
            encoder.unsigned_varint(value as u32);
            let mut d = Decoder::new(encoder.into_bytes().unwrap());
            assert_eq!(d.varlong(), Ok(value));
            assert_eq!(d.varint(), Ok(value as i32));
            assert_eq!(d.unsigned_varint(), Ok(value as u32));
            assert_eq!(d.end(), Ok(()));
        }
    }
    assert_eq!(decoder(&[0xff, 0xff, 0xff, 0xff, 0x0f]).varint(), Ok(i32::MIN));
    assert_eq!(decoder(&[3]).varint(), Ok(-2));
    let mut longest = [0xff; 10];
    longest[9] = 1;
    assert_eq!(decoder(&longest).varlong(), Ok(i64::MIN));
}

#[test]
fn varints_are_bounded() {
    // Padded with zeros is odd but means something; Kafka reads it too.
    assert_eq!(decoder(&[0x81, 0x80, 0x00]).unsigned_varint(), Ok(1));
    let too_long = DecodeError::Varint { position: 0 };
    assert_eq!(decoder(&[0xff, 0xff, 0xff, 0xff, 0x1f]).unsigned_varint(), Err(too_long));
    assert_eq!(decoder(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00]).unsigned_varint(), Err(too_long));
    assert_eq!(decoder(&[0xff; 11]).varlong(), Err(too_long));
    let mut bit_65 = [0xff; 10];
    bit_65[9] = 2;
    assert_eq!(decoder(&bit_65).varlong(), Err(too_long));
    let truncated = decoder(&[0x80, 0x80]).unsigned_varint();
    assert!(matches!(truncated, Err(DecodeError::Truncated { needed: 3, left: 2, .. })), "{truncated:?}");
    assert!(decoder(&[]).varlong().is_err());
}

#[test]
fn large_bytes_are_neither_copied_nor_moved() {
    let body = Bytes::from(vec![7; 5000]);
    let parts = vec![RecordPart::Bytes(body.clone()), RecordPart::External { id: 4, len: 70_000 }];
    let message = Everything { records: Records { parts }, ..everything() };
    let mut encoder = Encoder::new();
    message.encode(&mut encoder, 3).unwrap();
    let total = encoder.len();
    let segments = encoder.finish();
    assert_eq!(segments.iter().map(Segment::len).sum::<usize>(), total);
    let [_, Segment::Bytes(sent), Segment::External { id: 4, len: 70_000 }, _] = segments.as_slice() else {
        panic!("{segments:?}");
    };
    assert_eq!(sent.as_ptr(), body.as_ptr());
    assert_eq!(to_bytes(&message, 3), Err(EncodeError::External { length: 70_000 }));

    let message = Everything { records: body.into(), ..everything() };
    let bytes = to_bytes(&message, 3).unwrap();
    let read: Everything = decode_body(bytes.clone(), 3).unwrap();
    let records = read.records.to_bytes().unwrap();
    assert!(bytes.as_ptr_range().contains(&records.as_ptr()), "records are a slice of the frame");
    assert_eq!(read, message);
}

#[test]
fn text_shares_its_buffer_until_it_is_detached() {
    let frame = Bytes::from_static(b"topic-name");
    let text = Str::try_from(frame.slice(..5)).unwrap();
    assert_eq!(text, "topic");
    assert_eq!(text.as_str().as_ptr(), frame.as_ptr());
    let detached = text.detached();
    assert_eq!(detached, text);
    assert_ne!(detached.as_str().as_ptr(), frame.as_ptr());
    assert!(Str::try_from(Bytes::from_static(&[0xff])).is_err());
}
