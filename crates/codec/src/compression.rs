//! Kafka's five compression codecs, each with a limit on what it may produce.
//!
//! Nothing is allocated from an announced length: output grows as it is produced and stops at the
//! limit. Snappy is read in both its forms, plain blocks (librdkafka, franz-go) and the xerial
//! framing (Java), and written in the second, which every client reads.

mod pack;
mod snappy;
mod stream;

use std::fmt;
use std::io::{self, Read};

pub use pack::Packer;

/// How a batch's records are compressed; the number is the low three bits of its attributes.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Compression {
    /// Not compressed.
    #[default]
    None = 0,
    /// RFC 1952.
    Gzip = 1,
    /// Snappy blocks, plain or in xerial framing.
    Snappy = 2,
    /// The LZ4 frame format.
    Lz4 = 3,
    /// Zstandard (KIP-110).
    Zstd = 4,
}

/// Why bytes could not be compressed or decompressed.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CompressionError {
    /// The output would be larger than allowed.
    #[error("decompressed {compression} data is larger than {limit} bytes")]
    TooLarge {
        /// The codec.
        compression: Compression,
        /// The limit that was given, in bytes.
        limit: usize,
    },
    /// The input is not what the codec writes.
    #[error("invalid {compression} data: {reason}")]
    Invalid {
        /// The codec.
        compression: Compression,
        /// What the decoder said.
        reason: String,
    },
}

impl Compression {
    /// Every codec.
    pub const ALL: [Compression; 5] =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];

    /// The codec of a number, if there is one.
    pub fn from_id(id: i8) -> Option<Compression> {
        Compression::ALL.into_iter().find(|compression| compression.id() == id)
    }

    /// The codec that `compression.type` names, if it names one.
    pub fn from_name(name: &str) -> Option<Compression> {
        if name == "uncompressed" {
            return Some(Compression::None);
        }
        Compression::ALL.into_iter().find(|compression| compression.name() == name)
    }

    /// The codec's number.
    pub const fn id(self) -> i8 {
        self as i8
    }

    /// The codec's name, as `compression.type` has it.
    pub const fn name(self) -> &'static str {
        match self {
            Compression::None => "none",
            Compression::Gzip => "gzip",
            Compression::Snappy => "snappy",
            Compression::Lz4 => "lz4",
            Compression::Zstd => "zstd",
        }
    }

    /// Compresses `input` at Kafka's default level.
    pub fn compress(self, input: &[u8]) -> Result<Vec<u8>, CompressionError> {
        self.compress_with_level(input, None)
    }

    /// Compresses `input`; `level` (KIP-390) is the codec's own scale, its default if absent, and
    /// means nothing to snappy and LZ4 here.
    pub fn compress_with_level(self, input: &[u8], level: Option<i32>) -> Result<Vec<u8>, CompressionError> {
        match self {
            Compression::None => Ok(input.to_vec()),
            Compression::Snappy => snappy::compress(input),
            Compression::Gzip | Compression::Lz4 | Compression::Zstd => {
                let mut packer = Packer::new(self, level)?;
                packer.push(input)?;
                packer.finish()
            }
        }
    }

    /// Decompresses `input` into at most `limit` bytes.
    pub fn decompress(self, input: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
        match self {
            Compression::None if input.len() > limit => Err(CompressionError::TooLarge { compression: self, limit }),
            Compression::None => Ok(input.to_vec()),
            Compression::Gzip => self.drain(flate2::read::MultiGzDecoder::new(input), input.len(), limit),
            Compression::Snappy => snappy::decompress(input, limit),
            Compression::Lz4 => self.drain(lz4_flex::frame::FrameDecoder::new(input), input.len(), limit),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(input).map_err(|error| self.invalid(error))?;
                self.drain(decoder, input.len(), limit)
            }
        }
    }

    fn drain(self, source: impl Read, input_len: usize, limit: usize) -> Result<Vec<u8>, CompressionError> {
        let mut output = Vec::with_capacity(input_len.saturating_mul(2).min(limit));
        let one_too_many = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        source.take(one_too_many).read_to_end(&mut output).map_err(|error| self.invalid(error))?;
        if output.len() > limit {
            return Err(CompressionError::TooLarge { compression: self, limit });
        }
        Ok(output)
    }

    fn invalid(self, error: impl Into<io::Error>) -> CompressionError {
        CompressionError::Invalid { compression: self, reason: error.into().to_string() }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(len: usize) -> Vec<u8> {
        b"{\"event\":\"llm_usage\",\"tokens\":1234},".iter().copied().cycle().take(len).collect()
    }

    #[test]
    fn every_codec_reads_back_what_it_wrote() {
        for compression in Compression::ALL {
            for len in [0, 1, 100, 40_000, 300_000] {
                let input = text(len);
                let packed = compression.compress(&input).expect("compresses");
                assert_eq!(compression.decompress(&packed, len).as_deref(), Ok(&input[..]), "{compression} {len}");
                assert_eq!(Compression::from_id(compression.id()), Some(compression));
                assert_eq!(Compression::from_name(compression.name()), Some(compression));
            }
        }
        assert_eq!(Compression::from_id(5), None);
    }

    #[test]
    fn output_stops_at_the_limit() {
        let input = vec![0; 3_000_000];
        for compression in Compression::ALL {
            let packed = compression.compress(&input).expect("compresses");
            let limit = 100_000;
            assert_eq!(compression.decompress(&packed, limit), Err(CompressionError::TooLarge { compression, limit }));
        }
    }

    #[test]
    fn garbage_is_an_error_for_every_codec() {
        for compression in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
            for len in [1, 5, 50] {
                let garbage: Vec<u8> = (0..len).map(|i| (i * 37 + 201) as u8).collect();
                assert!(compression.decompress(&garbage, 1 << 20).is_err(), "{compression} {len}");
            }
            let mut packed = compression.compress(&text(10_000)).expect("compresses");
            packed.truncate(packed.len() / 2);
            assert!(compression.decompress(&packed, 1 << 20).is_err(), "{compression} cut");
        }
    }
}
