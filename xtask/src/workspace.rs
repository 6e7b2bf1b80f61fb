//! Where things are: the root, the target folder, cargo, and the packages that are guests.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::step;

/// The workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// Its folder.
    pub(crate) root: PathBuf,
    /// Cargo's target folder.
    pub(crate) target: PathBuf,
    /// Cargo itself.
    pub(crate) cargo: OsString,
    packages: Vec<Value>,
}

impl Workspace {
    /// Asks cargo.
    pub(crate) fn find() -> Result<Self> {
        let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().context("find the workspace")?;
        let mut metadata = Command::new(&cargo);
        metadata.current_dir(&root).args(["metadata", "--no-deps", "--format-version", "1"]);
        let metadata: Value = serde_json::from_str(&step::output("read the workspace", &mut metadata)?)?;
        let target = metadata["target_directory"].as_str().context("cargo metadata names no target folder")?.into();
        let packages = metadata["packages"].as_array().context("cargo metadata names no packages")?.clone();
        Ok(Self { root, target, cargo, packages })
    }

    /// A cargo command in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.cargo);
        command.current_dir(&self.root).args(arguments);
        // What cargo told this program of its own package: build scripts that look at it would run again, and so build
        // half of all anew.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_MANIFEST_") || text.starts_with("CARGO_PKG_") {
                command.env_remove(&name);
            }
        }
        command
    }

    /// Where a binary of the dev profile is built to.
    pub(crate) fn binary(&self, name: &str) -> PathBuf {
        self.target.join("debug").join(name)
    }

    /// Names of the guests below a folder: the packages that are built as components.
    pub(crate) fn guests_below(&self, folder: &str) -> Vec<&str> {
        let folder = self.root.join(folder);
        let is_guest = |package: &&Value| {
            let path = package["manifest_path"].as_str().unwrap_or_default();
            let targets = package["targets"].as_array().map(Vec::as_slice).unwrap_or_default();
            let builds_component = |target: &Value| {
                target["crate_types"].as_array().is_some_and(|types| types.iter().any(|one| one == "cdylib"))
            };
            Path::new(path).starts_with(&folder) && targets.iter().any(builds_component)
        };
        self.packages.iter().filter(is_guest).filter_map(|package| package["name"].as_str()).collect()
    }

    /// Every package, as cargo describes it.
    pub(crate) fn packages(&self) -> &[Value] {
        &self.packages
    }

    /// Whether there is a package of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.packages.iter().any(|package| package["name"] == name)
    }
}

/// The user's cache folder, where this project has one of its own.
pub(crate) fn cache() -> Result<PathBuf> {
    let folder = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = folder.filter(|folder| folder.is_absolute()).or_else(home);
    Ok(folder.context("neither XDG_CACHE_HOME nor HOME is set")?.join("trigger-host"))
}
