//! `fuzz`: runs the fuzz targets of the encodings, each for a time, with the compiler that builds everything else.
//!
//! Owns the flags that have the compiler count what a run reaches: they are stable ones, so neither a nightly compiler
//! nor another program is needed. What was found interesting stays in the target folder, and is where the next run
//! begins. Not part of `.ci/run`, which asks the same of random values in the property tests.

use std::fs;

use anyhow::{Context as _, Result};

use crate::step;
use crate::workspace::Workspace;

const FOLDER: &str = "host/crates/encodings/fuzz";
const TARGETS: [&str; 2] = ["kwargs", "payload"];
/// The longest input, in bytes: recorded values are shorter by far.
const LONGEST: usize = 4_096;
/// Edges are counted where they are, and comparisons are seen, so that the fuzzer learns what is compared with what.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
     -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
     -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1";

/// `fuzz`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// How long each target runs, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
}

/// Runs the command. Ends with an error, and the input in the corpus' folder, when a target finds something.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let work = workspace.target.join("fuzz");
    let manifest = workspace.root.join(FOLDER).join("Cargo.toml");
    // Named, so that the flags are not those of build scripts and macros too.
    let machine = machine()?;
    let mut cargo = workspace.cargo(&["build", "--release", "--target", &machine, "--target-dir"]);
    cargo.arg(&work).arg("--manifest-path").arg(manifest).env("RUSTFLAGS", FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS");
    step::run("build the fuzz targets", &mut cargo)?;
    for target in TARGETS {
        let corpus = work.join("corpus").join(target);
        fs::create_dir_all(&corpus).with_context(|| format!("make {}", corpus.display()))?;
        let mut fuzzer = std::process::Command::new(work.join(&machine).join("release").join(target));
        fuzzer.current_dir(&work).arg(corpus).arg(workspace.root.join("tests/fixtures")).args([
            format!("-max_total_time={}", arguments.seconds),
            format!("-max_len={LONGEST}"),
            format!("-artifact_prefix={target}-"),
            "-timeout=10".to_owned(),
            "-verbosity=0".to_owned(),
            "-print_final_stats=1".to_owned(),
        ]);
        step::run(&format!("fuzz {target}"), &mut fuzzer)?;
    }
    Ok(())
}

/// The machine that the compiler builds for unless told otherwise.
fn machine() -> Result<String> {
    let said = step::output("ask the compiler", std::process::Command::new("rustc").arg("-vV"))?;
    let machine = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(machine.context("the compiler names no host")?.to_owned())
}
