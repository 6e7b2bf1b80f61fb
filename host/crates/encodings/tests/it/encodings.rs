//! What crosses between Airflow's encodings and the neutral form, and what is refused on the way.

use encodings::{
    EncodingError, Fernet, base_value_from_wire, event_to_wire, kwargs_from_wire, payload_to_wire, value_from_wire,
    value_to_wire,
};
use serde_json::{Value, json};
use trigger_host_types::TriggerKind::{Asset, Callback, Task};
use trigger_host_types::{Event, EventKind, IdempotencyKey, Xcom};

fn class(name: &str, version: u8, data: Value) -> Value {
    json!({"__classname__": name, "__version__": version, "__data__": data})
}

fn old(tag: &str, content: Value) -> Value {
    json!({"__var": content, "__type": tag})
}

fn tz(value: Value, class_name: &str) -> Value {
    class("builtins.tuple", 1, json!([value, class_name, 1, true]))
}

fn moment(class_name: &str, at: f64, zone: Value) -> Value {
    class(class_name, 2, json!({"timestamp": at, "tz": zone}))
}

fn decoded(wire: &Value) -> Value {
    serde_json::from_str(&value_from_wire(&wire.to_string()).unwrap()).unwrap()
}

fn sent(neutral: &Value) -> Result<Value, EncodingError> {
    payload_to_wire(&neutral.to_string(), Task).map(|wire| serde_json::from_str(wire.get()).unwrap())
}

fn kwargs(stored: &Value) -> Result<Value, EncodingError> {
    kwargs_from_wire(&stored.to_string(), &Fernet::default()).map(|text| serde_json::from_str(&text).unwrap())
}

#[test]
fn every_class_has_its_neutral_form_and_back() {
    for (wire, neutral) in [
        (class("builtins.tuple", 1, json!([1, [2]])), json!({"$tuple": [1, [2]]})),
        (class("builtins.set", 1, json!(["a"])), json!({"$set": ["a"]})),
        (class("builtins.frozenset", 1, json!([])), json!({"$frozenset": []})),
        (class("datetime.date", 2, json!("2026-02-28")), json!({"$date": "2026-02-28"})),
        (class("datetime.timedelta", 2, json!(-1.5)), json!({"$duration": -1.5})),
        (class("decimal.Decimal", 1, json!(100)), json!({"$decimal": "100"})),
        (class("decimal.Decimal", 1, json!(1.1)), json!({"$decimal": "1.1"})),
        (
            class("uuid.UUID", 1, json!("12345678-1234-5678-1234-567812345678")),
            json!({"$uuid": "12345678-1234-5678-1234-567812345678"}),
        ),
        (class("pendulum.tz.timezone.Timezone", 1, json!("Europe/Paris")), json!({"$zone": "Europe/Paris"})),
        (class("pendulum.tz.timezone.FixedTimezone", 1, json!(-18_000)), json!({"$zone": -18_000})),
        (json!({"$ref": 1, "a": [{}]}), json!({"$dict": [["$ref", 1], ["a", [{}]]]})),
        (json!({"": null, "é": "\u{1f680}\u{2028}\u{7f}"}), json!({"": null, "é": "\u{1f680}\u{2028}\u{7f}"})),
    ] {
        assert_eq!(decoded(&wire), neutral);
        assert_eq!(sent(&neutral).unwrap(), wire);
    }
}

