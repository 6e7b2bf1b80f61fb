//! What a poll costs: instantiate, call, drop. Beside it, in the same run and with the same component: wasmtime's
//! on-demand allocation, and a call of an instance that stays alive.
//!
//! CPU time is that of the whole process, so it holds the ticker and the hand-over between threads too.

use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use sandbox::{Allowed, Call, Component, Config, Context, HostCalls, Limits, Poller, Sandbox};
use std::sync::Arc;
use tokio::task::JoinSet;
use tracing::Instrument as _;
use tracing_subscriber::EnvFilter;
use trigger_host_types::{ClassPath, Digest, SystemClock, TriggerId, TriggerKind, http, log, spans};

use crate::measure::process_cpu;
use crate::peer;
use crate::report::{Bound, Report};

const WINDOW: Duration = Duration::from_secs(3);
const WARM_UP: Duration = Duration::from_millis(500);
const GOAL_US: f64 = 20.0;
const GOAL_PER_SECOND: f64 = 50_000.0;
const GOAL_SPAN_PERCENT: f64 = 1.0;
const SPANS: u32 = 1_000_000;

/// What a number of polls cost.
pub(crate) struct Cost {
    pub(crate) count: u64,
    pub(crate) cpu: Duration,
    pub(crate) wall: Duration,
}

impl Cost {
    fn micros(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.count as f64
    }

    fn per_second(&self) -> f64 {
        self.count as f64 / self.wall.as_secs_f64()
    }
}

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("polls");
    let wasm = std::fs::read(guest_build::component("date_time"))?;
    let mut ours = f64::NAN;
    for (way, workers, lanes, in_place) in [
        ("on the guests' thread", 1, 1, true),
        ("on two guests' threads", 2, 2, true),
        ("a task for each, 64 at a time, one guests' thread", 1, 64, false),
    ] {
        let sandbox = Sandbox::start(Config { workers, ..Config::new(Arc::new(SystemClock)) })?;
        let Component::Poller(poller) = sandbox.load("date_time", &wasm, &Allowed::ALL).await? else {
            bail!("the sample trigger `date_time` is not polled");
        };
        measure(&sandbox, &poller, lanes, in_place, WARM_UP).await?;
        let cost = measure(&sandbox, &poller, lanes, in_place, WINDOW).await?;
        let (cpu, rate) = (format!("CPU of a poll, {way}"), format!("polls, {way}"));
        if (workers, in_place) == (1, true) {
            ours = cost.micros();
            report.goal(cpu, ours, "us", Bound::AtMost(GOAL_US));
            report.goal(rate, cost.per_second(), "per second", Bound::AtLeast(GOAL_PER_SECOND));
        } else {
            report.figure(cpu, cost.micros(), "us");
            report.figure(rate, cost.per_second(), "per second");
        }
    }
    let span = span_micros()?;
    report.figure("CPU of a poll's span that nobody listens to", span * 1e3, "ns");
    report.goal("  as a part of a poll", 100.0 * span / ours, "%", Bound::AtMost(GOAL_SPAN_PERCENT));
    let on_demand = peer::on_demand(&wasm, WINDOW).await?.micros();
    report.figure("CPU of a poll, wasmtime's on-demand allocation", on_demand, "us");
    report.figure("  as a multiple of ours", on_demand / ours, "x");
    let live = peer::live(&wasm, WINDOW).await?.micros();
    report.figure("CPU of a call of an instance that stays alive", live, "us");
    report.figure("  ours as a multiple of it", ours / live, "x");
    Ok(report)
}

async fn measure(sandbox: &Sandbox, poller: &Poller, lanes: usize, in_place: bool, window: Duration) -> Result<Cost> {
    let (begin, cpu) = (Instant::now(), process_cpu());
    let mut running = JoinSet::new();
    for _ in 0..lanes {
        let work = poll_until(poller.clone(), begin + window);
        if in_place {
            running.spawn_on(work, sandbox.handle());
        } else {
            running.spawn(work);
        }
    }
    let mut count = 0;
    while let Some(lane) = running.join_next().await {
        count += lane??;
    }
    Ok(Cost { count, cpu: process_cpu() - cpu, wall: begin.elapsed() })
}

async fn poll_until(poller: Poller, end: Instant) -> Result<u64> {
    let context = Context {
        trigger_id: TriggerId(7),
        classpath: "bench.At".into(),
        kind: TriggerKind::Task,
        now: 0,
        task: None,
        timeout_at: None,
    };
    let limits = Arc::new(Limits::default());
    let call = Call { context, kwargs: peer::KWARGS.to_owned(), checkpoint: None, limits, host: Arc::new(Silent) };
    let mut count = 0;
    while Instant::now() < end {
        for _ in 0..50 {
            poller.poll(call.clone()).await.result.map_err(|reason| anyhow!("{reason}"))?;
        }
        count += 50;
        tokio::task::yield_now().await;
    }
    Ok(count)
}

/// CPU time of opening, entering and ending the span of a poll, with the subscriber and the level of a host that nobody
/// has told to say more.
fn span_micros() -> Result<f64> {
    let (trigger, classpath, digest) = (TriggerId(7), ClassPath::from("bench.At"), Digest::of(b"bench"));
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let subscriber =
        tracing_subscriber::fmt().with_env_filter(EnvFilter::new("info")).with_writer(std::io::sink).finish();
    // A runtime of its own may not block this thread, which belongs to another.
    let measured = std::thread::spawn(move || {
        tracing::subscriber::with_default(subscriber, || {
            runtime.block_on(async {
                let cpu = process_cpu();
                for _ in 0..SPANS {
                    let span = spans::poll(trigger, &classpath, digest);
                    std::hint::black_box(async { 7 }).instrument(span.clone()).await;
                    spans::end(&span, "ok");
                }
                process_cpu() - cpu
            })
        })
    });
    let cpu = measured.join().map_err(|_| anyhow!("the thread that measures spans panicked"))?;
    Ok(cpu.as_secs_f64() * 1e6 / f64::from(SPANS))
}

/// Grants nothing, and hears nothing.
pub(crate) struct Silent;

#[async_trait::async_trait]
impl HostCalls for Silent {
    async fn http_send(&self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::NotGranted("nothing is granted here".to_owned()))
    }

    async fn http_send_all(&self, _: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        Vec::new()
    }

    fn log(&self, _: log::Line) {}
}
