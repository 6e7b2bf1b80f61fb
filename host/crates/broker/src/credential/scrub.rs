//! Takes secrets out of an answer.
//!
//! Looks for each secret as it is, as JSON and HTML escape it, percent-encoded, in hex, and in base64 at each of the three places a text can
//! have in one, in upper and lower case. A second line of defence: a server that wants to hand the credential on can always disguise it. Invariant: what is
//! found is replaced whole, and nothing else is changed. Secrets of fewer than [`SHORTEST`] bytes are not looked for: they are in every answer.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

/// What stands where a secret was; what Airflow's own masking writes.
const MASKED: &str = "***";
/// Bytes of the shortest secret that is looked for.
const SHORTEST: usize = 5;

/// See the module.
pub(crate) struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    /// Looks for these.
    pub(crate) fn new(secrets: &[SecretString]) -> Self {
        let spellings: BTreeSet<String> = secrets.iter().flat_map(|secret| spellings(secret.expose_secret())).collect();
        if spellings.is_empty() {
            return Self(None);
        }
        // Fails for gigabytes of patterns only; a secret that cannot be looked for is one nobody can send either.
        Self(
            AhoCorasick::builder()
                .match_kind(MatchKind::LeftmostLongest)
                .ascii_case_insensitive(true)
                .build(spellings)
                .ok(),
        )
    }

    /// A text without them.
    pub(crate) fn text(&self, text: String) -> String {
        match &self.0 {
            Some(finder) if finder.is_match(&text) => {
                let mut out = String::with_capacity(text.len());
                finder.replace_all_with(&text, &mut out, |_, _, out| {
                    out.push_str(MASKED);
                    true
                });
                out
            }
            _ => text,
        }
    }

    /// Bytes without them.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.0 {
            Some(finder) if finder.is_match(&bytes) => {
                let mut out = Vec::with_capacity(bytes.len());
                finder.replace_all_with_bytes(&bytes, &mut out, |_, _, out| {
                    out.extend_from_slice(MASKED.as_bytes());
                    true
                });
                out
            }
            _ => bytes,
        }
    }
}

fn spellings(secret: &str) -> Vec<String> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let json = serde_json::to_string(secret).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let percent = |kept: fn(u8) -> bool| -> String {
        let one = |byte: u8| if kept(byte) { char::from(byte).to_string() } else { format!("%{byte:02x}") };
        secret.bytes().map(one).collect()
    };
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    // Query encoders of browsers and of Python leave more or less as it is; these are the extremes, and the ones in between.
    let sub_delimiters = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
    let letters = |byte: u8| byte.is_ascii_alphanumeric();
    let slash = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![secret.to_owned(), json.replace('/', "\\/"), json, html.replace('\'', "&#39;"), html];
    all.extend([percent(unreserved), percent(sub_delimiters), percent(slash), percent(letters), percent(|_| false)]);
    all.extend(all.clone().iter().filter(|text| text.contains("%20")).map(|text| text.replace("%20", "+")));
    all.push(hex);
    for ahead in 0..3 {
        all.extend(base64_after(secret, ahead));
    }
    all
}

/// What is the same in every base64 text that has the secret behind `ahead` other bytes (of each three).
fn base64_after(secret: &str, ahead: usize) -> [String; 2] {
    let mut bytes = vec![0; ahead];
    bytes.extend_from_slice(secret.as_bytes());
    // A character holds six bits: the first ones hold bits of what comes before, the last one may hold bits of what comes after.
    let first = (ahead * 8).div_ceil(6);
    let last = bytes.len() * 8 / 6;
    [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)]
        .map(|text| text.get(first..last).unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;

    fn scrubber(secret: &str) -> Scrubber {
        Scrubber::new(&[secret.into()])
    }

    #[test]
    fn what_is_not_secret_stays() {
        let scrubber = scrubber("canary/secret");
        assert_eq!(scrubber.text("a canary and a secret".into()), "a canary and a secret");
        assert_eq!(scrubber.text("<canary/secret> canary%2Fsecret canary%2fsecret".into()), "<***> *** ***");
        assert_eq!(scrubber.bytes(b"\xff canary\\/secret \xfe".to_vec()), b"\xff *** \xfe");
        assert_eq!(Scrubber::new(&["key".into()]).text("key".into()), "key", "too short to be looked for");
    }

    proptest! {
        #[test]
        fn no_base64_of_it_gets_through(secret in "[!-~]{8,40}", before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
            let coded = STANDARD.encode(format!("{before}{secret}{after}"));
            let scrubbed = scrubber(&secret).text(coded.clone());
            prop_assert_ne!(&scrubbed, &coded);
            let kept = coded.len().saturating_sub(scrubbed.len() - MASKED.len());
            prop_assert!(kept * 3 / 4 + 3 >= secret.len(), "all of it is gone: {}", scrubbed);
        }

        #[test]
        fn bytes_and_texts_are_scrubbed_alike(secret in "[a-z/]{5,9}", around in "[a-z/]{0,30}") {
            let text = format!("{around}{secret}{around}");
            let scrubbed = scrubber(&secret).text(text.clone());
            prop_assert!(!scrubbed.contains(&secret));
            prop_assert_eq!(scrubber(&secret).bytes(text.into_bytes()), scrubbed.into_bytes());
        }
    }
}
