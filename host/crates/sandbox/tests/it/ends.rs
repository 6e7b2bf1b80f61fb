//! Each way a call can end, with the limit and what was used.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{EndReason, GuestError, Limits};
use serde_json::json;

use crate::support::{Witness, call, end_of, hostile, hostile_component, payload_of, poll};

const SHORT: Duration = Duration::from_millis(30);

#[tokio::test]
async fn a_busy_loop_ends_at_its_cpu_budget() {
    let (ended, _) = poll(json!({"do": "spin"}), Limits { cpu: SHORT, ..Limits::default() }).await;
    let EndReason::Cpu { limit, used } = ended.result.unwrap_err() else { panic!("not the CPU budget") };
    assert_eq!(limit, SHORT);
    assert!(used > SHORT && used < SHORT * 5, "{used:?}");
    assert!(ended.used.cpu >= used, "{:?}", ended.used);
}

#[tokio::test]
async fn memory_ends_at_the_sum() {
    let (ended, _) = poll(json!({"do": "grow"}), Limits { memory: 8 << 20, ..Limits::default() }).await;
    let EndReason::Memory { limit, asked } = ended.result.unwrap_err() else { panic!("not the memory") };
    assert_eq!(limit, 8 << 20);
    assert!(asked > limit && asked < 16 << 20, "{asked}");
    assert!(ended.used.memory > 4 << 20 && ended.used.memory <= limit, "{}", ended.used.memory);
}

#[tokio::test]
async fn memory_ends_at_what_a_slot_holds() {
    let end = end_of(json!({"do": "grow"}), Limits { memory: 1 << 40, ..Limits::default() }).await;
    let EndReason::Memory { limit, asked } = end else { panic!("{end}") };
    assert_eq!(limit, 64 << 20);
    assert!(asked > limit);
}

#[tokio::test]
async fn memory_too_small_to_begin_with() {
    let end = end_of(json!({"do": "echo"}), Limits { memory: 64 << 10, ..Limits::default() }).await;
    assert!(matches!(end, EndReason::Memory { .. }), "{end}");
}

#[tokio::test]
async fn tables_are_limited() {
    let end = end_of(json!({"do": "echo"}), Limits { table_elements: 1, ..Limits::default() }).await;
    let EndReason::Trap { message, .. } = end else { panic!("{end}") };
    assert!(message.contains("table elements, more than its limit of 1"), "{message}");
}

#[tokio::test]
async fn recursion_without_end_is_a_trap() {
    let end = end_of(json!({"do": "recurse", "count": 100_000_000}), Limits::default()).await;
    let EndReason::Trap { message, backtrace } = end else { panic!("{end}") };
    assert!(!message.is_empty() && !backtrace.is_empty(), "{message}");
    assert!(backtrace.len() <= 20);
}

#[tokio::test]
async fn a_trap_has_a_backtrace() {
    for choice in ["trap", "panic"] {
        let end = end_of(json!({"do": choice}), Limits::default()).await;
        assert!(end.lines().len() > 1, "{:?}", end.lines());
        let EndReason::Trap { message, .. } = end else { panic!("{end}") };
        assert!(message.contains("it stopped itself"), "{message}");
    }
}

#[tokio::test]
async fn exit_is_a_trap_that_says_so() {
    let end = end_of(json!({"do": "exit"}), Limits::default()).await;
    assert!(end.to_string().contains("it called exit with code"), "{end}");
}

#[tokio::test]
async fn a_guest_that_sleeps_ends_at_its_deadline() {
    let limits = Limits { wall: SHORT, ..Limits::default() };
    let (ended, _) = poll(json!({"do": "sleep", "ms": 60_000}), limits).await;
    let EndReason::Deadline { limit, used } = ended.result.unwrap_err() else { panic!("not the deadline") };
    assert!(limit == SHORT && used >= SHORT, "{used:?}");
    assert!(ended.used.cpu < used);
}

#[tokio::test]
async fn a_guest_that_waits_for_the_host_ends_at_its_deadline() {
    let witness = Arc::new(Witness { is_silent: true, ..Witness::default() });
    let limits = Limits { wall: SHORT, ..Limits::default() };
    let kwargs = json!({"do": "get", "url": "https://h.example/slow?token=x"});
    let ended = hostile().await.poll(call(&kwargs, limits, witness)).await;
    assert!(matches!(ended.result, Err(EndReason::Deadline { .. })));
    assert_eq!(ended.used.host_calls, 1);
    assert_eq!(ended.used.last_host_calls, ["http.send GET https://h.example: no answer"]);
}

#[tokio::test]
async fn what_a_guest_says_of_its_failure_is_passed_on_inert() {
    let end = end_of(json!({"do": "fail"}), Limits::default()).await;
    assert_eq!(end.lines(), ["the job\\nfailed", "line one", "line\\ttwo"]);
    let end = end_of(json!({"dont": 1}), Limits::default()).await;
    assert_eq!(end, EndReason::Guest(GuestError::InvalidKwargs("`do` is missing".into())));
}

#[tokio::test]
async fn on_kill_has_the_same_limits() {
    let limits = Limits { cpu: SHORT, ..Limits::default() };
    let ended = hostile().await.on_kill(call(&json!({"do": "spin"}), limits, Arc::new(Witness::default()))).await;
    assert!(matches!(ended.result, Err(EndReason::Cpu { .. })));
    let calm = call(&json!({"do": "finish"}), Limits::default(), Arc::new(Witness::default()));
    assert_eq!(hostile().await.on_kill(calm).await.result, Ok(()));
}

#[tokio::test]
async fn a_component_describes_itself() {
    let described = hostile_component().await.describe(&Limits::default()).await.unwrap().unwrap();
    assert_eq!(described.summary, "Does whatever a guest should not.");
    assert!(described.kwargs_schema.starts_with('{'));
}

#[tokio::test]
async fn nothing_of_a_failed_call_is_left_for_the_next() {
    for choice in ["trap", "panic", "recurse"] {
        end_of(json!({"do": choice, "count": 100_000_000}), Limits::default()).await;
        assert_eq!(payload_of("canary").await, 0, "{choice}");
    }
}
