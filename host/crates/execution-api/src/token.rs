//! Bearer tokens: read from a file or signed here, renewed before they expire, replaced when the server refuses or
//! refreshes them. See docs/design/execution-api.md#tokens.
//!
//! Invariants: a token is only ever held as a header value marked sensitive; no lock is held across an await.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use trigger_host_types::Clock;
use uuid::Uuid;

use crate::config::{ConfigError, TokenSource};
use crate::error::ApiError;
use crate::signer::Signer;

/// The most a token file may hold.
const MAX_FILE: u64 = 64 * 1024;
/// A file system that does not answer is an error, not a hang.
const FILE_DEADLINE: Duration = Duration::from_secs(2);

/// Where the tokens of one server come from, and the one in use.
pub(crate) struct Tokens {
    origin: Origin,
    clock: Arc<dyn Clock>,
    held: Mutex<Option<Held>>,
}

enum Origin {
    None,
    File(PathBuf),
    Signed(Box<Signer>),
}

#[derive(Clone)]
struct Held {
    bearer: HeaderValue,
    expires: Option<u64>,
    /// Seconds since the epoch from which a signed token is replaced.
    renew: Option<u64>,
    /// What the file looked like when it was read.
    stamp: Option<Stamp>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Tokens {
    pub(crate) fn new(source: TokenSource, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        let origin = match source {
            TokenSource::None => Origin::None,
            TokenSource::File(path) => Origin::File(path),
            signed => Origin::Signed(Box::new(Signer::new(signed)?)),
        };
        Ok(Self { origin, clock, held: Mutex::new(None) })
    }

    /// The value of the `Authorization` header for the next request.
    pub(crate) async fn current(&self) -> Result<Option<HeaderValue>, ApiError> {
        let held = self.held.lock().clone();
        match &self.origin {
            Origin::None => Ok(None),
            Origin::Signed(signer) => match held {
                Some(held) if held.renew.is_none_or(|renew| self.seconds() < renew) => Ok(Some(held.bearer)),
                _ => self.sign(signer).map(Some),
            },
            Origin::File(path) => {
                let stamp = stamp(path).await;
                match (held, stamp) {
                    (Some(held), Ok(stamp)) if held.stamp == Some(stamp) => Ok(Some(held.bearer)),
                    // Half-way through a rotation the file may be gone for a moment: what worked so far goes on.
                    (Some(held), Err(_)) => Ok(Some(held.bearer)),
                    (_, Ok(stamp)) => self.read(path, stamp).await.map(Some),
                    (None, Err(error)) => Err(error),
                }
            }
        }
    }

    /// Another token after the server refused `refused`; `None` when there is no other to try.
    pub(crate) async fn other_than(&self, refused: &HeaderValue) -> Result<Option<HeaderValue>, ApiError> {
        let held = self.held.lock().clone();
        if let Some(held) = held
            && held.bearer != *refused
        {
            return Ok(Some(held.bearer));
        }
        match &self.origin {
            Origin::None => Ok(None),
            Origin::Signed(signer) => self.sign(signer).map(Some),
            Origin::File(path) => {
                let fresh = self.read(path, stamp(path).await?).await?;
                Ok((fresh != *refused).then_some(fresh))
            }
        }
    }

    /// Takes over the token of a `Refreshed-API-Token` header, unless it expires before the one in use.
    pub(crate) fn take_over(&self, token: &HeaderValue) {
        let Some((bearer, peek)) = token.to_str().ok().and_then(|token| Some((bearer(token).ok()?, Peek::at(token)?)))
        else {
            return;
        };
        let mut held = self.held.lock();
        let newer = match held.as_ref() {
            Some(held) => held.expires.is_none_or(|expires| peek.exp.is_some_and(|exp| exp >= expires)),
            None => false,
        };
        if let Some(held) = held.as_mut()
            && newer
        {
            held.bearer = bearer;
            held.expires = peek.exp;
            held.renew = match (&self.origin, peek.exp) {
                (Origin::Signed(signer), Some(exp)) => Some(exp.saturating_sub(margin(signer.life()))),
                _ => None,
            };
        }
    }

    fn sign(&self, signer: &Signer) -> Result<HeaderValue, ApiError> {
        let now = self.seconds();
        let token = signer.sign(now, None)?;
        let bearer = bearer(&token)?;
        let expires = now + signer.life();
        let renew = Some(expires.saturating_sub(margin(signer.life())));
        *self.held.lock() = Some(Held { bearer: bearer.clone(), expires: Some(expires), renew, stamp: None });
        Ok(bearer)
    }

    /// A token in the name of `subject` and the seconds it lives; `None` where tokens are not signed here. It is not
    /// kept.
    pub(crate) fn sign_as(&self, subject: Uuid) -> Option<Result<(HeaderValue, u64), ApiError>> {
        let Origin::Signed(signer) = &self.origin else { return None };
        let token = signer.sign(self.seconds(), Some(subject)).and_then(|token| bearer(&token));
        Some(token.map(|token| (token, signer.life())))
    }

    async fn read(&self, path: &Path, stamp: Stamp) -> Result<HeaderValue, ApiError> {
        if stamp.length > MAX_FILE {
            return Err(unreadable(path, "is larger than 64 KiB"));
        }
        let text = tokio::time::timeout(FILE_DEADLINE, tokio::fs::read_to_string(path))
            .await
            .map_err(|_| unreadable(path, "cannot be read in time"))?
            .map_err(|error| unreadable(path, &format!("cannot be read ({})", error.kind())))?;
        let token = text.trim();
        if token.is_empty() {
            return Err(unreadable(path, "is empty"));
        }
        let peek = Peek::at(token);
        if let Some(peek) = &peek
            && peek.sub.as_deref().is_none_or(|sub| Uuid::try_parse(sub).is_err())
        {
            // Airflow answers such a token with 500, which looks like trouble that passes.
            return Err(unreadable(path, "contains a token whose subject is not a UUID"));
        }
        let bearer = bearer(token).map_err(|_| unreadable(path, "does not contain a token"))?;
        let expires = peek.and_then(|peek| peek.exp);
        *self.held.lock() = Some(Held { bearer: bearer.clone(), expires, renew: None, stamp: Some(stamp) });
        Ok(bearer)
    }

    fn seconds(&self) -> u64 {
        self.clock.now() / 1_000
    }
}

/// How many seconds before its expiry a token of this life is replaced: a little before the server would offer a
/// refreshed one.
pub(crate) fn margin(life: u64) -> u64 {
    (life.saturating_mul(3) / 10).max(45).min(life / 2)
}

async fn stamp(path: &Path) -> Result<Stamp, ApiError> {
    let found = tokio::time::timeout(FILE_DEADLINE, tokio::fs::metadata(path))
        .await
        .map_err(|_| unreadable(path, "cannot be read in time"))?
        .map_err(|error| unreadable(path, &format!("cannot be read ({})", error.kind())))?;
    Ok(Stamp { modified: found.modified().ok(), length: found.len() })
}

/// The header that carries a token.
pub(crate) fn bearer(token: &str) -> Result<HeaderValue, ApiError> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))
        .map_err(|_| ApiError::Token { what: "it contains characters that are not allowed in a header".into() })?;
    value.set_sensitive(true);
    Ok(value)
}

fn unreadable(path: &Path, what: &str) -> ApiError {
    ApiError::Token { what: format!("token file `{}` {what}", path.display()) }
}

/// The claims that matter here, read without checking the signature: only the server can do that.
#[derive(Deserialize)]
struct Peek {
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    exp: Option<u64>,
}

impl Peek {
    /// `None` for text that is not a JWT: a server of its own kind may take opaque tokens.
    fn at(token: &str) -> Option<Self> {
        let claims = token.split('.').nth(1)?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
    }
}
