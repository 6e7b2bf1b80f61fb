//! Several events in one request: what is sent, and what each answer, or the lack of one, means.

use encodings::{WireEvent, WireKind, WireXcoms};
use execution_api::{ApiError, Fault};
use serde_json::json;
use serde_json::value::RawValue;
use trigger_host_types::{IdempotencyKey, TriggerId};

use crate::server::{Reply, Server};

fn event(payload: &str, kind: WireKind, key: &'static str) -> WireEvent {
    WireEvent { payload: RawValue::from_string(payload.into()).unwrap(), kind, key: IdempotencyKey::from(key) }
}

async fn send(server: &Server, count: i64) -> Result<Vec<Result<(), ApiError>>, ApiError> {
    let one = event("1", WireKind::Fire, "k");
    let events: Vec<_> = (0..count).map(|id| (TriggerId(id), &one)).collect();
    server.client().events(&events).await
}

#[tokio::test]
async fn events_keep_their_order_their_keys_and_their_kinds() {
    let server = Server::always(|| Reply::json(200, r#"{"answers": [{"status": 204}, {"status": 204}]}"#)).await;
    let xcoms = WireXcoms::from([("x".to_owned(), RawValue::from_string("[1]".into()).unwrap())]);
    let fired = event(r#"{"n": 1.50}"#, WireKind::Fire, "a");
    let ended = event("null", WireKind::TaskFailed(xcoms), "b");
    let answers = server.client().events(&[(TriggerId(3), &fired), (TriggerId(4), &ended)]).await.unwrap();
    assert!(answers.iter().all(Result::is_ok));
    let sent = server.last();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("POST", "/prefix/execution/triggers/events"));
    assert_eq!(
        sent.json(),
        json!({"events": [
            {"trigger_id": 3, "payload": {"n": 1.5}, "idempotency_key": "a"},
            {"trigger_id": 4, "payload": null, "idempotency_key": "b", "kind": "task-failed", "xcoms": {"x": [1]}},
        ]})
    );
    assert!(String::from_utf8(sent.body).unwrap().contains("1.50"), "payloads go as they are");
}

#[tokio::test]
async fn each_answer_means_what_it_would_mean_alone() {
    let answers = json!({"answers": [
        {"status": 204, "new": 1},
        {"status": 500, "detail": {"reason": "Database error", "message": "m"}},
        {"status": 424, "detail": {"reason": "earlier_event_failed", "message": "m"}},
        {"status": 422, "detail": [{"loc": ["body"], "msg": "no"}]},
        {"status": 404, "detail": "Trigger 7 not found"},
        {"status": 409, "detail": {"reason": "not_holder", "message": "m"}},
        {"status": 503},
        {"status": 500},
        {"status": 413},
    ]})
    .to_string();
    let server = Server::always(move || Reply::json(200, &answers)).await;
    let answers = send(&server, 9).await.unwrap();
    let classes: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(ApiError::fault)).collect();
    assert_eq!(
        classes,
        [
            None,
            Some(Fault::Server),
            Some(Fault::Busy),
            Some(Fault::Rejected),
            Some(Fault::NotFound),
            Some(Fault::Rejected),
            Some(Fault::Busy),
            Some(Fault::Server),
            Some(Fault::Rejected),
        ]
    );
    assert!(matches!(answers[2], Err(ApiError::NotTried)));
    assert_eq!(answers[5].as_ref().unwrap_err().reason(), Some("not_holder"));
}

#[tokio::test]
async fn an_answer_for_too_few_or_none_says_nothing_of_any() {
    let server = Server::always(|| Reply::json(200, r#"{"answers": [{"status": 204}]}"#)).await;
    assert_eq!(send(&server, 2).await.unwrap_err().fault(), Fault::NoApi);
    for (reply, fault) in [
        (Reply::empty as fn() -> Reply, Fault::NoApi),
        (|| Reply::json(500, "{}"), Fault::Server),
        (|| Reply::json(404, r#"{"detail": "Not Found"}"#), Fault::NoApi),
        (|| Reply::json(422, r#"{"detail": []}"#), Fault::Rejected),
        (|| Reply::Hang, Fault::Transport),
        (|| Reply::html(403), Fault::Auth),
    ] {
        let server = Server::always(reply).await;
        assert_eq!(send(&server, 2).await.unwrap_err().fault(), fault);
    }
}
