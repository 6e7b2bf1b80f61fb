//! What the broker counts.

use std::time::Duration;

use telemetry::table::{HTTP_DURATION, HTTP_RECEIVED, HTTP_REQUESTS};
use trigger_host_types::http::{Error, Response};

/// Records one exchange.
pub(crate) fn record(result: &Result<Response, Error>, took: Duration) {
    HTTP_REQUESTS.with([outcome(result)]).increment(1);
    HTTP_DURATION.get().record(took.as_secs_f64());
    if let Ok(response) = result {
        HTTP_RECEIVED.get().increment(response.body.len() as u64);
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
