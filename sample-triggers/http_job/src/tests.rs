//! The trigger through the fake host.

use trigger_host_sdk::Duration;
use trigger_host_sdk::fake::{FakeHost, Run};
use trigger_host_sdk::serde_json::{Value, json};

use super::HttpJob;

const URL: &str = "https://jobs.example.com/v1/runs";
const JOB: &str = "https://jobs.example.com/v1/runs/j1";

fn host(mut kwargs: Value) -> FakeHost<HttpJob> {
    kwargs["url"] = json!(URL);
    FakeHost::new(kwargs)
}

fn keys(run: &Run) -> Vec<&str> {
    run.requests.iter().filter_map(|request| request.header("idempotency-key")).collect()
}

#[test]
fn submits_once_in_spite_of_a_restart() {
    let mut host = host(json!({"body": {"n": 1}}));
    host.on("POST", URL).json(201, json!({"id": "j1"}));
    host.on("GET", JOB).json(200, json!({"state": "running"})).times(3).json(200, json!({"state": "done"}));
    host.restart_after(Duration::from_secs(75));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"state": "done"})]);
    assert_eq!(run.sent("POST", URL), 1);
    assert_eq!(run.requests[0].json, Some(json!({"n": 1})));
    assert!(run.polls <= 10, "{} polls", run.polls);
}

#[test]
fn repeats_a_lost_submission_under_the_same_key() {
    let mut host = host(json!({"key_pointer": "/client_token", "body": {}}));
    host.on("POST", URL).lost().status(503).json(200, json!({"id": "j1"}));
    host.on("GET", JOB).json(200, json!({"state": "done"}));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"state": "done"})]);
    assert_eq!(keys(&run).len(), 3);
    assert!(keys(&run).iter().all(|key| *key == keys(&run)[0] && key.len() == 32));
    assert!(run.requests[..3].iter().all(|request| request.json == Some(json!({"client_token": keys(&run)[0]}))));
}

#[test]
fn keeps_the_key_before_it_submits() {
    let mut host = host(json!({}));
    host.on("POST", URL).json(201, json!({"id": "j1"}));
    assert_eq!(host.run_once().requests, []);
    let key = host.checkpoint().unwrap()["Submitting"]["key"].clone();
    assert_eq!(keys(&host.run_once()), [key]);
}

#[test]
fn a_crash_after_the_submission_repeats_it_under_the_same_key() {
    let mut host = host(json!({}));
    host.crash_after_poll(1);
    host.crash_after_poll(3);
    host.on("POST", URL).json(201, json!({"id": "j1"})).json(409, json!({"id": "j1"}));
    host.on("GET", JOB).json(200, json!({"state": "SUCCEEDED"}));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"state": "SUCCEEDED"})]);
    assert_eq!(keys(&run), [keys(&run)[0]; 2]);
}

#[test]
fn different_deferrals_have_different_keys() {
    let key_of = |mut host: FakeHost<HttpJob>| {
        host.run_for(Duration::ZERO);
        host.checkpoint().unwrap()["Submitting"]["key"].as_str().unwrap().to_owned()
    };
    let one = || {
        let mut host = host(json!({"body": {"n": 1}}));
        host.on("POST", URL).lost();
        host
    };
    assert_eq!(key_of(one()), key_of(one()));
    assert_ne!(key_of(one()), key_of(one().trigger_id(2)));
    let mut own = host(json!({"idempotency_key": "mine"}));
    own.on("POST", URL).lost();
    assert_eq!(key_of(own), "mine");
}

