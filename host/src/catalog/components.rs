//! The bytes behind the entries: each file read once, its digest checked against the pin.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use settings::Problems;
use trigger_host_types::Digest;

use super::entry::{Catalog, Guest, Owner};

/// What an entry without a digest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlocked {
    /// A problem: what runs in earnest is pinned.
    Refused,
    /// Worth a word: a trigger being written changes all the time.
    Warned,
}

/// An entry with the bytes of its component.
#[derive(Clone)]
pub(crate) struct Ready<'c> {
    /// Whose it is.
    pub(crate) owner: Owner<'c>,
    /// The guest.
    pub(crate) guest: &'c Guest,
    /// The component.
    pub(crate) wasm: Arc<[u8]>,
    /// Of `wasm`.
    pub(crate) digest: Digest,
}

/// Reads the components of all entries. Missing files, wrong digests and missing pins go to `problems`; those entries
/// are left out.
pub(crate) fn ready<'c>(catalog: &'c Catalog, unlocked: Unlocked, problems: &mut Problems) -> Vec<Ready<'c>> {
    let mut files = HashMap::new();
    catalog.guests().filter_map(|(owner, guest)| one(catalog, owner, guest, unlocked, &mut files, problems)).collect()
}

type Files<'c> = HashMap<&'c Path, Result<(Arc<[u8]>, Digest), String>>;

fn one<'c>(
    catalog: &'c Catalog,
    owner: Owner<'c>,
    guest: &'c Guest,
    unlocked: Unlocked,
    files: &mut Files<'c>,
    problems: &mut Problems,
) -> Option<Ready<'c>> {
    let (wasm, digest) = match files.entry(&guest.component).or_insert_with(|| file(&guest.component)) {
        Ok((wasm, digest)) => (Arc::clone(wasm), *digest),
        Err(what) => {
            problems.error(catalog.problem(guest, guest.component_line, "component", what.clone()));
            return None;
        }
    };
    match guest.digest {
        Some(pinned) if pinned != digest => {
            let what = format!(
                "`{}` has changed: pinned is {pinned}, found {digest}; if the change is intended, run `trigger-host catalog lock`",
                guest.component.display()
            );
            problems.error(catalog.problem(guest, guest.digest_line.unwrap_or(guest.line), "digest", what));
            return None;
        }
        // One that cannot be read was reported already.
        None if guest.digest_line.is_none() => {
            let what = "missing: the component is not pinned; run `trigger-host catalog lock`";
            let problem = catalog.problem(guest, guest.line, "digest", what);
            match unlocked {
                Unlocked::Refused => problems.error(problem),
                Unlocked::Warned => problems.warning(problem),
            }
        }
        _ => {}
    }
    Some(Ready { owner, guest, wasm, digest })
}

/// The bytes of a component and their digest.
pub(super) fn file(path: &Path) -> Result<(Arc<[u8]>, Digest), String> {
    let wasm = std::fs::read(path).map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let digest = Digest::of(&wasm);
    Ok((wasm.into(), digest))
}
