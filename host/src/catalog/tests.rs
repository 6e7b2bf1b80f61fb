//! The catalog through files: what is wrong is told with its place, and `lock` changes nothing but digests.

use std::fs;
use std::time::Duration;

use sandbox::Interface;
use supervisor::{Access, Pattern, RuntimeGrants, StateGrant};
use trigger_host_types::Digest;

use super::*;
use crate::problems::Problems;

/// Reads `text` as a catalog beside the component `a.wasm`.
fn problems(text: &str) -> String {
    let (folder, file) = folder(text);
    let mut problems = Problems::default();
    if let Ok(catalog) = read(&file, &mut problems) {
        ready(&catalog, Unlocked::Refused, &mut problems);
    }
    problems.to_string().replace(&format!("{}/", folder.path().display()), "")
}

fn folder(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("triggers.toml");
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("a.wasm"), b"abc").unwrap();
    (folder, file)
}

#[test]
fn everything_wrong_is_reported_at_once() {
    insta::assert_snapshot!(problems(
        r#"
colour = 1
[[trigger]]
classpath = "demo.One"
component = "a.wasm"
digest = "sha256:00"
[trigger.grants]
http = [{ origin = "jobs.example.com", methods = ["get"], paths = [], timeout = "1ms", max-response = 5, privat = true }]
xcom = "all"
[trigger.limits]
memory = "64"
cpu-per-pol = "1s"
events-per-poll = 0

[[trigger]]
classpath = "demo.One"
component = "missing.wasm"

[[trigger]]
classpath = "demo.Two"
component = "a.wasm"
digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

[[trigger]]
component = 7
"#
    ));
}

/// An entry with these grants.
fn granting(grants: &str) -> String {
    let pinned = format!("digest = \"{}\"", Digest::of(b"abc"));
    format!("[[trigger]]\nclasspath = \"demo.One\"\ncomponent = \"a.wasm\"\n{pinned}\n[trigger.grants]\n{grants}\n")
}

#[test]
fn what_may_be_asked_of_airflow_arrives() {
    let (_folder, file) = folder(&granting(
        "variables = { read = [\"a_*\", \"b\"] }\nxcom = \"read-write\"\nstates = [\"sales_*\"]\nconnections = [\"jobs_api\"]",
    ));
    let mut problems = Problems::default();
    let catalog = read(&file, &mut problems).unwrap();
    assert_eq!(problems, Problems::default());
    let (entry, pattern) = (&catalog.entries[0], |text: &str| Pattern::new(text).unwrap());
    assert_eq!(
        entry.runtime,
        RuntimeGrants {
            variables_read: vec![pattern("a_*"), pattern("b")],
            xcom: Some(Access::ReadWrite),
            states: Some(StateGrant::Dags(vec![pattern("sales_*")])),
            connections: vec!["jobs_api".into()],
            ..RuntimeGrants::default()
        }
    );
    let opened: Vec<_> = Interface::ALL.into_iter().filter(|one| entry.allowed().holds(*one)).collect();
    assert!(!opened.contains(&Interface::Http) && !opened.contains(&Interface::AssetState) && opened.len() == 6);
    let own = granting("states = true\nasset-state = \"read\"");
    let (_folder, file) = folder(&own);
    let entry = &read(&file, &mut problems).unwrap().entries[0];
    assert_eq!((&entry.runtime.states, entry.runtime.asset_state), (&Some(StateGrant::OwnDag), Some(Access::Read)));
}

#[test]
fn wrong_grants_of_airflow_are_told_with_their_place() {
    insta::assert_snapshot!(problems(&granting(
        "variables = { read = \"a_*\", write = [\"\"], list = [] }\nxcom = \"write\"\nasset-state = true\nstates = \"all\"\nconnections = [\"jobs_*\"]\nvariable = 1",
    )));
}

#[test]
fn an_unpinned_entry_is_a_warning_while_one_writes_it() {
    let (_folder, file) = folder("[[trigger]]\nclasspath = \"demo.One\"\ncomponent = \"a.wasm\"\n");
    let mut problems = Problems::default();
    let catalog = read(&file, &mut problems).unwrap();
    assert_eq!(ready(&catalog, Unlocked::Warned, &mut problems).len(), 1);
    assert!(!problems.is_fatal() && problems.warnings().len() == 1);
}

#[test]
fn grants_and_limits_arrive() {
    let (_folder, file) = folder(
        "[[trigger]]\nclasspath = \"demo.One\"\ncomponent = \"a.wasm\"\n\
         grants.http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\"], private = true, max-in-flight = 3 }]\n\
         limits = { cpu-per-poll = \"1s\", answer-size = \"2KiB\" }\n",
    );
    let mut problems = Problems::default();
    let catalog = read(&file, &mut problems).unwrap();
    assert_eq!(problems, Problems::default());
    let entry = &catalog.entries[0];
    assert!(entry.allowed().holds(Interface::Http) && entry.http[0].private && entry.http[0].max_in_flight == 3);
    assert_eq!(
        (entry.limits.cpu, entry.limits.answer_bytes, entry.limits.events),
        (Duration::from_secs(1), 2048, 1000)
    );
}

#[test]
fn lock_keeps_comments_and_form() {
    let (_folder, file) = folder(
        "# ours\n[[trigger]] # the first\nclasspath   = \"demo.One\"\ncomponent   = \"a.wasm\" # here\n\n[trigger.limits]\nmemory = \"1MiB\"\n\n\
         [[trigger]]\nclasspath = \"demo.Two\"\ndigest = \"wrong\"   # old\ncomponent = \"a.wasm\"\n# the end\n",
    );
    let pins = lock(&file).unwrap();
    assert_eq!(pins.iter().map(|pin| pin.change).collect::<Vec<_>>(), [Change::Written, Change::Written]);
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
    assert!(lock(&file).unwrap().iter().all(|pin| pin.change == Change::Kept));
}

#[test]
fn lock_writes_nothing_when_a_component_is_missing() {
    let text = "[[trigger]]\nclasspath = \"demo.One\"\ncomponent = \"a.wasm\"\n[[trigger]]\nclasspath = \"demo.Two\"\ncomponent = \"b.wasm\"\n";
    let (_folder, file) = folder(text);
    assert!(lock(&file).is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
}
