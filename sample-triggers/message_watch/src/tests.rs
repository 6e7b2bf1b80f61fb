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

/// What `docs/sources.md` and the sample for SQS say that messages look like.
#[test]
fn serves_kafka_and_sqs_alike() {
    let kwargs = json!({
        "source": "orders", "fields": {"/value/state": "done"}, "required": ["/value/id"], "payload": "/value",
    });
    let kafka = |rest: &str| {
        format!(r#"{{"topic": "orders", "partition": 3, "offset": 7, "timestamp_ms": 1, "key": "a", {rest}}}"#)
    };
    let sqs =
        |rest: &str| format!(r#"{{"message_id": "m-1", "group": "a", "attributes": {{"kind": "order"}}, {rest}}}"#);
    for source in [kafka, sqs as fn(&str) -> String] {
        let bodies = [
            r#""value": {"id": 1, "state": "done"}"#,
            r#""value": {"id": 2, "state": "open"}"#,
            r#""value": {"state": "done"}"#,
            r#""text": "not { json""#,
            r#""base64": "AA==""#,
        ];
        let messages = bodies.map(source);
        let found = verdicts(kwargs.clone(), &messages.each_ref().map(String::as_str));
        let malformed = Verdict::reject("the message has nothing at `/value/id`");
        let fired = Verdict::fire(json!({"id": 1, "state": "done"}));
        assert_eq!(found, [fired, Verdict::skip(), malformed.clone(), malformed.clone(), malformed]);
    }
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
        Stream::new("kafka", parameters.clone())
    );
    assert_eq!(
        stream(json!({"source": "kafka", "parameters": parameters, "key": "orders"})),
        Stream::new("kafka", parameters).key(json!("orders"))
    );
}
