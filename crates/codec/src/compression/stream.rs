//! Decompression piece by piece, for who needs little of what comes out: memory follows the codec's window, not the output.

use std::io::{self, Cursor, Read};

use super::{Compression, CompressionError, snappy};

/// Largest window that a zstd frame may ask for when its whole output is read (2^24 is 16 MiB; levels up to 19 ask for half).
const ZSTD_WINDOW_LOG_MAX: u32 = 24;
/// What is read of a frame that asks for a larger window, and largest block of snappy (bytes): all of it stays in memory.
const WHOLE_BYTES_MAX: usize = 24 * 1024 * 1024;

/// How zstd frames with large windows are treated.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum ZstdWindow {
    /// They are refused.
    Small,
    /// They are read, and little of them.
    Any,
}

impl Compression {
    /// Has `work` read the decompressed form of `input`, at most `limit` bytes of it. Memory is bounded by some 24 MiB whatever the
    /// limit. May call `work` a second time, from the beginning.
    pub fn stream<T>(
        self,
        input: &[u8],
        limit: usize,
        mut work: impl FnMut(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, CompressionError> {
        let first = self.try_stream(input, limit, ZstdWindow::Small, &mut work);
        match first {
            Err(CompressionError::Invalid { .. }) if self == Compression::Zstd => {
                self.try_stream(input, limit.min(WHOLE_BYTES_MAX), ZstdWindow::Any, &mut work)
            }
            other => other,
        }
    }

    fn try_stream<T>(
        self,
        input: &[u8],
        limit: usize,
        window: ZstdWindow,
        work: &mut impl FnMut(&mut dyn Read) -> io::Result<T>,
    ) -> Result<T, CompressionError> {
        let source: Box<dyn Read + '_> = match self {
            Compression::None => Box::new(input),
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(input)),
            Compression::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(input)),
            Compression::Snappy => Box::new(SnappyBlocks { rest: snappy::blocks(input)?, current: Cursor::default() }),
            Compression::Zstd => {
                let decoder = zstd::stream::read::Decoder::with_buffer(input);
                let mut decoder = decoder.map_err(|error| self.invalid(error))?;
                if window == ZstdWindow::Small {
                    decoder.window_log_max(ZSTD_WINDOW_LOG_MAX).map_err(|error| self.invalid(error))?;
                }
                Box::new(decoder)
            }
        };
        let mut limited = Limited { source, left: limit };
        work(&mut limited).map_err(|error| match error.kind() {
            io::ErrorKind::FileTooLarge => CompressionError::TooLarge { compression: self, limit },
            _ => self.invalid(error),
        })
    }
}

/// Fails with `FileTooLarge` instead of giving more bytes than are left.
struct Limited<'a> {
    source: Box<dyn Read + 'a>,
    left: usize,
}

impl Read for Limited<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.left = self.left.checked_sub(count).ok_or(io::ErrorKind::FileTooLarge)?;
        Ok(count)
    }
}

/// Snappy's blocks one after another, each in memory as a whole.
struct SnappyBlocks<'a> {
    rest: snappy::Blocks<'a>,
    current: Cursor<Vec<u8>>,
}

impl Read for SnappyBlocks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let count = self.current.read(buffer)?;
            if count > 0 || buffer.is_empty() {
                return Ok(count);
            }
            self.current = Cursor::default();
            let Some(block) = self.rest.next() else { return Ok(0) };
            let mut output = Vec::new();
            let opened = block.and_then(|block| snappy::decompress_block(block, WHOLE_BYTES_MAX, &mut output));
            opened.map_err(|error| match error {
                CompressionError::TooLarge { .. } => io::ErrorKind::FileTooLarge.into(),
                CompressionError::Invalid { reason, .. } => io::Error::new(io::ErrorKind::InvalidData, reason),
            })?;
            self.current = Cursor::new(output);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(compression: Compression, packed: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
        compression.stream(packed, limit, |source| {
            let mut output = Vec::new();
            source.read_to_end(&mut output)?;
            Ok(output)
        })
    }

    #[test]
    fn the_stream_of_every_codec_is_what_it_packed() {
        for compression in Compression::ALL {
            for len in [0, 1, 40_000, 3_000_000] {
                let input: Vec<u8> = (0..len).map(|index: usize| (index % 251) as u8).collect();
                let packed = compression.compress(&input).expect("compresses");
                assert_eq!(drain(compression, &packed, len), Ok(input), "{compression} {len}");
            }
        }
        let plain = snap::raw::Encoder::new().compress_vec(&[7; 5000]).expect("compresses");
        assert_eq!(drain(Compression::Snappy, &plain, 5000), Ok(vec![7; 5000]));
    }

    #[test]
    fn it_stops_at_the_limit_and_at_garbage() {
        for compression in Compression::ALL {
            let packed = compression.compress(&vec![0; 3_000_000]).expect("compresses");
            let limit = 100_000;
            assert_eq!(drain(compression, &packed, limit), Err(CompressionError::TooLarge { compression, limit }));
            if compression != Compression::None {
                assert!(drain(compression, &packed[..packed.len() / 2], 1 << 24).is_err(), "{compression} cut");
            }
        }
    }

    #[test]
    fn a_large_window_is_read_as_far_as_it_fits_in_memory() {
        let packed = |bytes: usize| {
            let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).expect("an encoder");
            encoder.window_log(27).expect("zstd takes it");
            io::copy(&mut io::repeat(1).take(bytes as u64), &mut encoder).expect("compresses");
            encoder.finish().expect("compresses")
        };
        assert_eq!(drain(Compression::Zstd, &packed(1 << 20), 1 << 27).map(|output| output.len()), Ok(1 << 20));
        let refused = drain(Compression::Zstd, &packed(40 << 20), 1 << 27);
        assert!(matches!(refused, Err(CompressionError::TooLarge { .. })));
    }
}
