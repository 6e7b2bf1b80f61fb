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

use anyhow::{Context as _, Result, bail};

use crate::guests;
use crate::step::{self, say, show};
use crate::workspace::{self, Workspace};
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
    let folder = workspace::cache()?.join("airflow-test");
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    // One run at a time: both the environment and the folder of the run are shared. Released when the process ends.
    let lock = File::create(folder.join("lock")).context("make the lock of the run")?;
    if lock.try_lock().is_err() {
        say("another run is under way, waiting for it");
        lock.lock().context("wait for the other run")?;
    }
    let environment = Environment::ready(workspace, &folder, &needs)?;
    let run = folder.join("run");
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("remove {}", run.display()))?;
    }
    let package = install(workspace, &environment, &run)?;
    if arguments.rest.is_empty() {
        check(workspace, &environment, &package)?;
    }
    deployment(workspace, &environment, &package, &run, &arguments.rest)
}

/// Installs the Python package as users have it, entry point and all, but not into the environment, which other working trees use too.
fn install(workspace: &Workspace, environment: &Environment, run: &Path) -> Result<PathBuf> {
    let package = run.join("package");
    fs::create_dir_all(&package).with_context(|| format!("make {}", package.display()))?;
    let mut pip = environment.pip();
    pip.args(["install", "--quiet", "--no-deps", "--no-build-isolation", "--target"]).arg(&package);
    step::run("install the Python package", pip.arg(workspace.root.join(PACKAGE)))?;
    Ok(package)
}

/// Checks and tests the package by itself, and checks the form and the types of what comes after.
fn check(workspace: &Workspace, environment: &Environment, package: &Path) -> Result<()> {
    let mut own = clean(workspace.root.join(PACKAGE).join("check"));
    own.arg("-q").env("AIRFLOW_PLUGIN_VENV", environment.folder()).env("PYTHONPATH", package);
    step::run("check and test the Python package", &mut own)?;
    let checks = [("ruff", &["check", "--quiet", "--no-cache", "."] as &[&str]), ("ruff", &["format", "--check", "."])];
    for (program, arguments) in checks.into_iter().chain([("mypy", &["--cache-dir", "/dev/null", "."] as &[&str])]) {
        let mut check = environment.program(program);
        check.args(arguments).current_dir(workspace.root.join(TESTS));
        step::run(&format!("{program} {} in {TESTS}", arguments[0]), &mut check)?;
    }
    Ok(())
}

fn deployment(
    workspace: &Workspace,
    environment: &Environment,
    package: &Path,
    run: &Path,
    arguments: &[String],
) -> Result<()> {
    guests::build(workspace)?;
    step::run(
        "build the host and a job server",
        &mut workspace.cargo(&["build", "-p", "trigger-host", "-p", "jobserver"]),
    )?;
    let all = ["-v", "--durations=0"].map(str::to_owned);
    let mut pytest = environment.program("python");
    pytest
        .args(["-m", "pytest"])
        .args(if arguments.is_empty() { &all } else { arguments })
        .current_dir(workspace.root.join(TESTS))
        .env("PYTHONPATH", package)
        .env("AIRFLOW_TEST_HOST", workspace.binary("trigger-host"))
        .env("AIRFLOW_TEST_JOBSERVER", workspace.binary("jobserver"))
        .env("AIRFLOW_TEST_SAMPLES", workspace.root.join("sample-triggers/components"))
        .env("AIRFLOW_TEST_GUESTS", guests::folder(workspace))
        .env("AIRFLOW_TEST_PYTHON", environment.programs())
        .env("AIRFLOW_TEST_RUN", run)
        .env("AIRFLOW_TEST_FIGURES", workspace.target.join("airflow-figures.md"));
    say(format!("the logs of the run are in {}", run.display()));
    if !step::watched("test against Airflow", &mut pytest, show)?.success() {
        bail!("the tests against Airflow failed; the logs are in {}", run.display());
    }
    Ok(())
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
