//! The program `trigger-host` itself, in release, with a folder of its own.

#[cfg(feature = "kafka")]
use std::path::Path;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::host::AT;

/// The program and its folder.
pub(crate) struct Program {
    path: PathBuf,
    folder: tempfile::TempDir,
}

impl Program {
    /// Builds it, with a catalog of the one sample `date_time`.
    pub(crate) fn new() -> Result<Self> {
        let catalog = format!("[[trigger]]\nclasspath = \"{AT}\"\ncomponent = \"date_time.wasm\"\n");
        Self::with(&[], "date_time", &catalog)
    }

    /// Builds it with further features, and pins a catalog, whose one component is `NAME.wasm`, in a fresh folder.
    pub(crate) fn with(features: &[&str], component: &str, catalog: &str) -> Result<Self> {
        let path = guest_build::host(features);
        let folder = tempfile::tempdir()?;
        std::fs::copy(guest_build::component(component), folder.path().join(format!("{component}.wasm")))?;
        std::fs::write(folder.path().join("triggers.toml"), catalog)?;
        let program = Self { path, folder };
        let locked = program.command(&["catalog", "lock"]).status().context("run the program")?;
        ensure!(locked.success(), "the catalog cannot be locked: {locked}");
        Ok(program)
    }

    /// The program in its folder, quiet, with no environment but its own cache.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program::command(&self.path, self.folder.path());
        command.args(arguments).env("XDG_CACHE_HOME", self.cache()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Its folder.
    #[cfg(feature = "kafka")]
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where compiled code is kept.
    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Writes its configuration: the API, and everything on ports of the system's choosing.
    pub(crate) fn configure(&self, url: &str) -> Result<()> {
        let text = format!("[api]\nurl = \"{url}\"\n[admin]\nlisten = \"127.0.0.1:0\"\n");
        Ok(std::fs::write(self.folder.path().join("trigger-host.toml"), text)?)
    }
}
