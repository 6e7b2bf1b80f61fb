//! The recorded exchanges of the eight trigger and job endpoints, each against a server in the state that it needs.

use serde_json::{Value, json};

use crate::harness::Server;
use crate::recorded::{airflow, compare, fixture, replay, token};

/// What differs between any two servers.
const FREE: [&str; 4] = ["dag_version_id", "context_carrier", "hostname", "timeout_after"];

#[tokio::test]
async fn answers_as_recorded() {
    let fixture = fixture("http_exchanges_pr67919.json");
    let exchanges = fixture["exchanges"].as_array().unwrap();
    let rows = exchanges.iter().find(|exchange| exchange["name"] == "workloads").unwrap();
    let mut wrong = Vec::new();
    for exchange in exchanges {
        let server = Server::start(airflow).await;
        prepare(&server, &rows["response_json"]["workloads"], exchange["name"].as_str().unwrap()).await;
        if let Err(what) = one(&server, exchange).await {
            wrong.push(what);
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), exchanges.len(), wrong.join("\n"));
    assert_eq!(exchanges.len(), 59);
}

async fn one(server: &Server, exchange: &Value) -> Result<(), String> {
    let name = exchange["name"].as_str().unwrap();
    let token = match name {
        "load_scope_workload" => token(json!({"scope": "workload"})),
        "load_any_ti_token" => token(json!({"sub": "01a1f8d6-1f99-71b8-80c2-182fab8c4e9f"})),
        _ => token(json!({})),
    };
    let answer = replay(server, exchange, exchange["request"]["path"].as_str().unwrap(), &token).await;
    let mut free = FREE.to_vec();
    match name {
        // Each server counts its Jobs and task instances by itself.
        "job_register" | "job_register_long_type" => free.push("job_id"),
        "workloads" => free.push("id"),
        _ => {}
    }
    compare(exchange, &answer, &free)?;
    let Some(after) = exchange.get("task_instance_after").filter(|after| after.get("state").is_some()) else {
        return Ok(());
    };
    let task = server.task("plain_defer").await;
    for (member, expected) in after.as_object().unwrap() {
        let got = task.get(member).unwrap_or(&Value::Null);
        // A lone surrogate is in the stored text, which is all that strict JSON can hold of it.
        if got != expected && name != "event_lone_surrogate" {
            return Err(format!("{name}: {member}: expected {expected}, got {got}"));
        }
    }
    Ok(())
}

/// The four recorded triggers with their recorded ids, held by Job 1; then what came before this exchange.
async fn prepare(server: &Server, rows: &Value, name: &str) {
    let defers: Vec<Value> = rows.as_array().unwrap().iter().map(defer).collect();
    assert_eq!(server.defer(defers.into()).await, [1, 2, 3, 4]);
    let load = json!({"triggerer_id": 1, "capacity": 1000, "health_check_threshold": 30});
    let mut before = vec![
        ("/execution/jobs", json!({"job_type": "TriggererJob", "hostname": "h"})),
        ("/execution/triggers/load", load),
    ];
    let failure = ("/execution/triggers/3/failure", json!({"error": null}));
    let callback = ("/execution/triggers/4/event", json!({"payload": {"state": "success", "body": "sent"}}));
    let cleanup = ("/execution/triggers/cleanup", json!({}));
    match name {
        "load_after_failure" => before.push(failure),
        "load_after_cleanup" | "load_any_ti_token" | "event_after_cleanup" => {
            before.extend([failure, callback, cleanup])
        }
        "event_not_deferred" => before.push(("/execution/triggers/3/event", json!({"payload": 1}))),
        "job_complete_again" | "job_heartbeat_after_complete" => before.push(("/execution/jobs/1/complete", json!({}))),
        _ => {}
    }
    let token = format!("Bearer {}", token(json!({})));
    for (path, body) in before {
        let answer =
            server.try_call("POST", path, &[("authorization", &token)], Some(&body.to_string())).await.unwrap();
        assert!(answer.status < 300, "{path}: {}", answer.body);
    }
}

fn defer(row: &Value) -> Value {
    let mut defer = json!({"classpath": row["classpath"], "encrypted_kwargs": row["encrypted_kwargs"]});
    if let Some(task) = row["ti"].as_object() {
        defer["task"] = json!({"dag_id": task["dag_id"], "run_id": task["run_id"], "task_id": task["task_id"]});
        for name in ["timeout_after", "dag_data", "dag_run_data"] {
            defer[name] = row[name].clone();
        }
    } else if row["watched_assets"].is_object() {
        defer["kind"] = "asset".into();
        defer["assets"] = row["watched_assets"].clone();
    } else {
        defer["kind"] = "callback".into();
    }
    defer
}
