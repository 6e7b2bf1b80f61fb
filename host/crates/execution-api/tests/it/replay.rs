//! The recorded exchanges of the eight endpoints against the client: it sends what was sent, and takes the answer for
//! what it is.

use std::collections::BTreeMap;

use encodings::{WireEvent, WireKind};
use execution_api::{ApiError, Client, Fault, LoadRequest, TaskQuery};
use serde_json::Value;
use serde_json::value::RawValue;
use trigger_host_types::{IdempotencyKey, JobId, TriggerId, TriggerKind};

use crate::server::{Reply, Server};
use crate::tokens::{opened, signed};

/// Exchanges that did not succeed, and the class that docs/design/triggerer.md#errors gives them.
const FAULTS: [(&str, Fault); 15] = [
    ("job_register_extra", Fault::Rejected),
    ("job_register_missing", Fault::Rejected),
    ("job_register_old_version", Fault::NoApi),
    ("job_heartbeat_unknown", Fault::JobGone),
    ("job_heartbeat_not_int", Fault::Rejected),
    ("load_extra_field", Fault::Rejected),
    ("load_missing_field", Fault::Rejected),
    ("load_old_version", Fault::NoApi),
    ("event_extra_field", Fault::Rejected),
    ("event_deep_2000", Fault::Rejected),
    ("event_asset_unknown_class", Fault::Server),
    ("event_asset_datetime", Fault::Server),
    ("event_callback_not_dict", Fault::Server),
    ("failure_string", Fault::Rejected),
    ("load_scope_workload", Fault::Auth),
];

/// Exchanges whose request the client cannot make, by design: their answer is still replayed.
const UNSENDABLE: [&str; 13] = [
    "job_register_extra",
    "job_register_missing",
    "job_register_long_type",
    "job_heartbeat_not_int",
    "load_extra_field",
    "load_missing_field",
    "event_empty_body",
    "event_extra_field",
    "event_nan",
    "event_deep_200",
    "event_deep_2000",
    "failure_string",
    "cleanup_with_body",
];

async fn ask(client: &Client, request: &Value) -> Result<(), ApiError> {
    let path: Vec<&str> = request["path"].as_str().unwrap().split('/').skip(2).collect();
    let body = &request["json"];
    let id = path.get(1).and_then(|id| id.parse().ok()).unwrap_or(0);
    match path[..] {
        ["jobs"] => client.register(body["hostname"].as_str().unwrap_or("h")).await.map(drop),
        ["jobs", _, "heartbeat"] => client.heartbeat(JobId(id)).await,
        ["jobs", _, "complete"] => client.complete(JobId(id)).await,
        ["triggers", "load"] => {
            let queues = body["queues"].as_array();
            let load = LoadRequest {
                triggerer_id: JobId(body["triggerer_id"].as_i64().unwrap()),
                capacity: body["capacity"].as_u64().unwrap_or(1_000),
                health_check_threshold: body["health_check_threshold"].as_f64().unwrap_or(30.0),
                queues: queues.map(|queues| queues.iter().map(|queue| queue.as_str().unwrap().into()).collect()),
                team_name: None,
            };
            client.load(&load).await.map(drop)
        }
        ["triggers", "workloads"] => {
            let ids: Vec<TriggerId> = serde_json::from_value(body["trigger_ids"].clone()).unwrap();
            client.workloads(&ids).await.map(drop)
        }
        ["triggers", "cleanup"] => client.cleanup().await,
        ["triggers", _, "failure"] => {
            let lines: Option<Vec<String>> = serde_json::from_value(body["error"].clone()).unwrap_or_default();
            client.failure(TriggerId(id), lines.as_deref()).await
        }
        ["triggers", _, "event"] => {
            let raw = request["raw_body"]
                .as_str()
                .and_then(|raw| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(raw).ok());
            let payload: Box<RawValue> = match raw {
                Some(mut raw) => raw.remove("payload").unwrap(),
                None => serde_json::value::to_raw_value(&body["payload"]).unwrap(),
            };
            let event = WireEvent { payload, kind: WireKind::Fire, key: IdempotencyKey::from("k") };
            client.event(TriggerId(id), &event).await
        }
        _ => panic!("no call for {path:?}"),
    }
}

/// Without nulls, which the server takes for absent, and with numbers compared by value.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            Value::Object(map.iter().filter(|(_, v)| !v.is_null()).map(|(k, v)| (k.clone(), plain(v))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(plain).collect()),
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        other => other.clone(),
    }
}

