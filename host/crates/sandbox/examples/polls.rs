//! Measures what a poll costs: instantiate, call, drop. Prints a table on standard error and JSON on standard output.
//!
//! `cargo run --release -p sandbox --example polls [-- SECONDS]`. CPU time is that of the whole process, so it holds the ticker and the
//! hand-over between threads too.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measuring program")]

mod support;

use std::time::{Duration, Instant};

use sandbox::{Component, Config, Sandbox};
use serde_json::{Value, json};
use support::{call, hostile, process_cpu};
use tokio::task::JoinSet;

#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
async fn main() {
    let seconds: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(3);
    let window = Duration::from_secs(seconds);
    let mut rows = Vec::new();
    eprintln!("{:<34} {:>10} {:>12} {:>12}", "way", "polls/s", "CPU us/poll", "cores");
    for (way, workers, lanes, in_place) in [
        ("in place, one worker", 1, 1, true),
        ("in place, two workers", 2, 2, true),
        ("a task for each, one at a time", 1, 1, false),
        ("a task for each, 64 at a time", 1, 64, false),
    ] {
        let sandbox = Sandbox::start(Config { workers, ..support::config() }).unwrap();
        let component = hostile(&sandbox).await;
        measure(&sandbox, &component, lanes, in_place, Duration::from_millis(500)).await;
        let (count, cpu, wall) = measure(&sandbox, &component, lanes, in_place, window).await;
        rows.push(row(way, count, cpu, wall));
    }
    println!("{}", json!({ "polls": rows }));
}

async fn measure(
    sandbox: &Sandbox,
    component: &Component,
    lanes: usize,
    in_place: bool,
    window: Duration,
) -> (u64, Duration, Duration) {
    let (begin, cpu) = (Instant::now(), process_cpu());
    let mut running = JoinSet::new();
    for _ in 0..lanes {
        let work = poll_until(component.clone(), begin + window);
        if in_place {
            running.spawn_on(work, sandbox.handle());
        } else {
            running.spawn(work);
        }
    }
    let count = running.join_all().await.into_iter().sum();
    (count, process_cpu() - cpu, begin.elapsed())
}

async fn poll_until(component: Component, end: Instant) -> u64 {
    let call = call(&json!({"do": "count", "filler": "x".repeat(180)}));
    let mut count = 0;
    while Instant::now() < end {
        for _ in 0..50 {
            component.poll(call.clone()).await.result.unwrap();
        }
        count += 50;
        tokio::task::yield_now().await;
    }
    count
}

fn row(way: &str, count: u64, cpu: Duration, wall: Duration) -> Value {
    let per_second = count as f64 / wall.as_secs_f64();
    let cpu_us = cpu.as_secs_f64() * 1e6 / count as f64;
    let cores = cpu.as_secs_f64() / wall.as_secs_f64();
    eprintln!("{way:<34} {per_second:>10.0} {cpu_us:>12.1} {cores:>12.2}");
    json!({"way": way, "polls_per_second": per_second, "cpu_us_per_poll": cpu_us, "cores": cores})
}
