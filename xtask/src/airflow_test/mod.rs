//! `airflow-test`: a real Airflow with the plugin and the host in it, in `tests/airflow`.
//!
//! Makes what that needs (a virtual environment with frozen versions, the host, the components) and hands over to pytest. Without arguments it
//! checks and tests the Python package first. Everything it leaves is in one folder of the user's cache: the environment, made anew only when its
//! versions change, and the logs of the last run.

mod environment;
mod needs;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::guests;
use crate::step::{self, say};
use crate::workspace::Workspace;
use environment::Environment;
use needs::Needs;

const PACKAGE: &str = "host/airflow-plugin";
const TESTS: &str = "tests/airflow";

/// `airflow-test`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// For pytest; the Python package itself is then not tested.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "PYTEST ARGUMENTS")]
    rest: Vec<String>,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    let needs = match Needs::look() {
        Ok(needs) => needs,
        Err(missing) => {
            say("==================================================================================");
            say(format!("WARNING: nothing was tested against Airflow: {missing}"));
            say("==================================================================================");
            return Ok(());
        }
    };
    let folder = cache()?.join("airflow-test");
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    // One run at a time: both the environment and the folder of the run are shared. Released when the process ends.
    let lock = File::create(folder.join("lock")).context("make the lock of the run")?;
    if lock.try_lock().is_err() {
        say("another run is under way, waiting for it");
        lock.lock().context("wait for the other run")?;
    }
    let environment = Environment::ready(workspace, &folder, &needs)?;
    if arguments.rest.is_empty() {
        check(workspace, &environment)?;
        let mut tests = environment.program("python");
        tests.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).current_dir(workspace.root.join(PACKAGE));
        step::run("test the Python package", tests.env("PYTHONPATH", "src"))?;
    }
    deployment(workspace, &environment, &folder.join("run"), &arguments.rest)
}

/// Form, lints and types of everything in Python.
fn check(workspace: &Workspace, environment: &Environment) -> Result<()> {
    for folder in [PACKAGE, TESTS] {
        for arguments in [&["check"] as &[&str], &["format", "--check"]] {
            let mut ruff = environment.program("ruff");
            ruff.args(arguments).args(["--quiet", "--no-cache", "."]).current_dir(workspace.root.join(folder));
            step::run(&format!("ruff {} in {folder}", arguments[0]), &mut ruff)?;
        }
    }
    for (folder, what) in [(PACKAGE, "src"), (TESTS, ".")] {
        let mut mypy = environment.program("mypy");
        mypy.args(["--cache-dir", "/dev/null", what]).current_dir(workspace.root.join(folder));
        step::run(&format!("mypy in {folder}"), &mut mypy)?;
    }
    Ok(())
}

fn deployment(workspace: &Workspace, environment: &Environment, run: &Path, arguments: &[String]) -> Result<()> {
    guests::build(workspace)?;
    step::run(
        "build the host and a job server",
        &mut workspace.cargo(&["build", "-p", "trigger-host", "-p", "jobserver"]),
    )?;
    if run.exists() {
        fs::remove_dir_all(run).with_context(|| format!("remove {}", run.display()))?;
    }
    let package = run.join("package");
    fs::create_dir_all(&package)?;
    // As users have it, entry point and all, but not in the environment, which other working trees use too.
    let mut pip = environment.pip();
    pip.args(["install", "--quiet", "--no-deps", "--no-build-isolation", "--target"]).arg(&package);
    step::run("install the Python package", pip.arg(workspace.root.join(PACKAGE)))?;

    let mut pytest = environment.program("python");
    let all = ["-v", "--durations=0"].map(str::to_owned);
    pytest
        .args(["-m", "pytest"])
        .args(if arguments.is_empty() { &all } else { arguments })
        .current_dir(workspace.root.join(TESTS))
        .env("PYTHONPATH", &package)
        .env("AIRFLOW_TEST_HOST", workspace.binary("trigger-host"))
        .env("AIRFLOW_TEST_JOBSERVER", workspace.binary("jobserver"))
        .env("AIRFLOW_TEST_SAMPLES", workspace.root.join("sample-triggers/components"))
        .env("AIRFLOW_TEST_GUESTS", guests::folder(workspace))
        .env("AIRFLOW_TEST_PYTHON", environment.programs())
        .env("AIRFLOW_TEST_RUN", run)
        .env("AIRFLOW_TEST_FIGURES", workspace.target.join("airflow-figures.md"));
    say(format!("the logs of the run are in {}", run.display()));
    step::run("test against Airflow", &mut pytest)
}

/// The user's cache folder, where this project has one of its own.
fn cache() -> Result<PathBuf> {
    let folder = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let folder = folder.filter(|folder| folder.is_absolute()).or_else(home);
    Ok(folder.context("neither XDG_CACHE_HOME nor HOME is set")?.join("trigger-host"))
}

/// A program outside, without anything of an Airflow that this shell knows.
fn clean(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AIRFLOW") {
            command.env_remove(name);
        }
    }
    command.env_remove("PYTHONHOME").env_remove("PYTHONPATH").env_remove("VIRTUAL_ENV");
    command
}
