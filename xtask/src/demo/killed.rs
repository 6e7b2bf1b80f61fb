//! Second act: a host submits a job and is killed before the service has answered. A second host takes the trigger
//! over, submits again under the same key, and the service starts nothing twice.

use std::fs;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::process::{Process, wait_for};
use super::{Stage, text};
use crate::loopback;
use crate::step::show;

/// How late the service answers a submission; the first host is killed within it.
const ANSWER_MILLIS: u64 = 3_000;
const LONGEST: Duration = Duration::from_secs(60);

/// Plays it; gives the summary's lines.
pub(super) fn play(stage: &Stage) -> Result<Vec<String>> {
    show("\n== A host is killed in the middle of a submission; a second one finishes the job ==");
    let database = stage.path("airflow.db");
    let mut api = stage.command("api");
    let (mut api, url) = Process::that_says_where(api.arg("--db").arg(&database))?;
    api.name("API");
    let dev = url.strip_suffix("execution/").with_context(|| format!("the API says it listens on `{url}`"))?;
    let before = stats(stage)?;

    let mut first = host(stage, "first host", &url)?;
    let job = json!({ "url": format!("{}/v1/runs", stage.jobs.url), "body": { "answer_millis": ANSWER_MILLIS }, "interval": 0.5 });
    loopback::post(
        &format!("{dev}dev/defer"),
        &json!([{ "classpath": "demo.HttpJob", "kwargs": job, "kind": "task" }]),
    )?;
    wait_for("the first host submits the job", LONGEST, || {
        first.still_runs()?;
        Ok((count(&stats(stage)?, "started") > count(&before, "started")).then_some(()))
    })?;
    first.kill()?;
    show(
        "       demo | the service has started the job, and the first host was killed (SIGKILL) before it had the answer",
    );

    let mut second = host(stage, "second host", &url)?;
    let event = wait_for("the second host fires the event", LONGEST, || {
        second.still_runs()?;
        api.still_runs()?;
        let events = loopback::get(&format!("{dev}dev/events"))?;
        Ok(events["events"].as_array().and_then(|events| events.first()).cloned())
    })?;
    let after = stats(stage)?;
    let started = count(&after, "started") - count(&before, "started");
    let repeated = count(&after, "repeated") - count(&before, "repeated");
    show(&format!("       demo | the second host fired {}", event["payload"]));
    second.end()?;
    api.end()?;

    ensure!(event["what"] == "event", "the trigger failed: {event}");
    ensure!(event["payload"]["state"] == "done", "expected the job's final state, got {event}");
    ensure!(started == 1, "the job was started {started} times");
    ensure!(repeated >= 1, "the second host did not submit again under the same key");
    Ok(vec![format!(
        "killed host: the job was started once; {repeated} repeated submission had the same key; the event was fired by the second host"
    )])
}

/// A host that finds out quickly when another is dead.
fn host(stage: &Stage, name: &str, url: &str) -> Result<Process> {
    let file = stage.path(&format!("{}.toml", name.replace(' ', "-")));
    let catalog = text(&stage.catalog());
    fs::write(
        &file,
        format!(
            "[api]\nurl = \"{url}\"\n[host]\ncatalog = {catalog}\nhostname = \"{}\"\nload-every = \"200ms\"\nheartbeat-every = \"500ms\"\n\
             health-check-threshold = \"2s\"\n[admin]\nlisten = \"127.0.0.1:0\"\n",
            name.replace(' ', "-")
        ),
    )?;
    Process::shown(name, stage.command("run").arg("--config").arg(&file))
}

fn stats(stage: &Stage) -> Result<Value> {
    loopback::get(&format!("{}/v1/stats", stage.jobs.url))
}

fn count(stats: &Value, name: &str) -> u64 {
    stats[name].as_u64().unwrap_or_default()
}
