//! `guests`: the sample triggers and the test guests, as components.
//!
//! Guests have a target folder of their own, `guests` in the host's, which tests that build guests use too. Sample
//! triggers are copied to `sample-triggers/components/`, where the sample catalog looks for them.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::step::{self, say};
use crate::toolchain::{self, Way};
use crate::workspace::Workspace;

const TARGET: &str = "wasm32-wasip2";
const SAMPLES: &str = "sample-triggers";

/// `guests`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only this way to a compiler with the targets.
    #[arg(long)]
    way: Option<Way>,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    build_by(workspace, arguments.way)?;
    lock_catalog(workspace)
}

/// Builds all guests and gives the rustc they were built with.
pub(crate) fn build(workspace: &Workspace) -> Result<OsString> {
    build_by(workspace, None)
}

fn build_by(workspace: &Workspace, way: Option<Way>) -> Result<OsString> {
    let target = workspace.target.join("guests");
    let rustc = toolchain::rustc(workspace, way, || match fs::remove_dir_all(&target) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", target.display()))
        }
        _ => Ok(()),
    })?;
    let samples = workspace.guests_below(SAMPLES);
    let guests: Vec<&str> = samples.iter().copied().chain(workspace.guests_below("tests/guests")).collect();
    let mut cargo = workspace.cargo(&["build", "--profile", "guest", "--target", TARGET, "--target-dir"]);
    cargo.arg(&target).args(guests.iter().flat_map(|guest| ["-p", guest]));
    cargo.env("RUSTC", &rustc).env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    step::run(&format!("build {} guests", guests.len()), &mut cargo)?;

    let components = workspace.root.join(SAMPLES).join("components");
    fs::create_dir_all(&components)?;
    for sample in samples {
        let (from, to) = (component(workspace, sample), components.join(file_name(sample)));
        fs::copy(&from, &to).with_context(|| format!("copy {} to {}", from.display(), to.display()))?;
    }
    say(format!("the components are in {}", components.display()));
    Ok(rustc)
}

/// Where a guest is built to.
pub(crate) fn component(workspace: &Workspace, guest: &str) -> PathBuf {
    folder(workspace).join(file_name(guest))
}

/// Where guests are built to.
pub(crate) fn folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("guests").join(TARGET).join("guest")
}

fn file_name(guest: &str) -> String {
    format!("{}.wasm", guest.replace('-', "_"))
}

/// Writes the digests of this machine's build into a copy of the sample catalog beside it, when the host is built. The
/// catalog itself stays as it is: a build's bytes depend on the compiler.
fn lock_catalog(workspace: &Workspace) -> Result<()> {
    let host = workspace.binary("trigger-host");
    let (catalog, locked) =
        (workspace.root.join(SAMPLES).join("triggers.toml"), workspace.root.join(SAMPLES).join("triggers.locked.toml"));
    if !host.exists() || !catalog.exists() {
        say("the host is not built, so no digests are written: `trigger-host catalog lock` does it later");
        return Ok(());
    }
    fs::copy(&catalog, &locked)?;
    let mut lock = std::process::Command::new(host);
    step::run("write the digests", lock.args(["catalog", "lock", "--catalog"]).arg(&locked))
}
