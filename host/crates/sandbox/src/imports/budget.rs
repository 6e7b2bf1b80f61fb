//! The budget of host calls of one call of a guest, and the record of the last ones.

use std::collections::VecDeque;
use std::fmt;

use trigger_host_types::http::Request;

use crate::log::inert;

/// How many of the last host calls are kept.
const KEPT: usize = 8;
/// How much of an address is kept.
const KEPT_TEXT: usize = 200;
/// A guest that goes on asking after so many times its budget is ended.
const PATIENCE: u32 = 4;

/// Counts before any effect.
pub(crate) struct Budget {
    limit: u32,
    made: u32,
    tried: u32,
    last: VecDeque<String>,
}

/// The error a flood of host calls ends the call with.
#[derive(Debug)]
pub(crate) struct HostCallsExceeded {
    pub(crate) limit: u32,
    pub(crate) used: u32,
}

impl Budget {
    pub(crate) fn new(limit: u32) -> Self {
        Self { limit, made: 0, tried: 0, last: VecDeque::new() }
    }

    /// Takes up to `wanted` calls from the budget, and says how many it got.
    ///
    /// # Errors
    /// When the guest has tried so often that the budget's refusals have no effect on it.
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

    /// Remembers a call: its method and address, without user information, query and fragment.
    pub(crate) fn remember(&mut self, request: &Request) {
        if self.last.len() == KEPT {
            self.last.pop_front();
        }
        self.last.push_back(summary(request));
    }

    /// What the guest reads when the budget is used up.
    pub(crate) fn refusal(&self) -> String {
        format!("{} requests in one call are all that is allowed", self.limit)
    }

    /// Calls made, not counting refused ones.
    pub(crate) fn made(&self) -> u32 {
        self.made
    }

    pub(crate) fn take_last(&mut self) -> Vec<String> {
        std::mem::take(&mut self.last).into()
    }
}

fn summary(request: &Request) -> String {
    let method: String = request.method.chars().take(16).collect();
    let address = request.url.split(['?', '#']).next().unwrap_or_default();
    let address = match address.split_once("://") {
        Some((scheme, rest)) => {
            let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
            format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
        }
        None => address.to_owned(),
    };
    let address: String = address.chars().take(KEPT_TEXT).collect();
    inert(&format!("http.send {method} {address}"))
}

impl fmt::Display for HostCallsExceeded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tried {} host calls, may make {}", self.used, self.limit)
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
        assert_eq!(budget.made(), 3);
        assert_eq!(budget.take(1).unwrap_err().used, 13);
    }

    #[test]
    fn remembers_the_last_without_secrets() {
        let mut budget = Budget::new(100);
        for n in 0..10 {
            budget.remember(&request(&format!("https://user:pw@h.example/{n}?token=s#f")));
        }
        let last = budget.take_last();
        assert_eq!(last.len(), KEPT);
        assert_eq!(last[7], "http.send GET https://h.example/9");
    }

    #[test]
    fn a_record_is_inert_and_short() {
        let text = summary(&request(&format!("https://h/\n\u{1b}[31m{}", "x".repeat(10_000))));
        assert!(!text.chars().any(char::is_control));
        assert!(text.len() < 300);
    }
}
