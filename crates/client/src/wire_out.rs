//! Frames on their way out: record data is handed to the socket where it lies.

use std::collections::VecDeque;
use std::io;
use std::io::IoSlice;

use bytes::{Buf, Bytes};
use stream_codec::Segment;
use tokio::io::{AsyncWrite, AsyncWriteExt};

const SLICES_MAX: usize = 64;

/// The bytes of a frame; a client has none that lie elsewhere.
pub(crate) fn parts(segments: Vec<Segment>, out: &mut VecDeque<Bytes>) {
    for segment in segments {
        if let Segment::Bytes(bytes) = segment
            && !bytes.is_empty()
        {
            out.push_back(bytes);
        }
    }
}

/// Writes everything, many parts a system call.
pub(crate) async fn write_all<W: AsyncWrite + Unpin>(socket: &mut W, parts: &mut VecDeque<Bytes>) -> io::Result<()> {
    while !parts.is_empty() {
        let slices: Vec<IoSlice<'_>> = parts.iter().take(SLICES_MAX).map(|part| IoSlice::new(part)).collect();
        let mut written = socket.write_vectored(&slices).await?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        while let Some(first) = parts.front_mut() {
            if first.len() > written {
                first.advance(written);
                break;
            }
            written -= first.len();
            parts.pop_front();
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(flavor = "current_thread")]
    async fn every_part_arrives_in_order_through_a_narrow_pipe() {
        let (mut near, mut far) = tokio::io::duplex(7);
        let mut queue: VecDeque<Bytes> =
            (0..200u8).map(|part| Bytes::from(vec![part; usize::from(part) % 13 + 1])).collect();
        let expected: Vec<u8> = queue.iter().flatten().copied().collect();
        let reading = tokio::spawn(async move {
            let mut read = Vec::new();
            tokio::io::AsyncReadExt::read_to_end(&mut far, &mut read).await.expect("reads");
            read
        });
        write_all(&mut near, &mut queue).await.expect("writes");
        drop(near);
        assert_eq!(reading.await.expect("ends"), expected);
    }
}
