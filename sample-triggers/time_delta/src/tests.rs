//! The trigger through the fake host.

use trigger_host_sdk::fake::FakeHost;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{Duration, EventKind};

use super::After;

fn host(delta: Value) -> FakeHost<After> {
    FakeHost::new(json!({"delta": delta}))
}

#[test]
fn waits_in_every_form_of_the_kwarg() {
    for delta in [json!(90), json!(90.0), json!("PT1M30S"), json!("90s"), json!({"$duration": 90.0})] {
        let run = host(delta).run_until_finished();
        assert_eq!(run.payloads(), [json!({"$datetime": "2026-01-01T00:01:30Z"})]);
        assert_eq!(run.ended_at.to_string(), "2026-01-01T00:01:30Z");
    }
}

#[test]
fn a_restart_does_not_begin_the_wait_anew() {
    let mut host = host(json!("90s"));
    host.restart_after(Duration::from_secs(60));
    let run = host.run_until_finished();
    assert_eq!(run.ended_at.to_string(), "2026-01-01T00:01:30Z");
    assert_eq!(run.polls, 3);
}

#[test]
fn can_end_the_task() {
    let run = FakeHost::<After>::new(json!({"delta": 0, "end_from_trigger": true})).run_until_finished();
    assert_eq!(run.events[0].kind, EventKind::TaskSuccess);
    assert_eq!(run.polls, 1);
}

#[test]
fn takes_seconds_by_name() {
    let run = FakeHost::<After>::new(json!({"seconds": 2})).run_until_finished();
    assert_eq!(run.ended_at.to_string(), "2026-01-01T00:00:02Z");
}

#[test]
fn refuses_what_is_no_duration() {
    let run = host(json!("soon")).run_until_finished();
    assert_eq!(run.failure(), "`delta`: `soon` is not a duration: expected text such as `PT1H30M`, `90s` or `1h 30m`");
    let run = host(json!(-5)).run_until_finished();
    assert_eq!(run.failure(), "`delta`: -5 seconds is not a duration: it must not be negative");
    let run = FakeHost::<After>::new(json!({"deltas": 5})).run_until_finished();
    assert_eq!(run.failure(), "`deltas` is unknown: expected `delta`, `seconds`, `end_from_trigger`");
}
