//! Against looking each pointer up in the whole event.

use super::*;

const POINTERS: [&str; 8] = ["", "/a", "/a/b", "/a/b/c", "/l/0", "/l/00", "/a~1b", "/~01"];

/// Each pointer by itself, and all of them together.
fn compare(event: &str) {
    let whole = serde_json::from_str::<Value>(event).ok();
    let all = POINTERS.iter().map(std::slice::from_ref).chain([&POINTERS[..], &POINTERS[1..]]);
    for pointers in all {
        let mut fields = Fields::default();
        pointers.iter().for_each(|pointer| fields.add(pointer));
        let found = fields.read(event.as_bytes());
        assert_eq!(found.is_some(), whole.is_some(), "{event}");
        for pointer in pointers {
            let expected = whole.as_ref().and_then(|whole| whole.pointer(pointer));
            assert_eq!(found.as_ref().and_then(|found| found.get(pointer)), expected, "{event} at {pointer}");
        }
    }
}

#[test]
fn finds_what_is_in_the_whole_event() {
    for event in [
        r#"{"a": {"b": {"c": null}}, "l": [[1], 2], "a/b": "x", "~1": 0.5}"#,
        r#"{"a": {"b": 1}, "a": 2}"#,
        r#"{"a": 2, "a": {"x": 3, "b": {"c": 1, "c": {}}}}"#,
        r#"{"\u0061": "\ud83d\ude00", "l": {"0": true, "00": false}}"#,
        r#""text""#,
        "[[], {}, 1e3, -7]",
        "{}",
    ] {
        compare(event);
    }
}

#[test]
fn what_is_not_json_has_no_fields() {
    let deep = "[".repeat(200) + &"]".repeat(200);
    for event in ["", "{", r#"{"x": 1} y"#, r#"{"x": "\ud800"}"#, r#"{"x": 1e999}"#, r#"{"x": [1,]}"#, &deep] {
        compare(event);
    }
    let mut fields = Fields::default();
    fields.add("/a");
    assert!(fields.read(b"{\"a\": 1, \"x\": \"\xff\"}").is_none());
}

/// Whoever writes the pointer is not trusted, and what is done for one is done for each level of it.
#[test]
fn a_pointer_may_be_longer_than_anything() {
    let long = "/a".repeat(1_000_000);
    let mut fields = Fields::default();
    fields.add(&long);
    let deep = "{\"a\":".repeat(127) + "1" + &"}".repeat(127);
    let pointer = "/a".repeat(127);
    fields.add(&pointer);
    let found = fields.read(deep.as_bytes()).map(|found| (found.get(&long).cloned(), found.get(&pointer).cloned()));
    assert_eq!(found, Some((None, Some(Value::from(1)))));
    fields.remove(&pointer);
    fields.remove(&long);
    assert!(fields.root.inner.is_empty());
}

#[test]
fn a_field_is_looked_at_until_the_last_one_is_gone() {
    let mut fields = Fields::default();
    ["/a", "/b/c", "/a", "/b"].iter().for_each(|pointer| fields.add(pointer));
    ["/a", "/b/c", "/c", "/b"].iter().for_each(|pointer| fields.remove(pointer));
    assert_eq!(fields.root.inner.keys().collect::<Vec<_>>(), ["a"]);
    fields.add("/d");
    let found = |fields: &Fields| {
        let found = fields.read(br#"{"a": 1, "b": {"c": 2}, "d": 3}"#)?;
        Some(["/a", "/b", "/b/c", "/d"].map(|pointer| found.get(pointer).and_then(Value::as_u64)))
    };
    assert_eq!(found(&fields), Some([Some(1), None, None, Some(3)]));
}
