//! How records of the metadata log are framed: frame version, number of the record's kind and version
//! of its body, each an unsigned varint, then the body.

use bytes::Bytes;

use crate::{DecodeError, Decoder, EncodeError, Encoder, Message};

const FRAME_VERSION: u32 = 1;

/// A record of the metadata log.
pub trait MetadataRecordSchema: Message {
    /// The number of its kind.
    const API_KEY: i16;
}

/// A record whose frame is read and whose body is not.
#[derive(Clone, Debug)]
pub struct MetadataFrame {
    /// The number of the record's kind.
    pub api_key: i16,
    /// The version of the body.
    pub version: i16,
    body: Decoder,
}

/// A record as the log carries it.
pub fn encode_metadata_record<R: MetadataRecordSchema>(record: &R, version: i16) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder::new();
    encoder.unsigned_varint(FRAME_VERSION);
    encoder.unsigned_varint(R::API_KEY as u32);
    encoder.unsigned_varint(version as u32);
    record.encode(&mut encoder, version)?;
    encoder.into_bytes()
}

/// Reads the frame of a record.
pub fn decode_metadata_frame(bytes: Bytes) -> Result<MetadataFrame, DecodeError> {
    let mut body = Decoder::new(bytes);
    let frame_version = body.unsigned_varint()?;
    if frame_version != FRAME_VERSION {
        let number = frame_version.into();
        return Err(DecodeError::Unknown { what: "metadata frame version", number });
    }
    let api_key = short(&mut body, "metadata record type")?;
    let version = short(&mut body, "metadata record version")?;
    Ok(MetadataFrame { api_key, version, body })
}

impl MetadataFrame {
    /// Reads the body as the record that [`MetadataFrame::api_key`] names; it must fill the frame.
    pub fn read<R: MetadataRecordSchema>(mut self) -> Result<R, DecodeError> {
        if self.api_key != R::API_KEY {
            let number = self.api_key.into();
            return Err(DecodeError::Unknown { what: "metadata record type", number });
        }
        let record = R::decode(&mut self.body, self.version)?;
        self.body.end()?;
        Ok(record)
    }
}

fn short(decoder: &mut Decoder, what: &'static str) -> Result<i16, DecodeError> {
    let number = decoder.unsigned_varint()?;
    i16::try_from(number).map_err(|_| DecodeError::Unknown { what, number: number.into() })
}

macro_rules! metadata_records {
    ($($number:literal $record:ident;)*) => {$(
        impl crate::stored::metadata_frame::MetadataRecordSchema for $record {
            const API_KEY: i16 = $number;
        }
    )*};
}
pub(crate) use metadata_records;

#[cfg(test)]
mod tests {
    use stream_types::Uuid;

    use super::*;
    use crate::stored::metadata::{NoOpRecord, TopicRecord};

    #[test]
    fn a_record_stands_behind_its_frame() {
        let record = TopicRecord { name: "t".into(), topic_id: Uuid::METADATA_TOPIC };
        let bytes = encode_metadata_record(&record, 0).unwrap();
        assert_eq!(bytes[..5], [1, 2, 0, 2, b't']);
        let frame = decode_metadata_frame(bytes.clone()).unwrap();
        assert_eq!((frame.api_key, frame.version), (TopicRecord::API_KEY, 0));
        assert!(matches!(frame.clone().read::<NoOpRecord>(), Err(DecodeError::Unknown { number: 2, .. })));
        assert_eq!(frame.read(), Ok(record));
        let mut garbage = bytes.to_vec();
        garbage.push(0);
        let refused = decode_metadata_frame(garbage.into()).unwrap().read::<TopicRecord>();
        assert!(matches!(refused, Err(DecodeError::LeftOver { left: 1, .. })), "{refused:?}");
    }

    #[test]
    fn other_frames_are_refused() {
        for bytes in [&[0, 2, 0][..], &[2, 2, 0], &[1], &[1, 0xff, 0xff, 0xff, 0x7f, 0], &[]] {
            assert!(decode_metadata_frame(Bytes::from_static(bytes)).is_err(), "{bytes:?}");
        }
    }
}
