//! The tags of neutral JSON that say what JSON cannot, and what becomes of them.
//!
//! Kwargs are simplified before they are read: a Python tuple or set fits a `Vec`, a UUID or a date fits a `String`.
//! What has a type of the SDK (`$datetime`, `$duration`) or no plain form (`$opaque`) stays.

use serde_json::{Map, Value};

/// Sequences, UUIDs, dates and dicts with odd keys as plain JSON; all other tags as they are.
pub(crate) fn simplify(value: Value) -> Value {
    convert(value, &|tag, content| match tag {
        "$tuple" | "$set" | "$frozenset" | "$uuid" | "$date" => Ok(content),
        "$dict" => pairs(content),
        _ => Err(content),
    })
}

/// Plain JSON for a service that does not know the tags: times, durations (seconds), decimals and zones too. Only
/// `$opaque` stays.
pub fn to_plain(value: Value) -> Value {
    convert(value, &|tag, content| match tag {
        "$tuple" | "$set" | "$frozenset" | "$uuid" | "$date" | "$datetime" | "$duration" | "$decimal" | "$zone"
        | "$float" => Ok(content),
        "$dict" => pairs(content),
        _ => Err(content),
    })
}

/// JSON from elsewhere as neutral JSON: an object with a key that begins with `$` becomes a `$dict` and is not mistaken
/// for a tag. For payloads that hold the answer of a service.
pub fn to_neutral(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(to_neutral).collect()),
        Value::Object(entries) => {
            let odd = entries.keys().any(|key| key.starts_with('$'));
            let entries = entries.into_iter().map(|(key, value)| (key, to_neutral(value)));
            if odd {
                let pairs: Vec<Value> =
                    entries.map(|(key, value)| Value::Array(vec![Value::String(key), value])).collect();
                Value::Object(Map::from_iter([("$dict".to_owned(), Value::Array(pairs))]))
            } else {
                Value::Object(entries.collect())
            }
        }
        other => other,
    }
}

/// `Err` gives the content back: the tag stays.
type Untag<'a> = &'a dyn Fn(&str, Value) -> Result<Value, Value>;

fn convert(value: Value, untag: Untag<'_>) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(|item| convert(item, untag)).collect()),
        Value::Object(entries) => convert_object(entries, untag),
        other => other,
    }
}

fn convert_object(entries: Map<String, Value>, untag: Untag<'_>) -> Value {
    let mut entries: Map<String, Value> =
        entries.into_iter().map(|(key, value)| (key, convert(value, untag))).collect();
    // `$datetime` may have a `zone` beside it; every other tag is alone.
    let tag = entries.keys().find(|key| key.starts_with('$')).cloned();
    let Some(tag) = tag.filter(|tag| entries.len() == 1 || tag == "$datetime") else { return Value::Object(entries) };
    let content = entries.remove(&tag).unwrap_or_default();
    untag(&tag, content).unwrap_or_else(|content| {
        entries.insert(tag, content);
        Value::Object(entries)
    })
}

/// `[[key, value], ..]` as an object, when every key is text.
fn pairs(content: Value) -> Result<Value, Value> {
    let as_pair = |pair: &Value| match pair.as_array().map(Vec::as_slice) {
        Some([Value::String(key), value]) => Some((key.clone(), value.clone())),
        _ => None,
    };
    let object: Option<Map<String, Value>> = content.as_array().and_then(|pairs| pairs.iter().map(as_pair).collect());
    object.map(Value::Object).ok_or(content)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{simplify, to_neutral, to_plain};

    #[test]
    fn simplifies_what_fits_a_plain_type() {
        let value = json!({
            "pair": {"$tuple": [1, {"$set": ["a"]}]}, "id": {"$uuid": "u"}, "map": {"$dict": [["$ref", 1]]},
            "odd": {"$dict": [[1, 2]]}, "at": {"$datetime": "2026-01-31T12:00:00Z", "zone": "UTC"},
        });
        let expected = json!({
            "pair": [1, ["a"]], "id": "u", "map": {"$ref": 1}, "odd": {"$dict": [[1, 2]]},
            "at": {"$datetime": "2026-01-31T12:00:00Z", "zone": "UTC"},
        });
        assert_eq!(simplify(value), expected);
    }

    #[test]
    fn plain_leaves_no_tag_but_opaque() {
        let value = json!({"at": {"$datetime": "2026-01-31T12:00:00Z", "zone": "UTC"}, "for": {"$duration": 1.5}, "x": {"$opaque": {}}});
        assert_eq!(to_plain(value), json!({"at": "2026-01-31T12:00:00Z", "for": 1.5, "x": {"$opaque": {}}}));
    }

    #[test]
    fn json_from_elsewhere_is_never_taken_for_a_tag() {
        let answer = json!({"schema": {"$ref": "#/x", "a": [{"$datetime": "never"}]}, "n": 1});
        let neutral = to_neutral(answer.clone());
        let inner = json!({"$dict": [["$datetime", "never"]]});
        assert_eq!(neutral, json!({"schema": {"$dict": [["$ref", "#/x"], ["a", [inner]]]}, "n": 1}));
        assert_eq!(to_plain(neutral), answer);
    }
}
