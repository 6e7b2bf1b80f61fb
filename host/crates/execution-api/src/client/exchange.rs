//! One request and its whole answer: deadline, cap, headers, token. Nothing here knows what is asked.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Method, StatusCode};
use serde::Serialize;
use url::Url;
use uuid::Uuid;

use super::answer::{Answer, refuses_token, words};
use super::base::Base;
use crate::error::ApiError;
use crate::token::Tokens;

const API_VERSION: HeaderName = HeaderName::from_static("airflow-api-version");
const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");
const REFRESHED_TOKEN: HeaderName = HeaderName::from_static("refreshed-api-token");

/// The most that is read of an answer that is not a success.
const MAX_ERROR: u64 = 64 * 1024;
/// A server may ask for patience, but not for ever.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(300);

/// One server: its address, its connections, its tokens.
#[derive(Clone)]
pub(crate) struct Exchange {
    pub(crate) http: reqwest::Client,
    pub(crate) base: Base,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) version: &'static str,
    pub(crate) timeout: Duration,
}

/// What to ask.
pub(crate) struct Ask<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a [&'a str],
    pub(crate) query: Vec<(&'static str, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Option<Vec<u8>>,
    /// The most bytes that a successful answer may have.
    pub(crate) cap: u64,
}

impl<'a> Ask<'a> {
    pub(crate) fn new(method: Method, path: &'a [&'a str], cap: u64) -> Self {
        Self { method, path, query: Vec::new(), headers: HeaderMap::new(), body: None, cap }
    }

    pub(crate) fn post(path: &'a [&'a str], cap: u64) -> Self {
        Self::new(Method::POST, path, cap)
    }

    pub(crate) fn body(self, body: Vec<u8>) -> Self {
        Self { body: Some(body), ..self }
    }
}

impl Exchange {
    /// Asks once; once more with another token when the first one is refused. Any status is an answer.
    ///
    /// # Cancel safety
    /// A dropped call may have reached the server.
    pub(crate) async fn send(&self, ask: Ask<'_>) -> Result<Answer, ApiError> {
        let url = self.base.join(ask.path)?;
        tokio::time::timeout(self.timeout, self.with_token(url, ask))
            .await
            .map_err(|_| ApiError::Deadline(self.timeout))?
    }

    /// Asks once, with this token and no other.
    ///
    /// # Cancel safety
    /// As [`Exchange::send`].
    pub(crate) async fn send_with(&self, ask: &Ask<'_>, token: &HeaderValue) -> Result<Answer, ApiError> {
        let url = self.base.join(ask.path)?;
        tokio::time::timeout(self.timeout, self.once(&url, ask, Some(token)))
            .await
            .map_err(|_| ApiError::Deadline(self.timeout))?
    }

    async fn with_token(&self, url: Url, ask: Ask<'_>) -> Result<Answer, ApiError> {
        let token = self.tokens.current().await?;
        let answer = self.take_over(self.once(&url, &ask, token.as_ref()).await?);
        match token {
            Some(refused) if refuses_token(&answer) => match self.tokens.other_than(&refused).await? {
                Some(other) => Ok(self.take_over(self.once(&url, &ask, Some(&other)).await?)),
                None => Ok(answer),
            },
            _ => Ok(answer),
        }
    }

    /// The server renews the token that was sent: so only what our own one was sent with may renew ours.
    fn take_over(&self, answer: Answer) -> Answer {
        if let Some(token) = &answer.refreshed {
            self.tokens.take_over(token);
        }
        answer
    }

    async fn once(&self, url: &Url, ask: &Ask<'_>, token: Option<&HeaderValue>) -> Result<Answer, ApiError> {
        let mut request = self
            .http
            .request(ask.method.clone(), url.clone())
            .headers(ask.headers.clone())
            .header(ACCEPT, "application/json")
            .header(API_VERSION, self.version)
            .header(CORRELATION_ID, Uuid::now_v7().to_string());
        if !ask.query.is_empty() {
            request = request.query(&ask.query);
        }
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token);
        }
        if let Some(body) = &ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let mut response = request.send().await.map_err(transport)?;
        let refreshed = response.headers().get(REFRESHED_TOKEN).cloned();
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(seconds);
        let body = read(&mut response, status, ask.cap).await?;
        Ok(Answer { status: status.as_u16(), retry_after, refreshed, body })
    }
}

/// The body, up to the cap. What is too long is an error for a success and cut off for anything else, where only the
/// status counts.
async fn read(response: &mut reqwest::Response, status: StatusCode, cap: u64) -> Result<Vec<u8>, ApiError> {
    let cap = if status.is_success() { cap } else { MAX_ERROR };
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if (body.len() + chunk.len()) as u64 > cap {
            return if status.is_success() { Err(ApiError::TooLarge(cap)) } else { Ok(body) };
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn seconds(value: &HeaderValue) -> Option<Duration> {
    let seconds = value.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
}

/// The innermost cause: the outer ones repeat it, and hold the URL.
fn transport(error: reqwest::Error) -> ApiError {
    let mut cause: &dyn std::error::Error = &error.without_url();
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    ApiError::Transport { what: words(&cause.to_string()) }
}

/// The body of a request.
pub(crate) fn to_json(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(body).map_err(|error| ApiError::Unsendable { what: error.to_string() })
}
