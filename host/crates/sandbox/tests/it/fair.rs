//! A busy loop costs its own budget and nobody else's time. The figures are in docs/benchmarks.md; here is what must
//! hold anywhere.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{EndReason, Limits};
use serde_json::json;

use crate::support::{Witness, call, hostile, payload};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_calls_end_while_ten_loops_spin() {
    let component = hostile().await;
    let loops: Vec<_> = (0..10)
        .map(|_| {
            let component = component.clone();
            let limits =
                Limits { cpu: Duration::from_secs(3_600), wall: Duration::from_secs(3_600), ..Limits::default() };
            let call = call(&json!({"do": "spin"}), limits, Arc::new(Witness::default()));
            tokio::spawn(async move { component.poll(call).await })
        })
        .collect();
    for _ in 0..200 {
        let call = call(&json!({"do": "echo"}), Limits::default(), Arc::new(Witness::default()));
        payload(component.poll(call).await);
    }
    for one in loops {
        assert!(!one.is_finished());
        one.abort();
    }
}

#[tokio::test]
async fn heavy_calls_take_turns_and_each_gets_its_budget() {
    let component = hostile().await;
    let limits = Limits { cpu: Duration::from_millis(20), ..Limits::default() };
    let calls = (0..5).map(|_| {
        let component = component.clone();
        let call = call(&json!({"do": "spin"}), limits.clone(), Arc::new(Witness::default()));
        tokio::spawn(async move { component.poll(call).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(matches!(call.await.unwrap().result, Err(EndReason::Cpu { .. })));
    }
}

#[tokio::test]
async fn time_in_the_queue_is_not_charged() {
    let component = hostile().await;
    let spin = |cpu| {
        let component = component.clone();
        let limits = Limits { cpu, ..Limits::default() };
        let call = call(&json!({"do": "spin"}), limits, Arc::new(Witness::default()));
        tokio::spawn(async move { component.poll(call).await })
    };
    let (long, short) = (spin(Duration::from_millis(200)), spin(Duration::from_millis(100)));
    let (long, short) = (long.await.unwrap(), short.await.unwrap());
    assert!(short.used.cpu < Duration::from_millis(190), "{:?}", short.used);
    assert!(long.used.cpu < Duration::from_millis(290), "{:?}", long.used);
}
