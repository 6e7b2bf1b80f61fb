//! `trigger-host`: runs Airflow triggers as sandboxed WebAssembly components. This file only finds the command and its
//! exit code.
#![forbid(unsafe_code)]

mod admin;
mod arguments;
mod catalog;
mod command;
mod config;
mod defer;
mod development;
mod diagnostics;
mod exit;
mod host;
mod metrics;
mod out;
mod signals;
mod trigger_logs;
mod upstreams;
mod view;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::{Ended, Failure};

/// What is allocated by one thread is often freed by another here: events go from where guests run to where requests
/// are made.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The compiler's child is started often and must be fast: nothing else is set up for it.
    if std::env::args_os().nth(1).is_some_and(|command| command == host::COMPILE) {
        return sandbox::compile_child();
    }
    ended(Arguments::parse().command).unwrap_or_else(|failure: Failure| failure.report()).into()
}

fn ended(command: Command) -> Ended {
    match command {
        Command::Run(arguments) => command::run::run(&arguments),
        Command::Dev(arguments) => command::dev::run(&arguments),
        Command::Inspect(arguments) => command::inspect::run(&arguments),
        Command::Catalog(arguments) => command::catalog::run(&arguments),
        Command::Config(arguments) => command::config::run(&arguments),
        Command::Api(arguments) => command::api::run(&arguments),
    }
}
