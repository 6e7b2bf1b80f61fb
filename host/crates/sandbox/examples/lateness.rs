//! Measures how late honest timers are beside guests in a busy loop: 1,000 triggers that poll once a second, without and with ten
//! neighbours that never return (each is ended at its CPU budget and called again at once). Prints a table on standard error, JSON on
//! standard output; exits with 1 when the 99th percentile beside them is above 10 ms.
//!
//! `cargo run --release -p sandbox --example lateness [-- SECONDS]`
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

mod support;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sandbox::{Component, Limits, Sandbox};
use serde_json::{Value, json};
use support::{call, call_within, hostile};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const TRIGGERS: u32 = 1_000;
const LOOPS: usize = 10;
const EVERY: Duration = Duration::from_secs(1);
const GOAL_MS: f64 = 10.0;

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    let seconds: u32 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(5);
    let sandbox = Sandbox::start(support::config()).unwrap();
    let component = hostile(&sandbox).await;
    eprintln!("{:<34} {:>9} {:>9} {:>9}", "ms late at the end of a poll", "p50", "p99", "most");
    let alone = row("alone", lateness(&component, seconds).await);
    let stop = Arc::new(AtomicBool::new(false));
    let mut loops = JoinSet::new();
    for _ in 0..LOOPS {
        loops.spawn(spin(component.clone(), Arc::clone(&stop)));
    }
    let beside = row("beside ten busy loops", lateness(&component, seconds).await);
    stop.store(true, Ordering::Relaxed);
    let killed: u64 = loops.join_all().await.into_iter().sum();
    eprintln!("{killed} busy loops were ended at their budget");
    let p99 = beside["p99_ms"].as_f64().unwrap_or(f64::MAX);
    println!("{}", json!({"alone": alone, "beside": beside, "loops_ended": killed}));
    if p99 <= GOAL_MS { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Milliseconds from when each poll was due to its end, sorted.
async fn lateness(component: &Component, seconds: u32) -> Vec<f64> {
    let begin = Instant::now() + Duration::from_millis(100);
    let mut triggers = JoinSet::new();
    for n in 0..TRIGGERS {
        let component = component.clone();
        triggers.spawn(async move {
            let call = call(&json!({"do": "count"}));
            let mut late = Vec::new();
            for round in 0..seconds {
                let due = begin + EVERY * round + EVERY * n / TRIGGERS;
                sleep_until(due).await;
                component.poll(call.clone()).await.result.unwrap();
                late.push(due.elapsed().as_secs_f64() * 1e3);
            }
            late
        });
    }
    let mut all = triggers.join_all().await.concat();
    all.sort_by(f64::total_cmp);
    all
}

async fn spin(component: Component, stop: Arc<AtomicBool>) -> u64 {
    let call = call_within(&json!({"do": "spin"}), Limits { wall: Duration::from_secs(3_600), ..Limits::default() });
    let mut ended = 0;
    while !stop.load(Ordering::Relaxed) {
        assert!(component.poll(call.clone()).await.result.is_err());
        ended += 1;
    }
    ended
}

fn row(name: &str, late: Vec<f64>) -> Value {
    let at = |share: f64| late[((late.len() - 1) as f64 * share) as usize];
    let (p50, p99, most) = (at(0.5), at(0.99), at(1.0));
    eprintln!("{name:<34} {p50:>9.2} {p99:>9.2} {most:>9.2}");
    json!({"p50_ms": p50, "p99_ms": p99, "most_ms": most})
}