#[test]
fn moments_keep_instant_and_zone() {
    let pendulum = |at, zone| moment("pendulum.datetime.DateTime", at, zone);
    let named = |name: &str| tz(json!(name), "pendulum.tz.timezone.Timezone");
    let fixed = |value: Value| tz(value, "pendulum.tz.timezone.FixedTimezone");
    for (wire, neutral) in [
        (pendulum(1_767_323_045.678_901, named("UTC")), json!({"$datetime": "2026-01-02T03:04:05.678901Z"})),
        (pendulum(-0.5, named("UTC")), json!({"$datetime": "1969-12-31T23:59:59.500000Z"})),
        (pendulum(-62_135_596_800.0, named("UTC")), json!({"$datetime": "0001-01-01T00:00:00Z"})),
        (pendulum(253_402_300_799.0, named("UTC")), json!({"$datetime": "9999-12-31T23:59:59Z"})),
        (
            pendulum(1_782_954_245.0, named("Europe/Warsaw")),
            json!({"$datetime": "2026-07-02T01:04:05Z", "zone": "Europe/Warsaw"}),
        ),
        (pendulum(1_782_957_845.0, fixed(json!(3_600))), json!({"$datetime": "2026-07-02T03:04:05+01:00"})),
        (pendulum(0.0, fixed(json!(-5_400))), json!({"$datetime": "1969-12-31T22:30:00-01:30"})),
        (pendulum(0.0, fixed(json!(3_601))), json!({"$datetime": "1970-01-01T00:00:00Z", "zone": "+01:00:01"})),
    ] {
        assert_eq!(decoded(&wire), neutral);
        assert_eq!(sent(&neutral).unwrap(), wire);
    }
    let utc = json!({"$datetime": "1970-01-01T00:00:00Z"});
    for zone in [
        fixed(json!("UTC")),
        fixed(json!(0)),
        tz(json!("UTC"), "zoneinfo.ZoneInfo"),
        json!(["UTC", "zoneinfo.ZoneInfo", 1, true]),
        json!(["UTC", "a class that nobody looks at", 1]),
    ] {
        assert_eq!(decoded(&moment("datetime.datetime", 0.0, zone)), utc);
    }
    let first = |zone: &str| class("datetime.datetime", 1, json!({"timestamp": 0.0, "tz": zone}));
    assert_eq!(decoded(&first("UTC")), utc);
    assert_eq!(decoded(&first("EDT")), json!({"$datetime": "1969-12-31T20:00:00-04:00"}));
    assert_eq!(decoded(&class("datetime.datetime", 2, json!(0))), utc, "as BaseSerialization stored it");
    assert_eq!(decoded(&pendulum(0.0, Value::Null)), utc, "pendulum reads a naive one as UTC");
    let naive = decoded(&moment("datetime.datetime", 0.0, Value::Null));
    assert_eq!(naive, json!({"$datetime": "1970-01-01T00:00:00-00:00"}));
    assert_eq!(sent(&naive).unwrap(), sent(&utc).unwrap(), "a guest never sends a naive one");
    assert!(value_to_wire(&naive.to_string()).unwrap().contains("\"tz\":null"));
    // Digits that Python cannot hold are cut off.
    assert_eq!(sent(&json!({"$datetime": "1970-01-01t00:00:00.1234569z"})).unwrap(), pendulum(0.123_456, named("UTC")));
}

#[test]
fn kwargs_come_in_both_encodings() {
    let values = json!({
        "wait": old("timedelta", json!(10.0)),
        "since": old("datetime", json!(0.0)),
        "pair": old("tuple", json!([1, old("set", json!(["a"]))])),
        "opts": old("dict", json!({"k": old("dict", json!({"__var": 1, "__type": "x"}))})),
        "mixed": class("builtins.tuple", 1, json!([old("timedelta", json!(1.0))])),
    });
    let neutral = json!({
        "wait": {"$duration": 10.0},
        "since": {"$datetime": "1970-01-01T00:00:00Z"},
        "pair": {"$tuple": [1, {"$set": ["a"]}]},
        "opts": {"k": {"__var": 1, "__type": "x"}},
        "mixed": {"$tuple": [{"$duration": 1.0}]},
    });
    assert_eq!(kwargs(&values).unwrap(), neutral);
    assert_eq!(kwargs(&old("dict", values)).unwrap(), neutral);

    // serde does not know these tags; BaseSerialization does, when the whole is its own.
    let zone = json!({"tz": old("timezone", json!("Europe/Paris"))});
    assert!(kwargs(&zone).is_err());
    assert_eq!(kwargs(&old("dict", zone)).unwrap(), json!({"tz": {"$zone": "Europe/Paris"}}));
    assert_eq!(
        kwargs(&old("dict", json!({"d": old("relativedelta", json!({"days": 1}))}))).unwrap(),
        json!({"d": {"$opaque": {"classname": "relativedelta", "version": null, "data": {"days": 1}}}})
    );
}

