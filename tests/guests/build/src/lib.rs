//! Builds what tests run, from this workspace, once per process: WebAssembly guests, and the host's own binary for
//! tests of other packages.
//!
//! Guests have a target folder of their own (`guests` in the host's), so that a test run never waits for the lock of
//! the build it is part of. `GUEST_RUSTC` names another compiler for them, where the host's has no wasm target. For
//! tests and benches only: failures panic.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};

const TARGET: &str = "wasm32-wasip2";

static BUILT: Mutex<Option<HashMap<String, PathBuf>>> = Mutex::new(None);

/// Builds the package `name` of this workspace as a component, and says where it is.
///
/// # Panics
/// When it does not build; the compiler's words are on standard error.
pub fn component(name: &str) -> PathBuf {
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    built.get_or_insert_default().entry(name.to_owned()).or_insert_with(|| build(name)).clone()
}

/// Builds the host, with these features beside its default ones, in the profile of the test that asks, and says where
/// its binary is.
///
/// # Panics
/// When it does not build; the compiler's words are on standard error.
pub fn host(features: &[&str]) -> PathBuf {
    let mut command = cargo();
    command.args(["build", "--quiet", "--package", "trigger-host", "--features", &features.join(",")]);
    let is_release = !cfg!(debug_assertions);
    if is_release {
        command.arg("--release");
    }
    let status = command.status().unwrap_or_else(|error| panic!("cannot run cargo for the host: {error}"));
    assert!(status.success(), "the host does not build: {status}");
    let profile = if is_release { "release" } else { "debug" };
    target().join(profile).join(format!("trigger-host{}", env::consts::EXE_SUFFIX))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Where the host's build results are.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    // What cargo tells the test of its own package: build scripts that look at it, such as ring's, are not to run again
    // for that, since everything above them would be built again.
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_PKG_") {
            command.env_remove(&name);
        }
    }
    command
}

fn build(name: &str) -> PathBuf {
    let target = target().join("guests");
    let mut command = cargo();
    command
        .args(["build", "--quiet", "--profile", "guest", "--target", TARGET, "--package", name, "--target-dir"])
        .arg(&target)
        // What the host is instrumented with has no meaning for a guest.
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    if let Some(compiler) = env::var_os("GUEST_RUSTC") {
        command.env("RUSTC", compiler);
    }
    let status = command.status().unwrap_or_else(|error| panic!("cannot run cargo for the guest `{name}`: {error}"));
    assert!(status.success(), "the guest `{name}` does not build: {status}");
    target.join(TARGET).join("guest").join(format!("{}.wasm", name.replace('-', "_")))
}
