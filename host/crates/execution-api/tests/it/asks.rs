//! The recorded exchanges of the runtime routes of Airflow 3.3.2 against the client.

use execution_api::{AirflowAccess, ApiError, AssetRef, DagRunQuery, Fault, TaskQuery, XcomPlace};
use secrecy::ExposeSecret as _;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use trigger_host_types::ConnId;

use crate::server::{Reply, Request, Server};

/// Exchanges that cannot happen, or are about something else: other routes, other tokens, bad requests that the client
/// never makes.
const OTHERS: [&str; 33] = [
    "health",
    "health_ping",
    "auth_missing",
    "auth_not_bearer",
    "auth_no_sub",
    "auth_sub_not_uuid",
    "version_garbage",
    "version_before_first",
    "pr_load_on_332",
    "pr_jobs_on_332",
    "connection_odd_id",
    "variable_put_alias",
    "variable_put_extra_field",
    "variable_put_null",
    "xcom_set_not_json",
    "xcom_head",
    "ti_count_no_dag_id",
    "asset_state_put_nan",
    "asset_state_put_nested_nan",
    "asset_state_put_null",
    "task_state_sentinel_get",
    "task_state_sentinel_put",
    "task_state_ti_missing",
    "task_state_ti_put",
    "task_state_ti_put_naive_expiry",
    "task_state_ti_get",
    "task_state_ti_delete",
    "task_state_ti_clear",
    "task_state_unknown_ti",
    "hitl_sentinel_get",
    "hitl_ti_missing",
    "not_found_path",
    "method_not_allowed",
];

