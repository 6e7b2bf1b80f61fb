//! Looks at one job, or at many at once.

use trigger_host_sdk::http::retry::transient;
use trigger_host_sdk::http::{self, Response};
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Map, Value};
use trigger_host_sdk::to_neutral;

use crate::{HttpJob, Progress};

/// How many jobs one poll looks at: below the budget of host calls of a trigger without limits of its own.
const AT_ONCE: usize = 100;

/// What an answer says of a job.
enum Look {
    Running,
    Ended(Value),
    /// Says why another look may help.
    Unclear(String),
}

impl HttpJob {
    /// One look at the job.
    pub(crate) fn watch(&self, id: String, errors: u32) -> Result<Outcome<Progress>> {
        let answer = self.request("GET", &self.status_url(&id)).send();
        match self.look(&id, &answer)? {
            Look::Ended(body) => Ok(Outcome::fire(to_neutral(body))),
            Look::Running if errors == 0 => Ok(Outcome::again_after(self.interval)),
            Look::Running => Ok(Outcome::again_after(self.interval).checkpoint(Progress::Watching { id, errors: 0 })),
            Look::Unclear(why) => {
                let wait = self.backoff().bear(errors + 1, &why, &answer).context(format_args!("watch job {id}"))?;
                Ok(Outcome::again_after(wait).checkpoint(Progress::Watching { id, errors: errors + 1 }))
            }
        }
    }

    /// One look at those that have not ended.
    pub(crate) fn watch_many(
        &self,
        ids: &[String],
        mut ended: Map<String, Value>,
        errors: u32,
    ) -> Result<Outcome<Progress>> {
        let before = ended.len();
        let asked: Vec<&String> = ids.iter().filter(|id| !ended.contains_key(*id)).take(AT_ONCE).collect();
        let answers = http::send_all(asked.iter().map(|id| self.request("GET", &self.status_url(id))));
        let mut unclear = None;
        for (id, answer) in asked.iter().zip(answers) {
            match self.look(id, &answer)? {
                Look::Running => {}
                Look::Ended(body) => {
                    info!("Job {id} has ended");
                    ended.insert((*id).clone(), body);
                }
                Look::Unclear(why) => unclear = Some((format!("job {id}: {why}"), answer)),
            }
        }
        if ids.iter().all(|id| ended.contains_key(id)) {
            return Ok(Outcome::fire(to_neutral(Value::Object(ended))));
        }
        let changed = ended.len() > before;
        match unclear {
            // One answer that helps shows that the service is there: only a round without any counts as a failure.
            Some((why, answer)) if !changed => {
                let wait = self.backoff().bear(errors + 1, &why, &answer)?;
                Ok(Outcome::again_after(wait).checkpoint(Progress::WatchingMany { ended, errors: errors + 1 }))
            }
            _ if changed || errors > 0 => {
                Ok(Outcome::again_after(self.interval).checkpoint(Progress::WatchingMany { ended, errors: 0 }))
            }
            _ => Ok(Outcome::again_after(self.interval)),
        }
    }

    /// What the answer says; an error when the job has failed, or the answer can never become clear.
    fn look(&self, id: &str, answer: &Result<Response, http::Error>) -> Result<Look> {
        if let Some(why) = transient(answer) {
            return Ok(Look::Unclear(why));
        }
        let response = answer.as_ref().map_err(Clone::clone).context(format_args!("watch job {id}"))?;
        // A service may need a moment before it finds a new job.
        if response.status == 404 {
            return Ok(Look::Unclear("the service does not know it".to_owned()));
        }
        let body: Value = response.clone().success().context(format_args!("watch job {id}"))?.json()?;
        let Some(state) = body.pointer(&self.status_pointer).and_then(Value::as_str) else {
            let message = format!("watch job {id}: the answer has no state at `{}`", self.status_pointer);
            return Err(Error::failed(message).detail(response.status_error().body));
        };
        let is_one_of = |states: &[String]| states.iter().any(|one| one.eq_ignore_ascii_case(state));
        if is_one_of(&self.done) || (self.fire_on_failure && is_one_of(&self.failed)) {
            return Ok(Look::Ended(body));
        }
        if is_one_of(&self.failed) {
            return Err(Error::failed(format!("job {id} has ended as `{state}`")).detail(response.status_error().body));
        }
        debug!("Job {id} is not done", state = state);
        Ok(Look::Running)
    }
}
