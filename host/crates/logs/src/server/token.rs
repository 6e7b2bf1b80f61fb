//! Who may read which log. See docs/design/encodings.md#log-server.
//!
//! Owns the secret; prints nothing. Time is a parameter.

use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

/// `aud` of the tokens.
const AUDIENCE: &str = "task-instance-logs";
/// `[webserver] log_request_clock_grace`.
const LEEWAY: Duration = Duration::from_secs(30);

/// What tokens are checked against.
pub(super) struct Tokens {
    key: DecodingKey,
    validation: Validation,
}

impl Tokens {
    /// `secret`: `[api] secret_key`.
    pub(super) fn new(secret: &SecretString) -> Self {
        let mut validation = Validation::new(Algorithm::HS512);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["aud"]);
        // Times are checked below, by our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self { key: DecodingKey::from_secret(secret.expose_secret().as_bytes()), validation }
    }

    /// Whether the token opens this path, which is what follows `/log/`, decoded. `now` in milliseconds.
    pub(super) fn allows(&self, token: &str, path: &str, now: u64) -> bool {
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, &self.key, &self.validation);
        decoded.is_ok_and(|token| {
            is_in_time(&token.claims, now / 1_000) && token.claims.get("filename") == Some(&path.into())
        })
    }
}

/// All three times are there, and now is between them, give or take the leeway. `now` in seconds.
#[expect(clippy::cast_precision_loss, reason = "seconds since the epoch fit a double")]
fn is_in_time(claims: &Map<String, Value>, now: u64) -> bool {
    let time = |name| claims.get(name).and_then(Value::as_f64);
    let (early, late) = (now.saturating_sub(LEEWAY.as_secs()) as f64, now.saturating_add(LEEWAY.as_secs()) as f64);
    let not_yet = |name| time(name).is_none_or(|at| at > late);
    time("exp").is_some_and(|at| at > early) && !not_yet("iat") && !not_yet("nbf")
}
