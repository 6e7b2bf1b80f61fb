//! `[sources.NAME]` of kind `directory`.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::errors::SourceRefused;
use crate::source::{Access, Native, Source, Wanted, read_duration};

/// The operator's settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The folder, absolute. Nothing outside of it is ever opened.
    pub path: PathBuf,
    /// How often it is listed.
    #[serde(default = "every", deserialize_with = "read_duration")]
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

impl Native for Settings {
    fn check(&self) -> Result<(), (&'static str, String)> {
        if !self.path.is_absolute() {
            return Err(("path", "write an absolute path".to_owned()));
        }
        if self.every < Duration::from_millis(10) || self.every > Duration::from_secs(3_600) {
            return Err(("every", "write a duration from \"10ms\" to \"1h\"".to_owned()));
        }
        Ok(())
    }

    fn make(&self, wanted: Wanted<'_>, access: Access) -> Result<Source, SourceRefused> {
        super::make(self, wanted, access)
    }
}
