//! What a trigger hears of a long poll, on the page `sources-http` of `tests/texts`.

use serde_json::{Value, json};
use stream_rules::StreamKey;
use texts::{check, examples};

use super::Settings;
use super::parameters::url;
use crate::source::Wanted;

#[test]
fn texts_of_long_polls() {
    let settings: Settings =
        serde_json::from_value(json!({"url": "https://feed.example.com/", "parameters": ["team"]})).unwrap();
    let refused = |parameters: &Value| {
        url(&settings, &Wanted { source: "feed", parameters, key: &StreamKey::global("k") }).unwrap_err()
    };
    let parameters = [
        json!(7),
        json!({"query": {"team": 7}}),
        json!({"team": "a"}),
        json!({"query": {"colour": "red"}}),
        json!({"query": {"team": "a".repeat(5_000)}}),
    ];
    let parameters = parameters.map(|value| (value.to_string().chars().take(40).collect::<String>(), refused(&value)));
    check("sources-http", &[examples("parameters of a stream", parameters)]);
}
