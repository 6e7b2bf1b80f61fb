//! A workload as the API sends it, made ready for the scheduler: class path looked up, kwargs decoded, task packed.

use std::sync::Arc;

use execution_api::RunTrigger;
use execution_api::encodings::{Fernet, kwargs_from_wire};

use crate::catalog::{Catalog, Class};
use crate::scheduler::{Claim, PackedTask, Refusal};

/// Never fails: what cannot be decoded becomes the failure of that one trigger.
pub(crate) fn claim(workload: RunTrigger, catalog: &Catalog, keys: &Fernet) -> Claim<Arc<Class>> {
    let class = catalog.get(&workload.classpath).cloned();
    let kwargs = kwargs_from_wire(&workload.encrypted_kwargs, keys)
        .map_err(|error| Refusal { reason: "bad-kwargs", message: format!("cannot decode the kwargs: {error}") })
        .and_then(|kwargs| refuse_templates(kwargs, workload.dag_data.is_some()));
    let kind = workload.kind();
    let (position, checkpoint) = workload.checkpoint.map_or((0, None), |stored| (stored.position, stored.value));
    Claim {
        id: workload.id,
        // The catalog's own copy: a million triggers share the text.
        classpath: class.as_ref().map_or(workload.classpath, |class| class.classpath.clone()),
        component: class.as_ref().map(|class| class.component.digest()),
        class,
        kind,
        kwargs,
        checkpoint,
        position,
        task: workload.ti.map(|ti| {
            let task = PackedTask::new(ti.id, &ti.for_guest());
            workload.log_path.iter().fold(task, |task, path| task.with_log_path(path))
        }),
        assets: workload.watched_assets.map(|assets| Arc::new(*assets)),
        timeout_at: workload.timeout_after,
    }
}

/// A task that starts from its trigger has unrendered kwargs: raw template text is never passed on as if it were a value
/// (contract/triggerer-behaviour.md section 9).
fn refuse_templates(kwargs: String, starts_from_trigger: bool) -> Result<String, Refusal> {
    let template = ["{{", "{%", "{#"].into_iter().filter_map(|opening| kwargs.find(opening)).min();
    match template.filter(|_| starts_from_trigger) {
        None => Ok(kwargs),
        Some(at) => {
            let expression: String = kwargs[at..].chars().take(80).collect();
            let message = format!("the kwargs hold a template this host cannot render: {expression}");
            Err(Refusal { reason: "template", message })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unrendered_kwargs_are_refused() {
        let text = r#"{"at": "{{ ds }}"}"#;
        assert!(refuse_templates(text.into(), false).is_ok());
        assert!(refuse_templates(r#"{"at": "now"}"#.into(), true).is_ok());
        let refusal = refuse_templates(text.into(), true).unwrap_err();
        assert!(refusal.message.contains("{{ ds }}"), "{refusal:?}");
    }
}
