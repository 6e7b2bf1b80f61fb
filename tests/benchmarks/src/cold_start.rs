//! From the start of the program `trigger-host run` to the arrival of the first event at the API, with one trigger that
//! is due: with an empty cache of compiled code, and with what the first run left in it.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::api::Api;
use crate::host::AT;
use crate::measure::Spread;
use crate::program::Program;
use crate::report::{Bound, Report};

const GOAL_MS: f64 = 100.0;
const RUNS: usize = 9;
const LONGEST: Duration = Duration::from_secs(30);

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("cold-start");
    let program = Program::new()?;
    let cold = start(&program).await?;
    let mut warm = Vec::new();
    for _ in 0..RUNS {
        warm.push(start(&program).await?);
    }
    let warm = Spread::new(warm);
    report.goal("start to first event, warm cache, median", warm.at(0.5), "ms", Bound::AtMost(GOAL_MS));
    report.figure(format!("start to first event, warm cache, slowest of {RUNS}"), warm.at(1.0), "ms");
    report.figure("start to first event, empty cache", cold, "ms");
    Ok(report)
}

/// Milliseconds of one start.
async fn start(program: &Program) -> Result<f64> {
    let api = Api::start(1, Box::new(|_| (AT, json!({"moment": "2020-01-01T00:00:00Z"}).to_string()))).await?;
    program.configure(&api.url)?;
    let begin = Instant::now();
    let mut host = program.command(&["run"]).spawn()?;
    let first = tokio::time::timeout(LONGEST, api.first_event()).await;
    host.kill()?;
    host.wait()?;
    Ok(first??.duration_since(begin).as_secs_f64() * 1e3)
}
