//! `catalog`.

use std::fs;

use program::components::{core_module, empty_component, sample, samples};
use program::folder::Folder;

#[test]
fn lock_makes_check_content() {
    let folder = samples();
    let before = folder.run(&["catalog", "check"]);
    assert_eq!(before.code, Some(2));
    assert_eq!(before.stderr.matches("run `trigger-host catalog lock`").count(), 2, "{}", before.stderr);
    let locked = folder.run(&["catalog", "lock"]);
    assert_eq!((locked.code, locked.stderr.as_str()), (Some(0), ""));
    assert_eq!(locked.stdout.matches("written").count(), 2, "{}", locked.stdout);
    let after = folder.run(&["catalog", "check"]);
    assert_eq!(after.said(), "exit 0\n--- stdout\n2 triggers are valid.\n--- stderr\n");
}

#[test]
fn check_reports_every_bad_component_at_once() {
    let folder = Folder::with(
        "triggers.toml",
        "[[trigger]]\nclasspath = \"demo.Missing\"\ncomponent = \"missing.wasm\"\n\
         [[trigger]]\nclasspath = \"demo.Core\"\ncomponent = \"core.wasm\"\n\
         [[trigger]]\nclasspath = \"demo.Other\"\ncomponent = \"other.wasm\"\n\
         [[trigger]]\nclasspath = \"demo.Text\"\ncomponent = \"text.wasm\"\n\
         [[trigger]]\nclasspath = \"demo.Ungranted\"\ncomponent = \"http_poll.wasm\"\n\
         [[trigger]]\nclasspath = \"demo.Changed\"\ncomponent = \"core.wasm\"\n\
         digest = \"sha256:0000000000000000000000000000000000000000000000000000000000000000\"\n\
         [[trigger]]\nclasspath = \"demo.Core\"\ncomponent = \"core.wasm\"\n",
    )
    .and("core.wasm", core_module())
    .and("other.wasm", empty_component())
    .and("text.wasm", "(component)")
    .and("http_poll.wasm", sample("http_poll"));
    let said = folder.run(&["catalog", "check"]).said();
    // Which digests are missing is told by the test above.
    let lines: Vec<&str> = said.lines().filter(|line| !line.contains("is not pinned")).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn a_catalog_that_cannot_be_read_is_told() {
    let folder = Folder::with("triggers.toml", "[[trigger]\n");
    insta::assert_snapshot!(folder.run(&["catalog", "check"]).said());
    insta::assert_snapshot!(Folder::new().run(&["catalog", "lock", "--catalog", "no/where.toml"]).said());
}

#[test]
fn lock_keeps_the_permissions_of_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = samples();
    fs::set_permissions(folder.path("triggers.toml"), fs::Permissions::from_mode(0o640)).unwrap();
    folder.run(&["catalog", "lock"]);
    let mode = fs::metadata(folder.path("triggers.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.folder.path()).unwrap().count(), 3, "nothing is left beside the files");
}

/// Every world where it does not belong, and where it does.
#[test]
fn check_tells_triggers_from_sources() {
    let of = |entries: &str| {
        let folder = Folder::with("triggers.toml", entries)
            .and("watch.wasm", sample("message_watch"))
            .and("queue.wasm", sample("upstream"))
            .and("wait.wasm", sample("time_delta"));
        let locked = folder.run(&["catalog", "lock"]);
        assert_eq!(locked.code, Some(0), "{}", locked.said());
        folder
    };
    let http = "grants.http = [{ origin = \"http://127.0.0.1:*\", methods = [\"POST\"], private = true }]\n";
    let queue = format!("[sources.queue]\nkind = \"component\"\ncomponent = \"queue.wasm\"\n{http}");
    let right = of(&format!("[[trigger]]\nclasspath = \"demo.Watch\"\ncomponent = \"watch.wasm\"\n{queue}"));
    assert_eq!(
        right.run(&["catalog", "check"]).said(),
        "exit 0\n--- stdout\n1 triggers and 1 sources are valid.\n--- stderr\n"
    );
    let text = right.run(&["inspect", "queue.wasm", "--catalog", "triggers.toml"]).stdout;
    assert!(
        text.contains("world      described-stream-producer 0.1.0") && text.contains("source queue (line"),
        "{text}"
    );
    let said = right.run(&["inspect", "queue.wasm", "--catalog", "triggers.toml", "--output", "json"]).objects();
    assert_eq!((&said[0]["catalog"][0]["source"], &said[0]["catalog"][0]["pinned"]), (&"queue".into(), &true.into()));
    let wrong = of(&format!(
        "[[trigger]]\nclasspath = \"demo.Sqs\"\ncomponent = \"queue.wasm\"\n{http}\
         [[trigger]]\ncallback = \"demo.watch\"\ncomponent = \"watch.wasm\"\n\
         [sources.wait]\nkind = \"component\"\ncomponent = \"wait.wasm\"\n\
         [sources.watch]\nkind = \"component\"\ncomponent = \"watch.wasm\"\n"
    ));
    insta::assert_snapshot!(wrong.run(&["catalog", "check"]).said());
}
