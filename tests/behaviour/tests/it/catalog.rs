//! The one catalog of these tests, with digests, made once.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Class paths, components, limits. Grants are the same for all: this machine.
const CLASSES: [(&str, &str, &str); 6] = [
    ("demo.Wait", "time_delta", ""),
    ("demo.HttpJob", "http_job", ""),
    (
        "test.Hostile",
        "hostile",
        "memory = \"16MiB\"\ncpu-per-poll = \"100ms\"\nwall-per-poll = \"20s\"\nhost-calls-per-poll = 8\n",
    ),
    ("test.Listener", "stream", "cpu-per-poll = \"100ms\"\n"),
    ("test.OtherListener", "stream", "cpu-per-poll = \"100ms\"\n"),
    // Spins for as long as a test needs it.
    ("test.Spin", "hostile", "cpu-per-poll = \"1s\"\nwall-per-poll = \"10m\"\n"),
];
const GRANTS: &str = "[trigger.grants]\n\
    http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\", \"POST\", \"DELETE\"], private = true }]\n";
/// The same with the credential of a connection.
const LENT: &str = "http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\", \"POST\", \"DELETE\"], private = true, \
    connection = \"jobs_api\" }]\n";

/// Class paths that have those, components, and all else of their entries.
const LENDING: [(&str, &str, &str); 4] = [
    ("demo.LentJob", "http_job", "[trigger.grants]\n"),
    ("test.Asker", "asker", ASKS),
    (
        "test.Flood",
        "asker",
        "limits = { host-calls-per-poll = 8 }\n[trigger.grants]\nvariables = { read = [\"jobs_*\"] }\nxcom = \"read\"\n\
         asset-state = \"read\"\nstates = true\nconnections = [\"other\"]\n",
    ),
    (
        "test.Shut",
        "asker",
        "[trigger.grants]\nvariables = { read = [\"other\"] }\nxcom = \"read\"\nasset-state = \"read\"\nstates = [\"other\"]\n\
         connections = [\"other\"]\n",
    ),
];
const ASKS: &str = "[trigger.grants]\nvariables = { read = [\"jobs_*\"], write = [\"jobs_cursor\"] }\nxcom = \"read-write\"\n\
    asset-state = \"read-write\"\nstates = [\"sales_*\"]\n\
    connections = { describe = [\"jobs_db\"], extras = { jobs_aws = [\"region_name\", \"config\", \"absent\"], \
    jobs_bad = [\"endpoint\"], jobs_none = [\"x\"] } }\n";

/// Writes `triggers.toml`.
pub(crate) fn write(folder: &Path) {
    static LOCKED: OnceLock<String> = OnceLock::new();
    fs::write(folder.join("triggers.toml"), LOCKED.get_or_init(locked)).unwrap();
}

fn locked() -> String {
    let folder = tempfile::tempdir().unwrap();
    let mut text = String::new();
    for (classpath, component, limits) in CLASSES {
        let component = guest_build::component(component).canonicalize().unwrap();
        let grants = if component.ends_with("time_delta.wasm") { "" } else { GRANTS };
        let limits = if limits.is_empty() { String::new() } else { format!("[trigger.limits]\n{limits}") };
        let component = serde_json::json!(component);
        text += &format!("[[trigger]]\nclasspath = \"{classpath}\"\ncomponent = {component}\n{grants}{limits}\n");
    }
    for (classpath, component, rest) in LENDING {
        let component = serde_json::json!(guest_build::component(component).canonicalize().unwrap());
        text += &format!("[[trigger]]\nclasspath = \"{classpath}\"\ncomponent = {component}\n{rest}{LENT}\n");
    }
    let file = folder.path().join("triggers.toml");
    fs::write(&file, text).unwrap();
    let ran = program::command(program::host(), folder.path()).args(["catalog", "lock"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    fs::read_to_string(file).unwrap()
}
