//! Round trips of anything that has a neutral form, and no panic for anything that has none.

use encodings::{Fernet, kwargs_from_wire, payload_to_wire, value_from_wire, value_to_wire};
use proptest::prelude::*;
use trigger_host_types::TriggerKind;

/// A JSON string's text.
fn quoted() -> BoxedStrategy<String> {
    any::<String>().prop_map(|text| quote(&text)).boxed()
}

fn quote(text: &str) -> String {
    // As the codecs write it, which escapes only what has to be.
    serde_json::to_string(text).unwrap()
}

fn datetime() -> impl Strategy<Value = String> {
    let second = -62_135_596_800_i64..253_402_300_800;
    let zone = prop_oneof![Just(None), Just(Some("Europe/Berlin")), Just(Some("+01:00:30"))];
    // Microseconds survive a double up to about the year 2250.
    (second, 0..1_000_000_i64, zone).prop_map(|(second, micro, zone)| {
        let micro = if second.abs() < 8_000_000_000 { micro } else { 0 };
        let civil = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0) + jiff::SignedDuration::from_secs(second);
        let fraction = if micro == 0 { String::new() } else { format!(".{micro:06}") };
        let zone = zone.map_or_else(String::new, |zone| format!(",\"zone\":\"{zone}\""));
        let year = format!("{:04}", civil.year());
        format!("{{\"$datetime\":\"{year}{}{fraction}Z\"{zone}}}", civil.strftime("-%m-%dT%H:%M:%S"))
    })
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i128>().prop_map(|value| value.to_string()),
        proptest::num::f64::NORMAL.prop_map(|value| format!("{value:e}")),
        quoted(),
        datetime(),
        (1..=9999_i16, 1..=12_i8, 1..=28_i8).prop_map(|(y, m, d)| format!("{{\"$date\":\"{y:04}-{m:02}-{d:02}\"}}")),
        // Eighths, which Python and Rust spell alike.
        (-8_000_000..8_000_000_i32).prop_map(|n| format!("{{\"$duration\":{:?}}}", f64::from(n) / 8.0)),
        any::<i64>().prop_map(|value| format!("{{\"$decimal\":\"{value}\"}}")),
        any::<u128>().prop_map(|bits| format!("{{\"$uuid\":\"{}\"}}", uuid::Uuid::from_u128(bits))),
        (1..86_400_i32).prop_map(|seconds| format!("{{\"$zone\":{seconds}}}")),
    ]
}

/// Neutral JSON in the spelling that the codecs write.
fn neutral() -> impl Strategy<Value = String> {
    scalar().prop_recursive(6, 60, 6, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..6).prop_map(|items| items.join(","));
        let pairs = prop::collection::btree_map("[a-z$_é\"]{0,4}", inner, 0..6);
        let hashable = prop::collection::vec(scalar(), 0..4).prop_map(|items| items.join(",")).boxed();
        prop_oneof![
            items.clone().prop_map(|items| format!("[{items}]")),
            items.prop_map(|items| format!("{{\"$tuple\":[{items}]}}")),
            hashable.clone().prop_map(|items| format!("{{\"$set\":[{items}]}}")),
            hashable.prop_map(|items| format!("{{\"$frozenset\":[{{\"$tuple\":[{items}]}}]}}")),
            pairs.prop_map(|pairs| {
                let odd = pairs.keys().any(|key| key.starts_with('$'));
                let entries: Vec<String> = pairs
                    .iter()
                    .map(
                        |(key, value)| {
                            if odd { format!("[{},{value}]", quote(key)) } else { format!("{}:{value}", quote(key)) }
                        },
                    )
                    .collect();
                let entries = entries.join(",");
                if odd { format!("{{\"$dict\":[{entries}]}}") } else { format!("{{{entries}}}") }
            }),
        ]
    })
}

/// Text that is nearly right: pieces of both forms in any order.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\",
        "\\u",
        "d800",
        "\\ud83d\\ude80",
        "NaN",
        "-Infinity",
        "-",
        "1e9",
        ".5",
        "\"__classname__\"",
        "\"__version__\"",
        "\"__data__\"",
        "\"__type\"",
        "\"__var\"",
        "\"dict\"",
        "\"$datetime\"",
        "\"$dict\"",
        "\"$set\"",
        "\"zone\"",
        "\"datetime.datetime\"",
        "\"builtins.tuple\"",
        "\"timestamp\"",
        "\"tz\"",
        "1",
        "null",
        " ",
        "é",
        "2026-01-01T00:00:00Z",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn goes_through_everything(text: &str) {
    let _ = kwargs_from_wire(text, &Fernet::default());
    if let Ok(neutral) = value_from_wire(text) {
        let strict = serde_json::from_str::<serde::de::IgnoredAny>(&neutral);
        assert!(strict.is_ok(), "decoding {text:?} gives {neutral:?}, which is not strict JSON");
        if let Ok(wire) = value_to_wire(&neutral) {
            let again = value_from_wire(&wire).and_then(|neutral| value_to_wire(&neutral));
            assert_eq!(again.as_deref(), Ok(wire.as_str()), "{text:?}");
        }
    }
    for target in [TriggerKind::Task, TriggerKind::Asset, TriggerKind::Callback] {
        let _ = payload_to_wire(text, target);
    }
}

proptest! {
    #[test]
    fn a_neutral_value_survives_airflows_encoding(neutral in neutral()) {
        let wire = value_to_wire(&neutral).unwrap();
        prop_assert_eq!(value_from_wire(&wire).unwrap(), neutral.as_str());
        let sent = payload_to_wire(&neutral, TriggerKind::Task).unwrap();
        prop_assert_eq!(sent.get(), wire);
    }

    #[test]
    fn plain_json_is_the_same_on_both_sides(items in prop::collection::vec(any::<String>(), 0..8), n in any::<i64>()) {
        let plain = serde_json::json!({"items": items, "n": [n, null, true]}).to_string();
        prop_assert_eq!(kwargs_from_wire(&plain, &Fernet::default()).unwrap(), plain.as_str());
        let sent = payload_to_wire(&plain, TriggerKind::Asset).unwrap();
        prop_assert_eq!(sent.get(), plain);
    }

    #[test]
    fn a_whole_base_dict_means_the_same_as_its_values(n in any::<i64>(), seconds in -1e9..1e9_f64) {
        let values = format!(r#"{{"n":{n},"t":{{"__var":[{{"__var":{seconds:?},"__type":"timedelta"}}],"__type":"tuple"}}}}"#);
        let whole = format!(r#"{{"__var":{values},"__type":"dict"}}"#);
        let keys = Fernet::default();
        prop_assert_eq!(kwargs_from_wire(&values, &keys).unwrap(), kwargs_from_wire(&whole, &keys).unwrap());
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>()) {
        goes_through_everything(&text);
    }

    #[test]
    fn nearly_right_text_is_no_trouble(text in nearly()) {
        goes_through_everything(&text);
    }
}
