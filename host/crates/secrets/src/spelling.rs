//! The list of spellings. A new one is a row of [`SPELLINGS`].
//!
//! A second line of defence: whoever wants to hand a secret on can always disguise it. Invariant: every spelling is
//! what some common encoder writes for the secret alone, so that nothing else is ever replaced.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::SHORTEST;

/// One way to write a secret down.
pub struct Spelling {
    /// What it is called in a test's message.
    pub name: &'static str,
    /// Writes it: more than one text where encoders differ.
    pub spell: fn(&str) -> Vec<String>,
    /// About as long as the secret itself and read by people, so that it is worth its place for a long secret too.
    is_text: bool,
}

/// The spellings that are looked for.
pub const SPELLINGS: [Spelling; 8] = [
    Spelling { name: "as it is", spell: |secret| vec![secret.to_owned()], is_text: true },
    Spelling { name: "JSON", spell: in_json, is_text: true },
    Spelling { name: "one line", spell: on_one_line, is_text: true },
    Spelling { name: "URL", spell: in_url, is_text: true },
    Spelling { name: "HTML", spell: in_html, is_text: false },
    Spelling { name: "percent", spell: all_percent, is_text: false },
    Spelling { name: "hex", spell: in_hex, is_text: false },
    Spelling { name: "base64", spell: in_base64, is_text: false },
];

/// Every spelling of a secret, none twice; none at all of a secret that is too short to be looked for.
pub fn every_spelling(secret: &str) -> BTreeSet<String> {
    spell(secret, |_| true)
}

/// The spellings that are about as long as the secret: as it is, in JSON, on one line, in a URL.
pub fn as_text(secret: &str) -> BTreeSet<String> {
    spell(secret, |spelling| spelling.is_text)
}

/// The spellings in base64, wherever in an encoded text the secret stands.
pub fn as_base64(secret: &str) -> BTreeSet<String> {
    spell(secret, |spelling| spelling.name == "base64")
}

fn spell(secret: &str, wanted: fn(&Spelling) -> bool) -> BTreeSet<String> {
    if secret.len() < SHORTEST {
        return BTreeSet::new();
    }
    let rows = SPELLINGS.iter().filter(|spelling| wanted(spelling));
    rows.flat_map(|spelling| (spelling.spell)(secret)).filter(|text| text.len() >= SHORTEST).collect()
}

/// As between the quotes of a JSON string: plainly, with `/` escaped as PHP does, and with everything beyond ASCII
/// escaped as Python does.
fn in_json(secret: &str) -> Vec<String> {
    let quoted = serde_json::Value::from(secret).to_string();
    let json = quoted[1..quoted.len() - 1].to_owned();
    let mut ascii = String::new();
    for letter in json.chars() {
        if letter.is_ascii() {
            ascii.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(ascii, "\\u{unit:04x}");
            }
        }
    }
    vec![json.replace('/', "\\/"), ascii.replace('/', "\\/"), json, ascii]
}

/// As the sandbox writes it into a log line, where nothing may end the line.
fn on_one_line(secret: &str) -> Vec<String> {
    vec![secret.replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")]
}

fn in_html(secret: &str) -> Vec<String> {
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    vec![html.replace('\'', "&#39;"), html.replace('\'', "&#x27;"), html]
}

/// Percent-encoded: encoders leave more or fewer characters as they are. These are the extremes and the ones in between
/// that browsers and Python use, each with a space as `%20` and as `+`.
fn in_url(secret: &str) -> Vec<String> {
    let mut all = Vec::new();
    for kept in ["-._~", "-._~!$&'()*+,;=:@/", "-._~/", ""] {
        for text in percent(secret, |byte| byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte)) {
            all.extend([text.replace("%20", "+"), text]);
        }
    }
    all
}

fn all_percent(secret: &str) -> Vec<String> {
    percent(secret, |_| false).into()
}

