//! Fernet, as Airflow uses it: several keys, no time-to-live. See docs/design/encodings.md#stored-kwargs.

use std::sync::Arc;

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt as _, KeyIvInit as _};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretBox};
use sha2::Sha256;

use super::error::EncodingError;

/// Padding is demanded, stray bits in the last digit are not: as Python's decoder.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

const VERSION: u8 = 0x80;
/// Version, time, initialisation vector.
const HEAD: usize = 1 + 8 + 16;
const MAC: usize = 32;
const BLOCK: usize = 16;

/// The deployment's keys, newest first. None at all is a deployment without encryption. Cheap to clone.
#[derive(Clone, Default)]
pub struct Fernet(Arc<[Key]>);

/// 16 bytes for signing, then 16 for encryption.
struct Key(SecretBox<[u8; 32]>);

impl Fernet {
    /// Parses `[core] fernet_key`: one key or several joined by commas; empty text means no keys.
    ///
    /// # Errors
    /// A key that is not URL-safe base64 of 32 bytes, an empty one beside others included.
    pub fn parse(keys: &str) -> Result<Self, EncodingError> {
        if keys.trim().is_empty() {
            return Ok(Self::default());
        }
        let keys: Vec<&str> = keys.split(',').collect();
        let of = keys.len();
        keys.iter()
            .enumerate()
            .map(|(at, key)| Key::parse(key).ok_or(EncodingError::Key { position: at + 1, of }))
            .collect::<Result<Arc<[Key]>, _>>()
            .map(Self)
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Opens a token with the first key that fits.
    ///
    /// # Errors
    /// No key fits, or the token was changed or cut: the same error, as for Airflow.
    pub fn open(&self, token: &str) -> Result<Vec<u8>, EncodingError> {
        if self.is_empty() {
            return Err(EncodingError::NoKey);
        }
        let token = BASE64.decode(token).map_err(|_| EncodingError::Token)?;
        self.0.iter().find_map(|key| key.open(&token)).ok_or(EncodingError::Token)
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        // Python's decoder takes both alphabets.
        let text: String = text.trim().chars().map(|c| if c == '+' { '-' } else { c }).collect();
        let bytes = BASE64.decode(text.replace('/', "_")).ok()?;
        Some(Self(SecretBox::new(Box::new(bytes.try_into().ok()?))))
    }

    fn open(&self, token: &[u8]) -> Option<Vec<u8>> {
        let (signed, mac) = token.split_at_checked(token.len().checked_sub(MAC)?)?;
        let (head, sealed) = signed.split_at_checked(HEAD)?;
        if head[0] != VERSION || sealed.is_empty() || sealed.len() % BLOCK != 0 {
            return None;
        }
        let (signing, encryption) = self.0.expose_secret().split_at(BLOCK);
        let mut expected = Hmac::<Sha256>::new_from_slice(signing).ok()?;
        expected.update(signed);
        // In constant time, and before anything is decrypted.
        expected.verify_slice(mac).ok()?;
        let mut opened = sealed.to_vec();
        let vector = &head[HEAD - BLOCK..];
        let decryptor = cbc::Decryptor::<Aes128>::new_from_slices(encryption, vector).ok()?;
        let length = decryptor.decrypt_padded::<Pkcs7>(&mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "JTA7RlFcZ3J9iJOeqbS_ytXg6_YBDBciLThDTllkb3o=";
    const OTHER: &str = "SlVga3aBjJeirbjDztnk7_oFEBsmMTxHUl1oc36JlJ8=";
    /// `{}` under [`KEY`].
    const TOKEN: &str =
        "gAAAAABrADgc8tV0lfVUNo9HHqTTzwukQuV4c--Mk3Lb3McAvSLbfwbE0Cq1OUctDPPAO7B9wPVMCsp1_0VOKM2iAKyvqbyF0Q==";

    fn open(keys: &str, token: &str) -> Result<String, EncodingError> {
        Fernet::parse(keys)?.open(token).map(|opened| String::from_utf8(opened).unwrap())
    }

    #[test]
    fn any_key_opens() {
        for keys in [KEY.to_owned(), format!("{OTHER},{KEY}"), format!("{KEY}, {OTHER}"), format!(" {OTHER} ,{KEY}\n")]
        {
            assert_eq!(open(&keys, TOKEN).as_deref(), Ok("{}"), "{keys}");
        }
        assert_eq!(open(OTHER, TOKEN), Err(EncodingError::Token));
        assert_eq!(open("", TOKEN), Err(EncodingError::NoKey));
    }

    #[test]
    fn a_key_that_is_none_is_named_by_its_place() {
        assert_eq!(open(&format!("{KEY},"), TOKEN), Err(EncodingError::Key { position: 2, of: 2 }));
        for key in ["not-a-key", &KEY[..43], &format!("{KEY}="), "AAAA", ",", "é"] {
            assert!(matches!(open(key, TOKEN), Err(EncodingError::Key { position: 1, .. })), "{key}");
        }
    }

    #[test]
    fn no_changed_or_cut_token_opens() {
        let bytes = BASE64.decode(TOKEN).unwrap();
        for at in 0..bytes.len() {
            for bit in [1, 0x80] {
                let mut changed = bytes.clone();
                changed[at] ^= bit;
                assert_eq!(open(KEY, &BASE64.encode(changed)), Err(EncodingError::Token), "{at}");
            }
            assert_eq!(open(KEY, &BASE64.encode(&bytes[..at])), Err(EncodingError::Token), "{at}");
        }
    }
}
