//! `benchmarks [NAME...] [--output json]`: measures what the documentation claims. No names: all. `docs/benchmarks.md`
//! says what each measures.
//!
//! Ends with 1 when a goal is missed. The table goes to standard output; with `--output json` that is one array of
//! reports and nothing else.
#![forbid(unsafe_code)]

mod api;
mod cold_start;
mod density;
mod events;
mod host;
mod lateness;
mod measure;
mod part;
mod peer;
mod polls;
mod program;
mod report;
mod request;
mod streams;

use std::io::Write as _;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Parser, ValueEnum};

use crate::report::Report;

/// Measures what the documentation claims.
#[derive(Debug, Parser)]
struct Arguments {
    /// Which; all of them when none is named.
    #[arg(value_enum)]
    names: Vec<Name>,
    /// The form of standard output.
    #[arg(long, value_enum, default_value = "human")]
    output: Form,
    /// Used by the program itself: a process of a benchmark.
    #[arg(long, hide = true, num_args = 1.., conflicts_with = "names", allow_hyphen_values = true)]
    part: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Name {
    Polls,
    Density,
    Lateness,
    ColdStart,
    Events,
    Streams,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    Human,
    Json,
}

/// The host's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    if !arguments.part.is_empty() {
        let parts: Vec<&str> = arguments.part.iter().map(String::as_str).collect();
        runtime.block_on(part(&parts))?;
        return Ok(ExitCode::SUCCESS);
    }
    let names = if arguments.names.is_empty() { Name::value_variants() } else { &arguments.names };
    let mut reports = Vec::new();
    for name in names {
        let report = runtime.block_on(measure(*name)).with_context(|| format!("the benchmark {name:?}"))?;
        let table = report.table();
        // A person who waits for JSON sees how far it is, too.
        if arguments.output == Form::Json {
            write!(std::io::stderr(), "{table}")?
        } else {
            write!(std::io::stdout(), "{table}")?
        }
        reports.push(report);
    }
    if arguments.output == Form::Json {
        writeln!(std::io::stdout(), "{}", serde_json::to_string(&reports)?)?;
    }
    Ok(if reports.iter().all(Report::is_met) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn measure(name: Name) -> Result<Report> {
    match name {
        Name::Polls => polls::run().await,
        Name::Density => density::run().await,
        Name::Lateness => lateness::run().await,
        Name::ColdStart => cold_start::run().await,
        Name::Events => events::run().await,
        Name::Streams => streams::run().await,
    }
}

async fn part(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["density", url, size] => density::part(url, size.parse()?).await,
        ["lateness", url, armed, due] => lateness::part(url, armed.parse()?, due.parse()?).await,
        ["events", url, count] => events::host(url, count.parse()?).await,
        ["outstanding", subscribers, emits] => streams::part(subscribers.parse()?, emits).await,
        ["throughput", mode, subscribers, emits] => streams::throughput_alone(mode, subscribers.parse()?, emits).await,
        #[cfg(feature = "kafka")]
        ["latency"] => streams::latency_alone().await,
        #[cfg(feature = "kafka")]
        ["stored", database] => streams::stored(database.as_ref()).await,
        ["server", database] => events::server(database.as_ref()).await,
        _ => bail!("there is no such part"),
    }
}
