//! A rustc that builds guests, on any machine that can have one.
//!
//! In this order: the active rustc has the targets; rustup adds them; the targets are built once from Debian's packages into the user's
//! cache folder ([`debian`]). With none of these, an error that says what to install. Nothing else of the machine is changed.

mod debian;
mod packages;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::step::{self, say};

/// What guests are built for: the first by plain cargo, the second by cargo-component.
const TARGETS: [&str; 2] = ["wasm32-wasip2", "wasm32-wasip1"];

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
/// `built` is called when a standard library was built anew: what was built against an older one cannot be used any more, and cargo does not see it.
pub(crate) fn rustc(way: Option<Way>, built: impl FnOnce() -> Result<()>) -> Result<OsString> {
    let active = env::var_os("GUEST_RUSTC").or_else(|| env::var_os("RUSTC")).unwrap_or_else(|| "rustc".into());
    let may = |which| way.is_none_or(|way| way == which);
    if may(Way::Active) && has_targets(&active) {
        return Ok(active);
    }
    if may(Way::Rustup) && rustup_adds() && has_targets(&active) {
        return Ok(active);
    }
    if may(Way::Debian) {
        let folder = debian::folder()?;
        if has_targets(debian::rustc(&folder).as_os_str()) {
            return Ok(debian::rustc(&folder).into());
        }
        if debian::is_possible() {
            let rustc = debian::build(&folder, &active)?;
            built()?;
            return Ok(rustc.into());
        }
    }
    bail!(
        "no Rust compiler here has the targets {}: run `rustup target add {}`, or set GUEST_RUSTC to a rustc that has them (on Debian 12 \
         they can be built from packages: that takes apt-get and dpkg, and a toolchain with `wasm-component-ld`)",
        TARGETS.join(" and "),
        TARGETS.join(" ")
    )
}

fn rustup_adds() -> bool {
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
fn has_targets(rustc: &std::ffi::OsStr) -> bool {
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
