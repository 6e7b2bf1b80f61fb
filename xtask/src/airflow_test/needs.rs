//! What has to be on the machine: Python and PostgreSQL. The rest is made.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::environment::{self, clean};
use crate::step;

/// What was found.
pub(super) struct Needs {
    /// The interpreter.
    pub(super) python: &'static str,
}

impl Needs {
    /// Looks for all; the error names what is missing and how to get it.
    pub(super) fn look() -> Result<Self, &'static str> {
        let python = environment::python()?;
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
