//! What a guest answers is what the caller gets, or the answer is refused as a whole.

use std::time::Duration;

use sandbox::{EndReason, Limits, Next};
use serde_json::{Value, json};
use trigger_host_types::{EventKind, Xcom};

use crate::support::{NOW, Witness, call, end_of, hostile, payload, payload_of, poll};

async fn bad_answer(kwargs: Value, limits: Limits) -> String {
    match end_of(kwargs, limits).await {
        EndReason::BadAnswer { what } => what,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_guest_sees_context_kwargs_and_checkpoint() {
    let mut call = call(&json!({"do": "echo", "n": 1}), Limits::default(), std::sync::Arc::new(Witness::default()));
    call.checkpoint = Some("[1]".into());
    let seen = payload(hostile().await.poll(call).await);
    assert_eq!(
        seen,
        json!({
            "trigger_id": 7, "classpath": "demo.Hostile", "kind": "task", "now": NOW, "timeout_at": NOW + 1_000,
            "task": {"dag_id": "d", "run_id": "r", "task_id": "t", "map_index": -1, "try_number": 2},
            "kwargs": {"do": "echo", "n": 1}, "checkpoint": "[1]",
        })
    );
}

#[tokio::test]
async fn a_checkpoint_is_all_that_lives_on() {
    let mut checkpoint = None;
    for expected in ["1", "2", "3"] {
        let mut call = call(&json!({"do": "count"}), Limits::default(), std::sync::Arc::new(Witness::default()));
        call.checkpoint = checkpoint;
        let outcome = hostile().await.poll(call).await.result.unwrap();
        assert_eq!(outcome.next, Next::After(Duration::from_secs(1)));
        checkpoint = outcome.checkpoint;
        assert_eq!(checkpoint.as_deref(), Some(expected));
    }
}

#[tokio::test]
async fn every_next_and_kind_comes_through() {
    let (ended, _) = poll(json!({"do": "finish"}), Limits::default()).await;
    let outcome = ended.result.unwrap();
    assert_eq!((outcome.next, outcome.events.len()), (Next::Finished, 0));
    let (ended, _) = poll(json!({"do": "at", "at": 5}), Limits::default()).await;
    assert_eq!(ended.result.unwrap().next, Next::At(5));
    let xcoms = vec![Xcom { key: "k".into(), value: "1".into() }];
    for (name, kind) in [
        ("success", EventKind::TaskSuccess(xcoms.clone())),
        ("failed", EventKind::TaskFailed(xcoms.clone())),
        ("skipped", EventKind::TaskSkipped(xcoms)),
    ] {
        let (ended, _) = poll(json!({"do": "end", "as": name}), Limits::default()).await;
        assert_eq!(ended.result.unwrap().events[0].kind, kind);
    }
}

#[tokio::test]
async fn texts_that_are_not_json_are_refused() {
    let deep = format!("{}{}", "[".repeat(65), "]".repeat(65));
    for text in ["{not json", "", "1 2", "NaN", &deep] {
        let kwargs = json!({"do": "garbage-payload", "text": text});
        assert!(bad_answer(kwargs, Limits::default()).await.starts_with("the payload of event 0 is not JSON"));
        let kwargs = json!({"do": "garbage-checkpoint", "text": text});
        assert!(bad_answer(kwargs, Limits::default()).await.starts_with("the checkpoint is not JSON"));
        let kwargs = json!({"do": "end", "xcom": text});
        assert!(bad_answer(kwargs, Limits::default()).await.starts_with("the XCom `k` of event 0 is not JSON"));
    }
}

#[tokio::test]
async fn too_large_or_too_many_is_refused() {
    let what = bad_answer(json!({"do": "huge-answer", "count": 2_000_000}), Limits::default()).await;
    assert!(what.contains("have 2000002 bytes; at most 1048576 are allowed"), "{what}");
    let what = bad_answer(json!({"do": "huge-answer", "count": 9_000_000}), Limits::default()).await;
    assert!(what.contains("it passed more bytes to the host at once than one call may"), "{what}");
    let what = bad_answer(json!({"do": "many-events", "count": 1_001}), Limits::default()).await;
    assert_eq!(what, "1001 events; at most 1000 are allowed");
    let (ended, _) = poll(json!({"do": "many-events", "count": 1_000}), Limits::default()).await;
    assert_eq!(ended.result.unwrap().events.len(), 1_000);
    let what = bad_answer(json!({"do": "many-events", "count": 1_000_000}), Limits::default()).await;
    assert!(!what.is_empty());
}

#[tokio::test]
async fn an_ordinary_answer_says_what_it_used() {
    let (ended, _) = poll(json!({"do": "echo"}), Limits::default()).await;
    assert!(ended.used.cpu > Duration::ZERO && ended.used.wall > Duration::ZERO);
    assert!(ended.used.memory >= 1 << 20, "{}", ended.used.memory);
    assert_eq!(ended.used.host_calls, 0);
    assert_eq!(payload_of("random").await.as_u64().map(|_| ()), Some(()));
}
