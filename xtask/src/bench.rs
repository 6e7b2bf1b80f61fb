//! `bench`: runs `tests/benchmarks` in release.

use anyhow::Result;

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
    step::run("measure", cargo.args(&arguments.rest).env("GUEST_RUSTC", rustc))
}