/// In both cases of the digits.
fn percent(secret: &str, is_kept: impl Fn(u8) -> bool) -> [String; 2] {
    let (mut upper, mut lower) = (String::new(), String::new());
    for byte in secret.bytes() {
        if is_kept(byte) {
            upper.push(char::from(byte));
            lower.push(char::from(byte));
        } else {
            let _ = write!(upper, "%{byte:02X}");
            let _ = write!(lower, "%{byte:02x}");
        }
    }
    [upper, lower]
}

fn in_hex(secret: &str) -> Vec<String> {
    let (mut upper, mut lower) = (String::new(), String::new());
    for byte in secret.bytes() {
        let _ = write!(upper, "{byte:02X}");
        let _ = write!(lower, "{byte:02x}");
    }
    vec![upper, lower]
}

/// In both alphabets, at each of the three places that a text can have among the bytes that are encoded together.
fn in_base64(secret: &str) -> Vec<String> {
    (0..3).flat_map(|ahead| base64_after(secret, ahead)).collect()
}

/// What is the same in every base64 text that has the secret behind `ahead` other bytes (of each three).
fn base64_after(secret: &str, ahead: usize) -> [String; 2] {
    let mut bytes = vec![0; ahead];
    bytes.extend_from_slice(secret.as_bytes());
    // A character holds six bits: the first ones hold bits of what comes before, the last one may hold bits of what
    // comes after.
    let first = (ahead * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
        .map(|text| text.get(first..last).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// As Python's `json`, `html`, `urllib.parse`, `bytes.hex` and `base64` write it.
    #[test]
    fn a_secret_is_spelled_as_others_spell_it() {
        let spellings = every_spelling("pä\"s's w/o<d\n+x?");
        for text in [
            "pä\"s's w/o<d\n+x?",
            r#"pä\"s's w/o<d\n+x?"#,
            r#"pä\"s's w\/o<d\n+x?"#,
            r#"p\u00e4\"s's w/o<d\n+x?"#,
            "pä\"s's w/o<d\\n+x?",
            "pä&quot;s&#x27;s w/o&lt;d\n+x?",
            "pä&quot;s&#39;s w/o&lt;d\n+x?",
            "pä&quot;s's w/o&lt;d\n+x?",
            "p%C3%A4%22s%27s%20w/o%3Cd%0A%2Bx%3F",
            "p%C3%A4%22s%27s%20w%2Fo%3Cd%0A%2Bx%3F",
            "p%c3%a4%22s%27s+w%2fo%3cd%0a%2bx%3f",
            "p%C3%A4%22s's%20w/o%3Cd%0A+x%3F",
            "70c3a4227327732077 2f6f3c640a2b783f".replace(' ', "").as_str(),
            "70C3A42273277320772F6F3C640A2B783F",
        ] {
            assert!(spellings.contains(text), "{text}: {spellings:#?}");
        }
    }

    #[test]
    fn what_is_too_short_has_no_spelling() {
        assert!(every_spelling("four").is_empty() && as_text("").is_empty() && as_base64("four").is_empty());
    }

    #[test]
    fn every_row_is_in_the_list() {
        let secret = "a/b c'd<é\n";
        let all = every_spelling(secret);
        for row in SPELLINGS {
            let spelled = (row.spell)(secret);
            assert!(!spelled.is_empty() && spelled.iter().all(|text| all.contains(text)), "{}", row.name);
        }
        assert!(as_text(secret).union(&as_base64(secret)).all(|text| all.contains(text)));
    }

    proptest! {
        #[test]
        fn base64_of_any_text_around_it_holds_one(secret in "\\PC{5,40}", before in "\\PC{0,9}", after in "\\PC{0,9}") {
            let text = format!("{before}{secret}{after}");
            for coded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                prop_assert!(as_base64(&secret).iter().any(|spelling| coded.contains(spelling)), "{coded}");
            }
        }
    }
}
