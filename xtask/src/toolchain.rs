//! A rustc that builds guests, on any machine that can have one.
//!
//! In this order: the active rustc has the targets; rustup adds them; the script `.ci/guest-toolchain` builds them once
//! from Debian's packages into the user's cache folder. If none of these works, an error says what to install. Nothing
//! else of the machine is changed.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;

use crate::step::{self, say};
use crate::workspace::{self, Workspace};

/// What guests are built for: the first by plain cargo, the second by cargo-component.
const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-wasip1"];
/// Builds a rustc with the targets into a folder and prints its path.
const SCRIPT: &str = ".ci/guest-toolchain";
/// The script's exit code on a machine that it is not for.
const NOT_FOR_THIS_MACHINE: i32 = 3;

/// A way to the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// The active rustc as it is.
    Active,
    /// The active rustc, after `rustup target add`.
    Rustup,
    /// Built from Debian's packages.
    Debian,
}

/// The rustc for guests, by the first way that works, or by the one that is asked for.
///
/// `rebuilt` is called when a standard library was built: what was compiled against an older one cannot be used any
/// more, and cargo does not notice.
pub(crate) fn rustc(workspace: &Workspace, way: Option<Way>, rebuilt: impl FnOnce() -> Result<()>) -> Result<OsString> {
    let active = env::var_os("GUEST_RUSTC").or_else(|| env::var_os("RUSTC")).unwrap_or_else(|| "rustc".into());
    let may = |which| way.is_none_or(|way| way == which);
    if may(Way::Active) && has_targets(&active) {
        return Ok(active);
    }
    if may(Way::Rustup) && add_by_rustup() && has_targets(&active) {
        return Ok(active);
    }
    let script = workspace.root.join(SCRIPT);
    if may(Way::Debian) && script.exists() {
        let folder = folder()?;
        let is_there = has_targets(folder.join("bin/rustc").as_os_str());
        if let Some(rustc) = build_by_script(&script, &folder, &active)? {
            if !is_there {
                rebuilt()?;
            }
            return Ok(rustc);
        }
    }
    bail!(
        "no Rust compiler on this machine has the targets {}: run `rustup target add {}`, or set GUEST_RUSTC to a rustc that has them",
        TARGETS.join(" and "),
        TARGETS.join(" ")
    )
}

/// Where the script's toolchain lives.
fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("GUEST_TOOLCHAIN_DIR") {
        return Ok(folder.into());
    }
    Ok(workspace::cache().context("set GUEST_TOOLCHAIN_DIR")?.join("guest-toolchain"))
}

/// The rustc that the script has built, now or before. None on a machine that it is not for.
fn build_by_script(script: &Path, folder: &Path, active: &OsStr) -> Result<Option<OsString>> {
    let mut command = Command::new(script);
    command.arg(folder).env("RUSTC", active).stderr(Stdio::inherit());
    let output = command.output().with_context(|| format!("run {}", script.display()))?;
    if output.status.code() == Some(NOT_FOR_THIS_MACHINE) {
        return Ok(None);
    }
    let rustc = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    if !output.status.success() || !has_targets(rustc.as_os_str()) {
        bail!("{} built no compiler with the WebAssembly targets ({})", script.display(), output.status);
    }
    Ok(Some(rustc.into()))
}

fn add_by_rustup() -> bool {
    if !step::succeeds(Command::new("rustup").arg("--version")) {
        return false;
    }
    say("adding the WebAssembly targets with rustup");
    // A server that does not answer must not hold everything up.
    let mut add = Command::new("timeout");
    add.args(["60", "rustup", "target", "add"]).args(TARGETS);
    let added = step::succeeds(&mut add);
    if !added {
        say("rustup cannot add them here");
    }
    added
}

/// Whether this rustc has the standard library for all targets.
fn has_targets(rustc: &OsStr) -> bool {
    TARGETS.iter().all(|target| {
        let folder = Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output();
        let Ok(folder) = folder.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())) else {
            return false;
        };
        has_std(&folder)
    })
}

fn has_std(folder: &Path) -> bool {
    let Ok(files) = fs::read_dir(folder) else { return false };
    files.flatten().any(|file| {
        let name = file.file_name();
        let name = name.to_string_lossy();
        name.starts_with("libstd-") && name.ends_with(".rlib")
    })
}
