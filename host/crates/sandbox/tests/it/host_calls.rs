//! The budget of host calls: counted before any effect, refused by value, ended when the guest does not care.

use sandbox::{EndReason, Limits};
use serde_json::json;

use crate::support::{end_of, payload, poll};

const TEN: Limits = Limits {
    memory: 64 << 20,
    table_elements: 10_000,
    cpu: std::time::Duration::from_secs(5),
    wall: std::time::Duration::from_secs(30),
    host_calls: 10,
    events: 1_000,
    answer_bytes: 1 << 20,
    log_bytes: 64 << 10,
};

#[tokio::test]
async fn an_answer_comes_back() {
    let kwargs = json!({"do": "get", "url": "https://h.example/a"});
    let (ended, witness) = poll(kwargs, Limits::default()).await;
    assert_eq!(payload(ended), json!({"status": 200, "body": "https://h.example/a"}));
    assert_eq!(*witness.urls.lock(), ["https://h.example/a"]);
}

#[tokio::test]
async fn many_at_once_come_back_in_order() {
    let urls: Vec<_> = (0..5).map(|n| format!("https://h.example/{n}")).collect();
    let (ended, _) = poll(json!({"do": "get-all", "urls": urls}), Limits::default()).await;
    assert_eq!(ended.used.host_calls, 5);
    let bodies: Vec<_> = payload(ended).as_array().unwrap().iter().map(|one| one["body"].clone()).collect();
    assert_eq!(json!(bodies), json!(urls));
}

#[tokio::test]
async fn what_is_over_the_budget_is_refused_and_has_no_effect() {
    let (ended, witness) = poll(json!({"do": "http-flood", "count": 40}), TEN).await;
    assert_eq!(ended.used.host_calls, 10);
    assert_eq!(ended.used.last_host_calls.len(), 8);
    assert_eq!(ended.used.last_host_calls[7], "http.send GET https://jobs.example.com: 200");
    assert_eq!(payload(ended), 30);
    assert_eq!(witness.urls.lock().len(), 10);
}

#[tokio::test]
async fn a_flood_ends_the_call() {
    let end = end_of(json!({"do": "http-flood", "count": 1_000_000}), TEN).await;
    assert_eq!(end, EndReason::HostCalls { limit: 10, used: 41 });
}

#[tokio::test]
async fn a_list_counts_as_many() {
    let (ended, witness) = poll(json!({"do": "http-flood-at-once", "count": 30}), TEN).await;
    assert_eq!(payload(ended), 20);
    assert_eq!(witness.urls.lock().len(), 10);
    let end = end_of(json!({"do": "http-flood-at-once", "count": 5_000}), TEN).await;
    assert!(matches!(end, EndReason::HostCalls { limit: 10, used: 5_000 }), "{end}");
}

#[tokio::test]
async fn a_list_beyond_all_measure_is_refused_as_a_whole() {
    let limits = Limits { host_calls: 10_000, ..TEN };
    let (ended, witness) = poll(json!({"do": "http-flood-at-once", "count": 1_001}), limits).await;
    assert_eq!(payload(ended), 1_001);
    assert!(witness.urls.lock().is_empty());
}
