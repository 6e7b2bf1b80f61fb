//! The trigger through the fake host.

use trigger_host_sdk::EventKind;
use trigger_host_sdk::fake::FakeHost;
use trigger_host_sdk::serde_json::json;

use super::At;

#[test]
fn fires_at_the_moment() {
    let mut host = FakeHost::<At>::new(json!({"moment": "2026-01-31T13:00:00+01:00"}));
    let run = host.run_until_finished();
    assert_eq!(run.payloads(), [json!({"$datetime": "2026-01-31T12:00:00Z"})]);
    assert_eq!(run.ended_at.to_string(), "2026-01-31T12:00:00Z");
    assert_eq!(run.polls, 2);
}

#[test]
fn fires_at_once_when_the_moment_is_past() {
    let moment = json!({"$datetime": "2025-11-20T12:12:56.735332+00:00", "zone": "UTC"});
    let run = FakeHost::<At>::new(json!({"moment": moment, "end_from_trigger": false})).run_until_finished();
    assert_eq!(run.payloads(), [json!({"$datetime": "2025-11-20T12:12:56.735332Z"})]);
    assert_eq!(run.polls, 1);
}

#[test]
fn never_fires_before_a_moment_between_milliseconds() {
    let run = FakeHost::<At>::new(json!({"moment": "2026-01-01T00:00:00.000001Z"})).run_until_finished();
    assert_eq!(run.ended_at.to_string(), "2026-01-01T00:00:00.001000Z");
    assert_eq!(run.polls, 2);
}

#[test]
fn can_end_the_task() {
    let run =
        FakeHost::<At>::new(json!({"moment": "2026-01-01T00:01:00Z", "end_from_trigger": true})).run_until_finished();
    assert_eq!(run.payloads(), [json!("success")]);
    assert_eq!(run.events[0].kind, EventKind::TaskSuccess);
}

#[test]
fn takes_the_name_and_the_form_of_a_rendered_template() {
    let kwargs = json!({"target_time": "2026-01-31 13:00:00+01:00", "end_from_trigger": false});
    let run = FakeHost::<At>::new(kwargs).run_until_finished();
    assert_eq!(run.payloads(), [json!({"$datetime": "2026-01-31T12:00:00Z"})]);
}

#[test]
fn wants_one_moment() {
    for kwargs in [json!({}), json!({"moment": "2026-01-31T13:00:00Z", "target_time": "2026-01-31T13:00:00Z"})] {
        let run = FakeHost::<At>::new(kwargs).run_until_finished();
        assert!(
            run.failure().starts_with("`moment`: expected a datetime, either here or as `target_time`"),
            "{}",
            run.failure()
        );
    }
}

#[test]
fn refuses_a_naive_moment() {
    let run = FakeHost::<At>::new(json!({"moment": "2026-01-31T12:00:00"})).run_until_finished();
    assert!(run.failure().starts_with("`moment`: `2026-01-31T12:00:00` has no offset"), "{}", run.failure());
    assert!(run.error.is_some_and(|error| error.is_kwargs()));
}

#[test]
fn describes_itself() {
    let (summary, schema) = FakeHost::<At>::new(json!({})).describe();
    assert_eq!(summary, "Waits for a moment in time.");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["required"], json!(null));
    assert_eq!(schema["additionalProperties"], false);
}
