//! `catalog check`: whether each component is a trigger, and whether its grants are what it imports.

use sandbox::{Interface, inspect};

use super::components::Ready;
use super::entry::Catalog;
use crate::problems::Problems;

/// Reports what the host refuses at load, without compiling anything.
pub(crate) fn check(catalog: &Catalog, ready: &[Ready<'_>], problems: &mut Problems) {
    for Ready { entry, wasm, .. } in ready {
        let mut report = |what: String| {
            problems.error(catalog.problem(entry, entry.component_line, "component", what));
        };
        let name = entry.component.display();
        match inspect(wasm) {
            Err(error) => report(format!("`{name}`: {error}")),
            Ok(inspection) => {
                for refused in inspection.refused {
                    report(format!("`{name}`: {refused}"));
                }
                if inspection.wants.contains(&Interface::Http) && !entry.allowed().http {
                    problems.error(catalog.problem(
                        entry,
                        entry.component_line,
                        "grants.http",
                        format!("missing: `{name}` imports `trigger-host:host/http`; grant the origins it may reach"),
                    ));
                }
            }
        }
    }
}
