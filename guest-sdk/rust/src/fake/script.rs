//! Scripted answers: what the outside world says, by method and URL, in order.

use std::collections::VecDeque;

use serde_json::Value;

use crate::http::{Error, Request, Response};
use crate::log::Level;
use crate::platform::World;
use crate::{DateTime, Duration};

use super::{Airflow, LogLine};

/// A request that the trigger sent.
#[derive(Debug, Clone, PartialEq)]
pub struct SentRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// Lower-case names.
    pub headers: Vec<(String, String)>,
    /// The body, when it is JSON.
    pub json: Option<Value>,
    /// The body, empty when there is none.
    pub body: Vec<u8>,
    /// The connection whose credential was asked for.
    pub connection: Option<String>,
    /// When it was sent.
    pub at: DateTime,
}

impl SentRequest {
    pub(super) fn new(request: Request, at: DateTime) -> Self {
        let Request { method, url, headers, body, connection, .. } = request;
        let body = body.unwrap_or_default();
        Self { method, url, headers, json: serde_json::from_slice(&body).ok(), body, connection, at }
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// The answers to one method and URL, in order; the last one is repeated for ever.
#[derive(Debug)]
pub struct Script {
    method: String,
    url: String,
    answers: VecDeque<Result<Response, Error>>,
}

impl Script {
    /// Answers with this status and JSON.
    pub fn json(&mut self, status: u16, body: Value) -> &mut Self {
        self.respond(Response {
            status,
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    }

    /// Answers with this status and no body.
    pub fn status(&mut self, status: u16) -> &mut Self {
        self.respond(Response { status, headers: Vec::new(), body: Vec::new() })
    }

    /// Answers like this.
    pub fn respond(&mut self, response: Response) -> &mut Self {
        self.answers.push_back(Ok(response));
        self
    }

    /// The request arrives, its answer is lost.
    pub fn lost(&mut self) -> &mut Self {
        self.fails(Error::Deadline(Duration::from_secs(30)))
    }

    /// There is no answer.
    pub fn fails(&mut self, error: Error) -> &mut Self {
        self.answers.push_back(Err(error));
        self
    }

    /// Gives the last answer so many times in all.
    pub fn times(&mut self, times: usize) -> &mut Self {
        let Some(last) = self.answers.back().cloned() else { panic!("say what to answer before `times`") };
        self.answers.extend(std::iter::repeat_n(last, times.saturating_sub(1)));
        self
    }

    fn next(&mut self) -> Result<Response, Error> {
        let answer = if self.answers.len() > 1 { self.answers.pop_front() } else { self.answers.front().cloned() };
        answer.unwrap_or_else(|| panic!("say what `{} {}` answers: `.json(200, ..)`", self.method, self.url))
    }
}

/// Answers what no script does.
pub(super) struct Network(pub(super) Box<dyn FnMut(SentRequest) -> Result<Response, Error>>);

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

/// The outside world of one fake host.
#[derive(Debug)]
pub(super) struct ScriptedWorld {
    pub(super) now: DateTime,
    pub(super) scripts: Vec<Script>,
    pub(super) network: Option<Network>,
    pub(super) requests: Vec<SentRequest>,
    pub(super) logs: Vec<LogLine>,
    pub(super) airflow: Airflow,
}

impl ScriptedWorld {
    pub(super) fn script(&mut self, method: &str, url: &str) -> &mut Script {
        let at = self.scripts.iter().position(|script| script.method == method && script.url == url);
        let at = at.unwrap_or_else(|| {
            self.scripts.push(Script { method: method.to_owned(), url: url.to_owned(), answers: VecDeque::new() });
            self.scripts.len() - 1
        });
        &mut self.scripts[at]
    }
}

impl World for ScriptedWorld {
    fn send(&mut self, request: Request) -> Result<Response, Error> {
        let (method, url) = (request.method.clone(), request.url.clone());
        self.requests.push(SentRequest::new(request, self.now));
        let script = self.scripts.iter_mut().find(|script| script.method == method && script.url == url);
        if let (None, Some(Network(answer)), Some(sent)) = (&script, &mut self.network, self.requests.last()) {
            return answer(sent.clone());
        }
        script.map_or_else(
            || panic!("the trigger sent `{method} {url}`: say what answers, with `host.on(\"{method}\", \"{url}\")`"),
            Script::next,
        )
    }

    fn log(&mut self, level: Level, message: &str, fields: &[(&str, String)]) {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        self.logs.push(LogLine { level, message: message.to_owned(), fields });
    }

    fn airflow(&mut self) -> &mut Airflow {
        &mut self.airflow
    }
}
