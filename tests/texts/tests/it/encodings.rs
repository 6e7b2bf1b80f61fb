//! Why a value cannot be decoded or encoded, and which templates are not rendered.

use encodings::EncodingError;
use encodings::json::{Inside, JsonError, JsonFault};
use encodings::templates::{StartedTask, render_kwargs};
use serde_json::value::RawValue;
use texts::{check, every, examples};
use trigger_host_types::TaskInstance;

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
    check("encodings", &[encoding, faults, examples("encodings::json::JsonError", errors)]);
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
