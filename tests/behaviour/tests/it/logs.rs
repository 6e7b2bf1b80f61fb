//! The logs of triggers, from the guest's line to Airflow's request for it: `run` against the embedded API, with guests
//! that log and guests that have to be stopped.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Instant;

use serde_json::{Value, json};

use program::PATIENCE;
use program::components::sample;
use program::folder::Folder;
use program::running::Running;
use program::served::{NO_ADMIN, api, configured, http, until};

/// A secret of the configuration.
const FERNET_KEY: &str = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=";
/// `[api] secret_key`.
const SECRET_KEY: &str = "log-server-secret";

const CATALOG: &str = "[[trigger]]\nclasspath = \"test.Hostile\"\ncomponent = \"hostile.wasm\"\n\
    grants.http = [{ origin = \"http://127.0.0.1:*\", methods = [\"GET\"], private = true }]\n\
    limits.cpu-per-poll = \"100ms\"\nlimits.host-calls-per-poll = 8\n\n\
    [[trigger]]\nclasspath = \"demo.Wait\"\ncomponent = \"time_delta.wasm\"\n";

/// A host that writes and serves logs, and its API.
struct World {
    folder: Folder,
    _api: Running,
    url: String,
    host: Running,
}

impl World {
    /// `more` files are made in the log folder before the host starts.
    fn new(more: impl FnOnce(&Path)) -> Self {
        let folder = Folder::with("triggers.toml", CATALOG)
            .and("hostile.wasm", sample("hostile"))
            .and("time_delta.wasm", sample("time_delta"))
            .and("secret-key", SECRET_KEY);
        assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
        let (api, url) = api(&folder);
        let keys = format!(
            "{NO_ADMIN}[logs]\nfolder = \"logs\"\nlisten = \"127.0.0.1:0\"\nsecret-key-file = \"secret-key\"\n"
        );
        let folder = configured(folder, &url, &keys).env("AIRFLOW__CORE__FERNET_KEY", FERNET_KEY);
        more(&folder.path("logs"));
        let host = folder.start(&["run"]);
        Self { folder, _api: api, url, host }
    }

    fn defer(&self, triggers: &Value) {
        let (status, answer) = http("POST", &self.dev("defer"), &triggers.to_string());
        assert!(status < 300, "{status} {answer}");
    }

    fn dev(&self, route: &str) -> String {
        self.url.replace("/execution/", "/dev/") + route
    }

    /// The lines of the task's trigger, once there are so many: they are written beside everything else.
    fn lines(&self, task: &str, count: usize) -> Vec<Value> {
        let until = Instant::now() + PATIENCE;
        loop {
            let text = std::fs::read_to_string(self.file(task)).unwrap_or_default();
            if text.lines().count() >= count {
                return text.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
            }
            assert!(Instant::now() < until, "{count} lines of {task}: {text}");
            std::thread::yield_now();
        }
    }

    fn file(&self, task: &str) -> PathBuf {
        self.folder.path("logs").join(path(task))
    }

    fn end(self) -> (Folder, String) {
        self.host.signal("TERM");
        let (code, _, rest) = self.host.end();
        assert_eq!(code, Some(0), "{rest}");
        (self.folder, rest)
    }
}

/// The first host's Job has the id 1.
fn path(task: &str) -> String {
    format!("dag_id=d/run_id=r+1:00/task_id={task}/attempt=1.log.trigger.1.log")
}

fn task(name: &str, classpath: &str, kwargs: &Value) -> Value {
    json!({"classpath": classpath, "kwargs": kwargs, "queue": "wasm",
        "task": {"dag_id": "d", "run_id": "r+1:00", "task_id": name}})
}

fn finished(host: &Running, count: usize) -> Vec<Value> {
    (0..count).flat_map(|_| until(host, "\"finished\"")).collect()
}

fn events(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["event"].as_str().unwrap()).collect()
}

