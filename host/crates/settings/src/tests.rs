//! The layers, through the seam that `main` uses: a file and a map in place of the environment.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;
use crate::document::{Document, Fields};

fn read_text(text: &str, environment: &BTreeMap<&str, &str>, flags: &[Flag]) -> (Read, String) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("trigger-host.toml");
    fs::write(&file, text).unwrap();
    let read = read(Some(&file), environment, flags).unwrap();
    let said = read.problems.to_string().replace(&format!("{}/", folder.path().display()), "");
    (read, said)
}

fn problems(text: &str, environment: &[(&'static str, &'static str)]) -> String {
    read_text(text, &environment.iter().copied().collect(), &[]).1
}

#[test]
fn flags_win_over_environment_over_file() {
    let environment = BTreeMap::from([
        ("TRIGGER_HOST__HOST__CAPACITY", "20"),
        ("TRIGGER_HOST__HOST__LOAD_EVERY", "2s"),
        ("AIRFLOW__TRIGGERER__CAPACITY", "10"),
        ("AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC", "2.5"),
        ("AIRFLOW__API_AUTH__JWT_SECRET", "s3cret"),
    ]);
    let flags = [Flag { section: "host", name: "capacity", flag: "--capacity", text: "30".into() }];
    let text = "[host]\ncapacity = 1\nload-every = \"9s\"\nheartbeat-every = \"9s\"\ndeliveries = 4\n";
    let (read, said) = read_text(text, &environment, &flags);
    assert_eq!(said, "");
    let host = &read.settings.host;
    assert_eq!((host.capacity.get(), host.deliveries.get(), host.workload_slice.get()), (30, 4, 50));
    assert_eq!((host.load_every, host.heartbeat_every), (Duration::from_secs(2), Duration::from_millis(2500)));
    assert_eq!(read.settings.api.jwt_secret.unwrap().expose_secret(), "s3cret");
    assert!(!format!("{:?}", read.shown).contains("s3cret"));
}

#[test]
fn every_problem_of_every_layer_is_reported_at_once() {
    let text = "[api]\nurl = \"ftp://x\"\ntokn-file = \"x\"\n[host]\ncapacity = 0\nqueues = \"wasm\"\nheartbeat-every = 5\n\
                [sandbox]\nmax-memory = \"64\"\n[hosts]\na = 1\n";
    let environment = [
        ("TRIGGER_HOST__HOST__CAPCITY", "7"),
        ("TRIGGER_HOST__HOST__DELIVERIES", "many"),
        ("AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT", "30s"),
        ("AIRFLOW__CORE__FERNET_KEY", ""),
        ("TRIGGER_HOST__API__JWT_SECRET", ""),
    ];
    insta::assert_snapshot!(problems(text, &environment));
}

#[test]
fn keys_that_exclude_each_other_and_files_that_are_not_there() {
    let text = "[api]\ntoken-file = \"nothing\"\njwt-secret-file = \"nothing\"\nsubject = \"me\"\n\
                [host]\nheartbeat-every = \"1m\"\n";
    insta::assert_snapshot!(problems(text, &[]));
}

#[test]
fn a_key_that_is_one_of_a_few_lists_them() {
    let problem = |text: &str| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f.toml");
        fs::write(&file, text).unwrap();
        let document = Document::read(&file).unwrap();
        let mut problems = Problems::default();
        let mut fields = Fields::read(&document, &document.root, "", &mut problems).unwrap();
        let chosen = fields.must_choose("kind", &[("a", 1), ("b", 2), ("c", 3)]);
        (chosen, problems.errors().iter().map(|problem| problem.what.clone()).collect::<String>())
    };
    assert_eq!(problem("kind = \"b\""), (Some(2), String::new()));
    assert_eq!(problem("kind = \"d\""), (None, "expected \"a\", \"b\" or \"c\", found \"d\"".to_owned()));
    assert_eq!(problem("kind = 1").1, "expected \"a\", \"b\" or \"c\", found the number 1");
    assert_eq!(problem("").1, "missing: expected \"a\", \"b\" or \"c\"");
}

