//! The virtual environment: made once for a set of versions, then used again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::needs::Needs;
use super::{PACKAGE, TESTS, clean};
use crate::step;
use crate::workspace::Workspace;

/// A virtual environment with everything but the package of this project.
pub(super) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, unless one with these versions is there.
    pub(super) fn ready(workspace: &Workspace, cache: &Path, needs: &Needs) -> Result<Self> {
        let wanted = workspace.root.join(TESTS).join("requirements.txt");
        let versions = workspace.root.join(PACKAGE).join("tests/constraints.txt");
        // The file says what the environment was made from, and is written last.
        let made_from =
            format!("{}\n{}\n{}", needs.python, fs::read_to_string(&wanted)?, fs::read_to_string(&versions)?);
        let environment = Self { folder: cache.join("environment") };
        let mark = environment.folder.join("made-from.txt");
        if fs::read_to_string(&mark).is_ok_and(|mark| mark == made_from) {
            return Ok(environment);
        }
        let mut venv = clean(needs.python);
        step::run("make a virtual environment", venv.args(["-m", "venv", "--clear"]).arg(&environment.folder))?;
        let mut pip = environment.pip();
        pip.args(["install", "--quiet", "--requirement"]).arg(wanted).arg("--constraint").arg(versions);
        step::run("install Airflow", &mut pip)?;
        fs::write(&mark, made_from).with_context(|| format!("write {}", mark.display()))?;
        Ok(environment)
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its programs are.
    pub(super) fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// One of its programs.
    pub(super) fn program(&self, name: &str) -> Command {
        clean(self.programs().join(name))
    }

    /// Its pip.
    pub(super) fn pip(&self) -> Command {
        let mut pip = self.program("python");
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    }
}
