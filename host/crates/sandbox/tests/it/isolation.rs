//! Nothing goes from one call to the next: not through memory, tables, stacks or statics of a reused slot.

use std::sync::Arc;

use sandbox::{Allowed, Config, Limits, Poller, Sandbox};
use serde_json::json;

use crate::support::{Witness, call, config, hostile_wasm, payload, poller};

/// Few slots, so that every one is reused again and again.
async fn crowded() -> Poller {
    let config = Config { slots: 2, ..config() };
    poller(Sandbox::start(config).unwrap().load("hostile.wasm", hostile_wasm(), &Allowed::ALL).await.unwrap())
}

async fn canary(component: &Poller, mark: u64) -> serde_json::Value {
    let call = call(&json!({"do": "canary", "canary": mark}), Limits::default(), Arc::new(Witness::default()));
    payload(component.poll(call).await)
}

#[tokio::test]
async fn a_canary_is_never_seen_again() {
    let component = crowded().await;
    for mark in 1..300 {
        assert_eq!(canary(&component, mark).await, 0, "round {mark}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn not_even_by_neighbours_or_after_a_cut_call() {
    let component = crowded().await;
    let rounds = (0..4_u64).map(|lane| {
        let component = component.clone();
        tokio::spawn(async move {
            for round in 0..50 {
                assert_eq!(canary(&component, 1 + lane * 1_000 + round).await, 0);
                // A call that is given up in the middle.
                let limits = Limits { wall: std::time::Duration::from_millis(1), ..Limits::default() };
                let spin = call(&json!({"do": "spin"}), limits, Arc::new(Witness::default()));
                assert!(component.poll(spin).await.result.is_err());
            }
        })
    });
    for round in rounds.collect::<Vec<_>>() {
        round.await.unwrap();
    }
}

#[tokio::test]
async fn more_calls_than_slots_wait_for_their_turn() {
    let component = crowded().await;
    let calls = (1..20).map(|mark| {
        let component = component.clone();
        tokio::spawn(async move { canary(&component, mark).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_dropped_call_gives_its_slot_back() {
    let component = crowded().await;
    for _ in 0..10 {
        let limits = Limits { cpu: std::time::Duration::from_secs(3_600), ..Limits::default() };
        let call = call(&json!({"do": "spin"}), limits, Arc::new(Witness::default()));
        let given_up = tokio::time::timeout(std::time::Duration::from_millis(5), component.poll(call)).await;
        assert!(given_up.is_err());
    }
    assert_eq!(canary(&component, 1).await, 0);
}
