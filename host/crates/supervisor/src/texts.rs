//! What Airflow shows of triggers that cannot run or whose events cannot be sent, on the page `failures` of
//! `tests/texts`.

use execution_api::Extensions;
use logs::Masker;
use sandbox::{EndReason, Ended, GuestError, Next, Outcome};
use scheduler::{FailureMessage, Place, Source};
use serde_json::{Value, json};
use texts::{Section, check};
use trigger_host_types::{Event, EventKind, TriggerId, TriggerKind, Used};
use uuid::Uuid;

use crate::catalog::Catalog;
use crate::encoding::Encoding;
use crate::workload::decode;

/// Why a workload cannot run.
fn refusal(workload: &Value) -> String {
    let workload = serde_json::from_str(&workload.to_string()).unwrap();
    let keys = encodings::Fernet::parse("").unwrap();
    let (claim, _) = decode(workload, &keys).look_up(&Catalog::default());
    let refusal = claim.kwargs.unwrap_err();
    format!("{}: {}", refusal.reason, refusal.message)
}

fn callback(kwargs: &Value) -> String {
    let classpath = "airflow.triggers.callback.CallbackTrigger";
    refusal(&json!({"id": 1, "classpath": classpath, "encrypted_kwargs": kwargs.to_string()}))
}

fn task(kwargs: &str) -> String {
    let ti = json!({"id": Uuid::nil(), "dag_id": "d", "task_id": "t", "run_id": "r", "try_number": 1});
    let dag = json!({"dag": {"tasks": [{"__var": {"task_id": "t", "template_fields": ["path"]}}]}});
    let run = json!({"logical_date": "2026-03-04T05:06:07Z"});
    refusal(&json!({
        "id": 1, "classpath": "a.B", "encrypted_kwargs": kwargs, "ti": ti, "dag_data": dag, "dag_run_data": run,
    }))
}

/// How a call of a trigger of this kind fails, as the API is given it.
fn failure(kind: TriggerKind, result: Result<Event, EndReason>) -> String {
    let source = Source { trigger: TriggerId(7), identity: "t".into(), life: None, place: Place::Position(0) };
    let masker = Masker::new();
    let encoding = Encoding { kind, extensions: Extensions::default(), source, masker, now: 0 };
    let result = result.map(|event| Outcome { events: vec![event], checkpoint: None, next: Next::Finished });
    let FailureMessage { reason, message, lines } =
        encoding.encode_answer(Ended { result, used: Used::default() }).unwrap_err();
    let lines: String = lines.into_iter().flatten().map(|line| format!("\nlog: {line}")).collect();
    format!("{reason}: {message}{lines}")
}

fn event(kind: EventKind, payload: &str) -> Event {
    Event { payload: payload.into(), kind }
}

#[test]
fn texts_of_failures() {
    let workloads = [
        ("kwargs that are encrypted", task("gAAAAA")),
        ("kwargs that are not JSON", task("{")),
        ("a template", task(r#"{"path": "{{ macros.x }}"}"#)),
        ("a callback without a path", callback(&json!({}))),
        ("a callback with a list of kwargs", callback(&json!({"callback_path": "a.f", "callback_kwargs": [1]}))),
    ];
    let failed = GuestError::Failed {
        message: "the job failed".into(),
        details: vec!["exit code 7".into(), "see its log".into()],
    };
    let calls = [
        ("the trigger failed", failure(TriggerKind::Task, Err(EndReason::Guest(failed)))),
        (
            "an ending that the API does not know",
            failure(TriggerKind::Task, Ok(event(EventKind::TaskSuccess(vec![]), "1"))),
        ),
        (
            "a payload that cannot be sent",
            failure(TriggerKind::Task, Ok(event(EventKind::Fire, r#"{"a": {"$datetime": "x"}}"#))),
        ),
        (
            "an asset event that is not plain JSON",
            failure(TriggerKind::Asset, Ok(event(EventKind::Fire, r#"{"$date": "2026-01-31"}"#))),
        ),
        ("a callback event without a state", failure(TriggerKind::Callback, Ok(event(EventKind::Fire, "1")))),
    ];
    check(
        "failures",
        &[Section::new("workloads that cannot run", workloads), Section::new("calls without a result", calls)],
    );
}
