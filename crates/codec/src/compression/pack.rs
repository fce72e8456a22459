//! Compression piece by piece: what goes in is never in memory as a whole.

use std::io::{self, Write};

use super::snappy::XerialWriter;
use super::{Compression, CompressionError};

/// Takes bytes and gives their compressed form in the end.
pub struct Packer {
    compression: Compression,
    encoder: Encoder,
}

enum Encoder {
    None(Vec<u8>),
    Gzip(flate2::write::GzEncoder<Vec<u8>>),
    Snappy(Box<XerialWriter>),
    Lz4(Box<lz4_flex::frame::FrameEncoder<Vec<u8>>>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Packer {
    /// As [`Compression::compress_with_level`].
    pub fn new(compression: Compression, level: Option<i32>) -> Result<Packer, CompressionError> {
        let encoder = match compression {
            Compression::None => Encoder::None(Vec::new()),
            Compression::Gzip => {
                let level = match level {
                    Some(level @ 0..=9) => flate2::Compression::new(level.unsigned_abs()),
                    _ => flate2::Compression::default(),
                };
                Encoder::Gzip(flate2::write::GzEncoder::new(Vec::new(), level))
            }
            Compression::Snappy => Encoder::Snappy(Box::new(XerialWriter::new())),
            Compression::Lz4 => {
                let mut frame = lz4_flex::frame::FrameInfo::new();
                frame.block_size = lz4_flex::frame::BlockSize::Max64KB;
                frame.block_mode = lz4_flex::frame::BlockMode::Independent;
                Encoder::Lz4(Box::new(lz4_flex::frame::FrameEncoder::with_frame_info(frame, Vec::new())))
            }
            Compression::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), level.unwrap_or(3));
                Encoder::Zstd(encoder.map_err(|error| compression.invalid(error))?)
            }
        };
        Ok(Packer { compression, encoder })
    }

    /// Takes the next bytes.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), CompressionError> {
        let pushed: io::Result<()> = match &mut self.encoder {
            Encoder::None(output) => output.write_all(bytes),
            Encoder::Gzip(encoder) => encoder.write_all(bytes),
            Encoder::Snappy(writer) => return writer.push(bytes),
            Encoder::Lz4(encoder) => encoder.write_all(bytes),
            Encoder::Zstd(encoder) => encoder.write_all(bytes),
        };
        pushed.map_err(|error| self.compression.invalid(error))
    }

    /// Size of what has come out so far; a codec may hold some back (bytes).
    pub fn size(&self) -> usize {
        match &self.encoder {
            Encoder::None(output) => output.len(),
            Encoder::Gzip(encoder) => encoder.get_ref().len(),
            Encoder::Snappy(writer) => writer.size(),
            Encoder::Lz4(encoder) => encoder.get_ref().len(),
            Encoder::Zstd(encoder) => encoder.get_ref().len(),
        }
    }

    /// The compressed form of all that was pushed.
    pub fn finish(self) -> Result<Vec<u8>, CompressionError> {
        let compression = self.compression;
        let finished: io::Result<Vec<u8>> = match self.encoder {
            Encoder::None(output) => Ok(output),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Snappy(writer) => return writer.finish(),
            Encoder::Lz4(encoder) => encoder.finish().map_err(io::Error::from),
            Encoder::Zstd(encoder) => encoder.finish(),
        };
        finished.map_err(|error| compression.invalid(error))
    }
}

impl std::fmt::Debug for Packer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packer").field("compression", &self.compression).field("size", &self.size()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_out_as_one() {
        for compression in Compression::ALL {
            for (len, piece) in [(0, 1), (1, 1), (100_000, 7), (400_000, 50_000)] {
                let input: Vec<u8> = (0..len).map(|index: usize| (index % 251) as u8).collect();
                let mut packer = Packer::new(compression, None).expect("a packer");
                for piece in input.chunks(piece) {
                    packer.push(piece).expect("takes it");
                }
                let packed = packer.finish().expect("finishes");
                assert_eq!(compression.decompress(&packed, len), Ok(input), "{compression} {len}");
            }
        }
    }
}
