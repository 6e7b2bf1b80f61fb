//! `[sources.NAME]` of kind `directory`, and what a trigger may add.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::duration;

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The folder, absolute. Nothing outside of it is ever opened.
    pub path: PathBuf,
    /// How often it is listed.
    #[serde(default = "every", deserialize_with = "duration::read")]
    pub every: Duration,
    /// What becomes of files that are there when reading begins, as after each restart of the host.
    #[serde(default)]
    pub existing: Existing,
}

/// What becomes of files that are there when reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existing {
    /// They are raw events too: nothing is missed, and what was seen before is seen again, as the same.
    #[default]
    Deliver,
    /// They are left out.
    Skip,
}

fn every() -> Duration {
    Duration::from_secs(1)
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), (&'static str, String)> {
        if !self.path.is_absolute() {
            return Err(("path", "write an absolute path".to_owned()));
        }
        if self.every < Duration::from_millis(10) || self.every > Duration::from_secs(3_600) {
            return Err(("every", "write a duration from \"10ms\" to \"1h\"".to_owned()));
        }
        Ok(())
    }
}

/// What a trigger adds.
#[cfg(feature = "directory")]
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Parameters {
    /// A folder below the granted one; that one itself when empty.
    #[serde(default)]
    folder: String,
    /// What names of files look like, such as `*.csv`; all when absent.
    #[serde(default)]
    pattern: Option<String>,
}

/// Which files a trigger wants.
#[cfg(feature = "directory")]
#[derive(Debug)]
pub(super) struct Selected {
    /// Relative, of plain names; empty for the granted folder itself.
    pub(super) folder: PathBuf,
    /// For the name of a file.
    pub(super) pattern: Option<globset::GlobMatcher>,
}

/// Reads and checks what a trigger adds.
#[cfg(feature = "directory")]
pub(super) fn selected(wanted: &crate::Wanted<'_>) -> Result<Selected, crate::SourceRefused> {
    let Parameters { folder, pattern } = wanted.parameters()?;
    let folder = PathBuf::from(folder);
    // The handle on the granted folder refuses all of this as well, but only when the source is opened.
    if !folder.components().all(|part| matches!(part, std::path::Component::Normal(_))) {
        return Err(wanted.refuse("`folder` must be a relative path of plain names, without `..`"));
    }
    let compiled = pattern.as_deref().map(|pattern| {
        if pattern.len() > 200 {
            return Err("it is longer than 200 bytes".to_owned());
        }
        globset::Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
    });
    let pattern = compiled.transpose().map_err(|what| wanted.refuse(format!("`pattern`: {what}")))?;
    Ok(Selected { folder, pattern })
}
