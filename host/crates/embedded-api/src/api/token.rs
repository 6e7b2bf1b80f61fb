//! Tokens: checked and renewed as Airflow does. See docs/design/execution-api.md#tokens.
//!
//! Owns the secret; prints nothing. Time is a parameter, by the clock that hosts live by.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::problem::Problem;
use crate::config::{Auth, Secret};

/// What tokens are checked against and signed with.
pub(super) struct Tokens {
    /// Everybody may call; a token of this server's own making still says who does.
    open: bool,
    decoding: DecodingKey,
    encoding: EncodingKey,
    validation: Validation,
    secret: Secret,
}

/// Who calls, and the new token to hand back when the old one's time is short.
pub(super) struct Caller {
    pub(super) subject: Uuid,
    pub(super) renewed: Option<HeaderValue>,
}

impl Tokens {
    pub(super) fn new(auth: &Auth) -> Self {
        let (open, secret) = match auth {
            Auth::Open => (true, Secret::new(Uuid::new_v4().to_string().into())),
            Auth::Secret(secret) => (false, secret.clone()),
        };
        let mut validation = Validation::new(Algorithm::HS512);
        validation.set_audience(&[&secret.audience]);
        let mut required = vec!["aud"];
        if let Some(issuer) = &secret.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        validation.set_required_spec_claims(&required);
        // Times are checked below, by our own clock.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let key = secret.secret.expose_secret().as_bytes();
        Self {
            open,
            decoding: DecodingKey::from_secret(key),
            encoding: EncodingKey::from_secret(key),
            validation,
            secret,
        }
    }

    /// Whether everybody may call.
    pub(super) fn are_open(&self) -> bool {
        self.open
    }

    /// Who calls. `now` in milliseconds.
    pub(super) fn caller(&self, headers: &HeaderMap, now: u64) -> Result<Caller, Problem> {
        match self.check(headers, now) {
            Err(_) if self.open => Ok(Caller { subject: Uuid::nil(), renewed: None }),
            checked => checked,
        }
    }

    /// Checks the `Authorization` header.
    fn check(&self, headers: &HeaderMap, now: u64) -> Result<Caller, Problem> {
        let missing = || Problem::Detail(StatusCode::UNAUTHORIZED, "Missing auth token".to_owned());
        let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).ok_or_else(missing)?;
        let (scheme, token) = value.split_once(' ').ok_or_else(missing)?;
        if !scheme.eq_ignore_ascii_case("bearer") || token.trim().is_empty() {
            return Err(missing());
        }
        let claims = self.claims(token.trim(), now / 1_000).ok_or_else(|| forbidden("Invalid auth token"))?;
        // Airflow's own code fails on such a subject, with an unhandled error.
        let subject = claims.get("sub").and_then(Value::as_str).and_then(|subject| subject.parse().ok());
        let subject: Uuid = subject.ok_or(Problem::Unhandled)?;
        check_scope(&claims)?;
        Ok(Caller { subject, renewed: self.renew(&claims, subject, now / 1_000) })
    }

    /// The claims of a valid token; times in whole seconds.
    fn claims(&self, token: &str, now: u64) -> Option<Map<String, Value>> {
        let claims = jsonwebtoken::decode::<Map<String, Value>>(token, &self.decoding, &self.validation).ok()?.claims;
        let leeway = self.secret.leeway.as_secs();
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch fit a double")]
        let (early, late) = (now.saturating_sub(leeway) as f64, now.saturating_add(leeway) as f64);
        let valid = time("exp")? > early && time("iat")? <= late && !time("nbf").is_some_and(|nbf| nbf > late);
        valid.then_some(claims)
    }

    /// A new token when at most a fifth of the old one's life, or 30 s, is left.
    fn renew(&self, claims: &Map<String, Value>, subject: Uuid, now: u64) -> Option<HeaderValue> {
        let time = |name: &str| claims.get(name).and_then(Value::as_f64);
        let (exp, iat) = (time("exp")?, time("iat")?);
        #[expect(clippy::cast_precision_loss, reason = "seconds since the epoch fit a double")]
        let left = exp - now as f64;
        if left > (0.2 * (exp - iat)).max(30.0) {
            return None;
        }
        let mut value = HeaderValue::from_str(&self.sign(subject, now)?.0).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A new token and the seconds it lives. `now` in seconds.
    pub(super) fn sign(&self, subject: Uuid, now: u64) -> Option<(String, u64)> {
        let life = self.secret.life.as_secs();
        let mut fresh = json!({
            "sub": subject, "jti": Uuid::new_v4().simple().to_string(), "aud": self.secret.audience,
            "nbf": now, "exp": now + life, "iat": now,
        });
        if let Some(issuer) = &self.secret.issuer {
            fresh["iss"] = issuer.as_str().into();
        }
        let header = Header { kid: Some("not-used".to_owned()), ..Header::new(Algorithm::HS512) };
        Some((jsonwebtoken::encode(&header, &fresh, &self.encoding).ok()?, life))
    }
}

fn forbidden(detail: impl Into<String>) -> Problem {
    Problem::Detail(StatusCode::FORBIDDEN, detail.into())
}

fn check_scope(claims: &Map<String, Value>) -> Result<(), Problem> {
    match claims.get("scope").map(|scope| scope.as_str().unwrap_or_default()) {
        None | Some("execution") => Ok(()),
        Some("workload") => {
            Err(forbidden("Token type 'workload' not allowed for this endpoint. Allowed types: execution"))
        }
        Some(other) => Err(forbidden(format!(
            "Invalid auth token: 1 validation error for TIClaims\nscope\n  Input should be 'execution' or 'workload' \
             [type=literal_error, input_value='{other}', input_type=str]\n    For further information visit \
             https://errors.pydantic.dev/2.14/v/literal_error"
        ))),
    }
}
