//! Submits the job, under a key that is stored before.

use trigger_host_sdk::http::retry::transient;
use trigger_host_sdk::http::{self, Response};
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Map, Value};

use crate::{HttpJob, Progress};

impl HttpJob {
    /// The key of this submission, the same in every attempt.
    pub(crate) fn key(&self, cx: &Context) -> String {
        let about = || format!("{} {} {:?}", self.method, self.url, self.body);
        self.idempotency_key.clone().unwrap_or_else(|| cx.stable_key(&about()))
    }

    /// One attempt.
    pub(crate) fn submit(&self, key: String, errors: u32) -> Result<Outcome<Progress>> {
        let answer = self.send_submission(&key)?;
        if let Some(why) = transient(&answer) {
            let wait = self.backoff().bear(errors + 1, &why, &answer).context("submit the job")?;
            return Ok(Outcome::again_after(wait).checkpoint(Progress::Submitting { key, errors: errors + 1 }));
        }
        let id = self.id_in(answer.context("submit the job")?)?;
        info!("Submitted job {id}", attempts = errors + 1);
        Ok(Outcome::again_after(self.interval).checkpoint(Progress::Watching { id, errors: 0 }))
    }

    pub(crate) fn send_submission(&self, key: &str) -> Result<Result<Response, http::Error>> {
        let body = self.body_with(key)?;
        Ok(self.request(&self.method, &self.url).header("idempotency-key", key).json(&body).send())
    }

    /// A request as this trigger sends them all.
    pub(crate) fn request(&self, method: &str, url: &str) -> http::Request {
        http::request(method, url).headers(&self.headers).connection(self.connection.as_deref())
    }

    /// The id in the answer to a submission. A service may answer 409 when it has the job already, with the job.
    pub(crate) fn id_in(&self, response: Response) -> Result<String> {
        let body: Option<Value> = response.json().ok();
        let id = body.as_ref().and_then(|body| body.pointer(&self.id_pointer)).and_then(|id| match id {
            Value::String(id) if !id.is_empty() => Some(id.clone()),
            Value::Number(id) => Some(id.to_string()),
            _ => None,
        });
        let acceptable = response.is_success() || response.status == 409;
        match id {
            Some(id) if acceptable => Ok(id),
            _ if !response.is_success() => Err(response.status_error()).context("submit the job"),
            _ => {
                let message = format!("submit the job: the answer has no id at `{}`", self.id_pointer);
                Err(Error::failed(message).detail(response.status_error().body))
            }
        }
    }

    fn body_with(&self, key: &str) -> Result<Value> {
        let mut body = self.body.clone().map_or_else(|| Value::Object(Map::new()), trigger_host_sdk::to_plain);
        if let Some(pointer) = &self.key_pointer {
            let wrong =
                || Error::kwarg("key_pointer", format_args!("`{pointer}` does not lead to an object in the body"));
            let (parent, name) = pointer.rsplit_once('/').ok_or_else(wrong)?;
            let parent = body.pointer_mut(parent).and_then(Value::as_object_mut).ok_or_else(wrong)?;
            parent.insert(name.replace("~1", "/").replace("~0", "~"), Value::String(key.to_owned()));
        }
        Ok(body)
    }
}
