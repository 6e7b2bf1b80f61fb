//! The log folder: the one place that opens files below it. No link is followed on the way down, so that nothing that
//! appears there while a path is walked can lead out.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, fcntl_setfl, mkdirat, openat, statat};
use rustix::io::Errno;

use crate::path::LogPath;

/// The log folder, open.
#[derive(Debug)]
pub struct Folder {
    folder: OwnedFd,
    /// For opening files without following links.
    path: PathBuf,
    file_mode: Mode,
    folder_mode: Mode,
}

impl Folder {
    /// Opens the folder, which is made when it is not there. The modes are for new files and folders, before the
    /// process's umask.
    ///
    /// # Errors
    /// It cannot be made or opened.
    pub fn open(path: &Path, file_mode: u32, folder_mode: u32) -> io::Result<Self> {
        let folder_mode = Mode::from_bits_truncate(folder_mode as _);
        if let Err(error) = std::fs::read_dir(path) {
            if error.kind() != io::ErrorKind::NotFound {
                return Err(error);
            }
            std::fs::create_dir_all(path)?;
        }
        let path = path.canonicalize()?;
        let folder = openat(CWD, &path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        Ok(Self { folder, path, file_mode: Mode::from_bits_truncate(file_mode as _), folder_mode })
    }

    /// Opens a file to append to it, and to read what is there; folders and file are made when they are not there.
    pub(crate) fn append(&self, path: &LogPath) -> io::Result<File> {
        let (folders, name) = path.parts();
        let mut at = None;
        for part in folders {
            let above = at.as_ref().unwrap_or(&self.folder);
            at = Some(match open_folder(above, part) {
                Err(Errno::NOENT) => {
                    match mkdirat(above, part, self.folder_mode) {
                        // Somebody else was faster.
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    open_folder(above, part)?
                }
                opened => opened?,
            });
        }
        let flags = OFlags::RDWR | OFlags::APPEND | OFlags::CREATE;
        open_file(at.as_ref().unwrap_or(&self.folder), name, flags, self.file_mode)
    }

    /// Opens a regular file to read it. Links are resolved; `NotFound` for whatever is then not a regular file below
    /// the folder.
    pub(crate) fn read(&self, path: &LogPath) -> io::Result<File> {
        let resolved = self.path.join(path.as_str()).canonicalize()?;
        let below = resolved.strip_prefix(&self.path).ok().and_then(Path::to_str);
        let below = below.and_then(|below| LogPath::new(below).ok()).ok_or(io::ErrorKind::NotFound)?;
        let (folders, name) = below.parts();
        let mut at = None;
        for part in folders {
            at = Some(open_folder(at.as_ref().unwrap_or(&self.folder), part)?);
        }
        open_file(at.as_ref().unwrap_or(&self.folder), name, OFlags::RDONLY, Mode::empty())
    }
}

fn open_folder(above: &OwnedFd, name: &str) -> Result<OwnedFd, Errno> {
    openat(above, name, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

/// Opens a regular file. Never waits for the other side of a pipe, nor opens a device.
fn open_file(folder: &OwnedFd, name: &str, flags: OFlags, mode: Mode) -> io::Result<File> {
    let is_regular = |mode| rustix::fs::FileType::from_raw_mode(mode) == rustix::fs::FileType::RegularFile;
    match statat(folder, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(found) if !is_regular(found.st_mode) => return Err(not_regular()),
        Err(error) if error != Errno::NOENT => return Err(error.into()),
        _ => {}
    }
    let file = openat(folder, name, flags | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC, mode)?;
    let file = File::from(file);
    if !file.metadata()?.is_file() {
        return Err(not_regular());
    }
    fcntl_setfl(&file, flags & OFlags::APPEND)?;
    Ok(file)
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "not a regular file")
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn folder() -> (tempfile::TempDir, Folder) {
        let outside = tempfile::tempdir().unwrap();
        let folder = Folder::open(&outside.path().join("logs"), 0o640, 0o750).unwrap();
        (outside, folder)
    }

    fn path(text: &str) -> LogPath {
        LogPath::new(text).unwrap()
    }

    #[test]
    fn appends_with_the_modes_it_was_given() {
        let (outside, folder) = folder();
        for text in ["one", "two"] {
            folder.append(&path("a/b/c.log")).unwrap().write_all(text.as_bytes()).unwrap();
        }
        let mut text = String::new();
        folder.read(&path("a/b/c.log")).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "onetwo");
        let mode = |name: &str| outside.path().join("logs").join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("a/b/c.log"), mode("a/b")), (0o640, 0o750));
    }

    #[test]
    fn links_lead_nowhere_when_writing_and_stay_below_when_reading() {
        let (outside, folder) = folder();
        let inside = outside.path().join("logs");
        std::fs::write(outside.path().join("secret"), "no").unwrap();
        std::fs::create_dir(outside.path().join("elsewhere")).unwrap();
        symlink(outside.path().join("elsewhere"), inside.join("out")).unwrap();
        symlink(outside.path().join("secret"), inside.join("secret.log")).unwrap();
        for refused in ["out/x.log", "secret.log"] {
            assert!(folder.append(&path(refused)).is_err(), "{refused}");
            assert!(folder.read(&path(refused)).is_err(), "{refused}");
        }
        assert_eq!(std::fs::read_dir(outside.path().join("elsewhere")).unwrap().count(), 0);
        folder.append(&path("real/x.log")).unwrap().write_all(b"yes").unwrap();
        symlink("real", inside.join("link")).unwrap();
        assert!(folder.read(&path("link/x.log")).is_ok(), "a link that stays below the folder is read");
        assert!(folder.append(&path("link/x.log")).is_err(), "but not written through");
    }

    #[test]
    fn only_regular_files_are_opened() {
        let (outside, folder) = folder();
        let inside = outside.path().join("logs");
        std::fs::create_dir(inside.join("folder")).unwrap();
        rustix::fs::mkfifoat(CWD, inside.join("pipe"), Mode::RUSR | Mode::WUSR).unwrap();
        for odd in ["folder", "pipe"] {
            assert!(folder.read(&path(odd)).is_err(), "{odd}");
            assert!(folder.append(&path(odd)).is_err(), "{odd}");
        }
    }
}
