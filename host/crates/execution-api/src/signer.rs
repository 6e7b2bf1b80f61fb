//! Signs the host's own tokens, with the claims that Airflow's generator writes. See
//! docs/design/execution-api.md#tokens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::config::{ConfigError, TokenSource};
use crate::error::ApiError;

/// The `kid` of a token signed with a shared secret.
const NO_KEY_ID: &str = "not-used";

/// A key and what it signs.
pub(crate) struct Signer {
    key: EncodingKey,
    header: Header,
    audience: String,
    subject: Uuid,
    issuer: Option<String>,
    life: u64,
}

#[derive(Serialize)]
struct Claims<'a> {
    sub: Uuid,
    jti: String,
    aud: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    iss: Option<&'a str>,
    nbf: u64,
    exp: u64,
    iat: u64,
}

impl Signer {
    /// From a source that signs.
    pub(crate) fn new(source: TokenSource) -> Result<Self, ConfigError> {
        let (key, header, audience, subject, issuer, life) = match source {
            TokenSource::Secret { secret, audience, subject, issuer, life } => {
                let (key, header) = read_secret(&secret)?;
                (key, header, audience, subject, issuer, life)
            }
            TokenSource::PrivateKey { pem, key_id, audience, subject, issuer, life } => {
                let (key, header) = read_private_key(&pem, key_id)?;
                (key, header, audience, subject, issuer, life)
            }
            TokenSource::None | TokenSource::File(_) => return Err(refuse("this kind of token source does not sign")),
        };
        let life = life.as_secs();
        if life == 0 {
            return Err(refuse("tokens must be valid for at least one second"));
        }
        if audience.is_empty() {
            return Err(refuse("the audience must not be empty"));
        }
        Ok(Self { key, header, audience, subject, issuer, life })
    }

    /// A token that begins at `now`, in seconds since the epoch; of the configured subject when none is given.
    pub(crate) fn sign(&self, now: u64, subject: Option<Uuid>) -> Result<String, ApiError> {
        let claims = Claims {
            sub: subject.unwrap_or(self.subject),
            jti: Uuid::new_v4().simple().to_string(),
            aud: &self.audience,
            iss: self.issuer.as_deref(),
            nbf: now,
            exp: now + self.life,
            iat: now,
        };
        jsonwebtoken::encode(&self.header, &claims, &self.key)
            .map_err(|_| ApiError::Token { what: "the key cannot sign; check that it matches its algorithm".into() })
    }

    /// Seconds from signing to expiry.
    pub(crate) const fn life(&self) -> u64 {
        self.life
    }
}

fn read_secret(secret: &SecretString) -> Result<(EncodingKey, Header), ConfigError> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(refuse("the secret must not be empty"));
    }
    let header = Header { kid: Some(NO_KEY_ID.into()), ..Header::new(Algorithm::HS512) };
    Ok((EncodingKey::from_secret(secret.as_bytes()), header))
}

fn read_private_key(pem: &SecretString, key_id: Option<String>) -> Result<(EncodingKey, Header), ConfigError> {
    let pem = pem.expose_secret().as_bytes();
    let (key, algorithm) = match EncodingKey::from_ed_pem(pem) {
        Ok(key) => (key, Algorithm::EdDSA),
        Err(_) => match EncodingKey::from_rsa_pem(pem) {
            Ok(key) => (key, Algorithm::RS256),
            Err(_) => return Err(refuse("the private key must be an unencrypted PEM key, RSA or Ed25519")),
        },
    };
    let key_id = match key_id {
        Some(key_id) => key_id,
        None => thumbprint(&key, algorithm).ok_or_else(|| refuse("the private key cannot be used"))?,
    };
    Ok((key, Header { kid: Some(key_id), ..Header::new(algorithm) }))
}

/// The key id that Airflow gives a key without a name: like RFC 7638, but over all members that its JWK has.
fn thumbprint(key: &EncodingKey, algorithm: Algorithm) -> Option<String> {
    let members = match Jwk::from_encoding_key(key, algorithm).ok()?.algorithm {
        AlgorithmParameters::RSA(public) => {
            format!(r#"{{"e":"{}","key_ops":["verify"],"kty":"RSA","n":"{}"}}"#, public.e, public.n)
        }
        AlgorithmParameters::OctetKeyPair(public) => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, public.x),
        _ => return None,
    };
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(members)))
}

fn refuse(what: &str) -> ConfigError {
    ConfigError::Token { what: what.into() }
}
