//! `catalog lock` and `catalog check`.

use std::path::Path;
use std::sync::Arc;

use settings::{Environment, Problems};
use trigger_host_types::SystemClock;

use crate::arguments::Catalog;
use crate::catalog::{self, Change, Unlocked};
use crate::config::{self, settle};
use crate::exit::{Ended, Exit, Failure};
use crate::{diagnostics, host, out};

/// Runs the command.
///
/// # Errors
/// Anything wrong with the catalog or its components.
pub(crate) fn run(command: &Catalog) -> Ended {
    match command {
        Catalog::Lock(file) => {
            let pins = catalog::lock(&file.catalog)?;
            let width = pins.iter().map(|pin| pin.name.len()).max().unwrap_or_default();
            for pin in pins {
                let change = match pin.change {
                    Change::Written => "written",
                    Change::Replaced => "replaced",
                    Change::Kept => "as before",
                };
                out::line(&format!("{:<width$}  {}  {change}", pin.name, pin.digest))?;
            }
        }
        Catalog::Check(file) => {
            let (triggers, sources) = check(&file.catalog)?;
            let sources = if sources == 0 { String::new() } else { format!(" and {sources} sources") };
            out::line(&format!("{triggers} triggers{sources} are valid."))?;
        }
    }
    Ok(Exit::Done)
}

/// Everything `run` does with a catalog but running it: what passes here starts there, and its components are compiled
/// already.
///
/// How many triggers and sources that are.
fn check(path: &Path) -> Result<(usize, usize), Failure> {
    let settings = config::read_environment(&Environment)?;
    diagnostics::start(&settings);
    let mut problems = Problems::default();
    let catalog = catalog::read(path, &mut problems)?;
    let ready = catalog::ready(&catalog, Unlocked::Refused, &mut problems);
    let runtime = host::runtime()?;
    let sandbox = host::sandbox(&settings, 1, Arc::new(SystemClock), &Environment)?;
    runtime.block_on(catalog::load(&sandbox, &catalog, &ready, &settings, &mut problems));
    settle(problems)?;
    Ok((catalog.entries.len(), catalog.sources.len()))
}
