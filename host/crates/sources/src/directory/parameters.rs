//! What a trigger adds to the settings of a directory.

use std::path::{Component, PathBuf};

use globset::{Glob, GlobMatcher};
use serde::Deserialize;

use crate::errors::SourceRefused;
use crate::source::Wanted;

/// What a trigger adds.
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
#[derive(Debug)]
pub(super) struct Selected {
    /// Relative, of plain names; empty for the granted folder itself.
    pub(super) folder: PathBuf,
    /// For the name of a file.
    pub(super) pattern: Option<GlobMatcher>,
}

/// Reads and checks what a trigger adds.
pub(super) fn select(wanted: &Wanted<'_>) -> Result<Selected, SourceRefused> {
    let Parameters { folder, pattern } = wanted.parameters()?;
    let folder = PathBuf::from(folder);
    // The handle on the granted folder refuses all of this as well, but only when the source is opened.
    if !folder.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(wanted.refuse("`folder` must be a relative path of plain names, without `..`"));
    }
    let compiled = pattern.as_deref().map(|pattern| {
        if pattern.len() > 200 {
            return Err("it is longer than 200 bytes".to_owned());
        }
        Glob::new(pattern).map(|glob| glob.compile_matcher()).map_err(|error| error.kind().to_string())
    });
    let pattern = compiled.transpose().map_err(|what| wanted.refuse(format!("`pattern`: {what}")))?;
    Ok(Selected { folder, pattern })
}
