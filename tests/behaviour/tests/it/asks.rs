//! What triggers ask of Airflow at run time: by grant, in their own scope, on no other route than the one that is
//! meant.

use serde_json::{Value, json};

use crate::world::World;

pub(crate) const DAG: &str = "sales_eu";
pub(crate) const RUN: &str = "manual__2026-01-01T00:00:00+00:00";
/// What no guest may ever see.
pub(crate) const CANARY: &str = "canary-4711";

/// A world with a variable, a connection and a Dag run in it.
pub(crate) async fn world() -> World {
    let world = World::new().await;
    world.api.put("variables/jobs_a", &json!({"value": "v1"})).await;
    world.api.put("variables/other", &json!({"value": CANARY})).await;
    let connection = json!({
        "conn_type": "postgres", "host": format!("https://u:{CANARY}@db.example/x?token={CANARY}"), "login": CANARY,
        "password": CANARY, "port": 5432, "schema": "s", "extra": format!("{{\"token\": \"{CANARY}\"}}"),
    });
    world.api.put("connections/jobs_db", &connection).await;
    world.api.put(&format!("dag-runs/{DAG}/{RUN}"), &json!({"state": "running"})).await;
    world
}

/// A task's trigger that asks all of this; the answers, and the whole of what the host has said.
pub(crate) async fn ask(world: &World, classpath: &str, questions: &Value) -> Vec<Value> {
    let task = json!({"dag_id": DAG, "run_id": RUN, "task_id": "wait"});
    answers(world, json!({"classpath": classpath, "task": task, "kwargs": {"ask": questions}})).await
}

async fn answers(world: &World, trigger: Value) -> Vec<Value> {
    let ids = world.api.defer(&json!([trigger])).await;
    let mut host = world.host("host", &[]);
    let events = world.api.events(1).await;
    assert_eq!(events[0]["trigger_id"], ids[0]);
    assert_eq!(events[0]["what"], "event", "{}", events[0]);
    host.drain().await;
    let said = format!("{} {}", events[0], host.program.log.now().join("\n"));
    assert!(!said.contains(CANARY), "a secret came out: {said}");
    events[0]["payload"].as_array().unwrap().clone()
}

