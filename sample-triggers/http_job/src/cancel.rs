//! Cancels what was submitted, when the user stops the task.

use trigger_host_sdk::http;
use trigger_host_sdk::prelude::*;

use crate::{HttpJob, Progress};

impl HttpJob {
    /// Cancels the job of this trigger; those of `jobs` only when `cancel_method` says so.
    pub(crate) fn cancel(&self, progress: Option<Progress>) -> Result<()> {
        let method = self.cancel_method.as_deref();
        if method == Some("") {
            return Ok(());
        }
        match progress {
            Some(Progress::Watching { id, .. }) => self.cancel_all(method.unwrap_or("DELETE"), &[id]),
            // An answer was lost, so a job may run whose id nobody knows: the same key brings it up again.
            Some(Progress::Submitting { key, errors: 1.. }) => {
                let answer = self.send_submission(&key)?.context("find the job to cancel")?;
                self.cancel_all(method.unwrap_or("DELETE"), &[self.id_in(answer)?])
            }
            Some(Progress::WatchingMany { ended, .. }) => {
                let ids = self.jobs.iter().flatten().filter(|id| !ended.contains_key(*id)).cloned();
                method.map_or(Ok(()), |method| self.cancel_all(method, &ids.collect::<Vec<_>>()))
            }
            None if self.jobs.is_some() => {
                method.map_or(Ok(()), |method| self.cancel_all(method, self.jobs.as_deref().unwrap_or_default()))
            }
            Some(Progress::Submitting { .. }) | None => Ok(()),
        }
    }

    /// Tries all before it reports the first that could not be cancelled.
    fn cancel_all(&self, method: &str, ids: &[String]) -> Result<()> {
        let answers = http::send_all(ids.iter().map(|id| self.request(method, &self.status_url(id))));
        let mut first_error = Ok(());
        for (id, answer) in ids.iter().zip(answers) {
            let result = answer.context(format_args!("cancel job {id}")).and_then(|response| match response.status {
                // Gone, or ended in the meantime.
                404 | 409 | 410 => Ok(()),
                _ => response.success().map(drop).context(format_args!("cancel job {id}")),
            });
            match result {
                Ok(()) => info!("Cancelled job {id}"),
                Err(error) => first_error = first_error.and(Err(error)),
            }
        }
        first_error
    }
}
