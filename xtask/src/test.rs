//! `test`: all tests that need no outside server. The last line says how many passed and failed.

use anyhow::{Result, bail};

use crate::guests;
use crate::step::{self, say, show};
use crate::workspace::Workspace;

/// `test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For `cargo test`: packages, a filter, and what comes after `--`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CARGO TEST ARGUMENTS")]
    rest: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let rustc = guests::build(workspace)?;
    step::run(
        "build the host and the programs tests use",
        &mut workspace.cargo(&["build", "-p", "trigger-host", "-p", "jobserver"]),
    )?;
    let mut cargo = workspace.cargo(&["test", "--no-fail-fast"]);
    if !arguments.rest.iter().any(|argument| matches!(argument.as_str(), "-p" | "--package")) {
        cargo.arg("--workspace");
    }
    cargo.args(&arguments.rest).env("GUEST_RUSTC", rustc);
    let mut count = Count::default();
    let status = step::watched("test", &mut cargo, |line| {
        show(line);
        count.see(line);
    })?;
    if count.ignored > 0 {
        say(format!("{} ignored", count.ignored));
    }
    let failed = count.failed;
    show(&format!("{} passed, {failed} failed", count.passed));
    if !status.success() {
        bail!(if failed > 0 { "tests failed" } else { "some tests did not build, or ended without a result" });
    }
    Ok(())
}

/// The sum over all test binaries.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: u64,
    failed: u64,
    ignored: u64,
}

impl Count {
    /// Takes `test result: ok. 19 passed; 0 failed; 0 ignored; …` into account; other lines say nothing.
    fn see(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split("; ") {
            let Some((number, name)) = count.split_once(' ') else { continue };
            let number = number.parse::<u64>().unwrap_or_default();
            match name {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_summed_up() {
        let mut count = Count::default();
        for line in [
            "running 3 tests",
            "test a ... ok",
            "test result: ok. 19 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.11s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 5 filtered out; finished in 0.00s",
        ] {
            count.see(line);
        }
        assert_eq!(count, Count { passed: 21, failed: 3, ignored: 1 });
    }
}
