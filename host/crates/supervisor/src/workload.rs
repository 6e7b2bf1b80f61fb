//! A workload as the API sends it, made ready for the scheduler: kwargs decoded and rendered, task packed, class path
//! looked up.
//!
//! All but the look-up runs off the supervisor's own task.

use std::collections::BTreeMap;
use std::sync::Arc;

use encodings::templates::{StartedTask, render_kwargs};
use encodings::{Fernet, kwargs_from_wire};
use execution_api::RunTrigger;
use scheduler::Refusal;
use serde_json::value::RawValue;
use tracing::Span;
use trigger_host_types::{ClassPath, PackedTask, TriggerKind, spans};

use crate::carried::Claim;
use crate::catalog::Catalog;

/// A workload with its kwargs decoded and rendered. Its class path has not been looked up: that needs the catalog of
/// the moment.
pub(crate) struct Decoded {
    claim: Claim,
    span: Span,
}

/// Decodes a workload. Never fails: if the kwargs cannot be decoded, that one trigger fails with the reason.
pub(crate) fn decode(workload: RunTrigger, keys: &Fernet) -> Decoded {
    let span = spans::claim(workload.id);
    let claim = span.in_scope(|| read(workload, keys));
    Decoded { claim, span }
}

impl Decoded {
    /// Looks the class path up. The span ends when it is dropped.
    pub(crate) fn look_up(self, catalog: &Catalog) -> (Claim, Span) {
        let Self { mut claim, span } = self;
        claim.class = catalog.get(claim.kind, &claim.classpath).cloned();
        if let Some(class) = &claim.class {
            claim.component = Some(class.component.digest());
            if class.classpath == claim.classpath {
                // The catalog's own copy: a million triggers share the text.
                claim.classpath = class.classpath.clone();
            }
        }
        spans::set_component(&span, &claim.classpath, claim.component);
        (claim, span)
    }
}

fn read(workload: RunTrigger, keys: &Fernet) -> Claim {
    let kind = workload.kind();
    let kwargs = kwargs_from_wire(&workload.encrypted_kwargs, keys)
        .map_err(|error| bad_kwargs(format!("cannot decode the kwargs: {error}")));
    let (classpath, kwargs) = match kind {
        TriggerKind::Callback => unwrap_callback(workload.classpath.clone(), kwargs),
        TriggerKind::Task | TriggerKind::Asset => {
            (workload.classpath.clone(), kwargs.and_then(|kwargs| render(kwargs, &workload)))
        }
    };
    let (position, checkpoint) = workload.checkpoint.map_or((0, None), |stored| (stored.position, stored.value));
    Claim {
        id: workload.id,
        classpath,
        class: None,
        component: None,
        kind,
        kwargs,
        checkpoint,
        position,
        starts_from_trigger: workload.dag_data.is_some(),
        task: workload.ti.map(|ti| {
            let task = PackedTask::new(ti.id, &ti.for_guest());
            workload.log_path.iter().fold(task, |task, path| task.with_log_path(path))
        }),
        assets: workload.watched_assets.map(|assets| Arc::new(*assets)),
        timeout_at: workload.timeout_after,
    }
}

fn bad_kwargs(message: String) -> Refusal {
    Refusal { reason: "bad-kwargs", message }
}

/// A task that starts from its trigger has unrendered kwargs (docs/design/triggerer.md#templates).
fn render(kwargs: String, workload: &RunTrigger) -> Result<String, Refusal> {
    let (Some(dag_data), Some(ti)) = (&workload.dag_data, &workload.ti) else { return Ok(kwargs) };
    let ti = ti.for_guest();
    let task = StartedTask { dag_data, dag_run_data: workload.dag_run_data.as_deref(), ti: &ti };
    render_kwargs(&kwargs, &task).map_err(|error| Refusal { reason: "template", message: error.to_string() })
}