fn list(value: &Value) -> Vec<String> {
    value.as_array().into_iter().flatten().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Makes the call, and gives the value of the answer where there is one.
async fn ask(client: &AirflowAccess, request: &Value) -> Result<Value, ApiError> {
    let path: Vec<&str> = request["path"].as_str().unwrap().split('/').skip(2).collect();
    let (query, body) = (&request["query"], &request["json"]);
    let text = |name: &str| query[name].as_str().unwrap_or_default();
    let raw = |value: &Value| RawValue::from_string(value.to_string()).unwrap();
    let parse = |value: Box<RawValue>| serde_json::from_str(value.get()).unwrap();
    let done = |()| Value::Null;
    let asset = query["uri"].as_str().map_or_else(|| AssetRef::Name(text("name")), AssetRef::Uri);
    let tasks = TaskQuery {
        dag_id: text("dag_id").into(),
        run_ids: list(&query["run_ids"]),
        task_ids: list(&query["task_ids"]),
        task_group_id: query["task_group_id"].as_str().map(str::to_owned),
        logical_dates: list(&query["logical_dates"]),
        map_index: None,
    };
    match (request["method"].as_str().unwrap(), &path[..]) {
        ("GET", ["connections", id]) => client.connection(&ConnId::from(*id)).await.map(|found| {
            json!({
                "conn_id": found.conn_id, "conn_type": found.conn_type, "host": found.host, "schema": found.schema,
                "login": found.login, "password": found.password.map(|secret| secret.expose_secret().to_owned()),
                "port": found.port, "extra": found.extra.map(|secret| secret.expose_secret().to_owned()),
            })
        }),
        ("GET", ["variables", "keys"]) => {
            let limit = u32::try_from(query["limit"].as_u64().unwrap()).unwrap();
            let page = client.variable_keys(text("prefix"), limit, 0).await?;
            Ok(json!({"keys": page.keys, "total_entries": page.total_entries}))
        }
        (method, ["variables", key @ ..]) => {
            let key = key.join("/");
            match method {
                "GET" => client.variable(&key).await.map(|value| json!({"key": key, "value": value})),
                "PUT" => {
                    let description = body["description"].as_str();
                    client.set_variable(&key, body["val"].as_str().unwrap(), description).await.map(done)
                }
                _ => client.delete_variable(&key).await.map(done),
            }
        }
        (method, ["xcoms", dag_id, run_id, task_id, key]) => {
            let map_index = i32::try_from(query["map_index"].as_i64().unwrap_or(-1)).unwrap();
            let place = XcomPlace { dag_id, run_id, task_id, key, map_index };
            match method {
                "GET" => client.xcom(place, false).await.map(|value| json!({"key": key, "value": parse(value)})),
                "POST" => client.set_xcom(place, &raw(body)).await.map(done),
                _ => client.delete_xcom(place).await.map(done),
            }
        }
        ("GET", ["task-instances", "count"]) => {
            client.task_count(&tasks, &list(&query["states"])).await.map(Value::from)
        }
        ("GET", ["task-instances", "states"]) => {
            client.task_states(&tasks).await.map(|found| json!({"task_states": found}))
        }
        ("GET", ["task-instances", "previous", dag_id, task_id]) => {
            let found = client.previous_task(dag_id, task_id, None, None, None).await?;
            Ok(found.map_or(Value::Null, parse))
        }
        ("GET", ["dag-runs", "count"]) => {
            let runs =
                DagRunQuery { dag_id: text("dag_id").into(), states: list(&query["states"]), ..DagRunQuery::default() };
            client.dag_run_count(&runs).await.map(Value::from)
        }
        ("GET", ["dag-runs", dag_id, run_id, "state"]) => {
            client.dag_run_state(dag_id, run_id).await.map(|state| json!({"state": state}))
        }
        ("GET", ["dag-runs", dag_id, run_id]) => client.dag_run(dag_id, run_id).await.map(parse),
        ("DELETE", ["store", "asset", _, "clear"]) => client.clear_asset_state(asset).await.map(done),
        ("GET", ["store", "asset", ..]) => {
            client.asset_state(asset, text("key")).await.map(|value| json!({"value": parse(value)}))
        }
        ("PUT", ["store", "asset", ..]) => {
            client.set_asset_state(asset, text("key"), &raw(&body["value"])).await.map(done)
        }
        ("DELETE", ["store", "asset", ..]) => client.delete_asset_state(asset, text("key")).await.map(done),
        (method, path) => panic!("no call for {method} {path:?}"),
    }
}

/// The class of a recorded answer, by the table of docs/design/triggerer.md#errors.
fn expected(status: u64, body: &Value) -> Option<Fault> {
    match status {
        200..=299 => None,
        401 | 403 => Some(Fault::Auth),
        404 if body["detail"] == "Not Found" => Some(Fault::NoApi),
        404 => Some(Fault::NotFound),
        500..=599 => Some(Fault::Server),
        _ => Some(Fault::Rejected),
    }
}

/// The query as name and value, sorted: the recorded one has no order.
fn pairs_of(sent: &Request) -> Vec<(String, String)> {
    let url = url::Url::parse("http://h/").unwrap().join(&sent.path).unwrap();
    let mut pairs: Vec<_> = url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
    pairs.sort();
    pairs
}

fn recorded_pairs(query: &Value) -> Vec<(String, String)> {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs: Vec<(String, String)> = Vec::new();
    for (name, value) in query.as_object().into_iter().flatten() {
        match value {
            Value::Array(items) => pairs.extend(items.iter().map(|item| (name.clone(), plain(item)))),
            value => pairs.push((name.clone(), plain(value))),
        }
    }
    pairs.sort();
    pairs
}

/// A null member is the server's default.
fn without_nulls(mut body: Value) -> Value {
    if let Some(members) = body.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    body
}

#[tokio::test]
async fn the_client_asks_as_recorded() {
    let recorded: Value =
        serde_json::from_str(include_str!("../../../../../tests/fixtures/http_exchanges_332.json")).unwrap();
    let mut replayed = 0;
    for exchange in recorded["exchanges"].as_array().unwrap() {
        let name = exchange["name"].as_str().unwrap();
        if OTHERS.contains(&name) || name == "trailing_slash" {
            continue;
        }
        let (status, body) = (exchange["status"].as_u64().unwrap(), exchange["response_json"].clone());
        let text = exchange.get("response_json").map(Value::to_string).unwrap_or_default();
        let code = u16::try_from(status).unwrap();
        let server = Server::always(move || Reply::json(code, &text)).await;
        let request = &exchange["request"];
        let outcome = ask(&server.client().airflow(), request).await;
        assert_eq!(outcome.as_ref().err().map(ApiError::fault), expected(status, &body), "{name}: {outcome:?}");
        if let (Ok(value), "GET") = (&outcome, request["method"].as_str().unwrap()) {
            assert_eq!(*value, body, "{name}");
        }
        let sent = server.last();
        assert_eq!(sent.method, request["method"].as_str().unwrap(), "{name}");
        let path = sent.path.split('?').next().unwrap();
        assert_eq!(path, format!("/prefix{}", request["path"].as_str().unwrap()), "{name}");
        assert_eq!(pairs_of(&sent), recorded_pairs(&request["query"]), "{name}");
        assert_eq!(without_nulls(sent.json()), without_nulls(request["json"].clone()), "{name}");
        assert_eq!(sent.header("airflow-api-version"), "2026-06-30", "{name}");
        replayed += 1;
    }
    assert!(replayed >= 55, "{replayed}");
}

#[tokio::test]
async fn no_id_chooses_a_route() {
    let server = Server::always(|| Reply::json(200, r#"{"value": 1}"#)).await;
    let client = server.client().airflow();
    for odd in ["", ".", "..", "a/b", "a\\b", "a\nb"] {
        assert!(client.connection(&ConnId::from(odd)).await.is_err(), "{odd:?}");
        let place = XcomPlace { dag_id: "d", run_id: odd, task_id: "t", key: "k", map_index: -1 };
        assert!(matches!(client.xcom(place, false).await, Err(ApiError::Unsendable { .. })), "{odd:?}");
        assert!(matches!(client.dag_run_state("d", odd).await, Err(ApiError::Unsendable { .. })), "{odd:?}");
    }
    for odd in ["keys", "", "/", "a//b", "../connections/x", "a/../b"] {
        assert!(matches!(client.variable(odd).await, Err(ApiError::Unsendable { .. })), "{odd:?}");
    }
    let null = RawValue::from_string("null".into()).unwrap();
    let refused = client.set_asset_state(AssetRef::Name("a"), "k", &null).await;
    assert!(matches!(refused, Err(ApiError::Unsendable { .. })));
    assert!(server.seen().is_empty(), "nothing was asked");

    let place = XcomPlace {
        dag_id: "a?b",
        run_id: "manual__2026-01-01T00:00:00+00:00",
        task_id: "g.t%2F",
        key: "k&x=1",
        map_index: 3,
    };
    client.xcom(place, true).await.unwrap();
    assert_eq!(
        server.last().path,
        "/prefix/execution/xcoms/a%3Fb/manual__2026-01-01T00:00:00+00:00/g.t%252F/k&x=1?map_index=3&include_prior_dates=true"
    );
}
