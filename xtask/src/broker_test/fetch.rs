//! Kafka's published jars and moto's server, fetched by their ordinary clients.
//!
//! Owns two folders in the user's cache, each named by a version. Invariants: a folder that is marked so is whole; jars have the hashes that
//! are recorded here, and Python packages the versions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use crate::step;
use crate::workspace::Workspace;

const KAFKA: &str = "kafka-3.9.1";
const MOTO: &str = "moto-5.2.5";
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
    if !step::succeeds(Command::new("java").arg("-version")) {
        bail!("there is no Java: install a JRE, version 17 or newer");
    }
    let (recipes, cache) = (workspace.root.join("xtask/src/broker_test"), cache()?);
    let kafka_jars = whole(&cache.join(KAFKA), |folder| kafka(&recipes, folder))?;
    let moto = whole(&cache.join(MOTO), |folder| moto(&recipes, folder))?;
    Ok(Programs { kafka_jars, sqs_server: moto.join("bin").join("moto_server") })
}

fn cache() -> Result<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).context("neither XDG_CACHE_HOME nor HOME is set")?;
    Ok(cache.join("trigger-host").join("brokers"))
}

/// The folder, made by `make` if it is not there.
fn whole(folder: &Path, make: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let done = folder.join(".whole");
    if !done.exists() {
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        make(folder)?;
        fs::write(&done, "").with_context(|| format!("write {}", done.display()))?;
    }
    Ok(folder.to_owned())
}

/// Maven resolves what the recipe names; every jar then has to have its recorded hash, and no jar may be without one.
fn kafka(recipes: &Path, folder: &Path) -> Result<()> {
    let mut maven = Command::new("mvn");
    maven.args(["-q", "-B", "-f"]).arg(recipes.join("kafka.pom.xml"));
    maven.args(["dependency:copy-dependencies", "-DincludeScope=runtime"]);
    maven.arg(format!("-DoutputDirectory={}", folder.display()));
    step::run("fetch Kafka", &mut maven)?;
    let hashes = recipes.join("kafka.sha256");
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
    step::run("fetch the SQS server", pip.arg(recipes.join("moto.txt")))
}
