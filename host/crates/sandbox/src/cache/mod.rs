//! Compiled code on disk, so that a restart does not compile.
//!
//! A file is named after the component's digest and a fingerprint of engine, settings and version; it begins with a MAC
//! over all of these and the code, made with a key that only this host can read. A file that fails its MAC is as good
//! as none. The cache is a help, never a need: a full disk or a read-only folder is a warning, once, and the host goes
//! on.

mod fingerprint;
mod key;

use std::fs::{DirBuilder, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::NamedTempFile;
use trigger_host_types::Digest;
use wasmtime::Engine;

use crate::native::Artefact;
use fingerprint::Fingerprint;
use key::{Key, MAC_BYTES};

/// Bytes of a file that are read.
const MOST_FILE: u64 = 512 << 20;

/// The folder, once it is known to be usable.
pub(crate) struct Cache {
    folder: PathBuf,
    key: Key,
    fingerprint: Fingerprint,
    has_warned: AtomicBool,
}

impl Cache {
    /// Opens or makes the folder and its key. Nothing, and a warning, when that cannot be done.
    pub(crate) fn open(folder: &Path, engine: &Engine) -> Option<Self> {
        let opened = DirBuilder::new().recursive(true).mode(0o700).create(folder).and_then(|()| Key::open(folder));
        match opened {
            Ok(key) => {
                let fingerprint = Fingerprint::compute(engine);
                Some(Self { folder: folder.to_owned(), key, fingerprint, has_warned: AtomicBool::new(false) })
            }
            Err(error) => {
                tracing::warn!(folder = %folder.display(), %error, "Compiled code is not cached: every start compiles.");
                None
            }
        }
    }

    /// The compiled code of a component, if it is there and ours.
    pub(crate) fn get(&self, digest: &Digest) -> Option<Artefact> {
        let path = self.path(digest);
        let bytes = match read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => {
                tracing::warn!(file = %path.display(), %error, "Cannot read compiled code; compiling again.");
                return None;
            }
        };
        let code = bytes
            .split_first_chunk::<MAC_BYTES>()
            .filter(|(mac, code)| self.key.is_mac(mac, &[digest.as_bytes(), self.fingerprint.as_bytes(), code]));
        if code.is_none() {
            tracing::warn!(file = %path.display(), "Compiled code has been changed; compiling again.");
        }
        code.map(|(_, code)| Artefact::trusted(code.to_vec()))
    }

    /// Keeps the compiled code of a component: whole or not at all.
    pub(crate) fn put(&self, digest: &Digest, artefact: &Artefact) {
        if let Err(error) = self.write(digest, artefact.bytes())
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(folder = %self.folder.display(), %error, "Cannot keep compiled code: the next start compiles again.");
        }
    }

    fn write(&self, digest: &Digest, code: &[u8]) -> io::Result<()> {
        let mac = self.key.mac(&[digest.as_bytes(), self.fingerprint.as_bytes(), code]);
        let mut file = NamedTempFile::new_in(&self.folder)?;
        file.write_all(&mac)?;
        file.write_all(code)?;
        file.persist(self.path(digest))?;
        Ok(())
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        self.folder.join(format!("{}-{}.native", digest.hex(), self.fingerprint.short()))
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let size = file.metadata()?.len().min(MOST_FILE);
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    file.take(MOST_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn cache(folder: &Path) -> Cache {
        Cache::open(folder, &Engine::default()).unwrap()
    }

    fn bytes(cache: &Cache, digest: &Digest) -> Option<Vec<u8>> {
        cache.get(digest).map(|artefact| artefact.bytes().to_vec())
    }

    #[test]
    fn gives_back_what_was_put_and_only_under_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        let (mine, other) = (Digest::of(b"a"), Digest::of(b"b"));
        cache(folder.path()).put(&mine, &Artefact::trusted(b"code".to_vec()));
        let cache = cache(folder.path());
        assert_eq!(bytes(&cache, &mine).unwrap(), b"code");
        assert!(cache.get(&other).is_none());
        fs::copy(cache.path(&mine), cache.path(&other)).unwrap();
        assert!(cache.get(&other).is_none());
    }

    #[test]
    fn takes_no_changed_byte() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        let digest = Digest::of(b"a");
        cache.put(&digest, &Artefact::trusted(b"code".to_vec()));
        let path = cache.path(&digest);
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            fs::write(&path, &changed).unwrap();
            assert!(cache.get(&digest).is_none(), "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert!(cache.get(&digest).is_none(), "cut at {at}");
        }
        fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
        assert!(cache.get(&digest).is_none());
        fs::write(&path, &whole).unwrap();
        assert!(cache.get(&digest).is_some());
    }

    #[test]
    fn a_new_key_makes_old_files_void() {
        let folder = tempfile::tempdir().unwrap();
        let digest = Digest::of(b"a");
        cache(folder.path()).put(&digest, &Artefact::trusted(b"code".to_vec()));
        fs::remove_file(folder.path().join(key::FILE)).unwrap();
        assert!(cache(folder.path()).get(&digest).is_none());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(Cache::open(&file.join("below"), &Engine::default()).is_none());
    }

    #[test]
    fn a_folder_that_goes_away_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path());
        folder.close().unwrap();
        cache.put(&Digest::of(b"a"), &Artefact::trusted(b"code".to_vec()));
        assert!(cache.get(&Digest::of(b"a")).is_none());
    }
}
