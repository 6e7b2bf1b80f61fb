//! The way without rustup's servers: Debian 12's newest rustc, its standard library's source and wasi-libc, unpacked into the user's cache
//! folder; the standard library is built once for both targets. That rustc is used for guests only.
//!
//! The linkers (`rust-lld`, `wasm-component-ld`) are those of the active toolchain. The folder is complete when its rustc lists the targets;
//! a build that was cut off is begun again.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context as _, Result, bail};

use super::packages::{self, Apt};
use super::{TARGETS, has_targets};
use crate::step::{self, say};
use crate::workspace;

const HOST: &str = "x86_64-unknown-linux-gnu";

/// Where the toolchain lives.
pub(super) fn folder() -> Result<PathBuf> {
    if let Some(folder) = env::var_os("GUEST_TOOLCHAIN_DIR") {
        return Ok(folder.into());
    }
    Ok(workspace::cache().context("set GUEST_TOOLCHAIN_DIR")?.join("guest-toolchain"))
}

/// Its rustc.
pub(super) fn rustc(folder: &Path) -> PathBuf {
    folder.join("bin").join("rustc")
}

/// Whether this machine can build it.
pub(super) fn is_possible() -> bool {
    cfg!(all(target_arch = "x86_64", target_os = "linux")) && Apt::is_here()
}

/// Builds it, and gives its rustc.
pub(super) fn build(folder: &Path, active: &OsStr) -> Result<PathBuf> {
    say(format!(
        "building the WebAssembly targets once from Debian's packages, into {} (3 minutes, 150 MB)",
        folder.display()
    ));
    let work = tempfile::tempdir().context("make a folder for the build")?;
    let root = folder.join("root");
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("remove {}", root.display()))?;
    }
    fs::create_dir_all(&root)?;
    fs::create_dir_all(folder.join("bin"))?;

    let apt = Apt::fetch_lists(work.path())?;
    let wanted = apt.compiler()?;
    let names: Vec<_> = wanted.iter().map(|one| format!("{} {}", one.name, one.version)).collect();
    say(names.join(", "));
    let downloads = work.path().join("packages");
    apt.download(&wanted, &downloads)?;
    packages::unpack(&downloads, &root)?;

    let toolchain = Toolchain { rustc: rustc(folder), rustlib: root.join("usr/lib/rustlib"), root };
    toolchain.write_rustc()?;
    toolchain.link_linkers(active)?;
    toolchain.copy_libc()?;
    toolchain.build_std(work.path())?;
    // The source has done its work.
    fs::remove_dir_all(toolchain.root.join("usr/src"))?;
    if !has_targets(toolchain.rustc.as_os_str()) {
        bail!("the toolchain in {} was built, but does not list its targets", folder.display());
    }
    Ok(toolchain.rustc)
}

struct Toolchain {
    rustc: PathBuf,
    root: PathBuf,
    rustlib: PathBuf,
}

impl Toolchain {
    /// A wrapper that finds the libraries beside the unpacked compiler.
    fn write_rustc(&self) -> Result<()> {
        let root = self.root.canonicalize()?;
        let root = root.display();
        let script = format!(
            "#!/bin/sh\nLD_LIBRARY_PATH='{root}/usr/lib/x86_64-linux-gnu:{root}/usr/lib' exec '{root}/usr/bin/rustc' \"$@\"\n"
        );
        fs::write(&self.rustc, script)?;
        fs::set_permissions(&self.rustc, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    fn link_linkers(&self, active: &OsStr) -> Result<()> {
        let sysroot = step::output("find the active toolchain", Command::new(active).args(["--print", "sysroot"]))?;
        let linkers = Path::new(sysroot.trim()).join("lib/rustlib").join(HOST).join("bin");
        if !linkers.join("wasm-component-ld").exists() {
            bail!("the active toolchain has no wasm-component-ld in {}", linkers.display());
        }
        let link = self.linkers();
        let _ = fs::remove_file(&link);
        symlink(&linkers, &link).with_context(|| format!("link {}", link.display()))
    }

    fn linkers(&self) -> PathBuf {
        self.rustlib.join(HOST).join("bin")
    }

    fn copy_libc(&self) -> Result<()> {
        for target in TARGETS {
            let (from, to) =
                (self.root.join("usr/lib").join(target), self.rustlib.join(target).join("lib/self-contained"));
            fs::create_dir_all(&to)?;
            let is_library = |name: &OsStr| {
                Path::new(name).extension().is_some_and(|extension| extension == "a" || extension == "o")
            };
            copy_files(&from, &to, is_library).with_context(|| format!("copy the C library for {target}"))?;
        }
        Ok(())
    }

    fn build_std(&self, work: &Path) -> Result<()> {
        let package = work.join("std");
        fs::create_dir_all(package.join("src"))?;
        fs::write(package.join("src/lib.rs"), "")?;
        fs::write(
            package.join("Cargo.toml"),
            "[package]\nname = \"std-for-guests\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[profile.release]\npanic = \"abort\"\n",
        )?;
        for target in TARGETS {
            let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
            cargo
                .current_dir(&package)
                .args(["build", "-q", "--release", "-Zbuild-std=std,panic_abort", "--target", target])
                .env("PATH", self.path()?)
                .env("RUSTC", &self.rustc)
                // Building the standard library is an unstable feature of cargo; Debian's source is the very one of its rustc.
                .env("RUSTC_BOOTSTRAP", "1")
                // Guests are linked with LTO, which wants the bitcode that cargo leaves out of a build without LTO.
                .env("RUSTFLAGS", "-Cembed-bitcode=yes")
                .env("CARGO_TARGET_DIR", work.join("target"));
            for name in ["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_ENCODED_RUSTFLAGS", "RUSTUP_TOOLCHAIN"] {
                cargo.env_remove(name);
            }
            step::run(&format!("build the standard library for {target}"), &mut cargo)?;
            let built = work.join("target").join(target).join("release/deps");
            let is_std = |name: &OsStr| {
                let name = name.to_string_lossy();
                name.ends_with(".rlib") && !name.starts_with("libstd_for_guests")
            };
            copy_files(&built, &self.rustlib.join(target).join("lib"), is_std)?;
        }
        Ok(())
    }

    fn path(&self) -> Result<OsString> {
        let linkers = self.linkers();
        let rest = env::var_os("PATH").unwrap_or_default();
        let folders = [linkers.clone(), linkers.join("gcc-ld")].into_iter().chain(env::split_paths(&rest));
        env::join_paths(folders).context("PATH cannot be extended")
    }
}

fn copy_files(from: &Path, to: &Path, wanted: impl Fn(&OsStr) -> bool) -> Result<()> {
    let files = fs::read_dir(from).with_context(|| format!("list {}", from.display()))?;
    for file in files {
        let file = file?;
        if wanted(&file.file_name()) {
            fs::copy(file.path(), to.join(file.file_name()))
                .with_context(|| format!("copy {}", file.path().display()))?;
        }
    }
    Ok(())
}
