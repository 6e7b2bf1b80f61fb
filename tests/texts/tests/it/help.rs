//! `--help` of the program and of each of its commands.

use program::folder::Folder;
use texts::{Section, check};

/// The commands below one, as its own help lists them.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| line.starts_with("  "));
    // A line that goes on the one before it is indented further.
    let names = listed.filter(|line| !line.starts_with("   ")).filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn of_every_command() {
    let folder = Folder::new();
    let mut left = vec![Vec::<String>::new()];
    let mut pages = Vec::new();
    while let Some(command) = left.pop() {
        let arguments: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
        let ran = folder.run(&arguments);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        left.extend(commands(&ran.stdout).into_iter().map(|name| [&command[..], &[name]].concat()));
        pages.push((format!("trigger-host {}", arguments.join(" ")), ran.stdout));
    }
    pages.sort();
    assert!(pages.len() > 6, "the commands were found: {pages:?}");
    check("help", &[Section::new("--help", pages)]);
}
