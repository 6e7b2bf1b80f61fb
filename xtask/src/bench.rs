//! `bench`: runs `tests/benchmarks` in release, beside Airflow where a benchmark is compared with it.

use anyhow::{Result, anyhow};

use crate::environment::{self, Environment, Place};
use crate::guests;
use crate::step;
use crate::workspace::Workspace;

/// `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For the benchmarks' own command line.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGUMENTS")]
    rest: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let rustc = guests::build(workspace)?;
    let mut cargo = workspace.cargo(&["run", "--release", "-p", "benchmarks", "--"]);
    cargo.args(&arguments.rest).env("GUEST_RUSTC", rustc);
    // Held while it is measured: tests against Airflow use the same environment.
    let place;
    if with_airflow(&arguments.rest) {
        place = Place::take()?;
        let python = environment::python().map_err(|missing| anyhow!(missing))?;
        let environment = Environment::ready(workspace, &place, python)?;
        cargo.env("AIRFLOW_PYTHON", environment.programs().join("python"));
    }
    step::run("measure", &mut cargo)
}

/// Whether what is to be measured has a column of Airflow's: `streams`, by name or because none is named.
fn with_airflow(arguments: &[String]) -> bool {
    let mut named =
        arguments.iter().filter(|one| !one.starts_with('-') && *one != "json" && *one != "human").peekable();
    named.peek().is_none() || named.any(|one| one == "streams")
}
