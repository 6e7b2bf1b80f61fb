//! How late timers fire through a whole host in a process of its own: from when a trigger is due to when its call
//! starts, and to when it has answered. Beside 100,000 armed timers; and 1,000 a second beside ten guests in a busy
//! loop, and without them.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use trigger_host_types::{Clock as _, SystemClock};

use crate::api::Api;
use crate::host::{AT, Host, LOOP, rfc3339};
use crate::measure::Spread;
use crate::part::{self, Part, number};
use crate::report::{Bound, Report};

const GOAL_MS: f64 = 10.0;
const HOUR_MS: u64 = 3_600_000;

/// What is armed, what of it comes due, and beside what.
struct Scene {
    name: &'static str,
    armed: i64,
    due: i64,
    /// Milliseconds for claiming, before the first is due.
    ready_ms: u64,
    /// Milliseconds in which they come due, evenly.
    within_ms: u64,
    loops: i64,
    has_goal: bool,
}

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("lateness");
    let alone = Scene {
        name: "1,000 a second, alone",
        armed: 5_000,
        due: 5_000,
        ready_ms: 3_000,
        within_ms: 5_000,
        loops: 0,
        has_goal: false,
    };
    let crowd =
        Scene { name: "100,000 armed", armed: 100_000, due: 10_000, ready_ms: 15_000, within_ms: 10_000, ..alone };
    let crowd = Scene { has_goal: true, ..crowd };
    let beside = Scene { name: "1,000 a second, beside ten busy loops", loops: 10, has_goal: true, ..alone };
    for scene in [crowd, alone, beside] {
        scene.run(&mut report).await?;
    }
    Ok(report)
}

impl Scene {
    async fn run(&self, report: &mut Report) -> Result<()> {
        let first = SystemClock.now() + self.ready_ms;
        let &Self { name, due, within_ms, loops, .. } = self;
        let make = move |id: i64| {
            if id <= loops {
                return (LOOP, r#"{"do":"spin"}"#.to_owned());
            }
            let at = (id - loops).unsigned_abs();
            let moment =
                if at <= due.unsigned_abs() { first + within_ms * at / due.unsigned_abs() } else { first + HOUR_MS };
            (AT, json!({"moment": rfc3339(moment).unwrap_or_default()}).to_string())
        };
        let api = Api::start(loops + self.armed, Box::new(make)).await?;
        let mut host = Part::start("lateness", &[&api.url, &self.armed.to_string(), &due.to_string()])?;
        let armed = host.answer().await?;
        let claimed_ms = number(&armed, "at")? - first as f64;
        let seen = host.answer().await?;
        if claimed_ms > 0.0 {
            report.figure(format!("{name}: the last was armed after the first was due by"), claimed_ms, "ms");
        }
        for (what, key) in [("p50", "p50"), ("p99", "p99"), ("most", "most")] {
            let (what, value) = (format!("{name}: late, {what}"), number(&seen, key)?);
            if key == "p99" && self.has_goal {
                report.goal(what, value, "ms", Bound::AtMost(GOAL_MS));
            } else {
                report.figure(what, value, "ms");
            }
        }
        report.figure(format!("{name}: late until answered, p99"), number(&seen, "answered_p99")?, "ms");
        Ok(())
    }
}

/// The process that is measured.
pub(crate) async fn part(url: &str, armed: u64, due: u64) -> Result<()> {
    let host = Host::start(url).await?;
    let longest = Duration::from_secs(60);
    host.until("all timers", longest, |seen| seen.polled.load(Ordering::Relaxed) >= armed).await?;
    part::answer(&json!({"at": SystemClock.now()}))?;
    host.until("all events", longest, |seen| seen.fired.load(Ordering::Relaxed) >= due).await?;
    let seen = host.seen.late.lock().clone();
    let (late, answered): (Vec<f64>, Vec<f64>) = seen.into_iter().unzip();
    let (late, answered) = (Spread::new(late), Spread::new(answered));
    part::answer(&json!({
        "p50": late.at(0.5), "p99": late.at(0.99), "most": late.at(1.0), "answered_p99": answered.at(0.99),
    }))
}
