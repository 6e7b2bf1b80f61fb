//! What is found is what the whole text has there, by both ways.

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const TEXTS: [&str; 41] = [
    "null",
    " true ",
    "false",
    "0",
    "-0",
    "-1.5e3",
    "1E+7",
    "01",
    "1.",
    ".5",
    "-",
    "1e",
    "+1",
    "tru",
    "nulll",
    "",
    " ",
    r#""a""#,
    r#""\u00e9\ud83d\ude00\n""#,
    r#""\ud800""#,
    r#""\ude00""#,
    r#""\x""#,
    r#""\u12""#,
    "\"\n\"",
    "\"a",
    "[]",
    "[ ]",
    "[1, [2, {\"a\": 3}], null]",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{}",
    "{ }",
    "{\"a\":}",
    "{\"a\" 1}",
    "{a: 1}",
    r#"{"a": {"b": 1}, "a": {"c": "x"}}"#,
    r#"{"a/b": 1, "m~n": {"": 2}, "": 0, "\u0061": 5}"#,
    r#"{"a": [10, 11, {"b": [true]}], "b": "é", "1": 7}"#,
    r#"{"a": 1, "a": 2,}"#,
    r#"{"a": {"b": {}}} x"#,
];
const POINTERS: [&str; 17] = [
    "", "/", "/a", "/b", "/a/b", "/a/c", "/a~1b", "/m~0n", "/m~0n/", "/0", "/1", "/1/1/a", "/a/2/b/0", "/a/01",
    "/a/+1", "a", "/a/b/c",
];

/// The same with and without something behind the text.
fn whole<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &[u8], pointer: &str) -> serde_json::Result<Option<T>> {
    let found = field::<T>(text, text.len(), pointer);
    for behind in [&b"\0\0\0\0\0\0\0\0"[..], b"        }", b"}}}}]]]]", b"1e9\"}, 10", b"\"\", {}:\"e"] {
        let other = field::<T>(&[text, behind].concat(), text.len(), pointer);
        assert_eq!(show(&found), show(&other), "{} before {}", text.escape_ascii(), behind.escape_ascii());
    }
    found
}

fn show<T: fmt::Debug>(found: &serde_json::Result<Option<T>>) -> String {
    found.as_ref().map_or_else(|error| error.to_string(), |found| format!("{found:?}"))
}

#[test]
fn finds_what_a_value_has() {
    for text in TEXTS {
        let value: Option<Value> = serde_json::from_str(text).ok();
        for pointer in POINTERS {
            let found = whole::<Value>(text.as_bytes(), pointer);
            match &value {
                Some(_) => assert!(found.is_ok(), "{text} at {pointer}: {found:?}"),
                // A text that is passed over may be no more than well formed.
                None => assert!(found.is_err() || text.contains('\\'), "{text} at {pointer}: {found:?}"),
            }
            let wanted = value.as_ref().and_then(|value| value.pointer(pointer));
            assert_eq!(found.ok().flatten().as_ref(), wanted, "{text} at {pointer}");
        }
    }
}

