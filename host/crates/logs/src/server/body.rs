//! What is sent: a short text, or a part of a file that is never in memory as a whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http_body::{Frame, SizeHint};
use hyper::body::{Body as HttpBody, Bytes};
use tokio::task::JoinHandle;

/// Read at once.
const PIECE: u64 = 64 << 10;

/// The body of an answer.
pub(super) enum Body {
    /// All of it; taken when it is sent.
    Text(Option<Bytes>),
    /// A part of a file.
    File(FilePart),
}

/// Bytes of a file that are still to be sent.
pub(super) struct FilePart {
    at: u64,
    left: u64,
    file: Option<File>,
    reading: Option<JoinHandle<io::Result<(File, Bytes)>>>,
}

impl Body {
    pub(super) fn text(text: impl Into<Bytes>) -> Self {
        Self::Text(Some(text.into()))
    }

    /// `count` bytes from `from`, which were there when the file was looked at.
    pub(super) fn file(file: File, from: u64, count: u64) -> Self {
        Self::File(FilePart { at: from, left: count, file: Some(file), reading: None })
    }
}

impl FilePart {
    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        if let Some(file) = self.file.take() {
            let (at, size) = (self.at, self.left.min(PIECE));
            self.reading = Some(tokio::task::spawn_blocking(move || read(file, at, size)));
        }
        let Some(reading) = &mut self.reading else { return Poll::Ready(None) };
        let read = ready!(Pin::new(reading).poll(context));
        self.reading = None;
        Poll::Ready(Some(read.map_err(io::Error::other).flatten().map(|(file, bytes)| {
            self.file = Some(file);
            self.at += bytes.len() as u64;
            self.left -= bytes.len() as u64;
            bytes
        })))
    }
}

/// Whole pieces only: a file that has become shorter cannot keep the length that was promised.
fn read(file: File, at: u64, size: u64) -> io::Result<(File, Bytes)> {
    let mut bytes = vec![0; usize::try_from(size).map_err(io::Error::other)?];
    file.read_exact_at(&mut bytes, at)?;
    Ok((file, bytes.into()))
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Self::Text(text) => Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Self::File(part) => part.poll_piece(context).map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.size_hint().exact() == Some(0)
    }

    /// Exact, so that the answer has a length and is not sent in chunks.
    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Text(text) => text.as_ref().map_or(0, |text| text.len() as u64),
            Self::File(part) => part.left,
        })
    }
}
