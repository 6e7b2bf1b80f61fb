//! What is looked for in logs of one secret: every spelling of it, in parts where a line may hold only a part.
//!
//! Invariant: what is looked for grows with the secret by a small factor only, however long it is.

use std::collections::BTreeSet;

use secrets::{SHORTEST, as_base64, as_text, every_spelling};

/// A line of a secret that is shorter says nothing by itself.
const SHORTEST_LINE: usize = 8;
/// A much longer secret is looked for in pieces of this many bytes: log lines are cut, so that it may never be there as
/// a whole. Of a secret longer than this, only the spellings in which long ones are seen are looked for.
const PIECE: usize = 1 << 10;
/// Bytes of one secret that are looked at.
const MOST: usize = 64 << 10;

/// All texts to look for, none twice, none too short to be looked for.
pub(super) fn spellings(value: &str) -> BTreeSet<String> {
    let value = &value[..value.floor_char_boundary(MOST)];
    let mut all = if value.len() <= PIECE {
        every_spelling(value)
    } else {
        pieces(value).into_iter().flat_map(as_text).chain(as_base64(value)).collect()
    };
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST_LINE);
        all.extend(lines.flat_map(as_text));
    }
    all.retain(|spelling| spelling.chars().count() >= SHORTEST);
    all
}

fn pieces(value: &str) -> Vec<&str> {
    let (mut pieces, mut rest) = (Vec::new(), value);
    while rest.len() > 4 * PIECE || (!pieces.is_empty() && rest.len() > PIECE) {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(PIECE));
        pieces.push(piece);
        rest = more;
    }
    pieces.push(rest);
    pieces
}
