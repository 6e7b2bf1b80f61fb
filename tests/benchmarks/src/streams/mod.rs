//! Shared streams beside Airflow's own manager in the same run: raw events per CPU second, what a confirmation costs,
//! and memory per event that is outstanding.
//!
//! Airflow's column is `airflow/streams.py`; both sides make their messages themselves, in the same bounds. A filter of
//! the host is the guest `one_field` in its sandbox, called as the supervisor's listener calls it. A figure is of CPU
//! time of the whole process, and the goals are ratios, so that a busy machine slows both.

mod airflow;
mod confirm;
#[cfg(feature = "kafka")]
mod latency;
mod outstanding;
mod room;
mod source;
mod throughput;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::part::{Part, number};
use crate::report::{Bound, Report};
use airflow::Airflow;
#[cfg(feature = "kafka")]
pub(crate) use latency::stored;
pub(crate) use outstanding::part;
use room::{Case, Emits, Room};

const SIZES: [i64; 4] = [1, 10, 100, 1_000];
/// CPU time of a case.
const WINDOW: Duration = Duration::from_secs(3);
/// The same of one that is measured alone.
const ALONE: Duration = Duration::from_secs(5);
const GOAL_CONFIRM_US: f64 = 5.0;
const GOAL_BYTES: f64 = 1_024.0;
#[cfg(not(feature = "kafka"))]
const LATENCY: &str = "the latency from a broker to a stored event";
/// Subscribers of the figures of memory.
const MANY: i64 = 100;

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("streams");
    let airflow = Airflow::find()?;
    let room = Room::open().await?;
    for is_acked in [true, false] {
        for subscribers in SIZES {
            for emits in [Emits::OneInAHundred, Emits::All] {
                compare(&mut report, &room, &airflow, Case { is_acked, subscribers, emits, is_matched: false }).await?;
            }
        }
    }
    for (lot, how) in [(confirm::LOT, "in lots"), (1, "one by one")] {
        let what = format!("CPU of confirm and advance, {} lanes, {how}", confirm::OUTSTANDING);
        report.goal(what, confirm::cost(lot).await?, "us", Bound::AtMost(GOAL_CONFIRM_US));
    }
    memory(&mut report, &airflow).await?;
    latency(&mut report).await?;
    Ok(report)
}

/// One case of the host's without all the rest, for who works on it:
/// `cargo run --release -p benchmarks -- --part throughput ack 100 match`. The last is `one`, `all` or `match`.
pub(crate) async fn throughput_alone(mode: &str, subscribers: i64, emits: &str) -> Result<()> {
    let is_acked = match mode {
        "ack" => true,
        "fast" => false,
        other => bail!("`{other}` is neither `ack` nor `fast`"),
    };
    let (emits, is_matched) = match emits {
        "one" => (Emits::OneInAHundred, false),
        "match" => (Emits::OneInAHundred, true),
        "all" => (Emits::All, false),
        other => bail!("`{other}` is none of `one`, `all` and `match`"),
    };
    let case = Case { is_acked, subscribers, emits, is_matched };
    let rate = throughput::measure(&Room::open().await?, case, ALONE).await?;
    let mut report = Report::new("streams");
    report.figure(format!("{case}"), rate, "per CPU s");
    report.figure("  for each raw event and subscriber", 1e9 / rate / subscribers as f64, "ns");
    Ok(std::io::stdout().write_all(report.table().as_bytes())?)
}

/// From a real broker to a stored event.
#[cfg(feature = "kafka")]
async fn latency(report: &mut Report) -> Result<()> {
    latency::measure(report).await
}

/// The same without all the rest, for who works on it:
/// `cargo run --release -p benchmarks --features kafka -- --part latency`.
#[cfg(feature = "kafka")]
pub(crate) async fn latency_alone() -> Result<()> {
    let mut report = Report::new("streams");
    latency(&mut report).await?;
    Ok(std::io::stdout().write_all(report.table().as_bytes())?)
}

#[cfg(not(feature = "kafka"))]
async fn latency(report: &mut Report) -> Result<()> {
    report
        .missing(LATENCY, "this was built without the feature `kafka`, or there is no broker: see `cargo xtask bench`");
    Ok(())
}

/// One case of Airflow's, and those of the host that are to be compared with it.
async fn compare(report: &mut Report, room: &Room, airflow: &Airflow, case: Case) -> Result<()> {
    let theirs = airflow.throughput(case)?;
    report.figure(format!("{case}: Airflow"), theirs, "per CPU s");
    // A match that everything fits is none.
    let ways: &[bool] = if case.emits == Emits::All { &[false] } else { &[false, true] };
    for is_matched in ways {
        let case = Case { is_matched: *is_matched, ..case };
        let ours = throughput::measure(room, case, WINDOW).await?;
        let way = if *is_matched { "the host, by match" } else { "the host" };
        report.figure(format!("{case}: {way}"), ours, "per CPU s");
        let what = "  times Airflow's";
        match goal(case) {
            Some(goal) => report.goal(what, ours / theirs, "x", Bound::AtLeast(goal)),
            None => report.figure(what, ours / theirs, "x"),
        }
    }
    Ok(())
}

fn goal(case: Case) -> Option<f64> {
    match (case.subscribers, case.is_matched) {
        _ if !case.is_acked || case.emits == Emits::All => None,
        (100 | 1_000, false) => Some(20.0),
        (100, true) => Some(200.0),
        (1_000, true) => Some(500.0),
        _ => None,
    }
}

async fn memory(report: &mut Report, airflow: &Airflow) -> Result<()> {
    let theirs = airflow.memory(MANY)?;
    report.figure(format!("bytes per outstanding event, {MANY} emitted: Airflow"), theirs, "bytes");
    for (emits, what) in [(Emits::OneInAHundred, "one emitted"), (Emits::All, "all emitted")] {
        let mut part = Part::start("outstanding", &[&MANY.to_string(), emits.name()])?;
        let bytes = number(&part.answer().await?, "bytes")?;
        report.goal(
            format!("bytes per outstanding event, {MANY} subscribers, {what}"),
            bytes,
            "bytes",
            Bound::AtMost(GOAL_BYTES),
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small run: with and without acknowledgement and match, everything is settled by real filters.
    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn every_way_settles_what_it_reads() {
        let room = Room::open().await.unwrap();
        for (is_acked, is_matched) in [(true, false), (true, true), (false, false), (false, true)] {
            let case = Case { is_acked, subscribers: 3, emits: Emits::OneInAHundred, is_matched };
            assert!(throughput::measure(&room, case, Duration::ZERO).await.unwrap() > 0.0, "{case}");
        }
    }
}
