//! `lint`: form, lints, the floors of the house, comments, bindings, documentation and dependencies. All checks run;
//! the error names those that failed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{self, say};
use crate::workspace::Workspace;
use crate::{floors, form};

/// Runs the command.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut checks = vec![
        ("form", workspace.cargo(&["fmt", "--all", "--check"])),
        ("lints", workspace.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("documentation", documentation(workspace)),
    ];
    if workspace.has("trigger-host-sdk-generate") {
        checks.push(("bindings", workspace.cargo(&["run", "-p", "trigger-host-sdk-generate", "--", "--check"])));
    }
    checks.extend(deny(workspace));
    let mut failed = Vec::new();
    for (name, done) in [("house", floors::check(workspace)), ("comments", form::check(workspace))] {
        if let Err(error) = done {
            say(format!("{name}: {error:#}"));
            failed.push(name);
        }
    }
    for (name, mut command) in checks {
        if !step::status(name, &mut command)?.success() {
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("these checks failed: {}", failed.join(", "));
    }
    Ok(())
}

fn documentation(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps"]);
    // The readers are developers, who have the private items before them.
    command.env("RUSTDOCFLAGS", "-D warnings -A rustdoc::private-intra-doc-links");
    command
}

/// What cargo-deny can check here. Advisories need the advisory database, which may be out of reach.
fn deny(workspace: &Workspace) -> Vec<(&'static str, Command)> {
    if !step::succeeds(Command::new("cargo-deny").arg("--version")) {
        warn("cargo-deny is not installed, so licences, advisories and sources of dependencies were NOT checked");
        warn("`cargo install cargo-deny --locked` installs it");
        return Vec::new();
    }
    let mut checks =
        vec![("dependencies", workspace.cargo(&["deny", "--workspace", "check", "bans", "licenses", "sources"]))];
    if step::succeeds(&mut workspace.cargo(&["deny", "--workspace", "fetch", "db"])) {
        checks.push(("advisories", workspace.cargo(&["deny", "--workspace", "check", "advisories"])));
    } else {
        warn("the advisory database cannot be fetched, so advisories of dependencies were NOT checked");
    }
    checks
}

fn warn(what: &str) {
    say(format!("WARNING: {what}."));
}
