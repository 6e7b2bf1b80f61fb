//! The ways in which a secret may be spelled in text: as it is, in JSON, in a URL, in base64, and line by line.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What is shorter is not taken out: it would be found everywhere (`[logging] min_length_masked_secret`).
pub(super) const SHORTEST: usize = 5;
/// A line of a secret that is shorter says nothing by itself.
const SHORTEST_LINE: usize = 8;
/// A longer secret is looked for in pieces of this many bytes: log lines are cut, so that it may never be there as a whole.
const PIECE: usize = 1 << 10;
/// Bytes of one secret that are looked at.
const MOST: usize = 64 << 10;

/// What a URL leaves as it is.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// All spellings, none twice, none too short to be looked for.
pub(super) fn spellings(value: &str) -> Vec<String> {
    let value = &value[..value.floor_char_boundary(MOST)];
    let mut all = Vec::new();
    for piece in pieces(value) {
        all.extend([piece.to_owned(), in_json(piece), in_ascii_json(piece), on_one_line(piece)]);
        let in_url = utf8_percent_encode(piece, UNRESERVED).to_string();
        all.extend([in_url.replace("%20", "+"), in_url]);
    }
    // Padding depends on what follows, and so does the last character.
    all.extend([&STANDARD_NO_PAD, &URL_SAFE_NO_PAD].map(|form| {
        let mut text = form.encode(value);
        if !value.len().is_multiple_of(3) {
            text.pop();
        }
        text
    }));
    all.retain(|spelling| spelling.chars().count() >= SHORTEST);
    if value.contains('\n') {
        let lines = value.lines().map(str::trim).filter(|line| line.chars().count() >= SHORTEST_LINE);
        all.extend(lines.flat_map(|line| [line.to_owned(), in_json(line)]));
    }
    all.sort_unstable();
    all.dedup();
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

/// As between the quotes of a JSON string.
fn in_json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// The same with everything beyond ASCII escaped, as Python writes it.
fn in_ascii_json(value: &str) -> String {
    let mut escaped = String::new();
    for letter in in_json(value).chars() {
        if letter.is_ascii() {
            escaped.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        }
    }
    escaped
}

/// As the sandbox writes it into a log line, where nothing may end the line.
fn on_one_line(value: &str) -> String {
    value.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
}
