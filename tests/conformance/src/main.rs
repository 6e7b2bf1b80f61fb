//! `conformance streams|encodings FILE...`: runs scenarios and vectors of others' making through the host's own code.
//!
//! Owns nothing but the exit code: 0 when everything passed, 1 when something failed, 2 when the command line or a file
//! is wrong.

mod streams;

use std::path::PathBuf;
use std::process::ExitCode;

#[expect(clippy::print_stdout, reason = "the totals are what the program is for")]
fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let what = arguments.next().unwrap_or_default();
    let files: Vec<PathBuf> = arguments.map(PathBuf::from).collect();
    let result = match what.to_str() {
        Some("streams") if !files.is_empty() => {
            streams::run(&files).map(|(passed, failed)| (passed as u64, failed as u64))
        }
        Some("encodings") if !files.is_empty() => conformance::encodings::run(&files, |line| println!("{line}")),
        _ => Err(anyhow::anyhow!("usage: conformance streams|encodings FILE...")),
    };
    match result {
        Ok((passed, failed)) => {
            println!("{passed} passed, {failed} failed");
            ExitCode::from(u8::from(failed > 0))
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(2)
        }
    }
}
