//! What each kind of answer, or none, means to the caller.

use std::time::Duration;

use encodings::{WireEvent, WireKind, WireXcoms};
use execution_api::{ApiError, Client, Fault, StoredCheckpoint};
use serde_json::json;
use serde_json::value::RawValue;
use trigger_host_types::{IdempotencyKey, JobId, TriggerId};

use crate::server::{Reply, Server};

async fn register(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Result<i64, ApiError> {
    let server = Server::always(reply).await;
    server.client().register("host-1").await.map(|registered| registered.job_id.0)
}

fn event(kind: WireKind) -> WireEvent {
    let payload = RawValue::from_string(r#"{"n": 1}"#.into()).unwrap();
    WireEvent { payload, kind, key: IdempotencyKey::from("k-1") }
}

#[tokio::test]
async fn a_probe_tells_apart_what_answers() {
    assert_eq!(register(|| Reply::json(201, r#"{"job_id": 7, "token": "x"}"#)).await.unwrap(), 7);
    let later = r#"{"detail": [{"type": "missing", "loc": ["body", "registration_id"], "msg": "Field required"},
                               {"type": "extra_forbidden", "loc": ["body", "job_type"], "msg": "no"}]}"#;
    for reply in [Reply::json(404, r#"{"detail": "Not Found"}"#), Reply::json(422, later)] {
        let reply = std::sync::Mutex::new(Some(reply));
        let error = register(move || reply.lock().unwrap().take().unwrap()).await.unwrap_err();
        assert!(matches!(error, ApiError::NoApi), "{error}");
        let said = error.to_string();
        assert!(said.contains("install the plugin") && said.contains("`[api] dialect`"), "{said}");
    }
    let other = register(|| Reply::json(422, r#"{"detail": [{"loc": ["body", "hostname"], "msg": "no"}]}"#)).await;
    assert_eq!(other.unwrap_err().fault(), Fault::Rejected);
    for reply in [
        || Reply::html(200),
        || Reply::html(404),
        || Reply::html(400),
        || Reply::json(200, "[]"),
        || Reply::json(200, r#"{"hello": 1}"#),
        || Reply::json(404, r#"{"error": "no such page"}"#),
        || Reply::json(404, "{}"),
        || Reply::html(405),
        || Reply::html(302).with("location", "http://127.0.0.1:1/"),
        Reply::empty,
    ] {
        let error = register(reply).await.unwrap_err();
        assert_eq!(error.fault(), Fault::NoApi);
        assert!(error.to_string().contains("is not an Execution API"), "{error}");
    }
}

#[tokio::test]
async fn a_status_has_the_class_of_the_retry_table() {
    for (status, fault) in [
        (408, Fault::Busy),
        (429, Fault::Busy),
        (502, Fault::Busy),
        (503, Fault::Busy),
        (504, Fault::Busy),
        (500, Fault::Server),
        (501, Fault::Server),
        (401, Fault::Auth),
        (403, Fault::Auth),
        (400, Fault::Rejected),
        (409, Fault::Rejected),
        (413, Fault::Rejected),
        (422, Fault::Rejected),
    ] {
        let server = Server::always(move || Reply::html(status)).await;
        let error = server.client().event(TriggerId(1), &event(WireKind::Fire)).await.unwrap_err();
        assert_eq!(error.fault(), fault, "{status} with a page");
        let server = Server::always(move || Reply::json(status, r#"{"detail": "because"}"#)).await;
        let error = server.client().event(TriggerId(1), &event(WireKind::Fire)).await.unwrap_err();
        assert_eq!(error.fault(), fault, "{status} with a detail");
    }
    let error = register(|| Reply::html(503).with("retry-after", "7")).await.unwrap_err();
    assert!(matches!(error, ApiError::Busy { retry_after: Some(wait), .. } if wait == Duration::from_secs(7)));
}

#[tokio::test]
async fn a_job_that_is_gone_is_not_a_missing_route() {
    let gone = Server::always(|| Reply::json(404, r#"{"detail": "Job 7 not found"}"#)).await;
    let client = gone.client();
    assert!(matches!(client.heartbeat(JobId(7)).await, Err(ApiError::JobGone(JobId(7)))));
    assert!(matches!(client.complete(JobId(7)).await, Err(ApiError::JobGone(JobId(7)))));
    let bare = Server::always(|| Reply::json(404, r#"{"detail": "Not Found"}"#)).await;
    assert!(matches!(bare.client().heartbeat(JobId(7)).await, Err(ApiError::NoApi)));
}

#[tokio::test]
async fn no_whole_answer_is_a_transport_fault() {
    for reply in [|| Reply::Hang, || Reply::CutOff] {
        let server = Server::always(reply).await;
        let error = server.client().cleanup().await.unwrap_err();
        assert_eq!(error.fault(), Fault::Transport, "{error}");
        assert!(!error.to_string().contains("127.0.0.1"), "{error}");
    }
    let server = Server::always(|| Reply::Silence).await;
    let mut config = server.config();
    config.timeout = Duration::from_millis(50);
    config.heartbeat_timeout = Duration::from_millis(20);
    let client = Client::new(config).unwrap();
    assert!(matches!(client.cleanup().await, Err(ApiError::Deadline(limit)) if limit == Duration::from_millis(50)));
    let beat = client.heartbeat(JobId(1)).await;
    assert!(matches!(beat, Err(ApiError::Deadline(limit)) if limit == Duration::from_millis(20)));
}

#[tokio::test]
async fn a_heartbeat_never_waits_for_other_calls() {
    let server = Server::start(|request| {
        if request.path.ends_with("heartbeat") { Reply::json(200, r#"{"state": null}"#) } else { Reply::empty() }
    })
    .await;
    let client = server.client();
    client.cleanup().await.unwrap();
    client.heartbeat(JobId(1)).await.unwrap();
    client.cleanup().await.unwrap();
    client.heartbeat(JobId(1)).await.unwrap();
    let connections: Vec<usize> = server.seen().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2, 1, 2]);
}

#[tokio::test]
async fn answers_have_a_cap() {
    let server = Server::always(|| Reply::Answer(201, Vec::new(), vec![b' '; 70_000])).await;
    assert!(matches!(server.client().register("h").await, Err(ApiError::TooLarge(65_536))));
    let server = Server::always(|| Reply::Answer(500, Vec::new(), vec![b' '; 70_000])).await;
    assert_eq!(server.client().register("h").await.unwrap_err().fault(), Fault::Server);
}

#[tokio::test]
async fn extensions_are_what_the_server_lists() {
    let server = Server::always(|| {
        Reply::json(201, r#"{"job_id": 7, "extensions": ["checkpoint", "idempotency-key", "from-the-future"]}"#)
    })
    .await;
    let extensions = server.client().register("h").await.unwrap().extensions;
    assert!(extensions.checkpoint && extensions.idempotency_key && !extensions.event_kind);
}

#[tokio::test]
async fn an_event_carries_its_key_and_kind() {
    let server = Server::always(Reply::empty).await;
    let client = server.client();
    client.event(TriggerId(3), &event(WireKind::Fire)).await.unwrap();
    let fired = server.last();
    assert_eq!(fired.path, "/prefix/execution/triggers/3/event");
    assert_eq!((fired.header("idempotency-key"), fired.header("trigger-event-kind")), ("k-1", "fire"));
    assert_eq!(fired.json(), json!({"payload": {"n": 1}}));
    let xcoms = WireXcoms::from([("k".to_owned(), RawValue::from_string("[1]".into()).unwrap())]);
    client.event(TriggerId(3), &event(WireKind::TaskSkipped(xcoms))).await.unwrap();
    assert_eq!(server.last().header("trigger-event-kind"), "task-skipped");
    assert_eq!(server.last().json(), json!({"payload": {"n": 1}, "xcoms": {"k": [1]}}));
    let odd = WireEvent { key: IdempotencyKey::from("a\nb"), ..event(WireKind::Fire) };
    assert_eq!(client.event(TriggerId(3), &odd).await.unwrap_err().fault(), Fault::Rejected);
}

#[tokio::test]
async fn a_checkpoint_is_put_and_its_refusals_have_reasons() {
    let server = Server::start(|request| {
        if request.path.contains("/4/") {
            Reply::json(409, r#"{"detail": {"reason": "stale_position", "message": "stored is 9"}}"#)
        } else if request.path.contains("/5/") {
            Reply::json(404, r#"{"detail": "Trigger 5 not found"}"#)
        } else {
            Reply::empty()
        }
    })
    .await;
    let client = server.client();
    let checkpoint = StoredCheckpoint { position: 9, value: Some("{}".into()) };
    client.checkpoint(TriggerId(3), &checkpoint, JobId(7)).await.unwrap();
    let put = server.last();
    assert_eq!((put.method.as_str(), put.path.as_str()), ("PUT", "/prefix/execution/triggers/3/checkpoint"));
    assert_eq!(put.json(), json!({"job_id": 7, "position": 9, "value": "{}"}));
    let stale = client.checkpoint(TriggerId(4), &checkpoint, JobId(7)).await.unwrap_err();
    assert_eq!((stale.fault(), stale.reason()), (Fault::Rejected, Some("stale_position")));
    let gone = client.checkpoint(TriggerId(5), &checkpoint, JobId(7)).await.unwrap_err();
    assert_eq!(gone.fault(), Fault::NotFound);
}

#[tokio::test]
async fn one_broken_workload_harms_no_other() {
    let body = r#"{"workloads": [
        {"id": "x"},
        {"id": 2, "classpath": "a.B", "encrypted_kwargs": "{}", "new": 1,
         "checkpoint": {"position": 3, "value": "[1]"}, "log_path": "a/b.log"},
        {"id": 3, "classpath": "a.B", "encrypted_kwargs": "{}", "timeout_after": "yesterday"}
    ]}"#;
    let server = Server::always(move || Reply::json(200, body)).await;
    let workloads = server.client().workloads(&[TriggerId(1), TriggerId(2), TriggerId(3)]).await.unwrap();
    assert_eq!(workloads.len(), 1);
    assert_eq!(workloads[0].checkpoint, Some(StoredCheckpoint { position: 3, value: Some("[1]".into()) }));
    assert_eq!(workloads[0].log_path.as_deref(), Some("a/b.log"));
}
