//! Snappy in its two forms: one plain block, or xerial framing (a header of 16 bytes, then blocks
//! that are each preceded by their size as a big-endian 32-bit integer).

use super::{Compression, CompressionError};

const XERIAL_MAGIC: [u8; 8] = [0x82, b'S', b'N', b'A', b'P', b'P', b'Y', 0];
const XERIAL_HEADER_BYTES: usize = 16;
const XERIAL_BLOCK_BYTES: usize = 32 * 1024;
/// No snappy element makes more than 64 bytes of 3, so a block that announces more is lying.
const EXPANSION_MAX: usize = 22;

pub(super) fn compress(input: &[u8]) -> Result<Vec<u8>, CompressionError> {
    let mut writer = XerialWriter::new();
    writer.push(input)?;
    writer.finish()
}

/// Writes xerial framing, a block as soon as there are bytes for it.
pub(super) struct XerialWriter {
    encoder: snap::raw::Encoder,
    /// Bytes of a block that is not full.
    pending: Vec<u8>,
    output: Vec<u8>,
}

impl XerialWriter {
    pub(super) fn new() -> XerialWriter {
        let mut output = XERIAL_MAGIC.to_vec();
        output.extend_from_slice(&1u32.to_be_bytes());
        output.extend_from_slice(&1u32.to_be_bytes());
        XerialWriter { encoder: snap::raw::Encoder::new(), pending: Vec::new(), output }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8]) -> Result<(), CompressionError> {
        while self.pending.len() + bytes.len() >= XERIAL_BLOCK_BYTES {
            let (now, later) = bytes.split_at(XERIAL_BLOCK_BYTES - self.pending.len());
            bytes = later;
            if self.pending.is_empty() {
                self.write(now)?;
            } else {
                let mut block = std::mem::take(&mut self.pending);
                block.extend_from_slice(now);
                self.write(&block)?;
            }
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, block: &[u8]) -> Result<(), CompressionError> {
        let packed = self.encoder.compress_vec(block).map_err(|error| invalid(error.to_string()))?;
        let size = u32::try_from(packed.len()).map_err(|_| invalid("block too large".to_owned()))?;
        self.output.extend_from_slice(&size.to_be_bytes());
        self.output.extend_from_slice(&packed);
        Ok(())
    }

    pub(super) fn size(&self) -> usize {
        self.output.len()
    }

    pub(super) fn finish(mut self) -> Result<Vec<u8>, CompressionError> {
        let block = std::mem::take(&mut self.pending);
        if !block.is_empty() {
            self.write(&block)?;
        }
        Ok(self.output)
    }
}

pub(super) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, CompressionError> {
    let mut output = Vec::new();
    for block in blocks(input)? {
        decompress_block(block?, limit, &mut output)?;
    }
    Ok(output)
}

/// The blocks of `input`, in either form; ends after the first error.
pub(super) fn blocks(input: &[u8]) -> Result<Blocks<'_>, CompressionError> {
    if !input.starts_with(&XERIAL_MAGIC) {
        return Ok(Blocks { plain: Some(input), framed: &[] });
    }
    let framed = input.get(XERIAL_HEADER_BYTES..).ok_or_else(|| invalid("header cut short".to_owned()))?;
    Ok(Blocks { plain: None, framed })
}

/// See [`blocks`].
pub(super) struct Blocks<'a> {
    plain: Option<&'a [u8]>,
    framed: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<&'a [u8], CompressionError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(plain) = self.plain.take() {
            return Some(Ok(plain));
        }
        if self.framed.is_empty() {
            return None;
        }
        let rest = std::mem::take(&mut self.framed);
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            return Some(Err(invalid("block size cut short".to_owned())));
        };
        let size = u32::from_be_bytes(*size) as usize;
        let Some((block, after)) = after.split_at_checked(size) else {
            return Some(Err(invalid(format!("block of {size} bytes, {} are left", after.len()))));
        };
        self.framed = after;
        Some(Ok(block))
    }
}

/// Adds the content of one block to `output`, which may have `limit` bytes then.
pub(super) fn decompress_block(block: &[u8], limit: usize, output: &mut Vec<u8>) -> Result<(), CompressionError> {
    let len = snap::raw::decompress_len(block).map_err(|error| invalid(error.to_string()))?;
    if len > limit.saturating_sub(output.len()) {
        return Err(CompressionError::TooLarge { compression: Compression::Snappy, limit });
    }
    if len > block.len().saturating_mul(EXPANSION_MAX) {
        return Err(invalid(format!("block of {} bytes announces {len}", block.len())));
    }
    let start = output.len();
    output.resize(start + len, 0);
    let written = snap::raw::Decoder::new()
        .decompress(block, &mut output[start..])
        .map_err(|error| invalid(error.to_string()))?;
    output.truncate(start + written);
    Ok(())
}

fn invalid(reason: String) -> CompressionError {
    CompressionError::Invalid { compression: Compression::Snappy, reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_block_is_read_too() {
        let input = vec![7; 5000];
        let packed = snap::raw::Encoder::new().compress_vec(&input).expect("compresses");
        assert_eq!(decompress(&packed, 5000), Ok(input));
    }

    #[test]
    fn an_announced_size_allocates_nothing() {
        // A block of 6 bytes that claims 4 GiB less one.
        let lie = [0xff, 0xff, 0xff, 0xff, 0x0f, 0];
        assert!(matches!(decompress(&lie, usize::MAX), Err(CompressionError::Invalid { .. })));
        assert!(matches!(decompress(&lie, 1 << 20), Err(CompressionError::TooLarge { .. })));
    }
}
