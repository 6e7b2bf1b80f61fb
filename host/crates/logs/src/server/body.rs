//! A part of a file as it is sent: piece by piece, never in memory as a whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use axum::body::{Body, Bytes};
use futures_util::stream::try_unfold;

/// How many bytes are read at a time.
const PIECE: u64 = 64 << 10;

/// `count` bytes from `from`, which were there when the file was looked at.
pub(super) fn send_part(file: File, from: u64, count: u64) -> Body {
    Body::from_stream(try_unfold((file, from, count), async |(file, at, left)| -> io::Result<_> {
        if left == 0 {
            return Ok(None);
        }
        let size = left.min(PIECE);
        let read = tokio::task::spawn_blocking(move || read(file, at, size));
        let (file, bytes) = read.await.map_err(io::Error::other)??;
        Ok(Some((bytes, (file, at + size, left - size))))
    }))
}

/// Whole pieces only: a file that has become shorter cannot keep the length that was promised.
fn read(file: File, at: u64, size: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok((file, bytes.into()))
}
