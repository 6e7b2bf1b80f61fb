//! Builds the WebAssembly guests that tests need, from this workspace, once per process.
//!
//! Guests have a target folder of their own (`guests` in the host's), so that a test run never waits for the lock of the build it is part
//! of. `GUEST_RUSTC` names another compiler for them, where the host's has no wasm target. For tests and benches only: failures panic.
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

fn build(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from).join("guests");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .current_dir(&root)
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
