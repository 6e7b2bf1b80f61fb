//! Takes secrets out of an answer.
//!
//! Looks for each secret in every spelling of [`secrets`], in upper and lower case. A second line of defence: a server
//! that wants to hand the credential on can always disguise it. Invariant: what is found is replaced whole, and nothing
//! else is changed. Secrets of fewer than [`secrets::SHORTEST`] bytes are not looked for: they are in every answer.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use secrecy::{ExposeSecret as _, SecretString};
use secrets::{MASK, every_spelling};

/// Finds the secrets of one exchange.
pub(crate) struct Scrubber(Option<AhoCorasick>);

impl Scrubber {
    /// A scrubber that looks for these secrets.
    pub(crate) fn new(secrets: &[SecretString]) -> Self {
        // Case does not count, so a spelling that differs in it alone is the same one.
        let spellings: BTreeSet<String> = secrets
            .iter()
            .flat_map(|secret| every_spelling(secret.expose_secret()))
            .map(|spelling| spelling.to_ascii_lowercase())
            .collect();
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

    /// The text without the secrets.
    pub(crate) fn text(&self, text: String) -> String {
        match &self.0 {
            Some(finder) if finder.is_match(&text) => {
                let mut out = String::with_capacity(text.len());
                finder.replace_all_with(&text, &mut out, |_, _, out| {
                    out.push_str(MASK);
                    true
                });
                out
            }
            _ => text,
        }
    }

    /// The bytes without the secrets.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.0 {
            Some(finder) if finder.is_match(&bytes) => {
                let mut out = Vec::with_capacity(bytes.len());
                finder.replace_all_with_bytes(&bytes, &mut out, |_, _, out| {
                    out.extend_from_slice(MASK.as_bytes());
                    true
                });
                out
            }
            _ => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use proptest::prelude::*;
    use secrets::SPELLINGS;

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

    #[test]
    fn every_spelling_of_the_list_is_found() {
        let secret = "hünter2/'s \"<own>\" & more\nsecond line";
        for row in SPELLINGS {
            for spelled in (row.spell)(secret) {
                let answer = format!("[{spelled}]");
                assert_eq!(scrubber(secret).text(answer.clone()), "[***]", "{}: {spelled}", row.name);
                assert_eq!(scrubber(secret).bytes(answer.into_bytes()), b"[***]", "{}: {spelled}", row.name);
            }
        }
    }

    proptest! {
        #[test]
        fn no_base64_of_it_gets_through(secret in "[!-~]{8,40}", before in "[ -~]{0,9}", after in "[ -~]{0,9}") {
            let coded = STANDARD.encode(format!("{before}{secret}{after}"));
            let scrubbed = scrubber(&secret).text(coded.clone());
            prop_assert_ne!(&scrubbed, &coded);
            let kept = coded.len().saturating_sub(scrubbed.len() - MASK.len());
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