/// Texts that are nearly JSON: pieces of it with white space between them, of which some were left out or doubled.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let space = prop_oneof![8 => Just(""), 1 => Just(" "), 1 => Just("\n\t\r ")];
    let key = prop::sample::select(vec![
        "\"a\"",
        "\"b\"",
        "\"\"",
        "\"a/b\"",
        "\"\\u0061\"",
        "\"key with more than eight\"",
        "\"é\"",
    ]);
    let scalar = prop_oneof![
        prop::sample::select(vec![
            "0",
            "-0",
            "01",
            "-",
            "1.",
            "1.5",
            "-2e+7",
            "1E",
            "1e999",
            "99999999999999999999",
            ".5",
            "true",
            "false",
            "null",
            "nul",
            "truex",
            "\"\"",
            "\"\\\"",
            "\"\\ud800\"",
            "\"\\u12\"",
            "\"a longer text, é, and so on\"",
            "\"1234567\\n12345678\\\\\"",
            "\"\\x\"",
            "\"\u{1}\"",
            "\"ends here",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ];
    let value = scalar.prop_recursive(5, 40, 4, move |inner| {
        let (space, key) = (space.clone(), key.clone());
        let item = (space.clone(), inner, space).prop_map(|(before, value, after)| format!("{before}{value}{after}"));
        let field = (key, item.clone()).prop_map(|(key, value)| format!("{key}:{value}"));
        prop_oneof![
            prop::collection::vec(item, 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec(field, 0..5).prop_map(|fields| format!("{{{}}}", fields.join(", "))),
        ]
    });
    let broken = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..2);
    (value, broken).prop_map(|(text, broken)| {
        let mut text = text.into_bytes();
        for (at, byte) in broken.into_iter().filter(|_| !text.is_empty()).collect::<Vec<_>>() {
            let at = at.index(text.len());
            match byte % 4 {
                0 => text.truncate(at),
                1 => drop(text.remove(at)),
                2 => text.insert(at, byte),
                _ => text[at] = byte,
            }
            if text.is_empty() {
                break;
            }
        }
        text
    })
}

fn agrees(text: &[u8], pointer: &str) -> bool {
    fn alike<T: DeserializeOwned + PartialEq + fmt::Debug>(text: &[u8], pointer: &str) -> bool {
        let (plain, wanted) = (whole::<T>(text, pointer), by_serde::<T>(text, pointer));
        match (&plain, &wanted) {
            (Ok(plain), Ok(wanted)) => plain == wanted,
            _ => show(&plain) == show(&wanted),
        }
    }
    alike::<Value>(text, pointer)
        && alike::<u64>(text, pointer)
        && alike::<i8>(text, pointer)
        && alike::<Option<u16>>(text, pointer)
        && alike::<f32>(text, pointer)
        && alike::<String>(text, pointer)
        && alike::<Option<Vec<f64>>>(text, pointer)
        && whole::<IgnoredAny>(text, pointer).is_ok() == by_serde::<IgnoredAny>(text, pointer).is_ok()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn both_ways_agree(text in nearly_json(), pointer in prop::sample::select(POINTERS.to_vec())) {
        prop_assert!(agrees(&text, pointer), "{} at {pointer}", text.escape_ascii());
    }

    #[test]
    fn both_ways_agree_on_bytes(text in prop::collection::vec(prop::sample::select(br#"{}[]",:\a1-.e u0"#.to_vec()), 0..24)) {
        prop_assert!(agrees(&text, "/a"), "{}", text.escape_ascii());
    }
}

/// Else the tests above would compare `serde_json` with itself.
#[test]
fn what_is_usual_is_plain() {
    for (text, pointer, wanted) in [
        (r#"{"kind": 17, "id": 123456, "detail": {"state": "done"}}"#, "kind", "17"),
        (r#"{"kind": 17, "id": 123456, "detail": {"state": "done"}}"#, "detail/state", "\"done\""),
        (
            r#" {"topic":"orders","key":null,"value":{"id":-1.5e3,"list":[[],{},[1,"\u00e9\\"]],"état":true}} "#,
            "value/id",
            "-1.5e3",
        ),
        (
            "{\n  \"a\" : [\n    false,\n    0\n  ] ,\r\n\t\"a key of some length\" : \"a text of some length\"\n}",
            "a key of some length",
            "\"a text of some length\"",
        ),
        (r#"{"a": {"b": 1}}"#, "a/c", ""),
        ("{}", "a", ""),
    ] {
        assert_eq!(scan::find(text.as_bytes(), text.len(), pointer), Some(wanted.as_bytes()), "{text}");
    }
}

#[test]
fn both_ways_agree_on_depth_and_size() {
    for depth in [1, 58, 59, 60, 61, 62, 63, 126, 127, 128, 129, 500] {
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let inner = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for text in [inner.clone(), format!("{{\"b\": {inner}, \"a\": 7}}"), format!("{{\"a\": {inner}}}")] {
                for pointer in ["/a", "/b", "/a/a", &"/a".repeat(depth)] {
                    assert!(agrees(text.as_bytes(), pointer), "{text} at {pointer}");
                }
            }
        }
    }
    for length in 0..40 {
        for end in ["\"", "\\\"\"", "\u{1f}\"", "é\"", "\u{7f}\"", ""] {
            let text = format!("{{\"b\":\"{}{end},\"a\":1}}", "x".repeat(length));
            assert!(agrees(text.as_bytes(), "/a"), "{text}");
        }
    }
}
