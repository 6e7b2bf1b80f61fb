//! `docs`: writes the generated pages, and builds all documents as one searchable site with mdBook.
//!
//! The site is built from a copy in the target folder in which links to files that are not pages lead to the
//! repository. mdBook is built once into the user's cache folder; where it cannot be had, that is said loudly and only
//! the pages are checked. A broken link fails the command.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::step::{self, say};
use crate::workspace::{self, Workspace};

/// The version that is installed.
const MDBOOK: &str = "0.5.4";
const DOCS: &str = "docs";
const REPOSITORY: &str = "https://github.com/trigger-host/trigger-host/blob/main";

/// `docs`.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Changes nothing in the tree: a generated page that is out of date is an error.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Runs the command.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<()> {
    write_metrics(workspace, arguments.check)?;
    let book = workspace.target.join("book");
    stage(&workspace.root, &book)?;
    let Some(mdbook) = mdbook()? else {
        say("WARNING: mdBook is not installed and cannot be fetched, so the site was NOT built.");
        return Ok(());
    };
    let mut build = Command::new(mdbook);
    step::run("build the site", build.arg("build").arg(&book))?;
    say(format!("the site is in {}", book.join("site").display()));
    Ok(())
}

fn write_metrics(workspace: &Workspace, check: bool) -> Result<()> {
    let (page, text) = (workspace.root.join(DOCS).join("metrics.md"), telemetry::reference());
    if fs::read_to_string(&page).is_ok_and(|there| there == text) {
        return Ok(());
    }
    if check {
        bail!("docs/metrics.md is out of date: run `cargo xtask docs`");
    }
    fs::write(&page, text).with_context(|| format!("write {}", page.display()))
}

/// Copies every page of the book into a folder. Links that lead out of the book are turned into links to the
/// repository.
fn stage(root: &Path, to: &Path) -> Result<()> {
    if to.exists() {
        fs::remove_dir_all(to).with_context(|| format!("remove {}", to.display()))?;
    }
    let pages = pages(root)?;
    let mut broken = Vec::new();
    for page in &pages {
        let text = fs::read_to_string(root.join(page)).with_context(|| format!("read {}", page.display()))?;
        let folder = page.parent().unwrap_or(Path::new(""));
        let text = relink(&text, |link| {
            let (path, anchor) = link.split_once('#').map_or((link, ""), |(path, anchor)| (path, anchor));
            let target = normal(&folder.join(path));
            if pages.contains(&target) {
                return Some(index(link));
            }
            if !root.join(&target).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
            let anchor = if anchor.is_empty() { String::new() } else { format!("#{anchor}") };
            Some(format!("{REPOSITORY}/{}{anchor}", target.display()))
        });
        write(&to.join("src").join(index(&page.to_string_lossy())), text.as_bytes())?;
    }
    if !broken.is_empty() {
        bail!("links to files that are not there:\n  {}", broken.join("\n  "));
    }
    let summary = fs::read_to_string(root.join(DOCS).join("SUMMARY.md"))?;
    let from_root = |link: &str| Some(index(&normal(&Path::new(DOCS).join(link)).to_string_lossy()));
    write(&to.join("src/SUMMARY.md"), relink(&summary, from_root).as_bytes())?;
    write(&to.join("book.toml"), &fs::read(root.join(DOCS).join("book.toml"))?)
}

/// A folder's page has the name that a web server looks for.
fn index(link: &str) -> String {
    link.replace("README.md", "index.md")
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(Path::new("")))?;
    fs::write(path, bytes).with_context(|| format!("write {}", path.display()))
}

/// The pages of the book, from the root: those that `docs/SUMMARY.md` names. A page in `docs/` that it does not name is
/// an error.
fn pages(root: &Path) -> Result<BTreeSet<PathBuf>> {
    let summary = fs::read_to_string(root.join(DOCS).join("SUMMARY.md")).context("read docs/SUMMARY.md")?;
    let mut pages = BTreeSet::new();
    relink(&summary, |link| {
        pages.insert(normal(&Path::new(DOCS).join(link)));
        None
    });
    let mut left_out = Vec::new();
    for folder in [DOCS.to_owned(), format!("{DOCS}/design")] {
        let Ok(files) = fs::read_dir(root.join(&folder)) else { continue };
        for file in files {
            let page = Path::new(&folder).join(file?.file_name());
            let is_page = page.extension().is_some_and(|extension| extension == "md") && !page.ends_with("SUMMARY.md");
            if is_page && !pages.contains(&page) {
                left_out.push(page.display().to_string());
            }
        }
    }
    if !left_out.is_empty() {
        bail!("docs/SUMMARY.md does not name {}", left_out.join(", "));
    }
    Ok(pages)
}

