//! The budget of host calls of one call of a guest, and the record of the last ones.

use std::collections::VecDeque;
use std::fmt;

use trigger_host_types::http::{Error, Request, Response};

use crate::log::inert;

/// How many of the last host calls are kept.
const KEPT: usize = 8;
/// How much of an address is kept.
const KEPT_TEXT: usize = 200;
/// A guest that has tried this many times its budget is ended.
const PATIENCE: u32 = 4;

/// Counts before any effect.
pub(crate) struct Budget {
    limit: u32,
    made: u32,
    tried: u32,
    last: VecDeque<Remembered>,
    remembered: u64,
}

/// A host call that is kept for people: what was called and how it ended.
struct Remembered {
    mark: Mark,
    what: String,
    came_to: Option<String>,
}

/// Names one remembered call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark(u64);

/// The error a flood of host calls ends the call with.
#[derive(Debug)]
pub(crate) struct HostCallsExceeded {
    pub(crate) limit: u32,
    pub(crate) used: u32,
}

impl Budget {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, made: 0, tried: 0, last: VecDeque::new(), remembered: 0 }
    }

    /// Takes up to `wanted` calls from the budget, and returns how many there were.
    ///
    /// # Errors
    /// When the guest has kept trying although the budget refused it.
    pub(crate) fn take(&mut self, wanted: usize) -> Result<usize, HostCallsExceeded> {
        let wanted = u32::try_from(wanted).unwrap_or(u32::MAX);
        self.tried = self.tried.saturating_add(wanted);
        if self.tried > self.limit.saturating_mul(PATIENCE) {
            return Err(HostCallsExceeded { limit: self.limit, used: self.tried });
        }
        let got = wanted.min(self.limit - self.made);
        self.made += got;
        Ok(got as usize)
    }

    /// Remembers a call that begins, to show why a trigger was stopped. `what` is one line without a secret in it.
    pub(crate) fn remember(&mut self, what: String) -> Mark {
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.remembered += 1;
        let mark = Mark(self.remembered);
        self.last.push_back(Remembered { mark, what, came_to: None });
        mark
    }

    /// Notes how it ended: one line without a secret in it.
    pub(crate) fn note_end(&mut self, mark: Mark, came_to: String) {
        if let Some(call) = self.last.iter_mut().find(|call| call.mark == mark) {
            call.came_to = Some(came_to);
        }
    }

    /// What the guest reads when the budget is used up.
    pub(crate) fn refusal(&self) -> String {
        format!("one call may make at most {} requests", self.limit)
    }

    /// Calls made, not counting refused ones.
    pub(crate) fn count_calls(&self) -> u32 {
        self.made
    }

    pub(crate) fn take_last(&mut self) -> Vec<String> {
        let line = |call: Remembered| format!("{}: {}", call.what, call.came_to.as_deref().unwrap_or("no answer"));
        std::mem::take(&mut self.last).into_iter().map(line).collect()
    }
}

/// The request's method and origin. Not its path: that may hold what is secret, or names somebody.
pub(crate) fn request_line(request: &Request) -> String {
    let method: String = request.method.chars().take(16).collect();
    let origin = match request.url.split_once("://") {
        Some((scheme, rest)) => {
            let authority = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
            format!("{scheme}://{}", authority.rsplit('@').next().unwrap_or_default())
        }
        None => "no origin".to_owned(),
    };
    let origin: String = origin.chars().take(KEPT_TEXT).collect();
    inert(&format!("http.send {method} {origin}"))
}

/// How a request ended.
pub(crate) fn answer_line(answer: &Result<Response, Error>) -> String {
    match answer {
        Ok(response) => response.status.to_string(),
        Err(Error::NotGranted(_)) => "not granted".to_owned(),
        Err(Error::Invalid(_)) => "invalid request".to_owned(),
        Err(Error::Budget(_)) => "budget used up".to_owned(),
        Err(Error::TooLarge(limit)) => format!("answer larger than {limit} bytes"),
        Err(Error::Deadline(limit)) => format!("no whole answer within {} ms", limit.as_millis()),
        Err(Error::Unreachable(_)) => "unreachable".to_owned(),
        Err(Error::Other(_)) => "failed".to_owned(),
    }
}

impl fmt::Display for HostCallsExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it tried to make {} host calls, more than its limit of {}", self.used, self.limit)
    }
}

impl std::error::Error for HostCallsExceeded {}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(url: &str) -> Request {
        Request {
            method: "GET".into(),
            url: url.into(),
            headers: Vec::new(),
            body: None,
            connection: None,
            timeout: None,
        }
    }

    #[test]
    fn gives_what_is_left_then_nothing_then_ends() {
        let mut budget = Budget::new(3);
        assert_eq!(budget.take(2).unwrap(), 2);
        assert_eq!(budget.take(4).unwrap(), 1);
        assert_eq!(budget.take(6).unwrap(), 0);
        assert_eq!(budget.count_calls(), 3);
        assert_eq!(budget.take(1).unwrap_err().used, 13);
    }

    #[test]
    fn remembers_the_last_without_secrets() {
        let mut budget = Budget::new(100);
        for n in 0..10 {
            let mark =
                budget.remember(request_line(&request(&format!("https://user:pw@h{n}.example/secret?token=s#f"))));
            if n < 9 {
                budget.note_end(mark, "200".into());
            }
        }
        let last = budget.take_last();
        assert_eq!(last.len(), KEPT);
        assert_eq!(last[6..], ["http.send GET https://h8.example: 200", "http.send GET https://h9.example: no answer"]);
    }

    #[test]
    fn a_record_is_inert_and_short() {
        let text = request_line(&request(&format!("https://h\n\u{1b}[31m{}", "x".repeat(10_000))));
        assert!(!text.chars().any(char::is_control));
        assert!(text.len() < 300);
    }
}
