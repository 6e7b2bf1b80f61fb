//! A virtual environment with Airflow in frozen versions: made once for a set of versions, then used again, by the
//! tests against Airflow and by the benchmarks beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::step::{self, say};
use crate::workspace::{self, Workspace};

/// The Python package of this project, whose tests say the versions.
pub(crate) const PACKAGE: &str = "host/airflow-plugin";
/// The tests against Airflow, which say what is wanted.
pub(crate) const TESTS: &str = "tests/airflow";

/// The frozen versions are for these.
const PYTHONS: [&str; 4] = ["python3.11", "python3", "python3.12", "python3.13"];
const SUITS: &str = "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))";

/// The interpreter to make it with; the error says how to get one.
pub(crate) fn python() -> Result<&'static str, &'static str> {
    let suits = |python: &&&str| step::succeeds(clean(python).args(["-c", SUITS]));
    let python = PYTHONS.iter().find(suits);
    python.copied().ok_or("Python 3.11 to 3.13 is missing; on Debian `apt-get install python3 python3-venv` gets it")
}

/// A folder of the user's cache, for one user at a time.
pub(crate) struct Place {
    /// Where it is.
    pub(crate) folder: PathBuf,
    /// Released when the process ends.
    _lock: File,
}

impl Place {
    /// Waits for whoever uses it.
    pub(crate) fn take() -> Result<Self> {
        let folder = workspace::cache()?.join("airflow-test");
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let lock = File::create(folder.join("lock")).context("make the lock of the run")?;
        if lock.try_lock().is_err() {
            say("another run is under way, waiting for it");
            lock.lock().context("wait for the other run")?;
        }
        Ok(Self { folder, _lock: lock })
    }
}

/// A virtual environment with everything but the package of this project.
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// Makes it, unless one with these versions is there.
    pub(crate) fn ready(workspace: &Workspace, place: &Place, python: &str) -> Result<Self> {
        let wanted = workspace.root.join(TESTS).join("requirements.txt");
        let versions = workspace.root.join(PACKAGE).join("tests/constraints.txt");
        // The file says what the environment was made from, and is written last.
        let made_from = format!("{}\n{}\n{}", python, fs::read_to_string(&wanted)?, fs::read_to_string(&versions)?);
        let environment = Self { folder: place.folder.join("environment") };
        let mark = environment.folder.join("made-from.txt");
        if fs::read_to_string(&mark).is_ok_and(|mark| mark == made_from) {
            return Ok(environment);
        }
        let mut venv = clean(python);
        step::run("make a virtual environment", venv.args(["-m", "venv", "--clear"]).arg(&environment.folder))?;
        let mut pip = environment.pip();
        pip.args(["install", "--quiet", "--requirement"]).arg(wanted).arg("--constraint").arg(versions);
        step::run("install Airflow", &mut pip)?;
        fs::write(&mark, made_from).with_context(|| format!("write {}", mark.display()))?;
        Ok(environment)
    }

    /// Where it is.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its programs are.
    pub(crate) fn programs(&self) -> PathBuf {
        self.folder.join("bin")
    }

    /// One of its programs.
    pub(crate) fn program(&self, name: &str) -> Command {
        clean(self.programs().join(name))
    }

    /// Its pip.
    pub(crate) fn pip(&self) -> Command {
        let mut pip = self.program("python");
        pip.args(["-m", "pip", "--disable-pip-version-check"]);
        pip
    }
}

/// A program outside, without anything of an Airflow that this shell knows.
pub(crate) fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIRFLOW") {
            command.env_remove(name);
        }
    }
    command.env_remove("PYTHONHOME").env_remove("PYTHONPATH").env_remove("VIRTUAL_ENV");
    command
}
