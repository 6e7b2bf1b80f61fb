//! What a trigger said of its stream, as the crate `streams` takes it.

use matching::{Condition, Match, Test};
use serde_json::Value;
use stream_rules::StreamKey;
use trigger_host_types::ClassPath;

/// The key of a stream. Equal values are one key, however they are written.
pub(super) fn key(classpath: &ClassPath, text: &str, across_classes: bool) -> StreamKey {
    // The sandbox has checked that it is JSON; a number too large for us stays as it is written.
    let text = serde_json::from_str::<Value>(text).map_or_else(|_| text.to_owned(), |value| value.to_string());
    if across_classes { StreamKey::global(text) } else { StreamKey::of_class(classpath.clone(), text) }
}

/// The conditions of a stream.
pub(super) fn wanted(conditions: Vec<sandbox::Wanted>) -> Result<Match, matching::MatchError> {
    let conditions = conditions.into_iter().map(|sandbox::Wanted { pointer, test }| match test {
        sandbox::Test::OneOf(texts) => {
            let values: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
            Condition::one_of(&pointer, &values)
        }
        sandbox::Test::Prefix(prefix) => Ok(Condition { pointer, test: Test::Prefix(prefix) }),
        sandbox::Test::Exists => Ok(Condition { pointer, test: Test::Exists }),
    });
    Match::new(conditions.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_keys_are_one_however_they_are_written() {
        let class = ClassPath::from("a.B");
        let written = |text| key(&class, text, false);
        assert_eq!(written(r#"{"b": 1, "a": [true]}"#), written(r#"{"a":[true],"b":1}"#));
        assert_ne!(written("1"), written("\"1\""));
        assert_ne!(written("1"), key(&class, "1", true));
    }
}
