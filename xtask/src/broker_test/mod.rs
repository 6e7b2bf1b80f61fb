//! `broker-test`: what is tested against real brokers. Takes Java 17, Maven and Python 3.
//!
//! Programs are fetched once into the user's cache folder, by name, version and hash; the tests start them, each in a
//! folder and on ports of its own, and end them ([`upstreams`](../../../tests/upstreams)).

mod fetch;

use std::path::PathBuf;

use anyhow::Result;

use crate::step;
use crate::workspace::Workspace;

/// `broker-test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For the tests: a filter, and what else the test harness takes.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "TEST ARGUMENTS")]
    rest: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let programs = fetch::programs(workspace)?;
    let sources = ["test", "-p", "sources", "--features", "kafka,directory,http", "--test", "it", "--"];
    let sqs = ["test", "-p", "sqs", "--"];
    let host = ["test", "-p", "behaviour", "--features", "kafka", "--test", "it", "sources::", "--"];
    for (what, cargo) in [
        ("test the host's own sources", &sources[..]),
        ("test the producer for SQS", &sqs),
        ("test the host with sources of its own", &host),
    ] {
        let mut tests = workspace.cargo(cargo);
        // One after the other: each has a broker of its own, which takes half a gigabyte.
        tests.args(["--include-ignored", "--test-threads=1"]).args(&arguments.rest);
        step::run(what, tests.env("KAFKA_JARS", &programs.kafka_jars).env("SQS_SERVER", &programs.sqs_server))?;
    }
    Ok(())
}

/// Kafka's jars alone, for what measures with a broker.
pub(crate) fn kafka_jars(workspace: &Workspace) -> Result<PathBuf> {
    fetch::kafka_jars(workspace)
}
