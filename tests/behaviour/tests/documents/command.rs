//! A command that a page shows: parsed by the real command line where it is ours, known by name where it is not.

use std::path::Path;
use std::process::Command;

use crate::{root, target};

/// Programs of others that pages use.
const OTHERS: [&str; 9] =
    ["cargo build", "cargo component", "cat", "curl", "export", "ls", "pip install", "python -m", "END"];

/// Runs the built host in a folder. Gives whether it ended well, and what it said.
pub(crate) fn host(folder: &Path, arguments: &[&str]) -> (bool, String) {
    run(&target().join("debug/trigger-host"), folder, arguments)
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program);
    command.current_dir(folder).args(arguments).env_clear().env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"));
    let output = command.output().expect("run `cargo xtask test`, which builds the programs first");
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

/// Whether this is a command, as far as it can be told without running it.
pub(crate) fn check(line: &str) -> Result<(), String> {
    // `VARIABLE=value command`, and what follows a pipe or a redirection, are the shell's.
    let line = line.split(['|', '<', '>', ';']).next().unwrap_or_default().trim();
    let line = line
        .strip_prefix("cargo run -p trigger-host -- ")
        .map_or(line.to_owned(), |rest| format!("trigger-host {rest}"));
    let words: Vec<&str> = line.split_whitespace().collect();
    let result = match words.as_slice() {
        ["trigger-host", arguments @ ..] => {
            // Everything before it is parsed; what it names need not be there.
            let arguments: Vec<_> = arguments.iter().copied().chain(["--help"]).collect();
            host(&root(), &arguments)
        }
        ["cargo", "xtask", command, arguments @ ..] => {
            let (is_well, help) = run(&target().join("debug/xtask"), &root(), &[command, "--help"]);
            // What follows goes to another program where the command passes arguments on.
            let passes_on = help.contains("ARGUMENTS");
            let unknown = arguments.iter().find(|word| word.starts_with('-') && !help.contains(**word));
            match unknown {
                Some(unknown) if !passes_on => (false, format!("no flag {unknown}")),
                _ => (is_well, help),
            }
        }
        [script, ..] if script.starts_with("findings/") || script.starts_with(".ci/") => {
            (root().join(script).exists(), format!("{script} is not in the tree"))
        }
        _ => (OTHERS.iter().any(|other| line.starts_with(other)), "a program that no page uses so far".to_owned()),
    };
    if result.0 { Ok(()) } else { Err(format!("`{line}`: {}", result.1)) }
}
