//! Lines for one file that are written together, within the file's size.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;

/// What the host's own lines may have beyond the guest's share of a file.
const RESERVE: u64 = 64 << 10;

/// The state of a file before a batch is written to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// Its length in bytes.
    pub(super) length: u64,
    /// Bytes that the guest may fill.
    pub(super) most: u64,
}

/// Lines for one file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<(bool, Vec<u8>)>,
}

/// The result of a batch.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fate {
    pub(super) lines: u64,
    pub(super) bytes: u64,
    /// Lines that did not fit.
    pub(super) over: u64,
}

impl Batch {
    /// The bytes to append: the lines that fit, and one notice if some do not.
    pub(super) fn bytes(&self, room: Room, notice: Option<&[u8]>) -> (Vec<u8>, Fate) {
        let (mut bytes, mut fate, mut notice) = (Vec::new(), Fate::default(), notice);
        for (is_guest, line) in &self.lines {
            let end = room.length + bytes.len() as u64;
            let most = if *is_guest { room.most } else { room.most.saturating_add(RESERVE) };
            if end + line.len() as u64 <= most {
                bytes.extend_from_slice(line);
                fate.lines += 1;
                continue;
            }
            fate.over += 1;
            if let Some(notice) = notice.take().filter(|notice| end + notice.len() as u64 <= room.most + RESERVE) {
                bytes.extend_from_slice(notice);
                fate.lines += 1;
            }
        }
        fate.bytes = bytes.len() as u64;
        (bytes, fate)
    }
}

/// Appends with one write. A line that an earlier, broken write has left without its end is ended first.
pub(super) fn append(mut file: &File, length: u64, bytes: &[u8]) -> io::Result<()> {
    let mut last = [b'\n'];
    if length > 0 {
        file.read_exact_at(&mut last, length - 1)?;
    }
    if last != [b'\n'] {
        file.write_all(b"\n")?;
    }
    file.write_all(bytes)
}
