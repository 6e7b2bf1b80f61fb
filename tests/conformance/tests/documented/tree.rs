//! The files of the repository, or a tree that a test makes up.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

/// Endings of files whose text is looked at.
const TEXTS: [&str; 9] = [".rs", ".py", ".md", ".wit", ".toml", ".yml", ".sh", ".html", "/.ci/run"];

/// The checks themselves: their tests are about files and rules that are not there.
const CHECKS: &str = "tests/conformance/tests/documented/";

/// Paths with `/`, from the root of the repository on.
#[derive(Default)]
pub(crate) struct Tree {
    texts: BTreeMap<String, String>,
    files: BTreeSet<String>,
    folders: BTreeSet<String>,
}

impl Tree {
    /// What is committed, and what would be with the next commit.
    pub(crate) fn of_the_repository() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut git = Command::new("git");
        git.current_dir(&root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
        let listed = git.output().expect("git lists the files");
        assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
        let mut tree = Self::default();
        for path in String::from_utf8(listed.stdout).expect("paths are text").split_terminator('\0') {
            let whole = root.join(path);
            if whole.is_file() {
                let is_looked_at = is_text(path) && !path.starts_with(CHECKS);
                let text = is_looked_at.then(|| std::fs::read_to_string(&whole).expect("it can be read"));
                tree.add(path, text);
            }
        }
        assert!(tree.files.len() > 500, "{} files", tree.files.len());
        tree
    }

    /// A tree of these files.
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in files {
            tree.add(path, Some((*text).to_owned()));
        }
        tree
    }

    fn add(&mut self, path: &str, text: Option<String>) {
        let mut end = path.len();
        while let Some(slash) = path[..end].rfind('/') {
            self.folders.insert(path[..slash].to_owned());
            end = slash;
        }
        self.files.insert(path.to_owned());
        if let Some(text) = text {
            self.texts.insert(path.to_owned(), text);
        }
    }

    /// Whether this is a file or a folder of the tree.
    pub(crate) fn has(&self, path: &str) -> bool {
        let path = path.trim_end_matches('/');
        self.files.contains(path) || self.folders.contains(path)
    }

    /// Whether the root has such a folder.
    pub(crate) fn has_root_folder(&self, name: &str) -> bool {
        !name.contains('/') && self.folders.contains(name)
    }

    /// The text of a file; empty when it has none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.texts.get(path).map_or("", String::as_str)
    }

    /// All files with a text, with their paths.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        self.texts.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// All files and folders.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().chain(&self.folders).map(String::as_str)
    }
}

fn is_text(path: &str) -> bool {
    let rooted = format!("/{path}");
    TEXTS.iter().any(|ending| rooted.ends_with(ending))
}

/// `target` as seen from `folder`, without `.` and `..`; none when it leads out of the tree.
pub(crate) fn resolve(folder: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}

/// The folder that a file is in.
pub(crate) fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..slash])
}

#[test]
fn paths_are_resolved() {
    assert_eq!(resolve("docs/design", "../streams.md").as_deref(), Some("docs/streams.md"));
    assert_eq!(resolve("", "docs/./x").as_deref(), Some("docs/x"));
    assert_eq!(resolve("docs", "../../out"), None);
    let tree = Tree::of(&[("a/b/c.rs", "")]);
    assert!(tree.has("a/b/c.rs") && tree.has("a/b") && tree.has("a/") && !tree.has("a/c.rs"));
}