#[tokio::test]
async fn the_client_speaks_as_recorded() {
    // One exchange is about a lone surrogate, which the reader used here refuses.
    let recorded =
        include_str!("../../../../../tests/fixtures/http_exchanges_pr67919.json").replace(r#""\ud800""#, r#""?""#);
    let recorded: Value = serde_json::from_str(&recorded).unwrap();
    let mut replayed = 0;
    for exchange in recorded["exchanges"].as_array().unwrap() {
        let name = exchange["name"].as_str().unwrap();
        let status = u16::try_from(exchange["status"].as_u64().unwrap()).unwrap();
        let body = exchange.get("response_json").map(Value::to_string).unwrap_or_default();
        let server = Server::always(move || Reply::json(status, &body)).await;
        let mut config = server.config();
        config.token = signed(None);
        let outcome = ask(&Client::new(config).unwrap(), &exchange["request"]).await;

        let expected = FAULTS.iter().find(|(fault, _)| *fault == name).map(|(_, fault)| *fault);
        let expected = if name == "job_complete_unknown" { Some(Fault::JobGone) } else { expected };
        assert_eq!(outcome.as_ref().err().map(ApiError::fault), expected, "{name}: {outcome:?}");
        assert_eq!(expected.is_none(), (200..300).contains(&status), "{name}");

        let sent = server.last();
        if !UNSENDABLE.contains(&name) {
            let request = &exchange["request"];
            assert_eq!(sent.method, request["method"].as_str().unwrap(), "{name}");
            assert_eq!(sent.path, format!("/prefix{}", request["path"].as_str().unwrap()), "{name}");
            if name != "event_lone_surrogate" {
                let raw = request["raw_body"].as_str().map(|raw| serde_json::from_str(raw).unwrap());
                let wanted = raw.unwrap_or_else(|| request["json"].clone());
                assert_eq!(plain(&sent.json()), plain(&wanted), "{name}");
            }
            assert_eq!(sent.header("content-type").is_empty(), sent.body.is_empty(), "{name}");
        }
        assert_eq!(sent.header("airflow-api-version"), "2026-07-14", "{name}");
        let correlation = uuid::Uuid::parse_str(sent.header("correlation-id")).unwrap();
        assert_eq!(correlation.get_version_num(), 7, "{name}");
        opened(sent.header("authorization"));
        replayed += 1;
    }
    assert!(replayed > 50, "{replayed}");
}

#[tokio::test]
async fn recorded_workloads_are_read_whole() {
    let recorded: Value =
        serde_json::from_str(include_str!("../../../../../tests/fixtures/run_trigger_workloads.json")).unwrap();
    let dumps: Vec<Value> =
        recorded["workloads"].as_array().unwrap().iter().map(|w| w["model_dump_json_mode"].clone()).collect();
    let body = serde_json::json!({ "workloads": dumps }).to_string();
    let server = Server::always(move || Reply::json(200, &body)).await;
    let workloads = server.client().workloads(&[TriggerId(1), TriggerId(2), TriggerId(3), TriggerId(4)]).await.unwrap();
    let kinds: Vec<TriggerKind> = workloads.iter().map(|workload| workload.kind()).collect();
    assert_eq!(kinds, [TriggerKind::Asset, TriggerKind::Task, TriggerKind::Task, TriggerKind::Callback]);

    let started = &workloads[1];
    assert!(started.dag_data.as_ref().unwrap().get().contains("start_trigger_args"));
    assert!(started.dag_run_data.as_ref().unwrap().get().contains("2026-03-04T05:06:07Z"));
    assert_eq!(started.timeout_after, Some(1_795_176_744_845));
    let ti = workloads[2].ti.as_ref().unwrap();
    assert_eq!((ti.dag_id.as_str(), ti.task_id.as_str(), ti.map_index), ("contract_dag", "plain_defer", -1));
    assert_eq!(ti.traceparent(), Some("00-fde6c8772aab735306c38075ff5b4e9a-b94d08d18de10e5d-00"));
    assert_eq!(workloads[0].watched_assets.as_ref().unwrap()["incoming"], "s3://bucket/incoming");
}

#[tokio::test]
async fn the_states_of_a_mapped_task_keep_their_keys() {
    let states = r#"{"task_states": {"r 1": {"t": "deferred", "t_3": "running", "t_4": null}}}"#;
    let server = Server::always(move || Reply::json(200, states)).await;
    let mut config = server.config();
    config.runtime_url = Some(server.url.join("../runtime").unwrap());
    let client = Client::new(config).unwrap();
    let query = TaskQuery {
        dag_id: "d".into(),
        run_ids: vec!["r 1".into()],
        task_ids: vec!["t".into()],
        map_index: Some(5),
        ..TaskQuery::default()
    };
    let mut runs = client.airflow().task_states(&query).await.unwrap();
    let tasks = runs.remove("r 1").unwrap();
    for (key, state) in [("t", Some("deferred")), ("t_3", Some("running")), ("t_4", None)] {
        assert_eq!(tasks[key].as_deref(), state, "{key}");
    }
    assert_eq!((tasks.len(), runs.len()), (3, 0), "nothing is added");
    let sent = server.last();
    assert_eq!(sent.path, "/prefix/runtime/task-instances/states?dag_id=d&map_index=5&task_ids=t&run_ids=r+1");
    assert_eq!(sent.header("airflow-api-version"), "2026-06-30");
}
