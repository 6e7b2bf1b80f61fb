//! What is rendered, exactly as Jinja renders it, and what is refused with its expression.

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use trigger_host_types::TaskInstance;

use super::*;

struct Task {
    dag: Box<RawValue>,
    run: Box<RawValue>,
    ti: TaskInstance,
}

fn task() -> Task {
    let dag = json!({"__version": 3, "dag": {
        "params": [["dagwide", {"__class": "airflow.sdk.definitions.param.Param", "default": 1.50, "schema": {}}],
                   ["given", {"default": "dag"}]],
        "tasks": [
            {"__type": "operator", "__var": {"task_id": "other", "template_fields": ["note"]}},
            {"__type": "operator", "__var": {"task_id": "t", "template_fields": ["path", "many"],
                "params": [["own", {"default": "task"}], ["given", {"default": "task"}]]}},
        ],
    }});
    let run = json!({
        "dag_id": "d", "run_id": "r 1", "logical_date": "2026-03-04T05:06:07Z",
        "data_interval_start": "2026-11-20T12:02:24.770539Z", "data_interval_end": null, "run_after": "2026-11-20T13:00:00+01:00",
        "run_type": "manual", "state": "running",
        "conf": {"k": "v", "n": 7, "yes": true, "none": null, "deep": {"a b": {"items": "x"}}, "list": [1], "given": "conf",
                 "big": 1e20, "half": 0.5, "template": "{{ ds }}"},
    });
    let ti =
        TaskInstance { dag_id: "d".into(), run_id: "r 1".into(), task_id: "t".into(), map_index: 3, try_number: 2 };
    Task { dag: to_raw_value(&dag).unwrap(), run: to_raw_value(&run).unwrap(), ti }
}