#[test]
fn what_a_guest_logs_is_in_its_tasks_log_and_is_served_with_a_token() {
    let world = World::new(|_| {});
    let heard = until(&world.host, "The log server is listening");
    let address = heard.last().unwrap()["fields"]["address"].as_str().unwrap().to_owned();
    let kwargs = json!({
        "do": "log", "message": format!("two\nlines, and the key {FERNET_KEY}"), "stdout": "plain\n",
        "fields": {"n": "3", "ti_id": "\"forged\"", "timestamp": "\"2000-01-01T00:00:00Z\"", "key": format!("\"{FERNET_KEY}\"")},
    });
    world.defer(&json!([task("t", "test.Hostile", &kwargs)]));
    finished(&world.host, 1);
    let lines = world.lines("t", 4);
    assert!(lines[0]["event"].as_str().unwrap().starts_with("Trigger started on "), "{lines:?}");
    assert!(lines[0]["component"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(events(&lines[1..]), ["two\\nlines, and the key ***", "plain", "Trigger fired event"]);
    let said = &lines[1];
    assert_eq!((&said["level"], &said["n"], &said["key"]), (&json!("warning"), &json!(3), &json!("***")));
    assert_eq!((&said["guest_ti_id"], &said["logger"]), (&json!("forged"), &json!("guest")));
    for line in &lines {
        assert!(line["ti_id"].as_str().is_some_and(|id| id.len() == 36 && id != "forged"), "{line}");
        assert_eq!((&line["dag_id"], &line["run_id"], &line["task_id"]), (&json!("d"), &json!("r+1:00"), &json!("t")));
        assert_eq!((&line["try_number"], &line["map_index"]), (&json!(1), &json!(-1)));
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }
    let text = std::fs::read_to_string(world.file("t")).unwrap();
    assert_eq!(fetch(&address, &path("t"), &path("t")), (200, text));
    assert_eq!(fetch(&address, &path("t"), "other.log").0, 403);
    world.end();
}

/// As the api-server asks.
fn fetch(address: &str, path: &str, file: &str) -> (u16, String) {
    let now = jiff::Timestamp::now().as_second();
    let claims = json!({"filename": file, "aud": "task-instance-logs", "iat": now, "nbf": now, "exp": now + 30});
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS512);
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET_KEY.as_bytes());
    let token = jsonwebtoken::encode(&header, &claims, &key).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET /log/{path} HTTP/1.1\r\nhost: h\r\nauthorization: {token}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains("content-length: ") && !head.contains("chunked"), "{head}");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

#[test]
fn why_a_trigger_was_stopped_is_one_readable_entry() {
    let world = World::new(|_| {});
    world.defer(&json!([
        task("spin", "test.Hostile", &json!({"do": "spin"})),
        task("trap", "test.Hostile", &json!({"do": "trap"})),
        task("flood", "test.Hostile", &json!({"do": "http-flood", "count": 1_000_000})),
        task("odd", "test.Hostile", &json!({"do": FERNET_KEY})),
        task("unmapped", "test.Nothing", &json!({})),
    ]));
    finished(&world.host, 5);
    let stop = |name: &str| {
        let lines = world.lines(name, 2);
        assert_eq!(lines.len(), 2, "{lines:?}");
        lines[1].clone()
    };
    let spin = stop("spin");
    assert!(spin["event"].as_str().unwrap().starts_with("Trigger stopped: the trigger used "), "{spin}");
    assert_eq!((&spin["level"], &spin["reason"]), (&json!("error"), &json!("cpu")));
    assert_eq!(spin["limit"], "100 ms of CPU time");
    assert!(spin["used"].as_str().unwrap().ends_with(" ms") && spin["cpu_ms"].as_u64().unwrap() >= 100);
    let trap = stop("trap");
    assert_eq!(trap["reason"], "trap");
    assert!(!trap["details"].as_array().unwrap().is_empty(), "{trap}");
    let flood = stop("flood");
    assert_eq!((&flood["reason"], &flood["limit"]), (&json!("host-calls"), &json!("8 host calls")));
    let calls = flood["last_host_calls"].as_array().unwrap();
    assert_eq!(calls.len(), 8);
    assert_eq!(calls[7], "http.send GET https://jobs.example.com: not granted");
    let odd = stop("odd");
    assert!(odd["event"].as_str().unwrap().contains("`do` is `***`"), "{odd}");
    let unmapped = stop("unmapped");
    assert!(unmapped["event"].as_str().unwrap().starts_with("Trigger failed: no component is mapped"), "{unmapped}");
    let (_, told) = http("GET", &world.dev("events"), "");
    assert!(told.contains("`do` is `***`") && !told.contains(FERNET_KEY), "Airflow is not told either: {told}");
    world.end();
}

