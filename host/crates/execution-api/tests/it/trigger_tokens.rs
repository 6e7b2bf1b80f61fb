//! Runtime requests in the name of a trigger: whose token they carry, and how long it is kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use execution_api::{ApiError, Client};
use serde_json::json;
use trigger_host_types::{Clock, JobId, SystemClock, TriggerId, VirtualClock};
use uuid::Uuid;

use crate::server::{Reply, Request, Server};
use crate::tokens::{opened, signed};

const JOB: JobId = JobId(9);
const TI: Uuid = Uuid::from_u128(0x77);

/// A server that gives out tokens, numbered, and refuses those that `refused` names.
async fn giving(refused: &'static str) -> Server {
    let given = AtomicUsize::new(0);
    Server::start(move |request: &Request| {
        if request.path.ends_with("/jobs") {
            return Reply::json(201, r#"{"job_id": 9, "extensions": ["runtime-token"]}"#);
        }
        if request.path.ends_with("/triggers/404/runtime-token") {
            return Reply::json(404, r#"{"detail": "Trigger 404 not found"}"#);
        }
        if request.path.ends_with("/triggers/409/runtime-token") {
            return Reply::json(409, r#"{"detail": {"reason": "not_holder", "message": "no"}}"#);
        }
        if request.path.ends_with("/runtime-token") {
            let number = given.fetch_add(1, Ordering::SeqCst);
            return Reply::json(200, &json!({"token": format!("given-{number}"), "expires_in": 600}).to_string());
        }
        if request.header("authorization") == format!("Bearer {refused}") {
            return Reply::json(403, r#"{"detail": "Invalid auth token"}"#);
        }
        Reply::json(200, r#"{"value": "v"}"#).with("refreshed-api-token", "not-the-hosts.e30.x")
    })
    .await
}

/// The `Authorization` of the last request of a variable.
async fn asked_with(server: &Server, client: &Client, trigger: i64, ti: Option<Uuid>) -> Result<String, ApiError> {
    client.airflow_for(TriggerId(trigger), JOB, ti).variable("k").await?;
    Ok(server.last().header("authorization").to_owned())
}

fn requests(server: &Server) -> usize {
    server.seen().iter().filter(|request| request.path.ends_with("/runtime-token")).count()
}

#[tokio::test]
async fn a_trigger_has_a_token_of_its_own_until_shortly_before_it_expires() {
    let server = giving("none").await;
    let clock = Arc::new(VirtualClock::new(1_000_000_000));
    let client = Client::with_clock(server.config(), Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
    client.register("h").await.unwrap();
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer given-0");
    let question = &server.seen()[1];
    assert_eq!(
        (question.method.as_str(), question.path.as_str()),
        ("POST", "/prefix/execution/triggers/3/runtime-token")
    );
    assert_eq!(question.json(), json!({"job_id": 9}));

    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer given-0", "kept");
    assert_eq!(
        asked_with(&server, &client.clone(), 4, None).await.unwrap(),
        "Bearer given-1",
        "another trigger's is another"
    );
    let reused = asked_with(&server, &client, 3, Some(Uuid::from_u128(1))).await.unwrap();
    assert_eq!(reused, "Bearer given-2", "the id is another task instance's now");
    clock.advance_to(1_000_000_000 + 420_000);
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer given-3", "it would expire soon");
    assert_eq!(requests(&server), 4);

    client.airflow().variable("k").await.unwrap();
    assert_eq!(
        server.last().header("authorization"),
        "",
        "the host's own requests carry the host's own token: none here"
    );
}

#[tokio::test]
async fn a_refused_token_is_asked_for_anew_once() {
    let server = giving("given-0").await;
    let client = server.client();
    client.register("h").await.unwrap();
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer given-1");
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer given-1");
    assert_eq!(requests(&server), 2);
}

#[tokio::test]
async fn a_trigger_that_is_not_ours_gets_no_token_and_no_other_is_sent_in_its_place() {
    let server = giving("none").await;
    let mut config = server.config();
    config.token = signed(None);
    let client = Client::new(config).unwrap();
    client.register("h").await.unwrap();
    let error = asked_with(&server, &client, 409, Some(TI)).await.unwrap_err();
    assert_eq!(error.reason(), Some("not_holder"));
    let error = asked_with(&server, &client, 404, Some(TI)).await.unwrap_err();
    assert_eq!(error.reason(), Some("unknown_trigger"), "it is not what was asked for that is not there");
    assert!(!server.seen().iter().any(|request| request.path.contains("variables")));
}

#[tokio::test]
async fn a_host_with_the_secret_signs_in_the_name_of_the_task_instance() {
    let server = Server::always(|| Reply::json(200, r#"{"value": "v"}"#)).await;
    let mut config = server.config();
    config.token = signed(None);
    let client = Client::with_clock(config, Arc::new(SystemClock)).unwrap();
    let token = asked_with(&server, &client, 3, Some(TI)).await.unwrap();
    assert_eq!(opened(&token).1["sub"], json!(TI));
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), token, "kept");
    let asset = asked_with(&server, &client, 3, None).await.unwrap();
    assert_eq!(opened(&asset).1["sub"], json!(Uuid::nil()), "an asset or a callback has no task instance");
    client.airflow().variable("k").await.unwrap();
    assert_eq!(opened(server.last().header("authorization")).1["sub"], json!(Uuid::nil()));
}

#[tokio::test]
async fn a_host_with_a_token_file_sends_what_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "opaque").unwrap();
    let server = Server::always(|| Reply::json(200, r#"{"value": "v"}"#)).await;
    let mut config = server.config();
    config.runtime_token = Some(execution_api::TokenSource::File(path));
    let client = Client::new(config).unwrap();
    assert_eq!(asked_with(&server, &client, 3, Some(TI)).await.unwrap(), "Bearer opaque");
    assert_eq!(server.seen().len(), 1, "a server that has not announced the extension is not asked for it");
}

/// What a guest may try as often as it is polled.
#[tokio::test]
async fn a_refusal_that_no_token_mends_costs_one_request_each_time() {
    for signs in [false, true] {
        let given = AtomicUsize::new(0);
        let server = Server::start(move |request: &Request| {
            if request.path.ends_with("/jobs") {
                return Reply::json(201, r#"{"job_id": 9, "extensions": ["runtime-token"]}"#);
            }
            if request.path.ends_with("/runtime-token") {
                let number = given.fetch_add(1, Ordering::SeqCst);
                return Reply::json(200, &json!({"token": format!("given-{number}"), "expires_in": 600}).to_string());
            }
            Reply::json(403, r#"{"detail": "Token subject does not match"}"#)
        })
        .await;
        let clock = Arc::new(VirtualClock::new(1_000_000_000));
        let mut config = server.config();
        if signs {
            config.token = signed(None);
        }
        let client = Client::with_clock(config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        if !signs {
            client.register("h").await.unwrap();
        }
        let ask = async |count: usize| {
            let before = server.seen().len();
            for _ in 0..count {
                let error = asked_with(&server, &client, 3, Some(TI)).await.unwrap_err();
                assert!(matches!(error, ApiError::Auth { .. }), "{error}");
            }
            server.seen().len() - before
        };
        let first = ask(1).await;
        assert!(first <= 4, "{first}");
        assert_eq!(ask(100).await, 100, "signs: {signs}");
        clock.advance_to(1_000_000_000 + 60_000);
        let again = ask(1).await;
        assert!((2..=3).contains(&again), "then another token is tried: {again}");
        assert_eq!(ask(100).await, 100, "signs: {signs}");
    }
}
