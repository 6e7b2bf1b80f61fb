//! `airflow-test`: a real Airflow with the plugin and the host in it, in `tests/airflow`.
//!
//! Makes what that needs (a virtual environment with frozen versions, the host, the components) and hands over to
//! pytest. Without arguments it checks and tests the Python package first. Everything it leaves is in one folder of the
//! user's cache: the environment, made anew only when its versions change, and the logs of the last run.

mod needs;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::environment::{Environment, PACKAGE, Place, TESTS, clean};
use crate::guests;
use crate::step::{self, say, show};
use crate::workspace::Workspace;
use needs::Needs;

/// How many deferrals the large crowd of the figures has.
const DEFERRALS: &str = "AIRFLOW_TEST_DEFERRALS";

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
    // One run at a time: both the environment and the folder of the run are shared.
    let place = Place::take()?;
    let environment = Environment::ready(workspace, &place, needs.python)?;
    let run = place.folder.join("run");
    if run.exists() {
        fs::remove_dir_all(&run).with_context(|| format!("remove {}", run.display()))?;
    }
    let package = install(workspace, &environment, &run)?;
    if arguments.rest.is_empty() {
        check(workspace, &environment, &package)?;
    }
    deployment(workspace, &environment, &package, &run, &arguments.rest)
}

/// Installs the Python package as users have it, entry point and all, but not into the environment, which other working
/// trees use too.
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
        .env("AIRFLOW_TEST_FIGURES", workspace.target.join("airflow-figures.md"))
        // Whatever else begins so is taken from a program of Airflow's.
        .envs(std::env::var_os(DEFERRALS).map(|size| (DEFERRALS, size)));
    say(format!("the logs of the run are in {}", run.display()));
    if !step::watched("test against Airflow", &mut pytest, show)?.success() {
        bail!("the tests against Airflow failed; the logs are in {}", run.display());
    }
    Ok(())
}
