//! `cargo xtask`: the one entry point, for people and for CI. Each file is one command; what they share is in `step`
//! and `workspace`.
#![forbid(unsafe_code)]

mod airflow_test;
mod bench;
mod broker_test;
mod ci;
mod demo;
mod docs;
mod environment;
mod floors;
mod form;
mod fuzz;
mod guests;
mod lint;
mod loopback;
mod step;
mod test;
mod toolchain;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use workspace::Workspace;

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Shows the whole thing: triggers of several kinds, one that never returns, and a host that is killed in the
    /// middle.
    Demo,
    /// Runs all tests that need no outside server, and builds what they need first.
    Test(test::Arguments),
    /// Runs Dags in a real Airflow with the plugin and the host in it; needs Python and PostgreSQL.
    AirflowTest(airflow_test::Arguments),
    /// Builds the sample triggers and the test guests, and gets the WebAssembly targets if there are none.
    Guests(guests::Arguments),
    /// Checks form, lints, bindings, documentation and dependencies.
    Lint,
    /// Writes the generated pages and builds the documents as a searchable site.
    Docs(docs::Arguments),
    /// Measures what the README claims; a table, and JSON in the target folder.
    Bench(bench::Arguments),
    /// Tests what speaks to a broker against real ones: Kafka from its jars, and a server that speaks SQS.
    BrokerTest(broker_test::Arguments),
    /// Runs the fuzz targets of the encodings, each for a time.
    Fuzz(fuzz::Arguments),
    /// Everything that has to pass before a change is merged (`.ci/run`).
    Ci,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = Workspace::find().and_then(|workspace| match arguments.command {
        Command::Demo => demo::run(&workspace),
        Command::Test(arguments) => test::run(&workspace, &arguments),
        Command::AirflowTest(arguments) => airflow_test::run(&workspace, &arguments),
        Command::Guests(arguments) => guests::run(&workspace, &arguments),
        Command::Lint => lint::run(&workspace),
        Command::Docs(arguments) => docs::run(&workspace, &arguments),
        Command::Bench(arguments) => bench::run(&workspace, &arguments),
        Command::BrokerTest(arguments) => broker_test::run(&workspace, &arguments),
        Command::Fuzz(arguments) => fuzz::run(&workspace, &arguments),
        Command::Ci => ci::run(&workspace),
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