#[test]
fn an_unknown_class_is_kept_for_the_guest_but_never_sent_by_it() {
    let wire = json!({"x": class("acme.Thing", 3, json!({"at": class("datetime.date", 2, json!("2026-01-01"))}))});
    let neutral = kwargs(&wire).unwrap();
    let opaque = json!({"classname": "acme.Thing", "version": 3, "data": {"at": {"$date": "2026-01-01"}}});
    assert_eq!(neutral, json!({"x": {"$opaque": opaque}}));
    assert!(matches!(sent(&neutral), Err(EncodingError::Refused { at, .. }) if at == "/x"));
    let ours = class("airflow.sdk.Thing", 1, json!([1]));
    let back = value_to_wire(&decoded(&ours).to_string()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&back).unwrap(), ours);
}

#[test]
fn what_airflow_could_not_decode_either_is_refused() {
    for wire in [
        moment("datetime.datetime", 0.0, class("builtins.tuple", 1, json!(["", "", 0, false]))),
        moment("datetime.datetime", 0.0, tz(json!("../etc"), "zoneinfo.ZoneInfo")),
        moment("datetime.datetime", 0.0, json!("UTC")),
        moment("datetime.datetime", 0.0, json!(["UTC", "zoneinfo.ZoneInfo", 2, true])),
        moment("datetime.datetime", 1e15, Value::Null),
        class("builtins.tuple", 2, json!([])),
        class("datetime.date", 2, json!("2026-02-30")),
        class("datetime.timedelta", 2, json!("soon")),
        class("datetime.timedelta", 2, json!(1)),
        old("timedelta", json!(1)),
        class("decimal.Decimal", 1, json!("x")),
        class("builtins.tuple", 1, json!({"a": 1})),
        class("builtins.set", 1, json!([[1]])),
        class("builtins.set", 1, json!([class("builtins.tuple", 1, json!([{}]))])),
        class("uuid.UUID", 1, json!("x")),
        json!({"__classname__": "builtins.tuple", "__version__": 1}),
        json!({"__classname__": 1, "__version__": 1, "__data__": 1}),
        json!({"__classname__": "x", "__version__": "1", "__data__": 1}),
        old("dict", json!([1])),
        old("nobody", json!(1)),
    ] {
        let error = value_from_wire(&wire.to_string()).unwrap_err();
        assert!(matches!(error, EncodingError::Wire { .. }), "{wire}: {error}");
    }
    for stored in ["[]", "{", "{}x", "{\"a\":01}", "{\"a\":\"\t\"}"] {
        assert!(kwargs_from_wire(stored, &Fernet::default()).is_err(), "{stored}");
    }
    assert!(kwargs(&class("builtins.tuple", 1, json!([]))).is_err(), "kwargs are a dict");
    assert!(kwargs(&class("evil.Thing", 1, json!([]))).is_err(), "kwargs are a dict");
}