/// The same task, with these fields.
fn task_with(fields: &[&str]) -> Task {
    let task = task();
    let dag = task.dag.get().replace(r#"["path","many"]"#, &json!(fields).to_string());
    Task { dag: RawValue::from_string(dag).unwrap(), ..task }
}

#[test]
fn one_field_may_hold_all_kwargs() {
    let render = |task: Task| {
        let started = StartedTask { dag_data: &task.dag, dag_run_data: Some(&task.run), ti: &task.ti };
        render_kwargs(r#"{"steps": [{"say": "{{ run_id }}"}]}"#, &started)
    };
    assert_eq!(render(task_with(&["classpath", "trigger_kwargs"])).unwrap(), r#"{"steps": [{"say": "r 1"}]}"#);
    assert!(render(task_with(&["classpath"])).unwrap_err().to_string().contains("not a template field"));
}

fn render(kwargs: &str) -> Result<String, TemplateError> {
    let Task { dag, run, ti } = task();
    render_kwargs(kwargs, &StartedTask { dag_data: &dag, dag_run_data: Some(&run), ti: &ti })
}

fn text(template: &str) -> Result<String, TemplateError> {
    let kwargs = json!({ "path": template }).to_string();
    let rendered: serde_json::Value = serde_json::from_str(&render(&kwargs)?).unwrap();
    Ok(rendered["path"].as_str().unwrap().to_owned())
}

#[test]
fn plain_substitutions_come_out_as_in_python() {
    for (template, rendered) in [
        ("/data/{{ ds }}/x.csv", "/data/2026-03-04/x.csv"),
        ("{{ds_nodash}}", "20260304"),
        ("{{ ts }}|{{ ts_nodash }}", "2026-03-04T05:06:07+00:00|20260304T050607"),
        ("{{ logical_date }}", "2026-03-04 05:06:07+00:00"),
        ("{{ data_interval_start }}", "2026-11-20 12:02:24.770539+00:00"),
        ("{{ dag_run.run_after }}", "2026-11-20 12:00:00+00:00"),
        ("{{ run_id }} {{ dag_run.run_id }} {{ dag_run.dag_id }}", "r 1 r 1 d"),
        ("{{ ti.dag_id }}.{{ ti.task_id }}.{{ task_instance.try_number }}.{{ ti.map_index }}", "d.t.2.3"),
        ("{{ dag_run.conf.k }}{{ dag_run.conf['n'] }}", "v7"),
        ("{{ dag_run.conf.yes }} {{ dag_run.conf.none }} {{ dag_run.conf.half }}", "True None 0.5"),
        (r#"{{ dag_run.conf.deep["a b"]['items'] }}"#, "x"),
        ("{{ params.own }} {{ params.dagwide }} {{ params['given'] }}", "task 1.5 conf"),
        ("a line\n", "a line\n"),
        ("{{ ds }}\n\n", "2026-03-04\n"),
        ("{ ds } }} {{ ds }}", "{ ds } }} 2026-03-04"),
        ("{{ dag_run.conf.template }}", "{{ ds }}"),
    ] {
        assert_eq!(text(template).as_deref(), Ok(rendered), "{template}");
    }
}

#[test]
fn anything_else_is_refused_with_its_expression() {
    for (template, quoted) in [
        ("x {{ macros.ds_add(ds, 5) }} y", "{{ macros.ds_add(ds, 5) }}"),
        ("{{ ds | upper }}", "{{ ds | upper }}"),
        ("{{ ds + 1 }}", "{{ ds + 1 }}"),
        ("{{- ds }}", "{{- ds }}"),
        ("{{ ds -}}", "{{ ds -}}"),
        ("{{ 'ds' }}", "{{ 'ds' }}"),
        ("{{ }}", "{{ }}"),
        ("{{ ds", "{{ ds"),
        ("{% if ds %}x{% endif %}", "{% if ds %}x{% endif %}"),
        ("{# no #}", "{# no #}"),
        ("{{ var.value.x }}", "{{ var.value.x }}"),
        ("{{ conn.x }}", "{{ conn.x }}"),
        ("{{ ds }}{{ yesterday_ds }}", "{{ yesterday_ds }}"),
        ("{{ logical_date.year }}", "{{ logical_date.year }}"),
        ("{{ data_interval_end }}", "{{ data_interval_end }}"),
        ("{{ dag_run.state }}", "{{ dag_run.state }}"),
        ("{{ dag_run.conf }}", "{{ dag_run.conf }}"),
        ("{{ dag_run.conf.list }}", "{{ dag_run.conf.list }}"),
        ("{{ dag_run.conf.missing }}", "{{ dag_run.conf.missing }}"),
        ("{{ dag_run.conf.keys }}", "{{ dag_run.conf.keys }}"),
        ("{{ dag_run.conf.big }}", "{{ dag_run.conf.big }}"),
        ("{{ dag_run.conf['k\\'] }}", "{{ dag_run.conf['k\\'] }}"),
        ("{{ params }}", "{{ params }}"),
        ("{{ params._x }}", "{{ params._x }}"),
        ("{{ ti.xcom_pull }}", "{{ ti.xcom_pull }}"),
    ] {
        let error = text(template).unwrap_err();
        assert_eq!(error.expression, quoted, "{template}");
        assert!(error.to_string().contains(quoted) && !error.why.is_empty(), "{error}");
    }
}

#[test]
fn only_template_fields_are_rendered_and_nothing_else_changes() {
    let kwargs = r#"{"path":["{{ ds }}",{"k":"{{ run_id }}","n":123456789012345678901234567890}],"n":1.50,"t":{"$tuple":["x"]}}"#;
    let rendered =
        r#"{"path":["2026-03-04",{"k":"r 1","n":123456789012345678901234567890}],"n":1.50,"t":{"$tuple":["x"]}}"#;
    assert_eq!(render(kwargs).unwrap(), rendered);
    let untouched = r#"{"path": "{ {x} }", "note": "\" {"}"#;
    assert_eq!(render(untouched).unwrap(), untouched);
    for (kwargs, why) in [
        (r#"{"note": "{{ ds }}"}"#, "`note` is not a template field"),
        (r#"{"path": {"{{ ds }}": 1}}"#, "it is a key"),
        (r#"{"path": {"$tuple": [["{{ ds }}"]]}}"#, "inside a tagged value"),
        (r#"{"path": "a\r\n{{ ds }}"}"#, "carriage returns"),
    ] {
        assert!(render(kwargs).unwrap_err().to_string().contains(why), "{kwargs}");
    }
}

#[test]
fn a_workload_that_does_not_tell_renders_nothing() {
    let Task { dag, run, mut ti } = task();
    let kwargs = r#"{"path": "{{ ds }}"}"#;
    let native = to_raw_value(&json!({"dag": {"tasks": [], "render_template_as_native_obj": true}})).unwrap();
    let empty = to_raw_value(&json!({})).unwrap();
    for (dag_data, dag_run_data, why) in [
        (&native, Some(&*run), "native objects"),
        (&empty, Some(&*run), "Dag cannot be read"),
        (&dag, None, "no Dag run"),
        (&dag, Some(&*empty), "no logical date"),
    ] {
        let error = render_kwargs(kwargs, &StartedTask { dag_data, dag_run_data, ti: &ti }).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    ti.task_id = "unknown".into();
    let task = StartedTask { dag_data: &dag, dag_run_data: Some(&run), ti: &ti };
    assert!(render_kwargs(kwargs, &task).unwrap_err().to_string().contains("does not have the task"));
}