#[test]
fn paths_of_the_file_are_relative_to_it() {
    let (read, _) = read_text("[host]\ncatalog = \"c.toml\"\n", &BTreeMap::new(), &[]);
    assert!(read.settings.host.catalog.is_absolute());
    let environment = BTreeMap::from([("TRIGGER_HOST__HOST__CATALOG", "c.toml")]);
    assert_eq!(read_text("", &environment, &[]).0.settings.host.catalog, Path::new("c.toml"));
}

#[test]
fn a_file_that_is_not_toml_names_the_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("f.toml");
    fs::write(&file, "[host]\ncapacity =\n").unwrap();
    let Err(problems) = read(Some(&file), &BTreeMap::new(), &[]) else { panic!("accepted") };
    assert_eq!(problems.errors()[0].line, Some(2));
}

/// The rows of docs/design/triggerer.md#configuration, and what of `[api_auth]` makes a token.
const AIRFLOWS: [&str; 31] = [
    "AIRFLOW__TRIGGERER__CAPACITY",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD",
    "AIRFLOW__TRIGGERER__RUNNER_HEALTH_CHECK_THRESHOLD",
    "AIRFLOW__TRIGGERER__MAX_TRIGGER_TO_SELECT_PER_LOOP",
    "AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT",
    "AIRFLOW__TRIGGERER__QUEUES_ENABLED",
    "AIRFLOW__TRIGGERER__BLOCKED_MAIN_THREAD_WARNING_THRESHOLD",
    "AIRFLOW__TRIGGERER__SHARED_STREAM_SUBSCRIBER_QUEUE_SIZE",
    "AIRFLOW__TRIGGERER__SHARED_STREAM_ACK_TIMEOUT",
    "AIRFLOW__TRIGGERER__SHARED_STREAM_COHORT_GRACE_PERIOD",
    "AIRFLOW__EXECUTION_API__JWT_EXPIRATION_TIME",
    "AIRFLOW__EXECUTION_API__JWT_AUDIENCE",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRIES",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MIN",
    "AIRFLOW__WORKERS__EXECUTION_API_RETRY_WAIT_MAX",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT",
    "AIRFLOW__LOGGING__BASE_LOG_FOLDER",
    "AIRFLOW__LOGGING__LOG_FILENAME_TEMPLATE",
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__MULTI_TEAM",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW__API_AUTH__JWT_ISSUER",
    "AIRFLOW__API_AUTH__JWT_PRIVATE_KEY_PATH",
    "AIRFLOW__API_AUTH__JWT_KID",
    "AIRFLOW__API_AUTH__JWT_ALGORITHM",
    "AIRFLOW__API_AUTH__JWT_LEEWAY",
];

#[test]
fn every_setting_of_airflows_triggerer_is_read_or_explained() {
    let page = reference();
    let explained =
        page.split("## Settings of Airflow that are not read").nth(1).unwrap().split("\n## ").next().unwrap();
    for name in AIRFLOWS {
        let read = KEYS.iter().any(|key| key.airflow == Some(name));
        assert_ne!(read, explained.contains(&format!("`{name}`")), "{name}: one of the two");
    }
}

#[test]
fn what_airflow_would_ask_a_command_for_is_told() {
    let set = [("AIRFLOW__CORE__FERNET_KEY_CMD", "cat key"), ("AIRFLOW__API_AUTH__JWT_SECRET_SECRET", "path")];
    let said = problems("", &set);
    assert!(said.contains("AIRFLOW__CORE__FERNET_KEY_CMD") && said.contains("api.fernet-key-file"), "{said}");
    assert!(said.contains("AIRFLOW__API_AUTH__JWT_SECRET_SECRET") && said.contains("api.jwt-secret-file"), "{said}");
    assert!(!said.contains("cat key"), "{said}");
    let (read, _) = read_text("", &set.into_iter().collect(), &[]);
    assert!(!read.problems.is_fatal(), "it may be meant for others");
    let given = [set[0], ("AIRFLOW__CORE__FERNET_KEY", "JTA7RlFcZ3J9iJOeqbS_ytXg6_YBDBciLThDTllkb3o=")];
    assert_eq!(problems("", &given), "");
}
