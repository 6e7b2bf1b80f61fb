//! Why what Airflow stored cannot be used, why a guest's value cannot be sent to it, and which templates are not
//! rendered.

use encodings::json::{Inside, JsonError, JsonFault};
use encodings::templates::{StartedTask, render_kwargs};
use encodings::{EncodingError, Fernet, kwargs_from_wire, payload_to_wire, value_from_wire};
use serde_json::value::RawValue;
use texts::{Section, check, every, examples};
use trigger_host_types::{TaskInstance, TriggerKind};

/// Texts that are not JSON.
const NOT_JSON: [&str; 15] = [
    "",
    "nul",
    "{1: 2}",
    r#"{"a" 1}"#,
    r#"{"a": 1 "b": 2}"#,
    "[1 2]",
    "[1]]",
    "01",
    "[1.]",
    r#"{"a": 1e}"#,
    "NaN",
    "\"a\nb\"",
    r#""abc"#,
    r#""\q""#,
    r#""\u12g4""#,
];

/// Values of guests that have no form in Airflow.
const REFUSED: [&str; 24] = [
    "{",
    r#"{"$datetime": "tomorrow"}"#,
    r#"{"$datetime": "2026-01-31T12:00:00Z", "zone": "Mars"}"#,
    r#"{"$date": 7}"#,
    r#"{"$duration": "1h"}"#,
    r#"{"$decimal": "many"}"#,
    r#"{"$uuid": "x"}"#,
    r#"{"$zone": "Mars"}"#,
    r#"{"$float": "NaN"}"#,
    r#"{"$float": "huge"}"#,
    "1e999",
    r#"{"$utf16": "x"}"#,
    r#"{"$utf16": [55296]}"#,
    r#"{"$tuple": 1}"#,
    r#"{"$set": [[1]]}"#,
    r#"{"$set": [{"a": 1}]}"#,
    r#"{"$set": [{"$set": []}]}"#,
    r#"{"$dict": [1]}"#,
    r#"{"$opaque": {}}"#,
    r#"{"$unknown": 1}"#,
    r#"{"a": {"$datetime": "2026-01-31T12:00:00Z", "b": 1}}"#,
    r#"{"\ud800": 1}"#,
    r#"{"__type": "x", "__var": 1}"#,
    r#"{"__classname__": "x"}"#,
];

/// Values as Airflow would store them, each with one mistake.
const STORED: [&str; 12] = [
    r#"{"__type": 7, "__var": 1}"#,
    r#"{"__type": "unheard-of", "__var": 1}"#,
    r#"{"__type": "dict", "__var": 1}"#,
    r#"{"__classname__": 7, "__version__": 1}"#,
    r#"{"__classname__": "datetime.date", "__version__": "x"}"#,
    r#"{"__classname__": "datetime.date", "__version__": 99, "__data__": "2026-01-31"}"#,
    r#"{"__classname__": "datetime.date", "__version__": 1}"#,
    r#"{"__classname__": "datetime.date", "__version__": 1, "__data__": "tomorrow"}"#,
    r#"{"__classname__": "datetime.timedelta", "__version__": 2, "__data__": "tomorrow"}"#,
    r#"{"__classname__": "builtins.tuple", "__version__": 1, "__data__": 7}"#,
    r#"{"__classname__": "builtins.set", "__version__": 1, "__data__": [[1]]}"#,
    r#"{"__classname__": "decimal.Decimal", "__version__": 1, "__data__": "many"}"#,
];

/// Kwargs of workloads.
const KWARGS: [&str; 4] =
    ["", "gAAAAA", "{", r#"{"__classname__": "builtins.tuple", "__version__": 1, "__data__": [1]}"#];

/// Templates, in a task whose template fields are `path` and `many`.
const TEMPLATES: [&str; 20] = [
    r#"{"path": "{{ macros.ds_add(ds, 1) }}"}"#,
    r#"{"path": "{{ ds | upper }}"}"#,
    r#"{"path": "{% if true %}a{% endif %}"}"#,
    r#"{"path": "{{ ds"}"#,
    r#"{"path": "{{ colour }}"}"#,
    r#"{"path": "{{ ti.duration }}"}"#,
    r#"{"path": "{{ dag_run.state }}"}"#,
    r#"{"path": "{{ dag_run.start_date }}"}"#,
    r#"{"path": "{{ params.missing }}"}"#,
    r#"{"path": "{{ params.list }}"}"#,
    r#"{"path": "{{ params.text.a }}"}"#,
    r#"{"path": "{{ params.items }}"}"#,
    r#"{"path": "{{ params.large }}"}"#,
    r#"{"path": "{{ params.half }}"}"#,
    r#"{"path": "{{ dag_run.conf }}"}"#,
    r#"{"path": "a\r{{ ds }}"}"#,
    r#"{"other": "{{ ds }}"}"#,
    r#"{"path": {"{{ ds }}": 1}}"#,
    r#"{"path": {"$tuple": ["{{ ds }}"]}}"#,
    r#"{"path": "{{ data_interval_end }}"}"#,
];

const DAG: &str =
    r#"{"dag": {"tasks": [{"__var": {"task_id": "t", "template_fields": ["path", "many"]}}], "params": []}}"#;
const RUN: &str = r#"{"logical_date": "2026-03-04T05:06:07Z",
    "conf": {"list": [1], "text": "x", "large": 1e20, "half": "\ud800"}}"#;

