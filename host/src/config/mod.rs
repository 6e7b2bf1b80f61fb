//! The configuration: `trigger-host.toml`, the environment and flags, into one typed [`Settings`].

mod checks;
mod client;
mod keys;
mod layers;
mod reference;
mod source;

use std::path::{Path, PathBuf};

pub(crate) use checks::{at, from_file as secret_file};
pub(crate) use client::{AUDIENCE, client, fernet, log_secret, secrets};
pub(crate) use keys::Settings;
pub(crate) use layers::{Flag, Origin, Shown};
pub(crate) use reference::reference;
pub(crate) use source::{Environment, Source};

use crate::document::Document;
use crate::problems::Problems;

/// Every variable of this program begins with it.
const PREFIX: &str = "TRIGGER_HOST__";
/// Every variable of Airflow begins with it.
const AIRFLOW_PREFIX: &str = "AIRFLOW__";
/// Read from the current folder when no file is named, and only if it is there.
const FILE: &str = "trigger-host.toml";

/// What was read: the values, where each came from, and everything that is wrong.
pub(crate) struct Read {
    /// Usable if nothing is fatal.
    pub(crate) settings: Settings,
    /// For `config show`, in the order of the table.
    pub(crate) shown: Vec<Shown>,
    /// What is wrong, in all layers.
    pub(crate) problems: Problems,
}

/// Reads all layers. `file` none: `trigger-host.toml` of the current folder, if it is there.
///
/// # Errors
/// The file cannot be read or is not TOML. Wrong keys and values are in [`Read::problems`].
pub(crate) fn read(file: Option<&Path>, environment: &dyn Source, flags: &[Flag]) -> Result<Read, Problems> {
    let file = file.map(Path::to_owned).or_else(|| Some(PathBuf::from(FILE)).filter(|file| file.exists()));
    let document = file.as_deref().map(Document::read).transpose()?;
    Ok(resolve(document.as_ref(), environment, flags))
}

/// What is written while no daemon runs, where nothing else is asked for. That a laptop's one host has no queues is no news.
const QUIET: &str = "warn,supervisor::supervisor=error";

/// The environment alone: for commands that need no API, so that a file about one cannot be in their way.
///
/// # Errors
/// Wrong variables.
pub(crate) fn read_environment(environment: &dyn Source) -> Result<Settings, Problems> {
    let mut read = resolve(None, environment, &[]);
    read.problems.settle()?;
    let is_default = |key: &Shown| (key.section, key.name) == ("tracing", "filter") && key.origin == Origin::Default;
    if read.shown.iter().any(is_default) {
        read.settings.tracing.filter = QUIET.into();
    }
    Ok(read.settings)
}

fn resolve(document: Option<&Document>, environment: &dyn Source, flags: &[Flag]) -> Read {
    let mut layers = layers::Layers::new(document, environment, flags);
    let settings = Settings::resolve(&mut layers);
    layers.report_indirect();
    let (mut problems, shown) = (layers.problems, layers.shown);
    checks::check(&settings, &shown, &mut problems);
    Read { settings, shown, problems }
}

#[cfg(test)]
mod tests;
