//! The trigger through the fake host.

use trigger_host_sdk::fake::FakeHost;
use trigger_host_sdk::http::Error;
use trigger_host_sdk::serde_json::{Value, json};

use super::HttpPoll;

const URL: &str = "https://files.example.com/v1/report";

fn host(mut kwargs: Value) -> FakeHost<HttpPoll> {
    kwargs["url"] = json!(URL);
    FakeHost::new(kwargs)
}

#[test]
fn waits_for_a_success_by_default() {
    let mut host = host(json!({"interval": "10s"}));
    host.on("GET", URL).status(404).times(2).json(200, json!({"rows": 3}));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"status": 200, "body": {"rows": 3}})]);
    assert_eq!(run.ended_at.to_string(), "2026-01-01T00:00:20Z");
    assert_eq!(host.checkpoint(), None);
}

#[test]
fn waits_for_a_value() {
    let until = json!({"pointer": "/state", "equals": "ready"});
    let mut host = host(
        json!({"until": until, "method": "POST", "body": {"q": {"$tuple": [1]}}, "connection": "files", "headers": {"X-A": "b"}}),
    );
    host.on("POST", URL)
        .json(200, json!({"state": "pending"}))
        .json(200, json!({}))
        .json(200, json!({"state": "ready"}));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"status": 200, "body": {"state": "ready"}})]);
    assert_eq!(run.requests.len(), 3);
    assert_eq!(run.requests[0].json, Some(json!({"q": [1]})));
    assert_eq!(run.requests[0].connection.as_deref(), Some("files"));
    assert_eq!(run.requests[0].header("x-a"), Some("b"));
}

#[test]
fn waits_for_something_to_be_there_or_one_of_several() {
    let mut exists = host(json!({"until": {"pointer": "/result"}}));
    exists.on("GET", URL).json(200, json!({})).json(200, json!({"result": null}));
    assert_eq!(exists.run_until_finished().polls, 2);
    let mut several = host(json!({"until": {"pointer": "/n", "one_of": [1, 2]}}));
    several.on("GET", URL).json(200, json!({"n": 3})).json(200, json!({"n": 2.0}));
    assert_eq!(several.run_until_finished().polls, 2);
}

#[test]
fn waits_for_a_status_even_one_that_says_failure() {
    let mut host = host(json!({"until": {"status": 410}}));
    host.on("GET", URL).status(200).status(410);
    assert_eq!(host.run_until_finished().payloads(), [json!({"status": 410, "body": ""})]);
}

#[test]
fn fails_when_told_to_and_on_a_lasting_error() {
    let fail_when = json!({"pointer": "/state", "one_of": ["failed", "gone"]});
    let mut told = host(json!({"until": {"pointer": "/url"}, "fail_when": fail_when}));
    told.on("GET", URL).json(200, json!({"state": "running"})).json(200, json!({"state": "gone"}));
    assert_eq!(told.run_until_finished().failure(), "the answer with status 200 meets the condition `fail_when`");
    let mut forbidden = host(json!({}));
    forbidden.on("GET", URL).status(403);
    assert_eq!(forbidden.run_until_finished().failure(), "the answer has status 403");
    let mut refused = host(json!({}));
    refused.on("GET", URL).fails(Error::NotGranted("add the origin".to_owned()));
    assert_eq!(refused.run_until_finished().failure(), "not granted: add the origin");
}

#[test]
fn bears_passing_failures_with_growing_waits() {
    let mut host = host(json!({"interval": 100, "max_errors": 3}));
    host.on("GET", URL).lost().status(503).status(500).status(404).lost().status(200);
    let run = host.run_until_finished();
    // 1 + 2 + 4 s, then the count begins anew: 100 + 1 s.
    assert_eq!(run.ended_at.to_string(), "2026-01-01T00:01:48Z");
    assert_eq!(run.logs.len(), 5);
}

#[test]
fn gives_up_after_too_many() {
    let mut host = host(json!({"max_errors": 2}));
    host.on("GET", URL).status(503);
    let run = host.run_until_finished();
    assert_eq!(run.failure(), "given up after 3 failures in a row, the last one: the answer has status 503");
    assert_eq!(run.polls, 3);
}

#[test]
fn refuses_conditions_that_could_never_hold() {
    let run = host(json!({"until": {"equals": 1}})).run_until_finished();
    assert_eq!(run.failure(), "`until`: `equals` and `one_of` need a `pointer` to what they are about");
    let run = host(json!({"fail_when": {"pointer": "state"}})).run_until_finished();
    assert_eq!(run.failure(), "`fail_when`: `state` is not a JSON pointer: expected text such as `/state`");
    let run = host(json!({"until": {"statuss": 200}})).run_until_finished();
    assert!(
        run.failure().starts_with("`until`: unknown field `statuss`, expected one of `status`"),
        "{}",
        run.failure()
    );
}
