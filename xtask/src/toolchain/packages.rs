//! Debian's packages without installing them: lists and files go to folders of ours, so neither root nor the system's own lists are needed.
//!
//! `wasi-libc` for both targets is first in Debian 13; it holds data files only, so it fits beside the compiler of Debian 12.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::step;

const SOURCES: &str = "/etc/apt/sources.list.d/debian.sources";

/// The machine's own sources, and lists of our own.
pub(super) struct Apt {
    options: Vec<String>,
}

/// A package and its version.
pub(super) struct Package {
    /// Its name.
    pub(super) name: String,
    /// Its version.
    pub(super) version: String,
}

impl Apt {
    /// Whether there is what this needs.
    pub(super) fn is_here() -> bool {
        let has = |program: &str| step::succeeds(Command::new(program).arg("--version"));
        has("apt-get") && has("dpkg") && Path::new(SOURCES).exists()
    }

    /// Fetches the lists into `work`.
    pub(super) fn fetch_lists(work: &Path) -> Result<Self> {
        let sources = fs::read_to_string(SOURCES).with_context(|| format!("read {SOURCES}"))?;
        let (list, lists) = (work.join("debian.sources"), work.join("lists"));
        fs::create_dir_all(lists.join("partial"))?;
        fs::write(&list, with_next_release(&sources))?;
        let options = [
            format!("Dir::Etc::sourcelist={}", list.display()),
            "Dir::Etc::sourceparts=/dev/null".into(),
            format!("Dir::State::Lists={}", lists.display()),
            "APT::Sandbox::User=root".into(),
            "Acquire::Languages=none".into(),
        ];
        let apt = Self { options: options.to_vec() };
        step::run(
            "fetch Debian's package lists",
            apt.command("apt-get").args(["-q", "update"]).stdout(std::io::stderr()),
        )?;
        Ok(apt)
    }

    /// The packages that make a compiler for guests: the newest compiler of the release, with all it needs, and the C library.
    pub(super) fn compiler(&self) -> Result<Vec<Package>> {
        let compiler = self.newest("rustc-web", "deb12")?;
        let library = Package { name: "libstd-rust-web-dev".into(), version: compiler.version.clone() };
        let runtime =
            Package { name: self.dependency(&library, "libstd-rust-web-")?, version: compiler.version.clone() };
        let llvm = self.newest(&self.dependency(&runtime, "libllvm")?, "deb12")?;
        let source = Package { name: "rust-web-src".into(), version: compiler.version.clone() };
        let libc = self.newest("wasi-libc", "")?;
        Ok(vec![compiler, library, runtime, llvm, source, libc])
    }

    /// Downloads packages into a folder.
    pub(super) fn download(&self, packages: &[Package], folder: &Path) -> Result<()> {
        fs::create_dir_all(folder)?;
        let mut command = self.command("apt-get");
        command.args(["-q", "download"]).args(packages.iter().map(|one| format!("{}={}", one.name, one.version)));
        step::run("download Debian's packages", command.current_dir(folder).stdout(std::io::stderr()))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(self.options.iter().flat_map(|option| ["-o", option]));
        command
    }

    /// The newest version whose text holds `of`.
    fn newest(&self, name: &str, of: &str) -> Result<Package> {
        let table = step::output("look a package up", self.command("apt-cache").args(["madison", name]))?;
        let versions = table.lines().filter_map(|line| line.split('|').nth(1)).map(str::trim);
        let newest = versions.filter(|version| version.contains(of)).max_by(|a, b| compare(a, b));
        let version = newest.with_context(|| format!("Debian's lists have no package `{name}` that fits"))?;
        Ok(Package { name: name.to_owned(), version: version.to_owned() })
    }

    /// The dependency of a package whose name begins so.
    fn dependency(&self, package: &Package, begins: &str) -> Result<String> {
        let wanted = format!("{}={}", package.name, package.version);
        let shown = step::output("read a package's dependencies", self.command("apt-cache").args(["show", &wanted]))?;
        let depends = shown.lines().find_map(|line| line.strip_prefix("Depends: ")).unwrap_or_default();
        let names = depends.split(", ").filter_map(|one| one.split([' ', ':']).next());
        let name = names.map(str::to_owned).find(|name| name.starts_with(begins));
        name.with_context(|| format!("the package `{}` depends on no `{begins}*`", package.name))
    }
}

/// Debian's order of versions, as dpkg knows it.
fn compare(a: &str, b: &str) -> std::cmp::Ordering {
    let less = step::succeeds(Command::new("dpkg").args(["--compare-versions", a, "lt", b]));
    if less { std::cmp::Ordering::Less } else { std::cmp::Ordering::Greater }
}

/// The machine's sources with the next release added, and without the suites that need no place here.
fn with_next_release(sources: &str) -> String {
    let suites = |line: &str| match line.strip_prefix("Suites:") {
        Some(suites) if suites.contains("security") => "Suites: bookworm-security".to_owned(),
        Some(suites) if suites.split_whitespace().any(|suite| suite == "bookworm") => {
            "Suites: bookworm trixie".to_owned()
        }
        _ => line.to_owned(),
    };
    sources.lines().map(suites).map(|line| line + "\n").collect()
}

/// Unpacks all packages of a folder.
pub(super) fn unpack(folder: &Path, root: &Path) -> Result<()> {
    for file in fs::read_dir(folder)? {
        let file: PathBuf = file?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            step::run(&format!("unpack {name}"), Command::new("dpkg").arg("-x").arg(&file).arg(root))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_release_is_added_once() {
        let sources = "Types: deb\nSuites: bookworm bookworm-updates\n\nTypes: deb\nSuites: bookworm-security\n";
        let expected = "Types: deb\nSuites: bookworm trixie\n\nTypes: deb\nSuites: bookworm-security\n";
        assert_eq!(with_next_release(sources), expected);
    }
}
