//! WASI with nothing granted.

use sandbox::{EndReason, Limits};
use serde_json::json;

use crate::support::{NOW, end_of, payload_of};

#[tokio::test]
async fn there_is_nothing_to_see() {
    let seen = payload_of("look-around").await;
    let expected = json!({
        "env": 0, "args": 0, "stdin": 0, "passwd": false, "root": false, "here": false, "write": false,
    });
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn the_wall_clock_is_the_hosts() {
    assert_eq!(payload_of("wall-clock").await, NOW * 1_000_000);
}

#[tokio::test]
async fn the_monotonic_clock_is_coarse() {
    let steps = payload_of("monotonic").await;
    assert!(steps.as_array().unwrap().iter().all(|step| step.as_u64().unwrap() % 1_000_000 == 0));
}

#[tokio::test]
async fn randomness_is_random_and_bounded() {
    assert_ne!(payload_of("random").await, payload_of("random").await);
    let end = end_of(json!({"do": "huge-random", "count": 65_537}), Limits::default()).await;
    assert!(matches!(end, EndReason::Trap { .. }), "{end}");
}
