//! The catalog through files: what is wrong is told with its place, and `lock` changes nothing but digests.

use std::fs;
use std::time::Duration;

use airflow_asks::{Access, AirflowGrants, Pattern, StateGrant};
use sandbox::Interface;
use settings::Problems;
use stream_rules::Policy;
use trigger_host_types::Digest;

use super::entry::Reads;
use super::*;

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
        entry.guest.airflow,
        AirflowGrants {
            variables_read: vec![pattern("a_*"), pattern("b")],
            xcom: Some(Access::ReadWrite),
            states: Some(StateGrant::Dags(vec![pattern("sales_*")])),
            connections_describe: vec!["jobs_api".into()],
            ..AirflowGrants::default()
        }
    );
    let opened: Vec<_> = Interface::ALL.into_iter().filter(|one| entry.guest.allowed().holds(*one)).collect();
    assert!(!opened.contains(&Interface::Http) && !opened.contains(&Interface::AssetState) && opened.len() == 6);
    let own = granting("states = true\nasset-state = \"read\"");
    let (_folder, file) = folder(&own);
    let entry = &read(&file, &mut problems).unwrap().entries[0];
    assert_eq!(
        (&entry.guest.airflow.states, entry.guest.airflow.asset_state),
        (&Some(StateGrant::OwnDag), Some(Access::Read))
    );
}

#[test]
fn settings_of_a_connection_are_granted_by_key() {
    let extras =
        "connections = { describe = [\"db\"], extras = { aws_default = [\"region_name\"], gcp = [\"project\"] } }";
    let (_folder, file) = folder(&granting(extras));
    let mut problems = Problems::default();
    let guest = &read(&file, &mut problems).unwrap().entries[0].guest;
    assert_eq!(problems, Problems::default());
    assert_eq!(guest.airflow.connections_describe, ["db".into()]);
    let lines = ["connections db", "connections aws_default extras region_name", "connections gcp extras project"];
    assert_eq!(guest.airflow.list(), lines);
    let alone = granting("connections = { extras = { aws_default = [\"region_name\"] } }");
    let (_folder, file) = folder(&alone);
    let guest = &read(&file, &mut problems).unwrap().entries[0].guest;
    assert!(guest.airflow.connections_describe.is_empty() && guest.allowed().holds(Interface::Connections));
}

