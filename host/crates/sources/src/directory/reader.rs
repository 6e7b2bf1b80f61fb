//! A folder as a group reads it.
//!
//! Owns the listing while it runs on a thread for blocking work. Invariant: a file that was listed waits until there is
//! room for it.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use cap_std::ambient_authority;
use cap_std::fs::Dir;
use serde_json::json;
use stream_rules::{AdvanceError, AdvanceItem, Lane, Raw};
use streams::{Producer, Read, Reader, SourceError};
use tokio::time::{Instant, sleep_until, timeout};

use super::listing::{Found, ListError, Listing};
use super::parameters::Selected;
use super::settings::{Existing, Settings};

/// How long one listing may take, on a network file system that hangs.
const LIST_WITHIN: Duration = Duration::from_secs(60);

/// See the module.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    every: Duration,
    existing: Existing,
    selected: Arc<Selected>,
}

impl Directory {
    pub(super) fn new(settings: &Settings, selected: Selected) -> Self {
        let Settings { path, every, existing } = settings.clone();
        Self { path, every, existing, selected: Arc::new(selected) }
    }
}

#[async_trait]
impl Producer for Directory {
    fn source(&self) -> &'static str {
        "directory"
    }

    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        let (path, selected, existing) = (self.path.clone(), self.selected.clone(), self.existing);
        let folder = selected.folder.clone();
        let listing = blocking(move || {
            let granted = Dir::open_ambient_dir(path, ambient_authority())?;
            let folder =
                if selected.folder.as_os_str().is_empty() { granted } else { granted.open_dir(&selected.folder)? };
            Listing::begin(folder, selected, existing)
        });
        let listing = Some(listing.await?);
        let next = Instant::now() + self.every;
        Ok(Box::new(Files { folder, listing, every: self.every, next, found: VecDeque::new() }))
    }

    async fn advance(&self, _lane: &Lane, _items: &[AdvanceItem]) -> Result<(), AdvanceError> {
        Ok(()) // A directory acknowledges nothing.
    }

    async fn rewind(&self, _lane: &Lane, _payload: &Bytes) -> Result<(), SourceError> {
        Err(SourceError("a directory cannot be read again".to_owned()))
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

struct Files {
    folder: PathBuf,
    /// None while it is on its thread; for good when that failed.
    listing: Option<Listing>,
    every: Duration,
    next: Instant,
    found: VecDeque<Found>,
}

#[async_trait]
impl Reader for Files {
    async fn read(&mut self, max: usize) -> Result<Read, SourceError> {
        while self.found.is_empty() {
            sleep_until(self.next).await;
            self.next = Instant::now() + self.every;
            let mut listing = self.listing.take().ok_or_else(|| SourceError("listing failed before".to_owned()))?;
            let (listing, found) = blocking(move || listing.list().map(|found| (listing, found))).await?;
            self.listing = Some(listing);
            self.found = found.into();
        }
        let most = self.found.len().min(max);
        let events = self.found.drain(..most).map(|found| raw(&self.folder, &found)).collect();
        Ok(Read { events, end: None })
    }
}

fn raw(folder: &Path, found: &Found) -> Raw {
    let path = folder.join(&found.name);
    let path = path.to_string_lossy();
    let data = json!({ "path": path, "size": found.size, "modified_ms": found.modified_ms });
    // Names the same state of the same file, whoever finds it and when.
    let payload = format!("{path}@{}:{}", found.modified_ms, found.size);
    Raw { data: data.to_string().into(), payload: payload.into(), lane: Lane::default() }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ListError> + Send + 'static,
) -> Result<T, SourceError> {
    match timeout(LIST_WITHIN, tokio::task::spawn_blocking(work)).await {
        Ok(Ok(done)) => done.map_err(|error| SourceError(error.to_string())),
        Ok(Err(_)) => Err(SourceError("listing the folder failed".to_owned())),
        Err(_) => Err(SourceError(format!("listing the folder took longer than {} s", LIST_WITHIN.as_secs()))),
    }
}
