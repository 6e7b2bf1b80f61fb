//! What it makes of messages, and what it tells the host about them.

use trigger_host_sdk::fake::FakeStream;
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};

use super::MessageWatch;

fn verdicts(kwargs: Value, messages: &[&str]) -> Vec<Verdict> {
    let messages: Vec<&[u8]> = messages.iter().map(|message| message.as_bytes()).collect();
    FakeStream::<MessageWatch>::new(kwargs).evaluate(&messages).unwrap()
}

#[test]
fn fires_for_the_messages_that_say_so() {
    let kwargs =
        json!({"source": "orders", "fields": {"/state": ["done", "failed"], "/n": 1}, "prefixes": {"/id": "a-"}});
    let found = verdicts(
        kwargs,
        &[
            r#"{"state": "done", "n": 1.0, "id": "a-7"}"#,
            r#"{"state": "open", "n": 1, "id": "a-7"}"#,
            r#"{"state": "done", "n": 1, "id": "b-7"}"#,
            r#"{"n": 1, "id": "a-7"}"#,
        ],
    );
    let fired = Verdict::fire(json!({"state": "done", "n": 1.0, "id": "a-7"}));
    assert_eq!(found, [fired, Verdict::skip(), Verdict::skip(), Verdict::skip()]);
}

#[test]
fn rejects_what_is_malformed() {
    let found = verdicts(json!({"source": "orders", "required": ["/id"]}), &["{", r#"{"n": 1}"#, r#"{"id": null}"#]);
    assert!(found[0] != Verdict::skip() && format!("{:?}", found[0]).contains("not JSON"), "{found:?}");
    assert_eq!(found[1], Verdict::reject("the message has nothing at `/id`"));
    assert_eq!(found[2], Verdict::fire(json!({"id": null})));
}

#[test]
fn tells_the_host_what_it_wants_unless_it_has_to_see_everything() {
    let stream = |kwargs| FakeStream::<MessageWatch>::new(kwargs).stream().unwrap();
    let parameters = json!({"topic": "orders"});
    let fields = json!({"/state": "done"});
    let wanted = Condition::one_of("/state", ["done"]);
    assert_eq!(
        stream(json!({"source": "kafka", "parameters": parameters, "fields": fields})),
        Stream::new("kafka", parameters.clone()).wanted(wanted)
    );
    assert_eq!(
        stream(json!({"source": "kafka", "parameters": parameters, "fields": fields, "required": ["/id"]})),
        Stream::new("kafka", parameters)
    );
}
