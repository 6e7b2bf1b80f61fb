//! One folder, listed again and again: which files are new since then.
//!
//! Owns what is known of each file. Invariants: a file is reported once for each size and time it settles at; what is
//! gone is forgotten, and at most [`MOST_FILES`] are known.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use cap_std::fs::Dir;

use super::Existing;
use super::parameters::Selected;

/// Most files of one folder.
pub(super) const MOST_FILES: usize = 100_000;

/// Size in bytes, and milliseconds since 1970.
type Stamp = (u64, u64);

/// A file that has settled.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Found {
    pub(super) modified_ms: u64,
    pub(super) name: OsString,
    pub(super) size: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Listing {
    /// A handle: whatever becomes of the path, nothing outside of this folder is reached.
    folder: Dir,
    selected: Arc<Selected>,
    /// What the last listing found, and whether that was reported.
    known: HashMap<OsString, (Stamp, bool)>,
}

/// Why a folder cannot be listed.
#[derive(Debug, thiserror::Error)]
pub(super) enum ListError {
    #[error("the folder cannot be listed: {}", .0.kind())]
    Read(#[from] io::Error),
    #[error("the folder contains more than {MOST_FILES} files: move away those that have been processed")]
    TooMany,
}

impl Listing {
    /// Lists once, to know what is there already.
    pub(super) fn begin(folder: Dir, selected: Arc<Selected>, existing: Existing) -> Result<Self, ListError> {
        let mut listing = Self { folder, selected, known: HashMap::new() };
        listing.list()?;
        if existing == Existing::Skip {
            listing.known.values_mut().for_each(|(_, reported)| *reported = true);
        }
        Ok(listing)
    }

    /// What has settled since, the oldest first.
    pub(super) fn list(&mut self) -> Result<Vec<Found>, ListError> {
        let mut now = HashMap::with_capacity(self.known.len());
        let mut settled = Vec::new();
        for entry in self.folder.entries()? {
            let entry = entry?;
            let name = entry.file_name();
            if self.selected.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&name)) {
                continue;
            }
            // The entry's own metadata: a link is a link, whatever it points to. One that is gone by now is gone.
            let Some(metadata) = entry.metadata().ok().filter(cap_std::fs::Metadata::is_file) else { continue };
            let modified = metadata.modified()?.into_std().duration_since(UNIX_EPOCH).unwrap_or_default();
            let modified_ms = u64::try_from(modified.as_millis()).unwrap_or(u64::MAX);
            let stamp = (metadata.len(), modified_ms);
            let before = self.known.get(&name).filter(|(before, _)| *before == stamp);
            if before.is_some_and(|(_, reported)| !reported) {
                settled.push(Found { modified_ms, name: name.clone(), size: stamp.0 });
            }
            now.insert(name, (stamp, before.is_some()));
            if now.len() > MOST_FILES {
                return Err(ListError::TooMany);
            }
        }
        self.known = now;
        settled.sort_unstable();
        Ok(settled)
    }
}
