//! The command line itself.

use std::path::Path;

use program::folder::Folder;

#[test]
fn a_command_that_does_not_exist_is_exit_2() {
    let ran = Folder::new().run(&["jump"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
}

#[test]
fn help_and_version_are_data() {
    for argument in ["--help", "--version"] {
        let ran = Folder::new().run(&[argument]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{argument}");
        assert!(ran.stdout.contains("trigger-host"));
    }
    assert!(!Folder::new().run(&["--help"]).stdout.contains("compile-component"));
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let folder = Folder::new();
    let mut command = folder.command(Path::new("bash"));
    let program = program::host().display();
    // `head` takes nothing at all, so the first write finds nobody.
    command.args(["-c", &format!("{program} config show | head -c 0; echo ${{PIPESTATUS[0]}}")]);
    let ran = folder.finish(command);
    assert_eq!((ran.stdout.trim(), ran.stderr.as_str()), ("0", ""));
}

#[test]
fn a_full_disk_for_the_output_is_told() {
    let folder = Folder::new();
    let mut command = folder.command(Path::new("bash"));
    command.args(["-c", &format!("{} config show > /dev/full", program::host().display())]);
    let ran = folder.finish(command);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.starts_with("error: cannot write standard output: "), "{}", ran.stderr);
}