#[test]
fn a_grant_of_a_secret_key_is_refused() {
    let problems = problems(&granting(
        "[trigger.grants.connections]\ndescribe = \"db\"\nextra = []\n[trigger.grants.connections.extras]\n\
         aws = [\"region_name\", \"aws_secret_access_key\"]\naz = [\"clientSecret\"]\n\"a*\" = [\"x\"]\n\
         b = []\nc = [\"*\"]\nd = \"project\"\n",
    ));
    for expected in [
        "grants.connections.describe: expected a list of connection ids",
        "grants.connections.extra: unknown key",
        "grants.connections.extras.aws: the key \"aws_secret_access_key\" may hold a secret",
        "grants.connections.extras.az: the key \"clientSecret\" may hold a secret",
        "grants.connections.extras.a*: expected the id of a connection, without patterns",
        "grants.connections.extras.b: expected a list of keys of its extra",
        "grants.connections.extras.c: expected a list of keys of its extra",
        "grants.connections.extras.d: expected a list of keys of its extra",
    ] {
        assert!(problems.contains(expected), "{expected}: {problems}");
    }
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
    assert!(
        entry.guest.allowed().holds(Interface::Http)
            && entry.guest.http[0].private
            && entry.guest.http[0].max_in_flight == 3
    );
    assert_eq!(
        (entry.guest.limits.cpu, entry.guest.limits.answer_bytes, entry.guest.limits.events),
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

/// Sources of every kind that this build has, each with all that may be written.
#[test]
fn sources_and_their_rules_arrive() {
    let (_folder, file) = folder(
        "[sources.inbox]\nkind = \"directory\"\npath = \"/data/in\"\nexisting = \"skip\"\n\
         [sources.feed]\nkind = \"http\"\nurl = \"https://feed.example.com/v1\"\nacknowledge = \"https://feed.example.com/done\"\n\
         connection = \"feed\"\n\
         [sources.feed.rules]\nprofile = \"airflow\"\nqueue = 10\nqueue-full = \"drop-oldest\"\non-failed = \"rewind\"\n\
         acknowledge-within = \"1m\"\nadvance-retries = 0\nmax-in-flight = 2\nmax-outstanding = 9\ngrace = \"0s\"\nlinger = true\n\
         [sources.queue]\nkind = \"component\"\ncomponent = \"a.wasm\"\nlimits = { memory = \"1MiB\" }\n\
         grants.http = [{ origin = \"https://sqs.eu-west-1.amazonaws.com\", methods = [\"POST\"], connection = \"aws\" }]\n",
    );
    let mut problems = Problems::default();
    let catalog = read(&file, &mut problems).unwrap();
    assert_eq!(problems, Problems::default());
    let [inbox, feed, queue] = catalog.sources.as_slice() else { panic!("{:?}", catalog.sources) };
    assert_eq!((inbox.name.as_str(), inbox.rules), ("inbox", Rules::default()));
    assert!(feed.rules.is_shared_across_classes);
    let rules = &feed.rules.policy;
    assert_eq!(
        (rules.queue, rules.queue_full, rules.max_outstanding),
        (10, stream_rules::QueueFull::DropOldest, Some(9))
    );
    assert_eq!((rules.advance.retries, rules.advance.max_in_flight, rules.grace), (0, 2, Duration::ZERO));
    assert!(matches!(rules.on_failed, stream_rules::OnFailed::Rewind { .. }) && rules.linger);
    // What is not written is the profile's.
    assert_eq!((rules.ack_timeout, rules.binding), (Duration::from_secs(60), Policy::airflow().binding));
    let Reads::Native { http, .. } = &feed.reads else { panic!("{:?}", feed.reads) };
    assert_eq!((http[0].methods.join(" "), http[0].paths.len()), ("GET POST".to_owned(), 2));
    let guest = queue.guest().unwrap();
    assert!(guest.allowed().holds(Interface::Http) && guest.limits.memory == 1 << 20);
}

#[test]
fn wrong_sources_are_told_with_their_place() {
    insta::assert_snapshot!(problems(
        r#"
[sources.none]
path = "/data"
[sources.odd]
kind = "ftp"
[sources."a b"]
kind = "directory"
[sources.typo]
kind = "directory"
path = "/data"
evry = "1s"
[sources.relative]
kind = "directory"
path = "data"
[sources.choice]
kind = "directory"
path = "/data"
existing = "maybe"
[sources.lost]
kind = "directory"
[sources.address]
kind = "http"
url = "ftp://feed.example.com/"
[sources.counted]
kind = "http"
url = "https://feed.example.com/"
private = "yes"
[sources.ruled]
kind = "directory"
path = "/data"
[sources.ruled.rules]
profile = "fast"
queue = 0
queue-full = "wait"
on-failed = "skip"
acknowledge-within = "0s"
advance-retries = -1
max-in-flight = 5000
max-outstanding = "many"
grace = 2
linger = "no"
ling = true
[sources.guest]
kind = "component"
component = "a.wasm"
grants = { xcom = "read" }
rules = { on-failed = "rewind" }
[sources.absent]
kind = "component"
component = "missing.wasm"
topics = ["a"]
"#
    ));
}

#[test]
fn lock_pins_sources_too() {
    let (_folder, file) = folder(
        "[sources]\nqueue = { kind = \"component\", component = \"a.wasm\" } # ours\n\n\
         [sources.inbox]\nkind = \"directory\"\npath = \"/data\"\n\
         [sources.other]\nkind = \"component\"\ncomponent = \"a.wasm\"\n",
    );
    let pins = lock(&file).unwrap();
    assert_eq!(
        pins.iter().map(|pin| (pin.name.as_str(), pin.change)).collect::<Vec<_>>(),
        [("queue", Change::Written), ("other", Change::Written)]
    );
    insta::assert_snapshot!(fs::read_to_string(&file).unwrap());
    assert!(lock(&file).unwrap().iter().all(|pin| pin.change == Change::Kept));
}

#[cfg(not(feature = "kafka"))]
#[test]
fn a_kind_that_is_not_built_in_is_told() {
    insta::assert_snapshot!(problems(
        "[sources.orders]\nkind = \"kafka\"\nconnection = \"kafka_default\"\ntopics = [\"orders\"]\n"
    ));
}
