//! What guests ask of Airflow, as far as the sandbox: counted and capped before anybody is asked, refused by value,
//! never by a trap.

use std::any::Any;
use std::fs;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use parking_lot::Mutex;
use sandbox::{Allowed, EndReason, Ended, HostCalls, Interface, Limits, LoadError, Outcome, Poller, Sandbox, inspect};
use serde_json::{Value, json};
use trigger_host_types::airflow::{Answers, Ask, Error, MAX_VALUE, VariableGet};
use trigger_host_types::imports::AnswersAll;
use trigger_host_types::{http, log};

use crate::support::{call, config, payload, poller};

fn asker_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| fs::read(guest_build::component("asker")).unwrap())
}

async fn asker() -> Poller {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    let sandbox = SANDBOX.get_or_init(|| Sandbox::start(config()).unwrap());
    poller(sandbox.load("asker.wasm", asker_wasm(), &Allowed::ALL).await.unwrap())
}

/// Answers every ask for a text with the same one, and remembers what it was asked.
struct Airflow {
    asked: Mutex<Vec<&'static str>>,
    text: String,
}

#[async_trait]
impl HostCalls for Airflow {
    async fn http_send(&self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::Other("not asked for".into()))
    }

    async fn http_send_all(&self, _: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        Vec::new()
    }

    fn airflow(&self) -> &(dyn AnswersAll + 'static) {
        self
    }

    fn log(&self, _: log::Line) {}
}

#[async_trait]
impl<A: Ask> Answers<A> for Airflow {
    async fn answer(&self, ask: A) -> Result<A::Answer, Error> {
        self.asked.lock().push(A::NAME);
        let ask: Box<dyn Any + Send> = Box::new(ask);
        if ask.downcast_ref::<VariableGet>().is_some_and(|ask| ask.key == "absent") {
            return Err(Error::NotFound("no such variable".into()));
        }
        let text: Box<dyn Any> = Box::new(self.text.clone());
        text.downcast().map(|text| *text).map_err(|_| Error::Other("this Airflow answers texts alone".into()))
    }
}

async fn asked(kwargs: Value, limits: Limits, text: String) -> (Ended<Outcome>, Vec<&'static str>) {
    let airflow = Arc::new(Airflow { asked: Mutex::default(), text });
    let host: Arc<dyn HostCalls> = airflow.clone();
    let ended = asker().await.poll(call(&kwargs, limits, host)).await;
    let asked = airflow.asked.lock().clone();
    (ended, asked)
}

/// The answers to these questions, and what got as far as the host.
async fn answers(questions: Value) -> (Value, Vec<&'static str>) {
    let (ended, asked) = asked(json!({"ask": questions}), Limits::default(), "\"v\"".into()).await;
    (payload(ended), asked)
}

#[test]
fn what_a_component_wants_is_what_it_uses() {
    let found = inspect(asker_wasm()).unwrap();
    let mut wants: Vec<_> = found.wants.iter().map(|wanted| wanted.interface).collect();
    wants.sort();
    assert_eq!(wants, Interface::ALL, "{:?}", found.imports);
    assert_eq!(found.refused, [""; 0]);
}

#[tokio::test]
async fn each_import_needs_its_grant() {
    let sandbox = Sandbox::start(config()).unwrap();
    let error = sandbox.load("x.wasm", asker_wasm(), &Allowed::NONE).await.err().unwrap();
    let LoadError::Refused { refusals, .. } = error else { panic!("{error}") };
    assert_eq!(refusals.len(), 7, "{refusals:?}");
    for grant in ["http = ", "variables = ", "xcom = ", "asset-state = ", "states = ", "connections = "] {
        assert!(refusals.iter().any(|refusal| refusal.contains(grant)), "{grant}: {refusals:?}");
    }
}

#[tokio::test]
async fn an_answer_comes_back_and_what_is_absent_is_none() {
    let (answers, asked) = answers(json!([["variable", "x"], ["variable", "absent"], ["own-xcom", "k"]])).await;
    assert_eq!(answers, json!([{"ok": "\"v\""}, {"ok": null}, {"ok": "v"}]));
    assert_eq!(asked, ["variables.get", "variables.get", "xcoms.get"]);
}

#[tokio::test]
async fn an_error_of_airflow_is_a_value_and_no_trap() {
    let (answers, asked) = answers(json!([["task-count", "success"], ["connection", "c"]])).await;
    for answer in answers.as_array().unwrap() {
        assert_eq!(answer["error"], "this Airflow answers texts alone");
    }
    assert_eq!(asked, ["task-instances.count", "connections.describe"]);
}

#[tokio::test]
async fn what_is_too_long_or_malformed_goes_nowhere() {
    let (answers, asked) = answers(json!([
        ["variable", ""],
        ["variable", 251],
        ["variable", "a\u{0}b"],
        ["put-variable", "x", 1_048_577],
        ["put-variable", "x", 3_000_000],
        ["own-xcom", "a\nb"],
        ["raw-xcom", "k", 1_048_577],
        ["raw-asset-state", "a", "", "1"],
        ["raw-asset-state", "a", "k", 1_048_577],
        ["connection", ""],
        ["run", "d", ""],
        ["mapped-xcom", "t", -2],
        ["mapped-states", i32::MIN],
        ["mapped-previous", "t", -2],
    ]))
    .await;
    for answer in answers.as_array().unwrap() {
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with("invalid request: ") || error == format!("larger than {MAX_VALUE} bytes"), "{error}");
    }
    assert_eq!(asked, [""; 0]);
}

#[tokio::test]
async fn an_answer_that_is_too_large_does_not_reach_the_guest() {
    let text = "x".repeat(usize::try_from(MAX_VALUE).unwrap() + 1);
    let (ended, _) = asked(json!({"ask": [["variable", "x"]]}), Limits::default(), text).await;
    assert_eq!(payload(ended), json!([{"error": format!("larger than {MAX_VALUE} bytes")}]));
}

#[tokio::test]
async fn questions_count_as_host_calls_and_a_flood_ends_the_call() {
    let limits = Limits { host_calls: 10, ..Limits::default() };
    let (ended, asked_for) = asked(json!({"ask": [["variable", "x"]], "times": 20}), limits.clone(), "v".into()).await;
    assert_eq!((ended.used.host_calls, asked_for.len()), (10, 10));
    assert_eq!(ended.used.last_host_calls[7], "variables.get: ok");
    assert_eq!(payload(ended), json!([{"error": "budget used up: one call may make at most 10 requests"}]));
    // Refused ones count too: a guest cannot ask badly for ever.
    let (ended, asked_for) = asked(json!({"ask": [["variable", ""]], "times": 1_000_000}), limits, "v".into()).await;
    assert_eq!(ended.result.unwrap_err(), EndReason::HostCalls { limit: 10, used: 41 });
    assert_eq!(asked_for, [""; 0]);
}
