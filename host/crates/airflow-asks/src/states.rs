//! What asks for states share: the grant of a Dag, and dates in the API's form.

use encodings::moment_text;
use trigger_host_types::airflow::Error;

use crate::asker::Asker;
use crate::grants::{StateGrant, refuse};
use crate::scope::Scope;

/// Refuses a Dag whose states are not granted; the trigger's own Dag when absent.
pub(crate) fn allow_dag(dag_id: Option<&str>, asker: &Asker) -> Result<(), Error> {
    let own = asker.scope.task().map(|task| task.dag_id.as_str());
    let Some(wanted) = dag_id.or(own) else { return Err(Scope::no_task()) };
    let is_granted = match &asker.grants.states {
        None => false,
        Some(StateGrant::OwnDag) => own == Some(wanted),
        Some(StateGrant::Dags(patterns)) => patterns.iter().any(|pattern| pattern.matches(wanted)),
    };
    if is_granted {
        return Ok(());
    }
    Err(refuse(&format!("states of the Dag `{wanted}` may not be asked for"), &format!("states = [\"{wanted}\"]")))
}

/// Dates in the API's form.
pub(crate) fn convert_dates(texts: &[String]) -> Result<Vec<String>, Error> {
    texts.iter().map(|text| convert_date(text)).collect()
}

/// A date in the API's form. The server accepts a time without an offset, and fails on it.
pub(crate) fn convert_date(text: &str) -> Result<String, Error> {
    let refusal =
        || Error::Invalid(format!("`{text}` is not an RFC 3339 time with an offset, such as `2026-01-31T12:00:00Z`"));
    moment_text(text).ok_or_else(refusal)
}
