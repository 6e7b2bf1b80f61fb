//! Whether a component may have what it imports. A refusal says which grant gives it.

use trigger_host_types::imports::Allowed;

use super::error::LoadError;
use super::inspect::{Inspection, WantedImport};

/// Refuses a component with the full list of what it may not have.
pub(crate) fn admit(name: &str, inspection: &Inspection, allowed: &Allowed) -> Result<(), LoadError> {
    let mut refusals = inspection.refused.clone();
    let denied = inspection.wants.iter().filter(|wanted| !allowed.holds(wanted.interface));
    refusals.extend(denied.map(|WantedImport { interface, import }| {
        format!("it imports `{import}`, which is not granted: add `{}`", interface.advice())
    }));
    if refusals.is_empty() { Ok(()) } else { Err(LoadError::Refused { name: name.to_owned(), refusals }) }
}
