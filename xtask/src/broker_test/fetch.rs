//! Kafka's published jars and moto's server, fetched by their ordinary clients.
//!
//! Owns two folders in the user's cache. Invariants: a folder with a mark is whole, and of the recipe that the mark
//! repeats; jars have the hashes that are recorded here, and Python packages the versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::step;
use crate::workspace::{self, Workspace};

/// Hashes of the jars of one version.
const KAFKA: &str = "kafka.sha256";
/// Versions of the Python packages.
const SQS: &str = "moto.txt";
/// Says what a folder was made of.
const MARK: &str = "made-of.txt";
/// The oldest Python that moto takes.
const PYTHONS: [&str; 4] = ["python3.13", "python3.12", "python3.11", "python3"];

/// Where they are.
pub(super) struct Programs {
    /// A folder of jars.
    pub(super) kafka_jars: PathBuf,
    /// A program.
    pub(super) sqs_server: PathBuf,
}

/// Fetches what is not there yet.
pub(super) fn programs(workspace: &Workspace) -> Result<Programs> {
    let kafka_jars = kafka_jars(workspace)?;
    let (recipes, sqs) = (recipes(workspace), cache()?.join("sqs"));
    whole(&sqs, &recipes.join(SQS), || moto(&recipes, &sqs))?;
    Ok(Programs { kafka_jars, sqs_server: sqs.join("bin").join("moto_server") })
}

/// Fetches Kafka's if they are not there yet.
pub(super) fn kafka_jars(workspace: &Workspace) -> Result<PathBuf> {
    if !step::succeeds(Command::new("java").arg("-version")) {
        bail!("there is no Java: install a JRE, version 17 or newer");
    }
    let (recipes, jars) = (recipes(workspace), cache()?.join("kafka"));
    whole(&jars, &recipes.join(KAFKA), || kafka(&recipes, &jars))?;
    Ok(jars)
}

fn recipes(workspace: &Workspace) -> PathBuf {
    workspace.root.join("xtask/src/broker_test")
}

fn cache() -> Result<PathBuf> {
    Ok(workspace::cache()?.join("brokers"))
}

/// The folder, made by `make` unless one of this very recipe is there. The mark is written last.
fn whole(folder: &Path, recipe: &Path, make: impl FnOnce() -> Result<()>) -> Result<()> {
    let recipe = fs::read_to_string(recipe).with_context(|| format!("read {}", recipe.display()))?;
    let mark = folder.join(MARK);
    if fs::read_to_string(&mark).is_ok_and(|made_of| made_of == recipe) {
        return Ok(());
    }
    // There may be none.
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
    make()?;
    fs::write(&mark, recipe).with_context(|| format!("write {}", mark.display()))
}

/// Maven resolves what the recipe names; every jar then has to have its recorded hash, and no jar may be without one.
fn kafka(recipes: &Path, folder: &Path) -> Result<()> {
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(recipes.join("kafka.pom.xml"));
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    maven.arg(format!("-DoutputDirectory={}", folder.display()));
    step::run("fetch Kafka", &mut maven)?;
    let hashes = recipes.join(KAFKA);
    let mut check = Command::new("sha256sum");
    step::run("check Kafka's jars", check.current_dir(folder).args(["--quiet", "--strict", "-c"]).arg(&hashes))?;
    let recorded = fs::read_to_string(&hashes)?.lines().count();
    let jars = fs::read_dir(folder)?.count();
    if jars != recorded {
        bail!("there are {jars} jars and {recorded} recorded hashes: see {}", hashes.display());
    }
    Ok(())
}

/// A Python environment of its own, with exactly what the list of requirements names.
fn moto(recipes: &Path, folder: &Path) -> Result<()> {
    let has_venv = |python: &&&str| {
        step::succeeds(Command::new(python).args(["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"]))
    };
    let python = PYTHONS.iter().find(has_venv).context("there is no Python 3.10 or newer with `venv`")?;
    step::run("make a Python environment", Command::new(python).args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin").join("pip"));
    pip.args(["install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "--no-deps", "-r"]);
    step::run("fetch the SQS server", pip.arg(recipes.join(SQS)))
}
