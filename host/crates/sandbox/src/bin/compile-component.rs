//! The compiling process alone: what the host has as a hidden subcommand, for the tests of this crate.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    sandbox::compile_child()
}
