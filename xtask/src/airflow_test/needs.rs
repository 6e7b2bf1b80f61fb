//! What has to be on the machine: Python and PostgreSQL. The rest is made.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use super::clean;
use crate::step;

/// The frozen versions are for these.
const PYTHONS: [&str; 4] = ["python3.11", "python3", "python3.12", "python3.13"];
const SUITS: &str = "import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info < (3, 14))";

/// What was found.
pub(super) struct Needs {
    /// The interpreter.
    pub(super) python: &'static str,
}

impl Needs {
    /// Looks for all; the error names what is missing and how to get it.
    pub(super) fn look() -> Result<Self, &'static str> {
        let suits = |python: &&&str| step::succeeds(clean(python).args(["-c", SUITS]));
        let Some(python) = PYTHONS.iter().find(suits) else {
            return Err("Python 3.11 to 3.13 is missing; on Debian `apt-get install python3 python3-venv` gets it");
        };
        if !has_postgres() {
            return Err("PostgreSQL is missing; on Debian `apt-get install postgresql` gets it");
        }
        if rustix::process::geteuid().is_root() && !step::succeeds(clean("id").arg("postgres").stdout(Stdio::null())) {
            return Err("there is no user `postgres`, and PostgreSQL refuses to run as root");
        }
        Ok(Self { python })
    }
}

/// On the path, or where Debian puts it; the tests look in the same places.
fn has_postgres() -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let versions = Path::new("/usr/lib/postgresql").read_dir();
    folders.extend(versions.into_iter().flatten().flatten().map(|version| version.path().join("bin")));
    folders.iter().any(|folder| folder.join("pg_ctl").exists() && folder.join("initdb").exists())
}