fn raw(text: &str) -> Box<RawValue> {
    RawValue::from_string(text.to_owned()).unwrap()
}

/// Why a task's kwargs are not rendered.
fn template(kwargs: &str, dag: &str, run: Option<&str>) -> encodings::templates::TemplateError {
    let ti = TaskInstance { dag_id: "d".into(), run_id: "r".into(), task_id: "t".into(), map_index: -1, try_number: 1 };
    let (dag, run) = (raw(dag), run.map(raw));
    render_kwargs(kwargs, &StartedTask { dag_data: &dag, dag_run_data: run.as_deref(), ti: &ti }).unwrap_err()
}

/// Of all inputs, those that cannot be used, each with the reason.
fn reasons<'i, T>(
    inputs: impl IntoIterator<Item = &'i str>,
    outcome: impl Fn(&str) -> Result<T, EncodingError>,
) -> Vec<(String, String)> {
    let (refused, accepted): (Vec<_>, Vec<_>) =
        inputs.into_iter().map(|input| (input, outcome(input))).partition(|(_, outcome)| outcome.is_err());
    let accepted: Vec<_> = accepted.into_iter().map(|(input, _)| input).collect();
    assert!(accepted.is_empty(), "these can be used: {accepted:?}");
    refused.into_iter().filter_map(|(input, outcome)| Some((input.to_owned(), outcome.err()?.to_string()))).collect()
}

#[test]
fn values() {
    let json = JsonError { at: 12, fault: JsonFault::Colon };
    let place = || ("/kwargs/a".to_owned(), "a set that holds a list".to_owned());
    let encoding = every!(encodings::EncodingError {
        EncodingError::Key { .. } => EncodingError::Key { position: 1, of: 2 },
        EncodingError::NoKey => EncodingError::NoKey,
        EncodingError::Token => EncodingError::Token,
        EncodingError::Json(_) => EncodingError::Json(json),
        EncodingError::Wire { .. } => EncodingError::Wire { at: place().0, what: place().1 },
        EncodingError::NeutralJson(_) => EncodingError::NeutralJson(json),
        EncodingError::Refused { .. } => EncodingError::Refused { at: place().0, what: place().1 },
    });
    let faults = every!(encodings::json::JsonFault {
        JsonFault::TooLong => JsonFault::TooLong,
        JsonFault::TooDeep => JsonFault::TooDeep,
        JsonFault::NotUtf8 => JsonFault::NotUtf8,
        JsonFault::Value => JsonFault::Value,
        JsonFault::BareWord => JsonFault::BareWord,
        JsonFault::Key => JsonFault::Key,
        JsonFault::Colon => JsonFault::Colon,
        JsonFault::Delimiter(_) => JsonFault::Delimiter(Inside::List),
        JsonFault::Number(_) => JsonFault::Number(Inside::List),
        JsonFault::Control => JsonFault::Control,
        JsonFault::Unterminated => JsonFault::Unterminated,
        JsonFault::Escape => JsonFault::Escape,
        JsonFault::HexDigits => JsonFault::HexDigits,
    });
    let errors = [("too long", JsonError { at: 1 << 20, fault: JsonFault::TooLong }), ("a colon is missing", json)];
    let keys = Fernet::parse("").unwrap();
    check(
        "encodings",
        &[
            encoding,
            faults,
            examples("encodings::json::JsonError", errors),
            Section::new(
                "payloads that are not JSON",
                reasons(NOT_JSON, |text| payload_to_wire(text, TriggerKind::Task)),
            ),
            Section::new(
                "payloads that cannot be sent to Airflow",
                reasons(REFUSED, |text| payload_to_wire(text, TriggerKind::Task)),
            ),
            Section::new(
                "payloads of a callback",
                reasons([r#"{"state": "done"}"#, r#"{"$date": "2026-01-31"}"#], |text| {
                    payload_to_wire(text, TriggerKind::Callback)
                }),
            ),
            Section::new("values of Airflow that cannot be decoded", reasons(STORED, value_from_wire)),
            Section::new("kwargs that cannot be decoded", reasons(KWARGS, |text| kwargs_from_wire(text, &keys))),
        ],
    );
}

#[test]
fn templates() {
    let rendered = TEMPLATES.map(|kwargs| (kwargs, template(kwargs, DAG, Some(RUN))));
    let kwargs = r#"{"path": "{{ ds }}"}"#;
    let tasks = [
        ("a Dag that cannot be read", template(kwargs, "7", Some(RUN))),
        ("a Dag without the task", template(kwargs, r#"{"dag": {"tasks": []}}"#, Some(RUN))),
        (
            "a Dag that renders native objects",
            template(kwargs, r#"{"dag": {"tasks": [], "render_template_as_native_obj": true}}"#, Some(RUN)),
        ),
        ("no Dag run", template(kwargs, DAG, None)),
        ("a Dag run that cannot be read", template(kwargs, DAG, Some("7"))),
        ("a Dag run without a logical date", template(kwargs, DAG, Some("{}"))),
    ];
    check(
        "templates",
        &[
            examples("encodings::templates::TemplateError", rendered),
            examples("tasks whose templates cannot be rendered", tasks),
        ],
    );
}
