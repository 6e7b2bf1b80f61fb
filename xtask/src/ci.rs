//! `ci`: what `.ci/run` does, which is also what the server runs.

use std::process::Command;

use anyhow::Result;

use crate::step;
use crate::workspace::Workspace;

/// Runs the command.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    step::run("everything", Command::new(workspace.root.join(".ci/run")).current_dir(&workspace.root))
}