#[test]
fn a_failed_job_fails_the_trigger_or_is_fired() {
    let mut fails = host(json!({}));
    fails.on("POST", URL).json(201, json!({"id": 7}));
    fails.on("GET", "https://jobs.example.com/v1/runs/7").json(200, json!({"state": "failed", "why": "no disk"}));
    let run = fails.run_until_finished();
    assert_eq!(run.failure(), "job 7 has ended as `failed`");
    assert_eq!(run.error.unwrap().details(), [r#"{"state":"failed","why":"no disk"}"#]);

    let mut fires = host(json!({"fire_on_failure": true, "failed": ["Broken"], "status_pointer": "/run/status"}));
    fires.on("POST", URL).json(201, json!({"id": "j1"}));
    fires.on("GET", JOB).json(200, json!({"run": {"status": "broken"}}));
    assert_eq!(fires.run_until_finished().payloads(), [json!({"run": {"status": "broken"}})]);
}

#[test]
fn says_what_is_wrong_with_an_answer() {
    let mut refused = host(json!({}));
    refused.on("POST", URL).json(422, json!({"error": "n is missing"}));
    let run = refused.run_until_finished();
    assert_eq!(run.failure(), r#"submit the job: the answer has status 422: {"error":"n is missing"}"#);
    let mut nameless = host(json!({}));
    nameless.on("POST", URL).json(201, json!({"run_id": "j1"}));
    assert_eq!(nameless.run_until_finished().failure(), "submit the job: the answer has no id at `/id`");
    let mut stateless = host(json!({}));
    stateless.on("POST", URL).json(201, json!({"id": "j1"}));
    stateless.on("GET", JOB).json(200, json!({"status": "done"}));
    assert_eq!(stateless.run_until_finished().failure(), "watch job j1: the answer has no state at `/state`");
}

#[test]
fn bears_a_job_that_is_not_found_at_first_but_not_for_ever() {
    let mut host = host(json!({"max_errors": 2}));
    host.on("POST", URL).json(201, json!({"id": "j1"}));
    host.on("GET", JOB).status(404).times(2).json(200, json!({"state": "running"})).status(404);
    let run = host.run_until_finished();
    let expected = "watch job j1: given up after 3 failures in a row, the last one: the service does not know it";
    assert_eq!(run.failure(), expected);
}

#[test]
fn watches_many_jobs_at_once() {
    let mut host = host(json!({"jobs": ["a", "b/c"], "interval": "10s"}));
    host.on("GET", &format!("{URL}/a")).json(200, json!({"state": "done", "$ref": 1}));
    host.on("GET", &format!("{URL}/b%2Fc"))
        .json(200, json!({"state": "running"}))
        .lost()
        .json(200, json!({"state": "done"}));
    let run = host.run_until_finished();
    let a = json!({"$dict": [["$ref", 1], ["state", "done"]]});
    assert_eq!(run.payloads(), [json!({"a": a, "b/c": {"state": "done"}})]);
    assert_eq!(run.sent("GET", &format!("{URL}/a")), 1);
    assert_eq!(run.sent("POST", URL), 0);
}

#[test]
fn a_stopped_task_cancels_its_job() {
    let mut running = host(json!({}));
    running.on("POST", URL).json(201, json!({"id": "j1"}));
    running.on("GET", JOB).json(200, json!({"state": "running"}));
    running.on("DELETE", JOB).status(204);
    running.run_for(Duration::from_secs(40));
    running.kill().unwrap();
    assert_eq!(running.run_for(Duration::ZERO).sent("DELETE", JOB), 1);

    let mut lost = host(json!({"cancel_method": "PATCH"}));
    lost.on("POST", URL).lost().json(200, json!({"id": "j1"}));
    lost.on("PATCH", JOB).status(404);
    lost.run_for(Duration::ZERO);
    lost.kill().unwrap();
    let run = lost.run_for(Duration::ZERO);
    assert_eq!((run.sent("POST", URL), run.sent("PATCH", JOB)), (1, 1));
}

#[test]
fn a_stopped_task_leaves_the_jobs_of_others_alone_unless_told() {
    let many = |cancel: Option<&str>| {
        let mut host = host(json!({"jobs": ["j1"], "cancel_method": cancel}));
        host.on("GET", JOB).json(200, json!({"state": "running"}));
        host.on("DELETE", JOB).status(500);
        host.run_for(Duration::ZERO);
        host
    };
    assert_eq!(many(None).kill(), Ok(()));
    assert_eq!(many(Some("DELETE")).kill().unwrap_err().message(), "cancel job j1: the answer has status 500");
}

#[test]
fn refuses_kwargs_that_contradict_each_other() {
    for (kwargs, expected) in [
        (json!({"jobs": []}), "`jobs`: expected at least one id"),
        (json!({"jobs": ["a"], "body": 1}), "`jobs`: cannot go with `body`: these jobs are submitted already"),
        (
            json!({"status_url": "https://x.example"}),
            "`status_url`: expected a URL with `{id}` where the job's id belongs",
        ),
        (json!({"id_pointer": "id"}), "`id_pointer`: `id` is not a JSON pointer: expected text such as `/id`"),
    ] {
        assert_eq!(host(kwargs).run_until_finished().failure(), expected);
    }
}
