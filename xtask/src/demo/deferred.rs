//! First act: what Airflow would have stored, run by `dev` until nothing waits.

use std::fs;

use anyhow::{Result, bail};
use jiff::{Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::Stage;
use crate::step::{self, show};

/// Plays it; gives the summary's lines.
pub(super) fn play(stage: &Stage) -> Result<Vec<String>> {
    show("== Deferred tasks: a date, two delays, a job of an HTTP service, and a trigger that never returns ==");
    fs::write(stage.path("deferred.json"), serde_json::to_string_pretty(&deferred(stage))?)?;
    let mut dev = stage.command("dev");
    dev.arg("--catalog").arg(stage.catalog()).args(["--defer", "deferred.json", "--until-idle"]);
    let mut lines = Vec::new();
    let status = step::watched("run them with `trigger-host dev`", &mut dev, |line| {
        show(line);
        lines.push(line.to_owned());
    })?;
    let Some(at) = lines.iter().rposition(|line| line.contains(" fired, ") && line.contains(" polls, ")) else {
        bail!("`dev` ended without a summary ({status})");
    };
    let summary = lines.split_off(at);
    // The one that never returns must fail, and must be the only one: that is exit code 1.
    if status.code() != Some(1) || !summary[0].starts_with("4 fired, 1 did not;") {
        bail!("expected 4 triggers to fire and 1 to fail, but `dev` says ({status}): {}", summary.join("\n"));
    }
    Ok(summary)
}

/// Kwargs in the encoding in which Airflow stores them.
fn deferred(stage: &Stage) -> Value {
    let soon = (Timestamp::now() + 4.seconds()).as_millisecond() as f64 / 1e3;
    let trigger = |task: &str, classpath: &str, kwargs: Value| {
        json!({
            "classpath": classpath,
            "kwargs": kwargs,
            "kind": "task",
            "task": { "dag_id": "demo", "run_id": "manual", "task_id": task },
        })
    };
    let delay = |seconds: f64| json!({ "delta": { "__type": "timedelta", "__var": seconds } });
    let temporal = "airflow.providers.standard.triggers.temporal";
    json!([
        trigger("never", "demo.NeverReturns", json!({ "do": "spin" })),
        trigger(
            "at",
            &format!("{temporal}.DateTimeTrigger"),
            json!({ "moment": { "__type": "datetime", "__var": soon } })
        ),
        trigger("in-1s", &format!("{temporal}.TimeDeltaTrigger"), delay(1.0)),
        trigger("in-2s", &format!("{temporal}.TimeDeltaTrigger"), delay(2.5)),
        trigger(
            "job",
            "demo.HttpJob",
            json!({ "url": format!("{}/v1/runs", stage.jobs.url), "body": { "n": 1 }, "interval": 0.7 })
        ),
    ])
}
