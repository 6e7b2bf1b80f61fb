//! Defaults of the kwargs, and what they must be like together.

use trigger_host_sdk::prelude::*;

use crate::HttpJob;

pub(crate) fn post() -> String {
    "POST".to_owned()
}

pub(crate) fn id() -> String {
    "/id".to_owned()
}

pub(crate) fn state() -> String {
    "/state".to_owned()
}

pub(crate) const fn half_a_minute() -> Duration {
    Duration::from_secs(30)
}

pub(crate) const fn ten() -> u32 {
    10
}

pub(crate) fn cases_of_done() -> Vec<String> {
    ["done", "success", "succeeded", "completed", "finished"].map(str::to_owned).to_vec()
}

pub(crate) fn cases_of_failed() -> Vec<String> {
    ["failed", "error", "cancelled", "canceled", "aborted", "timed_out"].map(str::to_owned).to_vec()
}

impl HttpJob {
    /// Refuses kwargs that contradict each other.
    pub(crate) fn check_settings(&self) -> Result<()> {
        let pointers = [
            ("id_pointer", Some(&self.id_pointer)),
            ("status_pointer", Some(&self.status_pointer)),
            ("key_pointer", self.key_pointer.as_ref()),
        ];
        for (key, pointer) in pointers {
            if let Some(pointer) = pointer.filter(|pointer| !pointer.starts_with('/')) {
                return Err(Error::kwarg(
                    key,
                    format_args!("`{pointer}` is not a JSON pointer: expected text such as `/id`"),
                ));
            }
        }
        match &self.status_url {
            Some(url) if !url.contains("{id}") => {
                return Err(Error::kwarg("status_url", "expected a URL with `{id}` where the job's id belongs"));
            }
            None if self.url.contains(['?', '#']) => {
                return Err(Error::kwarg(
                    "status_url",
                    "is needed, because `url` has a query after which no id can follow",
                ));
            }
            _ => {}
        }
        match &self.jobs {
            Some(ids) if ids.is_empty() => Err(Error::kwarg("jobs", "expected at least one id")),
            Some(_) if self.body.is_some() => {
                Err(Error::kwarg("jobs", "cannot go with `body`: these jobs are submitted already"))
            }
            _ => Ok(()),
        }
    }

    /// Where a job is watched and cancelled.
    pub(crate) fn status_url(&self, id: &str) -> String {
        let id = encoded(id);
        match &self.status_url {
            Some(url) => url.replace("{id}", &id),
            None => format!("{}/{id}", self.url.trim_end_matches('/')),
        }
    }
}

/// An id as one segment of a path, whatever is in it.
fn encoded(id: &str) -> String {
    let mut text = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => text.push(byte.into()),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}
