//! Frames: a size of four bytes, big-endian, then header and body.

use stream_codec::{EncodeError, Encoder, Message, Segment};
use thiserror::Error;

use crate::api::{ApiKey, Request};
use crate::header::{RequestHeader, encode_request_header, encode_response_header};

/// Bytes of the size before a frame.
pub const SIZE_BYTES: usize = 4;

/// A size that no client of this broker can mean; the connection is to be closed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum FrameError {
    /// Above the limit of the connection.
    #[error("frame of {size} bytes is above the limit of {max}")]
    TooLarge {
        /// Announced bytes.
        size: usize,
        /// The limit (bytes).
        max: usize,
    },
    /// A negative size.
    #[error("frame of {size} bytes")]
    Negative {
        /// Announced bytes.
        size: i32,
    },
    /// The first bytes of another protocol.
    #[error("the peer speaks {protocol}, not Kafka")]
    OtherProtocol {
        /// Its name.
        protocol: &'static str,
    },
}

/// The bytes that follow a size, at most `max`. The size is only announced: nothing may be allocated
/// for it.
pub fn size(prefix: [u8; SIZE_BYTES], max: usize) -> Result<usize, FrameError> {
    let announced = i32::from_be_bytes(prefix);
    let size = usize::try_from(announced).map_err(|_| FrameError::Negative { size: announced })?;
    if size <= max {
        return Ok(size);
    }
    Err(match other_protocol(prefix) {
        Some(protocol) => FrameError::OtherProtocol { protocol },
        None => FrameError::TooLarge { size, max },
    })
}

fn other_protocol(prefix: [u8; SIZE_BYTES]) -> Option<&'static str> {
    match &prefix {
        [0x16, 0x03, _, _] => Some("TLS"),
        b"GET " | b"POST" | b"PUT " | b"HEAD" | b"DELE" | b"OPTI" | b"PRI " | b"CONN" => Some("HTTP"),
        b"SSH-" => Some("SSH"),
        _ => None,
    }
}

/// A whole response, ready to send.
pub fn encode_response<M: Message>(
    key: ApiKey,
    version: i16,
    correlation_id: i32,
    response: &M,
) -> Result<Vec<Segment>, EncodeError> {
    let mut encoder = begin();
    encode_response_header(&mut encoder, key, version, correlation_id);
    response.encode(&mut encoder, version)?;
    finish(encoder)
}

/// A whole request, ready to send. Key and version come from the header; the key must be that of `R`.
pub fn encode_request<R: Request>(header: &RequestHeader, request: &R) -> Result<Vec<Segment>, EncodeError> {
    assert_eq!(header.api_key, R::KEY.code(), "header and request are of one API");
    let mut encoder = begin();
    encode_request_header(&mut encoder, header)?;
    request.encode(&mut encoder, header.api_version)?;
    finish(encoder)
}

/// Starts a frame with room for its size.
pub fn begin() -> Encoder {
    let mut encoder = Encoder::with_capacity(256);
    encoder.i32(0);
    encoder
}

/// Writes the size of a frame that [`begin`] started.
pub fn finish(mut encoder: Encoder) -> Result<Vec<Segment>, EncodeError> {
    let length = encoder.len() - SIZE_BYTES;
    let size = i32::try_from(length).map_err(|_| EncodeError::Length { what: "frame", length })?;
    encoder.patch_i32(0, size);
    Ok(encoder.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_checked_before_anything_is_read() {
        assert_eq!(size([0, 0, 1, 0], 256), Ok(256));
        assert_eq!(size([0, 0, 1, 1], 256), Err(FrameError::TooLarge { size: 257, max: 256 }));
        assert_eq!(size([0xff; 4], 256), Err(FrameError::Negative { size: -1 }));
        assert_eq!(size(*b"GET ", 1 << 20), Err(FrameError::OtherProtocol { protocol: "HTTP" }));
        assert_eq!(size([0x16, 3, 1, 2], 1 << 20), Err(FrameError::OtherProtocol { protocol: "TLS" }));
    }

    #[test]
    fn a_frame_announces_what_follows() {
        let mut encoder = begin();
        encoder.i32(9);
        encoder.external(3, 5000);
        encoder.raw(b"end");
        let segments = finish(encoder).unwrap();
        assert_eq!(segments.len(), 3);
        let total: usize = segments.iter().map(Segment::len).sum();
        assert_eq!(total, 4 + 4 + 5000 + 3);
        let Segment::Bytes(first) = &segments[0] else { panic!("the size comes first") };
        assert_eq!(first[..4], (4 + 5000 + 3i32).to_be_bytes());
    }
}
