//! The recorded exchanges of Airflow 3.3.2: authorization, versions, and what triggers ask at run time; one server for
//! the whole sequence.

use serde_json::{Value, json};

use crate::harness::{START, Server};
use crate::recorded::{SECRET, ZERO, airflow, compare, fixture, replay, sign, token};

/// Times that each server has of its own.
const FREE: [&str; 4] = ["start_date", "run_after", "data_interval_start", "data_interval_end"];
const RECORDED_TASK: &str = "01a1f8d6-1f99-71b8-80c2-182fab8c4e9f";

#[tokio::test]
async fn answers_as_recorded() {
    let fixture = fixture("http_exchanges_332.json");
    let server = Server::start(airflow).await;
    let task = prepare(&server).await;
    let exchanges = fixture["exchanges"].as_array().unwrap();
    let mut wrong = Vec::new();
    for exchange in exchanges {
        let name = exchange["name"].as_str().unwrap();
        let recorded = exchange["request"]["path"].as_str().unwrap();
        let path = recorded.replace(RECORDED_TASK, &task);
        // A recording client follows redirects.
        let path = if name == "trailing_slash" { follow(&server, &path).await } else { path };
        let answer = replay(&server, exchange, &path, &token_of(name, recorded, &task)).await;
        if let Err(what) = compare(&newest(exchange), &answer, &FREE) {
            wrong.push(what);
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), exchanges.len(), wrong.join("\n"));
    assert_eq!(exchanges.len(), 93);
}

/// Without a version header a server names its own newest.
fn newest(exchange: &Value) -> Value {
    let mut exchange = exchange.clone();
    if exchange["request"]["headers"].get("Airflow-API-Version").is_none() {
        exchange["response_headers"]["airflow-api-version"] = "2026-07-14".into();
    }
    exchange
}

async fn follow(server: &Server, path: &str) -> String {
    let answer = server.call("GET", path, Value::Null).await;
    assert_eq!(answer.status, 307);
    answer.header("location").unwrap().to_owned()
}

fn token_of(name: &str, path: &str, task: &str) -> String {
    use jsonwebtoken::Algorithm::{HS256, HS512};
    let now = START / 1_000;
    match name {
        "auth_garbage" => "garbage".to_owned(),
        "auth_wrong_secret" => sign(json!({}), "another secret", HS512),
        "auth_wrong_alg_hs256" => sign(json!({}), SECRET, HS256),
        "auth_wrong_audience" => token(json!({"aud": "other"})),
        "auth_expired" => token(json!({"exp": now - 60})),
        "auth_expired_within_leeway" => token(json!({"exp": now - 5})),
        "auth_future_nbf" => token(json!({"nbf": now + 60})),
        "auth_no_exp" => token(json!({"exp": null})),
        "auth_no_sub" => token(json!({"sub": null})),
        "auth_sub_not_uuid" => token(json!({"sub": "me"})),
        "auth_scope_workload" => token(json!({"scope": "workload"})),
        "auth_scope_unknown" => token(json!({"scope": "dag_processor"})),
        "auth_minimal_claims_ok" => token(json!({"jti": null, "nbf": null})),
        "refresh_when_short" => token(json!({"exp": now + 25})),
        "asset_state_put_unknown_ti_token" | "task_state_unknown_ti" => {
            token(json!({"sub": "00000000-0000-0000-0000-000000000099"}))
        }
        "asset_state_put_ti_token" => token(json!({"sub": task})),
        name if name.contains("_ti_") && path.contains(RECORDED_TASK) => token(json!({"sub": task})),
        _ => token(json!({"sub": ZERO})),
    }
}

/// The recorded run with its two deferred tasks, a connection and an asset; the id of the plain task.
async fn prepare(server: &Server) -> String {
    let task = |task: &str| json!({"classpath": "a.B", "task": {"dag_id": "contract_dag", "run_id": "manual__a2e8b0", "task_id": task}});
    let asset = json!({"classpath": "a.B", "kind": "asset", "assets": {"incoming": "s3://bucket/incoming"}});
    server.defer(json!([task("plain_defer"), task("from_trigger"), asset])).await;
    let run = json!({"logical_date": "2026-03-04T05:06:07Z", "conf": {"k": "v"}});
    assert_eq!(server.call("PUT", "/dev/dag-runs/contract_dag/manual__a2e8b0", run).await.status, 204);
    let connection = json!({
        "conn_type": "http", "host": "svc.example", "schema": "https", "login": "u", "password": "p@ss", "port": 8443,
        "extra": "{\"timeout\": 3}",
    });
    assert_eq!(server.call("PUT", "/dev/connections/api_main", connection).await.status, 204);
    server.task("plain_defer").await["id"].as_str().unwrap().to_owned()
}

/// The token that Airflow itself made.
#[tokio::test]
async fn takes_airflows_own_token_and_renews_a_short_one() {
    let server = Server::start(airflow).await;
    let token_of_airflow = fixture("jwt.json")["execution_api"]["token"].as_str().unwrap().to_owned();
    let ask = async |token: &str| {
        let bearer = format!("Bearer {token}");
        server.try_call("GET", "/execution/variables/v", &[("authorization", &bearer)], None).await.unwrap()
    };
    assert_eq!(ask(&token_of_airflow).await.status, 404);
    let renewed =
        ask(&token(json!({"exp": START / 1_000 + 20}))).await.header("refreshed-api-token").unwrap().to_owned();
    // The new one outlives the old by its own life, and no token lives longer than that.
    server.real.advance_to(START + 500_000);
    assert_eq!(ask(&renewed).await.status, 404);
    server.real.advance_to(START + 700_000);
    assert_eq!(ask(&renewed).await.status, 403);
}