#[test]
fn a_guest_cannot_make_a_worker_build_anything() {
    let nested = |inner: Value| json!({"a": [{"$tuple": [{"$dict": [["b", inner]]}]}]});
    for inner in [
        json!({"__classname__": "os.system"}),
        json!({"__id__": 1}),
        json!({"__type": "dict", "__var": {}}),
        json!({"$dict": [["__classname__", "x"], ["__version__", 1]]}),
        json!({"$dict": [["__type", "x"], ["__var", 1]]}),
        json!({"$opaque": {"classname": "airflow.x", "version": 1, "data": 1}}),
        json!({"$class": 1}),
        json!({"$tuple": [], "x": 1}),
        json!({"$datetime": "2026-01-01T00:00:00Z", "zone": "x\",1,true]}"}),
        json!({"$zone": "a\",\"b"}),
        json!({"$date": "2026-01-0\""}),
    ] {
        let error = sent(&nested(inner.clone())).unwrap_err();
        assert!(matches!(error, EncodingError::Refused { .. }), "{inner}: {error}");
    }
    // Escapes in the guest's text hide nothing.
    assert!(payload_to_wire(r#"{"\u005f_classname__": 1}"#, Task).is_err());
    // Without its partner such a key is harmless.
    assert!(sent(&json!({"__type": 1, "__version__": 2, "__data__": 3})).is_ok());
    assert!(sent(&json!({"__var": 1})).is_ok());
}

#[test]
fn a_guest_sends_only_what_python_can_hold() {
    let digits = "9".repeat(4_301);
    for text in [
        "NaN",
        "1e400",
        "[-1e999]",
        r#"{"$float":"NaN"}"#,
        r#""\ud800""#,
        r#"{"\udc00":1}"#,
        r#"{"$utf16":[55296]}"#,
        r#"{"$dict":[[{"$utf16":[55296]},1]]}"#,
        r#"{"$dict":[[{"$utf16":[95,95,105,100,95,95]},1]]}"#,
        r#"{"$set":[[1]]}"#,
        r#"{"$set":[{"$tuple":[{"$set":[]}]}]}"#,
        r#"{"$frozenset":[{}]}"#,
        r#"{"$datetime":"2026-01-01T00:00:00"}"#,
        r#"{"$datetime":"2026-01-01"}"#,
        r#"{"$datetime":"2026-01-01T24:00:00Z"}"#,
        r#"{"$datetime":"0000-01-01T00:00:00Z"}"#,
        r#"{"$datetime":"0001-01-01T00:00:00+01:00"}"#,
        r#"{"$datetime":"9999-12-31T23:59:59-01:00"}"#,
        r#"{"$datetime":"2026-01-01T00:00:00Z","zone":3600}"#,
        r#"{"$date":"2026-02-29"}"#,
        r#"{"$duration":1e15}"#,
        r#"{"$duration":"1"}"#,
        r#"{"$decimal":1}"#,
        r#"{"$decimal":"1e5000"}"#,
        r#"{"$uuid":"1"}"#,
        r#"{"$zone":86400}"#,
        r#"{"$zone":""}"#,
        r#"{"$zone":"Mars/Phobos"}"#,
        r#"{"$zone":"europe/paris"}"#,
        r#"{"$datetime":"2026-01-01T00:00:00Z","zone":"Mars/Phobos"}"#,
        &digits,
        "1 2",
        "",
    ] {
        assert!(payload_to_wire(text, Task).is_err(), "{text}");
    }
    assert!(payload_to_wire(&"9".repeat(4_300), Task).is_ok());
    assert!(sent(&json!({"$set": [1, {"$tuple": [1, {"$frozenset": ["a"]}]}, {"$uuid": uuid::Uuid::nil()}]})).is_ok());
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(payload_to_wire(&nested(64), Task).is_ok());
    let error = payload_to_wire(&nested(65), Task).unwrap_err();
    assert!(error.to_string().contains("nested too deeply"), "{error}");

    let deepest = format!("{{\"a\":{}}}", nested(9_999));
    assert_eq!(kwargs_from_wire(&deepest, &Fernet::default()).unwrap(), deepest);
    assert_eq!(value_to_wire(&deepest).unwrap(), deepest);
    assert!(kwargs_from_wire(&format!("{{\"a\":{}}}", nested(10_000)), &Fernet::default()).is_err());
    let tuples = format!(
        "{}{}",
        r#"{"__classname__":"builtins.tuple","__version__":1,"__data__":["#.repeat(5_000),
        "]}".repeat(5_000)
    );
    assert_eq!(value_to_wire(&value_from_wire(&tuples).unwrap()).unwrap(), tuples);

    let long = format!("\"{}\"", "x".repeat(5 * 1024 * 1024));
    assert!(payload_to_wire(&long, Task).is_err());
    let grows = format!("[{}0]", r#"{"$set":[]},"#.repeat(100_000));
    assert!(matches!(payload_to_wire(&grows, Task), Err(EncodingError::Refused { .. })), "tags grow on the way");
}

#[test]
fn python_reads_and_writes_what_json_does_not_have() {
    let wire = r#"{"a":[NaN,-Infinity,1e400,1.0],"\ud800":"\ud83d\ude80\udc00","n":123456789012345678901234567890}"#;
    let neutral = value_from_wire(wire).unwrap();
    let back = value_to_wire(&neutral).unwrap();
    assert_eq!(back, wire.replace("1e400", "Infinity"));
    let hidden = r#"{"$dict":[[{"$utf16":[95,95,105,100,95,95]},1]]}"#;
    assert!(value_to_wire(hidden).is_err(), "no second spelling of `__id__`");
    assert!(serde_json::from_str::<Value>(&neutral).is_ok(), "strict JSON, whatever Python wrote: {neutral}");
    assert!(neutral.contains("123456789012345678901234567890") && neutral.contains("{\"$utf16\":[55296]}"));
    assert_eq!(value_from_wire(r#"{"a":1,"b":2,"a":3}"#).unwrap(), r#"{"a":3,"b":2}"#);
}

#[test]
fn each_receiver_takes_its_own() {
    let plain = r#"{"state":"success","body":[1,{"$dict":[["$k",null]]}]}"#;
    let date = r#"{"state":"success","body":{"$date":"2026-01-01"}}"#;
    for target in [Task, Asset, Callback] {
        assert!(payload_to_wire(plain, target).is_ok(), "{target:?}");
        assert_eq!(payload_to_wire(date, target).is_ok(), target == Task, "{target:?}");
    }
    for odd in ["null", "[]", "{}", r#"{"state":"weird"}"#, r#"{"state":"failed","message":"x"}"#, r#"{"state":1}"#] {
        assert!(payload_to_wire(odd, Asset).is_ok(), "{odd}");
        assert!(payload_to_wire(odd, Callback).is_err(), "{odd}");
    }
    let error = payload_to_wire(r#"{"at":[{"$tuple":[]}]}"#, Asset).unwrap_err();
    assert_eq!(
        error.to_string(),
        "cannot be sent to Airflow: `$tuple` is not allowed: an asset watcher's event can hold only plain JSON, at /at/0"
    );
}

#[test]
fn an_event_that_ends_a_task_needs_one() {
    let xcom = Xcom { key: "return_value".into(), value: r#"{"$tuple":[1]}"#.into() };
    let event = Event { payload: "\"success\"".into(), kind: EventKind::TaskSuccess(vec![xcom]) };
    let wire = event_to_wire(&event, Task, IdempotencyKey::from("k")).unwrap();
    assert_eq!((wire.kind.as_str(), wire.payload.get()), ("task-success", "\"success\""));
    for target in [Asset, Callback] {
        assert!(event_to_wire(&event, target, IdempotencyKey::from("k")).is_err());
    }
    let odd = Xcom { key: "k".into(), value: "NaN".into() };
    let event = Event { payload: "null".into(), kind: EventKind::TaskFailed(vec![odd]) };
    assert!(event_to_wire(&event, Task, IdempotencyKey::from("k")).is_err());
}

#[test]
fn no_error_holds_what_it_could_not_read() {
    let keys = Fernet::parse("JTA7RlFcZ3J9iJOeqbS_ytXg6_YBDBciLThDTllkb3o=").unwrap();
    let error = kwargs_from_wire("gAAAAABsecret", &keys).unwrap_err();
    assert_eq!(error, EncodingError::Token);
    let error =
        kwargs_from_wire(r#"{"password": "s3cret", "x": {"__type": "?", "__var": "s3cret"}}"#, &keys).unwrap_err();
    assert!(error.to_string().contains("at /x") && !error.to_string().contains("s3cret"), "{error}");
    assert!(base_value_from_wire("s3cret").is_err_and(|error| !error.to_string().contains("s3cret")));
}
