//! `lint`'s check of what no other tool looks at: comments have at most 120 columns.
//!
//! `rustfmt` holds code to that width and leaves comments alone. Generated files are not looked at.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::workspace::Workspace;

/// The width of a line.
const WIDTH: usize = 120;
/// Folders that hold no sources of ours.
const SKIPPED: [&str; 5] = ["target", ".git", "components", "node_modules", "__pycache__"];
/// Written by `trigger-host-sdk-generate`.
const GENERATED: &str = "bindings.rs";

/// Checks every Rust source of the tree.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let mut sources = Vec::new();
    find(&workspace.root, &mut sources)?;
    let mut long = Vec::new();
    for source in sources {
        let text = fs::read_to_string(&source).with_context(|| format!("read {}", source.display()))?;
        let name = source.strip_prefix(&workspace.root).unwrap_or(&source);
        long.extend(long_comments(&text).map(|line| format!("{}:{line}", name.display())));
    }
    if !long.is_empty() {
        bail!("{} comments are wider than {WIDTH} columns:\n  {}", long.len(), long.join("\n  "));
    }
    Ok(())
}

fn find(folder: &Path, sources: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type()?.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                find(&entry.path(), sources)?;
            }
        } else if name.ends_with(".rs") && !name.ends_with(GENERATED) {
            sources.push(entry.path());
        }
    }
    Ok(())
}

/// Numbers of the lines that are too wide and are comments. A row of a table, and a line with a link, cannot be broken.
fn long_comments(text: &str) -> impl Iterator<Item = usize> + '_ {
    let is_comment = |line: &str| line.trim_start().starts_with("//");
    let is_table = |line: &str| line.trim_start().trim_start_matches(['/', '!', ' ']).starts_with('|');
    let is_long =
        move |line: &str| line.chars().count() > WIDTH && is_comment(line) && !is_table(line) && !line.contains("://");
    (1..).zip(text.lines()).filter(move |(_, line)| is_long(line)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_wide_comments_are_found() {
        let wide = "x".repeat(120);
        let text =
            format!("// short\n    /// {wide}\nlet a = \"{wide}\";\n// https://{wide}\n//! {wide}\n//! | {wide} |\n");
        assert_eq!(long_comments(&text).collect::<Vec<_>>(), [2, 5]);
    }
}
