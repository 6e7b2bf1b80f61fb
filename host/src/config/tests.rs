//! The layers, through the seam that `main` uses: a file and a map in place of the environment.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::*;

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
                [host]\nheartbeat-every = \"1m\"\n[tracing]\nfilter = \"a=b=c\"\n";
    insta::assert_snapshot!(problems(text, &[]));
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