/// Gives every relative link of a page to `relink`, which may answer with another. Code is left alone.
fn relink(page: &str, mut relink: impl FnMut(&str) -> Option<String>) -> String {
    let (mut text, mut is_code) = (String::with_capacity(page.len()), false);
    for line in page.split_inclusive('\n') {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        if is_code || is_fence {
            text.push_str(line);
            continue;
        }
        let mut rest = line;
        while let Some((before, after)) = rest.split_once("](") {
            let Some((link, behind)) = after.split_once(')') else { break };
            text.push_str(before);
            text.push_str("](");
            let is_relative = !link.contains("://") && !link.starts_with('#') && !link.starts_with("mailto:");
            text.push_str(is_relative.then(|| relink(link)).flatten().as_deref().unwrap_or(link));
            text.push(')');
            rest = behind;
        }
        text.push_str(rest);
    }
    text
}

/// The path without `.` and `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            Component::CurDir => {}
            part => normal.push(part),
        }
    }
    normal
}

/// The mdBook of the user's cache folder, which is built when it is not there. None where it cannot be had.
fn mdbook() -> Result<Option<OsString>> {
    let folder = workspace::cache()?.join(format!("mdbook-{MDBOOK}"));
    let program = folder.join("bin/mdbook");
    if program.exists() {
        return Ok(Some(program.into()));
    }
    let mut install = Command::new("cargo");
    install.args([
        "install",
        "mdbook",
        "--locked",
        "--version",
        MDBOOK,
        "--no-default-features",
        "--features",
        "search",
    ]);
    install.arg("--root").arg(&folder).current_dir(std::env::temp_dir());
    // A target folder of its own: the workspace's is not for other packages.
    install.env("CARGO_TARGET_DIR", folder.join("target"));
    let installed = step::status("build mdBook, once", &mut install)?.success();
    let _ = fs::remove_dir_all(folder.join("target"));
    Ok(installed.then(|| program.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_relative_links_outside_of_code_are_given() {
        let page = "a [b](c.md#d) [e](https://f) [g](#h) [i](../j)\n```\n[k](l)\n```\n";
        let mut links = Vec::new();
        let text = relink(page, |link| {
            links.push(link.to_owned());
            (link == "../j").then(|| "m".to_owned())
        });
        assert_eq!(links, ["c.md#d", "../j"]);
        assert_eq!(text, page.replace("../j", "m"));
    }

    #[test]
    fn a_page_that_the_summary_leaves_out_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| write(&root.path().join(path), text.as_bytes()).unwrap();
        write("docs/SUMMARY.md", "- [A](a.md)\n- [R](../README.md)\n");
        write("docs/a.md", "");
        assert_eq!(pages(root.path()).unwrap().len(), 2);
        write("docs/b.md", "");
        assert!(pages(root.path()).unwrap_err().to_string().contains("docs/b.md"));
    }

    #[test]
    fn a_broken_link_is_refused_and_one_that_leads_out_goes_to_the_repository() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| write(&root.path().join(path), text.as_bytes()).unwrap();
        write("docs/SUMMARY.md", "- [A](a.md)\n");
        write("docs/book.toml", "");
        write("docs/a.md", "[out](../out.rs)");
        write("out.rs", "");
        let to = root.path().join("to");
        stage(root.path(), &to).unwrap();
        assert_eq!(fs::read_to_string(to.join("src/docs/a.md")).unwrap(), format!("[out]({REPOSITORY}/out.rs)"));
        write("docs/a.md", "[out](../gone.rs)");
        assert!(stage(root.path(), &to).unwrap_err().to_string().contains("gone.rs"));
    }
}