/// Airflow runs all callbacks with one class. What counts here is the path of the function, and the function's own
/// kwargs.
fn unwrap_callback(classpath: ClassPath, kwargs: Result<String, Refusal>) -> (ClassPath, Result<String, Refusal>) {
    let kwargs = match kwargs {
        Ok(kwargs) => kwargs,
        Err(refusal) => return (classpath, Err(refusal)),
    };
    let members: BTreeMap<String, &RawValue> = serde_json::from_str(&kwargs).unwrap_or_default();
    let path = members.get("callback_path").and_then(|path| serde_json::from_str::<String>(path.get()).ok());
    let Some(path) = path.filter(|path| !path.is_empty()) else {
        return (classpath, Err(bad_kwargs("the callback has no `callback_path`".into())));
    };
    let own = match members.get("callback_kwargs").map(|kwargs| kwargs.get()) {
        None | Some("null") => Ok("{}".to_owned()),
        Some(kwargs) if kwargs.starts_with('{') => Ok(kwargs.to_owned()),
        Some(_) => Err(bad_kwargs("the callback's `callback_kwargs` must be a JSON object".into())),
    };
    (ClassPath::from(path), own)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use uuid::Uuid;

    use super::*;

    fn claimed(workload: &Value) -> Claim {
        let workload = serde_json::from_str(&workload.to_string()).unwrap();
        decode(workload, &Fernet::parse("").unwrap()).look_up(&Catalog::default()).0
    }

    fn started(kwargs: &str, starts: bool) -> Claim {
        let ti = json!({"id": Uuid::nil(), "dag_id": "d", "task_id": "t", "run_id": "r", "try_number": 1});
        let dag = json!({"dag": {"tasks": [{"__var": {"task_id": "t", "template_fields": ["path"]}}]}});
        let mut workload = json!({"id": 1, "classpath": "a.B", "encrypted_kwargs": kwargs, "ti": ti});
        if starts {
            workload["dag_data"] = dag;
            workload["dag_run_data"] = json!({"logical_date": "2026-03-04T05:06:07Z"});
        }
        claimed(&workload)
    }

    #[test]
    fn only_a_task_that_starts_from_its_trigger_is_rendered() {
        let text = r#"{"path": "{{ ds }}"}"#;
        let rendered = started(text, true);
        assert_eq!(rendered.kwargs.unwrap(), r#"{"path":"2026-03-04"}"#);
        assert!(rendered.starts_from_trigger);
        let deferred = started(text, false);
        assert_eq!(deferred.kwargs.unwrap(), r#"{"path":"{{ ds }}"}"#, "a worker has rendered it: this is its value");
        assert!(!deferred.starts_from_trigger);
        let refusal = started(r#"{"path": "{{ macros.x }}"}"#, true).kwargs.unwrap_err();
        assert!(refusal.reason == "template" && refusal.message.contains("{{ macros.x }}"), "{refusal:?}");
    }

    #[test]
    fn a_callback_goes_by_the_path_of_its_function() {
        let kwargs = |kwargs: Value| {
            let text = json!({"callback_path": "alerts.page", "callback_kwargs": kwargs}).to_string();
            claimed(
                &json!({"id": 1, "classpath": "airflow.triggers.callback.CallbackTrigger", "encrypted_kwargs": text}),
            )
        };
        let claim = kwargs(json!({"text": "late"}));
        assert_eq!((claim.classpath.as_str(), claim.kind), ("alerts.page", TriggerKind::Callback));
        assert_eq!(claim.kwargs.unwrap(), r#"{"text":"late"}"#);
        assert_eq!(kwargs(Value::Null).kwargs.unwrap(), "{}");
        assert!(kwargs(json!([1])).kwargs.is_err());
        let nameless =
            json!({"id": 1, "classpath": "airflow.triggers.callback.CallbackTrigger", "encrypted_kwargs": "{}"});
        assert!(claimed(&nameless).kwargs.unwrap_err().message.contains("callback_path"));
    }
}
