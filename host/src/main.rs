//! `trigger-host`: runs Airflow triggers as sandboxed WebAssembly components. This file only finds the command and its exit code.
#![forbid(unsafe_code)]

mod arguments;
mod catalog;
mod command;
mod config;
mod diagnostics;
mod document;
mod exit;
mod out;
mod problems;
mod setting;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser as _;
use exit::{Ended, Exit, Failure};

fn main() -> ExitCode {
    ended(Arguments::parse().command).unwrap_or_else(|failure: Failure| failure.report()).into()
}

fn ended(command: Command) -> Ended {
    match command {
        Command::Catalog(arguments) => command::catalog::run(&arguments),
        Command::Config(arguments) => command::config::run(&arguments),
        _ => Ok(Exit::Own),
    }
}
