//! An API in a process of its own, a job service, taps on both, and hosts.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::OnceLock;

use jobserver::{JobServer, Plan};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::catalog;
use crate::tap::{Record, Tap};
use program::watched::Program;

/// Everything but the hosts.
pub(crate) struct World {
    folder: TempDir,
    pub(crate) api: Api,
    pub(crate) jobs: JobServer,
    pub(crate) record: Record,
    pub(crate) api_tap: Tap,
    jobs_tap: Tap,
}

/// An API with a database in a file.
pub(crate) struct Api {
    // Ends with it.
    _program: Program,
    pub(crate) address: SocketAddr,
}

/// A `run` process.
pub(crate) struct Host {
    pub(crate) program: Program,
    pub(crate) name: String,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Plan { polls: 2, ..Plan::default() }).await
    }

    /// `plan`: of jobs that have none of their own.
    pub(crate) async fn with(plan: Plan) -> Self {
        Self::on(plan, &[]).await
    }

    /// With an API that takes events one by one.
    pub(crate) async fn of_single_events() -> Self {
        Self::on(Plan { polls: 2, ..Plan::default() }, &["--single-events"]).await
    }

    async fn on(plan: Plan, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        catalog::write(folder.path());
        let record = Record::default();
        let api = Api::start(folder.path(), "airflow.db", arguments).await;
        let jobs = JobServer::start(plan).await.unwrap();
        let api_tap = Tap::on(api.address, &record).await;
        let jobs_tap = Tap::on(jobs.address(), &record).await;
        Self { folder, api, jobs, record, api_tap, jobs_tap }
    }

    /// Another API, with a database of its own.
    pub(crate) async fn another_api(&self) -> Api {
        Api::start(self.folder.path(), "another.db", &[]).await
    }

    /// Starts a host that notices within a second that another is dead. `keys` of `[host]` come over these.
    pub(crate) fn host(&self, name: &str, keys: &[(&str, Value)]) -> Host {
        let mut all = BTreeMap::from([
            ("hostname", json!(name)),
            ("load-every", json!("50ms")),
            ("cleanup-every", json!("200ms")),
            ("heartbeat-every", json!("100ms")),
            ("health-check-threshold", json!("600ms")),
        ]);
        all.extend(keys.iter().cloned());
        let keys: String = all.iter().map(|(key, value)| format!("{key} = {value}\n")).collect();
        let text = format!(
            "[api]\nurl = \"http://{}/execution/\"\n[host]\n{keys}[admin]\nlisten = \"127.0.0.1:0\"\n[logs]\nfolder = \"logs\"\n\
             [tracing]\nformat = \"json\"\nfilter = \"info,trigger_host=debug\"\n",
            self.api_tap.address
        );
        let file = format!("{name}.toml");
        std::fs::write(self.folder.path().join(&file), text).unwrap();
        Host { program: Program::start(self.folder.path(), &["run", "--config", &file]), name: name.to_owned() }
    }

    /// Adds to the catalog of hosts that start from now on.
    pub(crate) fn add_to_catalog(&self, text: &str) {
        let file = self.folder.path().join("triggers.toml");
        let catalog = std::fs::read_to_string(&file).unwrap();
        std::fs::write(file, catalog + text).unwrap();
    }

    /// What is in the log of a task's triggers.
    pub(crate) fn log(&self, dag: &str, run: &str, task: &str) -> String {
        let folder = self.folder.path().join(format!("logs/dag_id={dag}/run_id={run}/task_id={task}"));
        let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        files.map(|file| std::fs::read_to_string(file).unwrap()).collect()
    }

    /// Kwargs of a job that is looked at often.
    pub(crate) fn job(&self, body: &Value) -> Value {
        json!({"url": format!("http://{}/v1/runs", self.jobs_tap.address), "body": body, "interval": 0.1})
    }
}

impl Api {
    async fn start(folder: &Path, database: &str, arguments: &[&str]) -> Self {
        let program = Program::start(folder, &[&["api", "--db", database], arguments].concat());
        let url = program.out.line("http://").await;
        let address = url.strip_prefix("http://").and_then(|rest| rest.split('/').next()).unwrap().parse().unwrap();
        Self { _program: program, address }
    }

