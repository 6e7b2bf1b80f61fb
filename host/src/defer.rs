//! `--defer` files: what Airflow would have stored. The embedded API owns the format; here each file gets its name into
//! the errors, and each class path is looked up in the catalog.

use std::path::Path;

use embedded_api::{Defer, DeferError};
use serde::Deserialize;
use serde_json::value::RawValue;
use settings::{Problem, Problems, nearest};
use trigger_host_types::TriggerKind;

use crate::catalog::Catalog;

/// The triggers of a file; what is wrong goes to `problems`.
pub(crate) fn read(path: &Path, catalog: &Catalog, problems: &mut Problems) -> Vec<Defer> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            problems.error(Problem::file(path, format!("cannot read this file: {error}")));
            return Vec::new();
        }
    };
    match Defer::list(&text) {
        Ok(triggers) => {
            for (at, trigger) in triggers.iter().enumerate() {
                if let Some(what) = without_owner(catalog, trigger) {
                    let (line, key) = (line_of_classpath(&text, at), Some("classpath".to_owned()));
                    let subject = Some(format!("trigger {} of the list", at + 1));
                    problems.error(Problem { line, subject, key, ..Problem::file(path, what) });
                }
            }
            triggers
        }
        Err(error) => {
            problems.error(problem(path, &error));
            Vec::new()
        }
    }
}

fn problem(path: &Path, error: &DeferError) -> Problem {
    match error {
        DeferError::Malformed { position, line, what, .. } => {
            let subject = Some(format!("trigger {position} of the list"));
            Problem { line: Some(*line), subject, ..Problem::file(path, what.clone()) }
        }
        other => Problem::file(path, other.to_string()),
    }
}

/// What to say when no entry of the catalog owns the class path.
fn without_owner(catalog: &Catalog, trigger: &Defer) -> Option<String> {
    let callback = callback_path(trigger);
    let classpath = trigger.classpath.as_str();
    if let Some(path) = &callback
        && catalog.entries.iter().any(|entry| entry.is_callback && entry.classpath.as_str() == path)
    {
        return None;
    }
    let mut owned = catalog.entries.iter().filter(|entry| !entry.is_callback).map(|entry| entry.classpath.as_str());
    if owned.clone().any(|owner| owner == classpath) {
        return None;
    }
    let file = catalog.document.path.display();
    let hint = nearest(classpath, &mut owned).map(|near| format!(", did you mean `{near}`?")).unwrap_or_default();
    Some(match callback {
        Some(path) => format!("the callback `{path}` has no entry in {file}"),
        None => format!("`{classpath}` has no entry in {file}{hint}"),
    })
}

/// The function of a callback; none where its kwargs are encrypted.
fn callback_path(trigger: &Defer) -> Option<String> {
    #[derive(Deserialize)]
    struct Callback {
        callback_path: String,
    }
    let callback = (trigger.kind == TriggerKind::Callback).then(|| serde_json::from_str::<Callback>(&trigger.kwargs));
    Some(callback?.ok()?.callback_path)
}

/// `serde_json` lends the raw text of values: where that begins in the file is their place.
fn line_of_classpath(text: &str, at: usize) -> Option<usize> {
    #[derive(Deserialize)]
    struct Item<'t> {
        #[serde(borrow)]
        classpath: &'t RawValue,
    }
    let items: Vec<&RawValue> = serde_json::from_str(text).ok()?;
    let item: Item<'_> = serde_json::from_str(items.get(at)?.get()).ok()?;
    let offset = item.classpath.get().as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(1 + text.get(..offset)?.matches('\n').count())
}
