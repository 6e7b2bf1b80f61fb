//! `demo`: the whole thing in half a minute. Two acts: a deferred set through `dev`, live, with a trigger that never
//! returns among them; then a host that is killed in the middle of a submission, and a second one that finishes the
//! job.
//!
//! It checks what it shows: it fails when something is not as it says.

mod deferred;
mod killed;
mod process;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use crate::guests;
use crate::step::{self, show};
use crate::workspace::Workspace;
use process::Process;

/// What both acts need.
struct Stage {
    host: PathBuf,
    folder: tempfile::TempDir,
    jobs: JobServer,
}

/// The job service of the demonstration.
struct JobServer {
    url: String,
    // Ends with the demonstration.
    _process: Process,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    guests::build(workspace)?;
    step::run(
        "build the host and a job server",
        &mut workspace.cargo(&["build", "-p", "trigger-host", "-p", "jobserver"]),
    )?;
    let stage = Stage::set(workspace)?;
    let first = deferred::play(&stage)?;
    let second = killed::play(&stage)?;
    show("\n== Summary ==");
    for line in first.iter().chain(&second) {
        show(line);
    }
    Ok(())
}

impl Stage {
    fn set(workspace: &Workspace) -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the demonstration")?;
        let (mut process, url) =
            Process::that_says_where(Command::new(workspace.binary("jobserver")).args(["--polls", "2"]))?;
        process.name("job server");
        let host = workspace.binary("trigger-host");
        fs::write(folder.path().join("triggers.toml"), catalog(workspace, &url))?;
        let stage = Self { host, folder, jobs: JobServer { url, _process: process } };
        step::run("lock the catalog", stage.command("catalog").args(["lock", "--catalog"]).arg(stage.catalog()))?;
        Ok(stage)
    }

    /// A command of the host.
    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(&self.host);
        command.arg(name).current_dir(self.folder.path());
        command
    }

    fn catalog(&self) -> PathBuf {
        self.path("triggers.toml")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

/// The demonstration's catalog: the class paths of Airflow's standard provider, and a job watcher and a hostile guest
/// that may reach the job server alone.
fn catalog(workspace: &Workspace, jobs: &str) -> String {
    let sample = |name: &str| text(&workspace.root.join("sample-triggers/components").join(format!("{name}.wasm")));
    let entry = |classpath: &str, component: &str, more: &str| {
        format!("[[trigger]]\nclasspath = \"{classpath}\"\ncomponent = {component}\n{more}\n")
    };
    let grants = format!(
        "[trigger.grants]\nhttp = [{{ origin = \"{jobs}\", methods = [\"GET\", \"POST\", \"DELETE\"], paths = [\"/v1/runs\", \"/v1/runs/*\"], private = true }}]\n"
    );
    [
        entry("airflow.providers.standard.triggers.temporal.DateTimeTrigger", &sample("date_time"), ""),
        entry("airflow.providers.standard.triggers.temporal.TimeDeltaTrigger", &sample("time_delta"), ""),
        entry("demo.HttpJob", &sample("http_job"), &grants),
        entry(
            "demo.NeverReturns",
            &text(&guests::component(workspace, "hostile")),
            &format!("{grants}[trigger.limits]\ncpu-per-poll = \"250ms\"\n"),
        ),
    ]
    .concat()
}

/// A path as a TOML string.
fn text(path: &Path) -> String {
    json!(path.display().to_string()).to_string()
}