#[test]
fn every_other_end_is_told_too() {
    let world = World::new(|_| {});
    let hour = json!({"delta": 3600});
    let mut late = task("late", "demo.Wait", &hour);
    late["timeout_after"] = json!(2.0);
    world.defer(&json!([late, task("cleared", "demo.Wait", &hour), task("drained", "demo.Wait", &hour)]));
    (0..3).for_each(|_| drop(until(&world.host, "\"claimed\"")));
    let cleared = json!({"dag_id": "d", "run_id": "r+1:00", "task_id": "cleared"}).to_string();
    assert!(http("POST", &world.dev("tasks/clear"), &cleared).0 < 300);
    finished(&world.host, 2);
    assert_eq!(events(&world.lines("late", 2))[1], "Trigger stopped: the deferral timed out");
    assert_eq!(events(&world.lines("cleared", 2))[1], "Trigger stopped: the user ended the task");
    let drained = world.file("drained");
    let (_folder, _) = world.end();
    let text = std::fs::read_to_string(drained).unwrap();
    assert!(
        text.lines().nth(1).unwrap().contains("this host is shutting down; another one resumes from the checkpoint"),
        "{text}"
    );
}

#[test]
fn watchers_and_callbacks_log_into_the_hosts_own_log_and_forge_nothing() {
    let folder = Folder::with("triggers.toml", CATALOG)
        .and("hostile.wasm", sample("hostile"))
        .and("time_delta.wasm", sample("time_delta"));
    assert_eq!(folder.run(&["catalog", "lock"]).code, Some(0));
    let (_api, url) = api(&folder);
    let text = format!(
        "[api]\nurl = \"{url}\"\n[host]\nload-every = \"50ms\"\n{NO_ADMIN}[logs]\nfolder = \"logs\"\n[tracing]\nformat = \"json\"\n"
    );
    let folder = folder.and("trigger-host.toml", text);
    let host = folder.start(&["run"]);
    let message = "line\n{\"trigger_id\":7,\"level\":\"ERROR\"}";
    let watcher = json!([{"classpath": "test.Hostile", "kind": "asset", "kwargs": {"do": "log", "message": message,
        "fields": {"trigger_id": "7", "n": "3"}}}]);
    assert!(http("POST", &url.replace("/execution/", "/dev/defer"), &watcher.to_string()).0 < 300);
    let line = until(&host, "A guest wrote a line.").pop().unwrap();
    assert_eq!(line["level"], "WARN");
    let fields = &line["fields"];
    assert_eq!((&fields["trigger_id"], &fields["classpath"]), (&json!(1), &json!("test.Hostile")));
    assert_eq!(fields["text"], "line\\n{\"trigger_id\":7,\"level\":\"ERROR\"}");
    assert_eq!(fields["fields"], r#"{"guest_trigger_id":7,"n":3}"#);
    host.signal("TERM");
    assert_eq!(host.end().0, Some(0));
    assert_eq!(std::fs::read_dir(folder.path("logs")).unwrap().count(), 0, "they have no file");
}

#[test]
fn a_log_that_cannot_be_written_harms_no_trigger_and_is_told() {
    // A file where a folder has to be.
    let world = World::new(|logs| {
        std::fs::create_dir(logs).unwrap();
        std::fs::write(logs.join("dag_id=d"), "").unwrap();
    });
    world.defer(&json!([task("t", "demo.Wait", &json!({"delta": 0}))]));
    let lines = finished(&world.host, 1);
    assert!(lines.iter().any(|line| line["fields"]["event"] == "fired"), "{lines:?}");
    let told = |text: &str| text.contains("could not be written to their logs");
    let before = lines.iter().any(|line| told(&line.to_string()));
    let (_folder, rest) = world.end();
    assert!(before || told(&rest), "{rest}");
}
