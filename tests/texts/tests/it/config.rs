//! What `config check` says of a configuration.

use program::folder::Folder;
use texts::{Section, check};

/// Files, by what is wrong with them.
const FILES: [(&str, &str); 6] = [
    ("not TOML", "[host]\ncapacity =\n"),
    ("keys and sections that are not known", "[api]\nurl = \"http://127.0.0.1\"\ntokn-file = \"x\"\n[hosts]\na = 1\n"),
    (
        "values that do not fit",
        "[api]\nurl = \"ftp://x\"\n[host]\ncapacity = 0\nqueues = \"wasm\"\nheartbeat-every = 5\nload-every = \"0s\"\n\
         [sandbox]\nmax-memory = \"64\"\n[admin]\nlisten = \"here\"\n[tracing]\nformat = \"xml\"\nfilter = \"a=b=c\"\n",
    ),
    (
        "keys that exclude each other, files that are not there",
        "[api]\nurl = \"http://127.0.0.1\"\ntoken-file = \"nothing\"\njwt-secret-file = \"nothing\"\nsubject = \"me\"\n[host]\nheartbeat-every = \"1m\"\n",
    ),
    (
        "a template of log names that cannot be rendered",
        "[api]\nurl = \"http://127.0.0.1\"\n[logs]\nfolder = \"logs\"\nfilename-template = \"{{ ts }}\"\n",
    ),
    (
        "a log server without a folder and a secret",
        "[api]\nurl = \"http://127.0.0.1\"\n[logs]\nlisten = \"127.0.0.1:0\"\n",
    ),
];

const ENVIRONMENT: [(&str, &str); 6] = [
    ("TRIGGER_HOST__HOST__CAPCITY", "7"),
    ("TRIGGER_HOST__HOST__DELIVERIES", "many"),
    ("AIRFLOW__TRIGGERER__ON_KILL_TIMEOUT", "30s"),
    ("AIRFLOW__CORE__FERNET_KEY", "short"),
    ("TRIGGER_HOST__API__JWT_SECRET", ""),
    ("AIRFLOW__TRIGGERER__CAPACITY", "many"),
];

#[test]
fn texts() {
    let file = |(about, text): &(&str, &str)| {
        (about.to_string(), Folder::with("trigger-host.toml", text).run(&["config", "check"]).said())
    };
    let environment = |(name, value): &(&str, &str)| {
        (format!("{name}={value}"), Folder::new().env(name, value).run(&["config", "check"]).said())
    };
    let named = Folder::new().run(&["config", "check", "--config", "mine.toml"]).said();
    check(
        "config",
        &[
            Section::new("config check: the file", FILES.iter().map(file)),
            Section::new("config check: the environment", ENVIRONMENT.iter().map(environment)),
            Section::new("config check: a file that is named", [("there is none", named)]),
        ],
    );
}
