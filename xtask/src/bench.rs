//! `bench`: runs `tests/benchmarks` in release, beside Airflow where a benchmark is compared with it, and with a broker
//! where one can be had.

use std::path::PathBuf;

use anyhow::{Result, anyhow};

use crate::broker_test;
use crate::environment::{self, Environment, Place};
use crate::guests;
use crate::step::{self, say};
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
    let with_streams = with_streams(&arguments.rest);
    let jars = if with_streams { kafka_jars(workspace) } else { None };
    let mut cargo = workspace.cargo(&["run", "--release", "-p", "benchmarks"]);
    if let Some(jars) = jars {
        cargo.args(["--features", "kafka"]).env("KAFKA_JARS", jars);
    }
    cargo.arg("--").args(&arguments.rest).env("GUEST_RUSTC", rustc);
    // Held while it is measured: tests against Airflow use the same environment.
    let place;
    if with_streams {
        place = Place::take()?;
        let python = environment::python().map_err(|missing| anyhow!(missing))?;
        let environment = Environment::ready(workspace, &place, python)?;
        cargo.env("AIRFLOW_PYTHON", environment.programs().join("python"));
    }
    step::run("measure", &mut cargo)
}

/// Without a broker all the rest can still be measured.
fn kafka_jars(workspace: &Workspace) -> Option<PathBuf> {
    let jars = broker_test::kafka_jars(workspace);
    jars.inspect_err(|error| {
        say("WARNING: there is no Kafka broker, so the latency from a broker to a stored event is NOT measured:");
        say(format!("{error:#}"));
    })
    .ok()
}

/// Whether `streams` is to be measured, which has a column of Airflow's and takes a broker: by name, or because none is
/// named.
fn with_streams(arguments: &[String]) -> bool {
    let mut named =
        arguments.iter().filter(|one| !one.starts_with('-') && *one != "json" && *one != "human").peekable();
    named.peek().is_none() || named.any(|one| one == "streams")
}
