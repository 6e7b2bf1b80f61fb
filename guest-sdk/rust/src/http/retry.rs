//! Which failures pass by themselves, and how long to wait for that.
//!
//! Pure: the trigger keeps the number of failures in a row in its checkpoint, and asks here.

use super::{Error, Response};
use crate::{Duration, warning};

/// Why this is worth another try, if it is: no answer in time, no connection, or a status that says "not now" (408,
/// 425, 429, 500, 502, 503, 504).
pub fn transient(answer: &Result<Response, Error>) -> Option<String> {
    match answer {
        Err(error @ (Error::Deadline(_) | Error::Unreachable(_))) => Some(error.to_string()),
        Ok(response) if matches!(response.status, 408 | 425 | 429 | 500 | 502..=504) => {
            Some(response.status_error().to_string())
        }
        _ => None,
    }
}

/// Waits that double, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure.
    pub first: Duration,
    /// No wait is longer, also when the answer asks for more.
    pub longest: Duration,
    /// How many failures in a row are borne; one more ends the trigger.
    pub most: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { first: Duration::from_secs(1), longest: Duration::from_secs(300), most: 10 }
    }
}

impl Backoff {
    /// How long to wait after the `failures`th failure in a row (from 1), with a line in the log that says `why`.
    ///
    /// # Errors
    /// When there were more than [`most`](Self::most).
    pub fn bear(&self, failures: u32, why: &str, answer: &Result<Response, Error>) -> crate::Result<Duration> {
        if failures > self.most {
            return Err(crate::Error::failed(format!(
                "given up after {failures} failures in a row, the last one: {why}"
            )));
        }
        let wait = self.wait(failures, answer);
        warning!("No usable answer, trying again in {wait}: {why}", failures = failures, most = self.most);
        Ok(wait)
    }

    /// How long to wait after the `failures`th failure in a row (from 1); at least what the answer's `retry-after` asks
    /// for in seconds.
    pub fn wait(&self, failures: u32, answer: &Result<Response, Error>) -> Duration {
        let doubled = self.first.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1)));
        let asked = answer.as_ref().ok().and_then(|response| response.header("retry-after")?.trim().parse().ok());
        doubled.max(asked.map_or(Duration::ZERO, Duration::from_secs)).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)]) -> Result<Response, Error> {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Ok(Response { status, headers, body: Vec::new() })
    }

    #[test]
    fn waits_double_up_to_the_limit() {
        let backoff = Backoff { first: Duration::from_secs(2), longest: Duration::from_secs(10), most: 1 };
        let lost = Err(Error::Deadline(Duration::from_secs(1)));
        let waits: Vec<f64> = [1, 2, 3, 4, 400].iter().map(|n| backoff.wait(*n, &lost).as_secs_f64()).collect();
        assert_eq!(waits, [2.0, 4.0, 8.0, 10.0, 10.0]);
    }

    #[test]
    fn honours_what_the_answer_asks_for() {
        let backoff = Backoff::default();
        assert_eq!(backoff.wait(1, &answer(429, &[("retry-after", "30")])), Duration::from_secs(30));
        assert_eq!(backoff.wait(1, &answer(429, &[("retry-after", "86400")])), Duration::from_secs(300));
        assert_eq!(
            backoff.wait(1, &answer(503, &[("retry-after", "Fri, 31 Dec 1999 23:59:59 GMT")])),
            Duration::from_secs(1)
        );
    }

    #[test]
    fn tells_passing_from_lasting_failures() {
        assert!(transient(&answer(503, &[])).is_some());
        assert!(transient(&answer(404, &[])).is_none());
        assert!(transient(&answer(200, &[])).is_none());
        assert!(transient(&Err(Error::NotGranted("x".to_owned()))).is_none());
    }
}