    /// Creates triggers; their ids.
    pub(crate) async fn defer(&self, triggers: &Value) -> Vec<i64> {
        let answer = self.post("defer", triggers).await;
        answer["trigger_ids"].as_array().unwrap().iter().map(|id| id.as_i64().unwrap()).collect()
    }

    /// The record, once it has so many lines.
    pub(crate) async fn events(&self, count: usize) -> Vec<Value> {
        self.until(&format!("{count} events"), |events| events.len() >= count).await
    }

    /// The record, once it is as it should be.
    pub(crate) async fn until(&self, what: &str, done: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let (mut events, mut in_vain): (Vec<Value>, u32) = (Vec::new(), 0);
        while !done(&events) {
            let after = events.last().map_or(0, |event| event["sequence"].as_i64().unwrap());
            let more = self.get(&format!("events?after={after}&wait=45")).await;
            let more = more["events"].as_array().unwrap();
            in_vain = if more.is_empty() { in_vain + 1 } else { 0 };
            // Longer than the longest outage of these tests and the waits after it.
            assert!(in_vain < 3, "waited in vain: {what}; so far {} lines", events.len());
            events.extend(more.iter().cloned());
        }
        events
    }

    /// The whole record as it is now, with the last counts of repetitions.
    pub(crate) async fn record(&self) -> Vec<Value> {
        self.get("events").await["events"].as_array().unwrap().clone()
    }

    /// Hosts as the API knows them, oldest first.
    pub(crate) async fn hosts(&self) -> Vec<Value> {
        self.get("jobs").await["jobs"].as_array().unwrap().clone()
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = client().get(self.url(path)).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
        answer.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let answer = client().post(self.url(path)).json(body).send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Puts something there that triggers find.
    pub(crate) async fn put(&self, path: &str, body: &Value) {
        let answer = client().put(self.url(path)).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    /// Makes trouble.
    pub(crate) async fn faults(&self, rules: &Value) {
        self.post("faults", &json!({"seed": 7, "rules": rules})).await;
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/dev/{path}", self.address)
    }
}

impl Host {
    /// Steps of triggers so far: the trigger's id and the step's name.
    pub(crate) fn steps(&self) -> Vec<(i64, String)> {
        steps(&self.program.log.now())
    }

    /// Waits until a trigger has taken a step so often.
    pub(crate) async fn step(&self, trigger: i64, name: &str, times: usize) {
        let what = format!("{}: trigger {trigger} {name} {times} times", self.name);
        let count =
            |lines: &[String]| steps(lines).into_iter().filter(|(id, step)| *id == trigger && step == name).count();
        self.program.log.find(&what, |lines| (count(lines) >= times).then_some(())).await;
    }

    /// How often a trigger took a step.
    pub(crate) fn count(&self, trigger: i64, name: &str) -> usize {
        self.steps().into_iter().filter(|(id, step)| *id == trigger && step == name).count()
    }

    /// The body of a page of the admin port.
    pub(crate) async fn admin(&self, page: &str) -> String {
        let line: Value = serde_json::from_str(&self.program.log.line("The admin port is listening").await).unwrap();
        let address = line["fields"]["address"].as_str().unwrap();
        client().get(format!("http://{address}/{page}")).send().await.unwrap().text().await.unwrap()
    }

    /// SIGTERM, and a good end.
    pub(crate) async fn drain(&mut self) {
        self.program.signal(rustix::process::Signal::TERM);
        assert_eq!(self.program.end().await, Some(0), "{}", self.program.log.text());
    }
}

fn steps(lines: &[String]) -> Vec<(i64, String)> {
    let read = |line: &String| {
        let line: Value = serde_json::from_str(line).ok()?;
        let fields = &line["fields"];
        Some((fields["trigger_id"].as_i64()?, fields["event"].as_str()?.to_owned()))
    };
    lines.iter().filter_map(read).collect()
}

/// One for all tests.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        // A connection belongs to the runtime of the test that opened it: none is kept for another.
        reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap()
    })
}
