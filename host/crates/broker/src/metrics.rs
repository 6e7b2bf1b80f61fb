//! The broker's metrics. Labels come from closed sets: never an origin, a URL or an id.

use std::time::Duration;

use trigger_host_types::http::{Error, Response};

/// Counter: exchanges by `outcome`.
const REQUESTS: &str = "trigger_host_http_requests_total";
/// Histogram: how long an exchange took, waiting for a place included, in seconds.
const SECONDS: &str = "trigger_host_http_request_duration_seconds";
/// Counter: bytes of answers' bodies handed to guests.
const RECEIVED: &str = "trigger_host_http_received_bytes_total";

/// Records one exchange.
pub(crate) fn record(result: &Result<Response, Error>, took: Duration) {
    metrics::counter!(REQUESTS, "outcome" => outcome(result)).increment(1);
    metrics::histogram!(SECONDS).record(took.as_secs_f64());
    if let Ok(response) = result {
        metrics::counter!(RECEIVED).increment(response.body.len() as u64);
    }
}

/// The class of a result.
pub(crate) const fn outcome(result: &Result<Response, Error>) -> &'static str {
    match result {
        Ok(response) => match response.status {
            0..=199 => "1xx",
            200..=299 => "2xx",
            300..=399 => "3xx",
            400..=499 => "4xx",
            _ => "5xx",
        },
        Err(error) => match error {
            Error::NotGranted(_) => "not-granted",
            Error::Invalid(_) => "invalid",
            Error::Budget(_) => "budget",
            Error::TooLarge(_) => "too-large",
            Error::Deadline(_) => "deadline",
            Error::Unreachable(_) => "unreachable",
            Error::Other(_) => "other",
        },
    }
}
