//! The configuration as this program uses it: what `settings` reads, checked with the packages that take it, and turned
//! into what they take. What a key is called and how it is written is decided there, what it means to a package is
//! decided here.

mod client;

use std::path::Path;

use settings::{Flag, Origin, Problems, Read, Settings, Shown, Variables, locate};

pub(crate) use self::client::{AUDIENCE, client, fernet, log_secret, secrets};
use crate::diagnostics;

/// What is written while no daemon runs, where nothing else is asked for. That a laptop's one host has no queues is no
/// news.
const QUIET: &str = "warn,supervisor::supervisor=error";

/// Reads all layers. Without `file`: `trigger-host.toml` of the current folder, if it is there.
///
/// # Errors
/// The file cannot be read or is not TOML. Wrong keys and values are in [`Read::problems`].
pub(crate) fn read(file: Option<&Path>, environment: &dyn Variables, flags: &[Flag]) -> Result<Read, Problems> {
    Ok(check(settings::read(file, environment, flags)?))
}

/// Reads the environment alone: for commands that need no API, so that a file about one cannot be in their way.
///
/// # Errors
/// Wrong variables.
pub(crate) fn read_environment(environment: &dyn Variables) -> Result<Settings, Problems> {
    let mut read = check(settings::read_environment(environment));
    settle(read.problems)?;
    let is_default = |key: &Shown| (key.section, key.name) == ("tracing", "filter") && key.origin == Origin::Default;
    if read.shown.iter().any(is_default) {
        read.settings.tracing.filter = QUIET.into();
    }
    Ok(read.settings)
}

/// Prints warnings on standard error.
///
/// # Errors
/// Everything that is wrong, if anything is fatal.
pub(crate) fn settle(problems: Problems) -> Result<(), Problems> {
    problems.settle(|warnings| eprint!("{warnings}"))
}

/// Adds what only the packages that take a value know to be wrong with it.
fn check(mut read: Read) -> Read {
    let Read { settings, shown, problems } = &mut read;
    let (api, logs) = (&settings.api, &settings.logs);
    if let Err(error) = fernet(settings) {
        let name = if api.fernet_key_file.is_some() { "fernet-key-file" } else { "fernet-key" };
        problems.error(locate(shown, "api", name, error.to_string()));
    }
    if let Err(error) = diagnostics::filter(&settings.tracing.filter) {
        problems.error(locate(shown, "tracing", "filter", format!("not a valid filter: {error}")));
    }
    // Without a folder nothing is rendered.
    if let (Some(_), Err(error)) = (&logs.folder, logs::Template::parse(&logs.filename_template)) {
        problems.error(locate(shown, "logs", "filename-template", error.to_string()));
    }
    read
}

#[cfg(test)]
mod tests;
