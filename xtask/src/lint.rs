//! `lint`: form, lints, bindings, documentation and dependencies. All checks run; the error names those that failed.

use std::process::Command;

use anyhow::{Result, bail};

use crate::step::{self, say};
use crate::workspace::Workspace;

/// Runs the command.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut checks = vec![
        ("form", workspace.cargo(&["fmt", "--all", "--check"])),
        ("lints", workspace.cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        ("documentation", documentation(workspace)),
    ];
    if workspace.has("trigger-host-sdk-generate") {
        checks.push(("bindings", workspace.cargo(&["run", "-q", "-p", "trigger-host-sdk-generate", "--", "--check"])));
    }
    let deny = deny(workspace);
    let denied = deny.is_some();
    checks.extend(deny);
    let mut failed = Vec::new();
    for (name, mut command) in checks {
        if !step::status(name, &mut command)?.success() {
            failed.push(name);
        }
    }
    if !denied {
        say("WARNING: cargo-deny is not installed, so licences, advisories and sources of dependencies were NOT checked.");
        say("WARNING: `cargo install cargo-deny --locked` installs it.");
    }
    if !failed.is_empty() {
        bail!("these checks failed: {}", failed.join(", "));
    }
    Ok(())
}

fn documentation(workspace: &Workspace) -> Command {
    let mut command = workspace.cargo(&["doc", "--workspace", "--no-deps", "--quiet"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command
}

fn deny(workspace: &Workspace) -> Option<(&'static str, Command)> {
    let installed = step::succeeds(Command::new("cargo-deny").arg("--version"));
    installed.then(|| ("dependencies", workspace.cargo(&["deny", "--workspace", "check"])))
}
