//! `catalog lock` and `catalog check`.

use crate::arguments::Catalog;
use crate::catalog::{self, Change, Unlocked};
use crate::exit::{Ended, Exit};
use crate::out;
use crate::problems::Problems;

/// Runs the command.
///
/// # Errors
/// Anything wrong with the catalog or its components.
pub(crate) fn run(command: &Catalog) -> Ended {
    match command {
        Catalog::Lock(file) => {
            let pins = catalog::lock(&file.catalog)?;
            let width = pins.iter().map(|pin| pin.classpath.as_str().len()).max().unwrap_or_default();
            for pin in pins {
                let change = match pin.change {
                    Change::Written => "written",
                    Change::Replaced => "replaced",
                    Change::Kept => "as before",
                };
                out::line(&format!("{:<width$}  {}  {change}", pin.classpath.as_str(), pin.digest))?;
            }
        }
        Catalog::Check(file) => {
            let mut problems = Problems::default();
            let catalog = catalog::read(&file.catalog, &mut problems)?;
            let ready = catalog::ready(&catalog, Unlocked::Refused, &mut problems);
            catalog::check(&catalog, &ready, &mut problems);
            problems.settle()?;
            out::line(&format!("{} triggers, all right.", ready.len()))?;
        }
    }
    Ok(Exit::Done)
}