pub(crate) fn error(answer: &Value) -> &str {
    answer["error"].as_str().unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Requests beside those that every host makes.
pub(crate) fn airflow_requests(world: &World) -> Vec<String> {
    let usual = ["/execution/triggers/", "/execution/jobs"];
    let all = world.record.of("/execution/").into_iter().map(|one| one.what);
    all.filter(|what| !usual.iter().any(|usual| what.contains(usual))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trigger_asks_and_is_answered_within_its_grants_and_its_scope() {
    let world = world().await;
    let value = json!({"n": 3, "at": {"$datetime": "2026-01-31T12:00:00Z"}});
    let steps = [
        (json!(["variable", "jobs_a"]), json!("v1")),
        (json!(["variable", "jobs_none"]), Value::Null),
        (json!(["variable-keys", "jobs_"]), json!([["jobs_a"], 1])),
        (json!(["put-variable", "jobs_cursor", "7"]), Value::Null),
        (json!(["variable", "jobs_cursor"]), json!("7")),
        (json!(["delete-variable", "jobs_cursor"]), Value::Null),
        (json!(["variable", "jobs_cursor"]), Value::Null),
        (json!(["set-xcom", "rows", value]), Value::Null),
        (json!(["own-xcom", "rows"]), value),
        (json!(["xcom", "another", "rows"]), Value::Null),
        (json!(["delete-xcom", "rows"]), Value::Null),
        (json!(["own-xcom", "rows"]), Value::Null),
        (json!(["task-count", "deferred"]), json!(1)),
        (json!(["task-count", "failed"]), json!(0)),
        (json!(["task-states", DAG]), json!([[RUN, "wait", "deferred"]])),
        (json!(["previous", "nobody"]), Value::Null),
        (json!(["own-run"]), json!("running")),
        (json!(["run", DAG, RUN]), json!("running")),
        (json!(["run", "sales_us", "none"]), Value::Null),
        (json!(["run-count", DAG, "running"]), json!(1)),
        (
            json!(["connection", "jobs_db"]),
            json!({"conn_type": "postgres", "host": "https://db.example", "port": 5432, "schema": "s"}),
        ),
    ];
    let questions: Vec<&Value> = steps.iter().map(|(question, _)| question).collect();
    let answers = ask(&world, "test.Asker", &json!(questions)).await;
    for ((question, expected), answer) in steps.iter().zip(&answers) {
        assert_eq!(*answer, json!({"ok": expected}), "{question}");
    }
    assert_eq!(answers.len(), steps.len());
    let tokens = world.record.of("/runtime-token");
    assert_eq!(tokens.len(), 1, "one token of its own for the trigger");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn settings_of_a_connection_come_by_key_and_no_secret_comes_with_them() {
    let world = world().await;
    let extra = json!({"region_name": "eu-1", "config": {"retries": 3}, "token": CANARY, "project": CANARY});
    let connection = json!({"conn_type": "aws", "login": CANARY, "password": CANARY, "extra": extra.to_string()});
    world.api.put("connections/jobs_aws", &connection).await;
    let bad = json!({"endpoint": format!("https://h.example/{CANARY}"), "note": "x"});
    world
        .api
        .put("connections/jobs_bad", &json!({"password": CANARY, "conn_type": "http", "extra": bad.to_string()}))
        .await;
    let questions =
        json!([["extras", "jobs_aws"], ["extras", "jobs_bad"], ["extras", "jobs_none"], ["extras", "jobs_db"]]);
    let answers = ask(&world, "test.Asker", &questions).await;
    assert_eq!(answers[0], json!({"ok": [["config", {"retries": 3}], ["region_name", "eu-1"]]}));
    let refusal = "not granted: the key `endpoint` of the extra of the connection `jobs_bad` may hold a secret, so no trigger \
                   can read it: take it out of the grant";
    assert_eq!(error(&answers[1]), refusal);
    assert!(error(&answers[2]).starts_with("not found: "), "{}", answers[2]);
    let refusal = "not granted: no key of the extra of the connection `jobs_db` may be read: add `[trigger.grants] connections = \
                   { extras = { \"jobs_db\" = [...] } }`";
    assert_eq!(error(&answers[3]), refusal, "a grant to describe it does not open its extra");
    assert_eq!(airflow_requests(&world).len(), 3, "what is not granted is not fetched");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watcher_keeps_state_of_what_it_watches_and_of_nothing_else() {
    let world = world().await;
    let questions = json!([
        ["set-asset-state", "in", "cursor", {"offset": 12}],
        ["asset-state", "in", "cursor"],
        ["asset-state-at", "s3://in", "cursor"],
        ["delete-asset-state", "in", "cursor"],
        ["asset-state", "in", "cursor"],
        ["clear-asset-state", "in"],
        ["asset-state", "other", "cursor"],
        ["asset-state-at", "s3://other", "cursor"],
        ["raw-asset-state", "in", "k", "null"],
        ["raw-asset-state", "in", "k", "[NaN]"],
        ["raw-asset-state", "in", "k", "1e999"],
        ["raw-asset-state", "in", "k", "{\"$datetime\": \"2026-01-31T12:00:00Z\"}"],
        ["own-xcom", "k"],
        ["own-run"],
    ]);
    let trigger =
        json!({"classpath": "test.Asker", "kind": "asset", "assets": {"in": "s3://in"}, "kwargs": {"ask": questions}});
    let answers = answers(&world, trigger).await;
    let offset = json!({"ok": {"offset": 12}});
    let done = json!({"ok": null});
    assert_eq!(answers[..6], [done.clone(), offset.clone(), offset, done.clone(), done.clone(), done]);
    for answer in &answers[6..8] {
        assert!(error(answer).starts_with("not granted: this trigger does not watch that asset"), "{answer}");
    }
    for answer in &answers[8..] {
        assert!(error(answer).starts_with("invalid request: "), "{answer}");
    }
    let asked = airflow_requests(&world);
    assert_eq!(asked.len(), 6, "what is refused is not sent: {asked:?}");
    assert!(asked.iter().all(|what| what.contains("/store/asset/by-name/") && what.contains("name=in")), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_granted_is_refused_and_nobody_is_asked() {
    let world = world().await;
    let questions = json!([
        ["variable", "jobs_a"],
        ["variable-keys", "o"],
        ["put-variable", "other", "1"],
        ["delete-variable", "other"],
        ["set-xcom", "k", 1],
        ["delete-xcom", "k"],
        ["task-count", "success"],
        ["task-states", DAG],
        ["previous", "wait"],
        ["own-run"],
        ["run", DAG, RUN],
        ["run-count", DAG, "running"],
        ["connection", "jobs_db"],
        ["extras", "jobs_aws"],
        ["asset-state", "in", "k"],
    ]);
    let answers = ask(&world, "test.Shut", &questions).await;
    for (question, answer) in questions.as_array().unwrap().iter().zip(&answers) {
        assert!(error(answer).starts_with("not granted: "), "{question}: {answer}");
    }
    assert!(
        error(&answers[0]).ends_with("add `[trigger.grants] variables = { read = [\"jobs_a\"] }`"),
        "{}",
        answers[0]
    );
    assert_eq!(airflow_requests(&world), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_key_chooses_a_route_and_no_value_smuggles_a_class() {
    let world = world().await;
    let refused = [
        json!(["variable", "jobs_/../../connections/jobs_db"]),
        json!(["variable", "jobs_/./x"]),
        json!(["variable", "jobs_//x"]),
        json!(["variable", "jobs_\\..\\x"]),
        json!(["own-xcom", ".."]),
        json!(["own-xcom", "a/b"]),
        json!(["xcom", "../../x", "k"]),
        json!(["run", DAG, "../count"]),
        json!(["task-at", "2026-01-01T00:00:00"]),
        json!(["task-at", "2026-01-01T00:00:00-00:00"]),
        json!(["raw-xcom", "k", "{\"__classname__\": \"os.system\", \"__data__\": 1}"]),
        json!(["raw-xcom", "k", "{\"$opaque\": {\"classname\": \"os.system\", \"version\": 1, \"data\": 1}}"]),
        json!(["raw-xcom", "k", "NaN"]),
        json!(["raw-xcom", "k", "{not json"]),
    ];
    let answers = ask(&world, "test.Asker", &json!(refused)).await;
    for (question, answer) in refused.iter().zip(&answers) {
        assert!(error(answer).starts_with("invalid request: "), "{question}: {answer}");
    }
    assert_eq!(airflow_requests(&world), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_keys_are_data() {
    let world = world().await;
    let questions = json!([
        ["variable", "jobs_%2e%2e%2fx?y=1#z"],
        ["variable", "jobs_a/b"],
        ["own-xcom", "k?map_index=3&x#f"],
        ["task-at", "2026-01-01T01:00:00+01:00"],
    ]);
    let answers = ask(&world, "test.Asker", &questions).await;
    assert_eq!(answers, [json!({"ok": null}), json!({"ok": null}), json!({"ok": null}), json!({"ok": 0})]);
    let asked = airflow_requests(&world);
    assert_eq!(
        asked,
        [
            "GET /execution/variables/jobs_%252e%252e%252fx%3Fy=1%23z".to_owned(),
            "GET /execution/variables/jobs_a/b".to_owned(),
            format!("GET /execution/xcoms/{DAG}/{RUN}/wait/k%3Fmap_index=3&x%23f"),
            format!("GET /execution/task-instances/count?dag_id={DAG}&logical_dates=2026-01-01T00%3A00%3A00Z"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_meets_the_budget_and_not_the_api() {
    let world = world().await;
    let kwargs = json!({"ask": [["variable", "jobs_a"]], "times": 30});
    let answers = answers(&world, json!({"classpath": "test.Flood", "kwargs": kwargs})).await;
    assert_eq!(error(&answers[0]), "budget used up: one call may make at most 8 requests");
    assert_eq!(airflow_requests(&world).len(), 8);
}
