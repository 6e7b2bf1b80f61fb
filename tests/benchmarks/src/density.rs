//! Resident bytes per idle trigger, through a whole host: it claims triggers with 200 bytes of kwargs over HTTP, polls
//! each once into a timer a year ahead, and then only holds them.
//!
//! Each size has a process of its own. That process first holds 5,000 triggers, so that code, threads, connections and
//! the pool of instances are there; the figure is the growth of its resident memory (`VmRSS`) from then to when all are
//! idle and it no longer changes, divided by the triggers that came.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::api::Api;
use crate::host::{Host, WAIT};
use crate::measure::{process_cpu, resident};
use crate::part::{self, Part, number};
use crate::report::{Bound, Report};
use std::sync::atomic::Ordering;

const WARM: i64 = 5_000;
const SIZES: [i64; 3] = [10_000, 100_000, 1_000_000];
const GOAL: f64 = 700.0;
const KWARGS: usize = 200;
const LONGEST: Duration = Duration::from_secs(150);

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("density");
    for size in SIZES {
        let api = Api::start(WARM, Box::new(|_| (WAIT, kwargs()))).await?;
        let mut host = Part::start("density", &[&api.url, &size.to_string()])?;
        let warm = host.answer().await?;
        api.grow(WARM + size);
        host.go_on()?;
        let full = host.answer().await?;
        let bytes = (number(&full, "resident")? - number(&warm, "resident")?) / size as f64;
        let what = format!("resident bytes per idle trigger, {size} of them");
        if size == 1_000_000 {
            report.goal(what, bytes, "bytes", Bound::AtMost(GOAL));
        } else {
            report.figure(what, bytes, "bytes");
        }
        report.figure("  claimed, polled and armed within", number(&full, "seconds")?, "s");
        report.figure("  CPU of the host for each", number(&full, "cpu_us")? / size as f64, "us");
    }
    Ok(report)
}

/// The process that is measured.
pub(crate) async fn part(url: &str, size: u64) -> Result<()> {
    let host = Host::start(url).await?;
    let warm = WARM.unsigned_abs();
    host.until("the first triggers", LONGEST, |seen| seen.polled.load(Ordering::Relaxed) >= warm).await?;
    part::answer(&json!({"resident": settled().await?}))?;
    part::pause()?;
    let (begin, cpu) = (Instant::now(), process_cpu());
    host.supervisor.poke();
    host.until("all triggers", LONGEST, |seen| seen.polled.load(Ordering::Relaxed) >= warm + size).await?;
    let (seconds, cpu) = (begin.elapsed().as_secs_f64(), process_cpu() - cpu);
    let resident = settled().await?;
    part::answer(&json!({"resident": resident, "seconds": seconds, "cpu_us": cpu.as_secs_f64() * 1e6}))
}

/// Resident memory once it has stopped changing.
async fn settled() -> Result<u64> {
    let mut before = resident()?;
    let mut same = 0;
    for _ in 0..40 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let now = resident()?;
        same = if now.abs_diff(before) < 256 * 1024 { same + 1 } else { 0 };
        before = now;
        if same == 6 {
            break;
        }
    }
    Ok(before)
}

/// Waits until 2099.
fn kwargs() -> String {
    let start = r#"{"do":"at","at":4099000000000,"filler":""#;
    format!("{start}{}\"}}", "x".repeat(KWARGS - start.len() - 2))
}
