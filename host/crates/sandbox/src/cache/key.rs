//! The key of the cache: 64 random bytes in a file that only this user can read, made at first use.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use rustix::fs::OFlags;
use rustix::process::geteuid;
use sha2::Sha256;
use tempfile::NamedTempFile;

/// Its name in the folder.
pub(super) const FILE: &str = "key";
/// The block size of SHA-256: taken as it is.
const KEY_BYTES: usize = 64;
/// Bytes of a MAC.
pub(super) const MAC_BYTES: usize = 32;

/// Makes and checks MACs. Prints nothing.
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// Reads the key, or makes one.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        if let Some(bytes) = read(&path)? {
            return Ok(Self::new(&bytes));
        }
        // Another host may have made one in the meantime: then that is the key.
        match make(folder)?.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.error),
        }
        let bytes = read(&path)?.ok_or_else(|| io::Error::other("the key went away while it was made"))?;
        Ok(Self::new(&bytes))
    }

    fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        Self(<Hmac<Sha256> as KeyInit>::new(bytes.into()))
    }

    /// The MAC over the parts. All but the last must be of fixed length.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; MAC_BYTES] {
        self.over(parts).finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(super) fn is_mac(&self, mac: &[u8; MAC_BYTES], parts: &[&[u8]]) -> bool {
        self.over(parts).verify_slice(mac).is_ok()
    }

    fn over(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut hmac = self.0.clone();
        parts.iter().for_each(|part| hmac.update(part));
        hmac
    }
}

/// Nothing when there is no file.
fn read(path: &Path) -> io::Result<Option<[u8; KEY_BYTES]>> {
    let no_follow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    let mut file = match OpenOptions::new().read(true).custom_flags(no_follow).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let about = file.metadata()?;
    if about.mode() & 0o077 != 0 || about.uid() != geteuid().as_raw() {
        return Err(io::Error::other("others can read the key, or own it: remove the file `key` in the folder"));
    }
    let mut bytes = [0; KEY_BYTES];
    file.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

fn make(folder: &Path) -> io::Result<NamedTempFile> {
    let mut bytes = [0; KEY_BYTES];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    // A temporary file is made for its owner alone, mode 0600.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn is_kept_and_private() {
        let folder = tempfile::tempdir().unwrap();
        let first = Key::open(folder.path()).unwrap().mac(&[b"x"]);
        assert_eq!(Key::open(folder.path()).unwrap().mac(&[b"x"]), first);
        assert_eq!(fs::metadata(folder.path().join(FILE)).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_no_key() {
        let folder = tempfile::tempdir().unwrap();
        Key::open(folder.path()).unwrap();
        fs::set_permissions(folder.path().join(FILE), Permissions::from_mode(0o644)).unwrap();
        assert!(Key::open(folder.path()).is_err());
    }
}
