//! Events per second: 10,000 timers that come due at once in one host, which tells the embedded API over loopback, with
//! a database file. Host and server are processes of their own, so the CPU time of their threads says what the limit
//! is. Beside it the server alone, asked over as many connections by a client that does nothing else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use embedded_api::{Config, Database, EmbeddedApi};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use trigger_host_types::{Clock as _, SystemClock};

use crate::host::{AT, Host, rfc3339};
use crate::measure::threads_cpu;
use crate::part::{self, Part, number};
use crate::report::Report;
use crate::request;

const COUNT: usize = 10_000;
/// Milliseconds for claiming, before they are due.
const READY_MS: u64 = 5_000;
/// As many as the host has by default.
const CONNECTIONS: usize = 8;
const LONGEST: Duration = Duration::from_secs(60);

pub(crate) async fn run() -> Result<Report> {
    let mut report = Report::new("events");
    let through = through_host(&mut report).await?;
    let alone = server_alone(&mut report).await?;
    report.figure("the host's share of what the server takes from a bare client", through / alone * 100.0, "%");
    Ok(report)
}

async fn through_host(report: &mut Report) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let (server, url) = start_server(folder.path()).await?;
    let due = SystemClock.now() + READY_MS;
    defer(&url, &rfc3339(due)?).await?;
    let mut host = Part::start("events", &[&url, &COUNT.to_string()])?;
    host.answer().await?;
    let before = (threads_cpu(host.pid()), threads_cpu(server.pid()));
    host.go_on()?;
    let answer = host.answer().await?;
    let after = (threads_cpu(host.pid()), threads_cpu(server.pid()));
    // Timers that were armed late count from when they were.
    let begin = number(&answer, "armed_at")?.max(due as f64);
    let seconds = (number(&answer, "last_fired")? - begin) / 1e3;
    let rate = COUNT as f64 / seconds;
    report.figure(format!("{COUNT} timers due at once, through the host"), rate, "per second");
    busy(report, "host", &before.0, &after.0);
    busy(report, "server", &before.1, &after.1);
    Ok(rate)
}

async fn server_alone(report: &mut Report) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let (server, url) = start_server(folder.path()).await?;
    defer(&url, "2099-01-01T00:00:00Z").await?;
    let address = request::authority(&url)?.to_owned();
    request::send("POST", &url, "execution/jobs", r#"{"job_type": "TriggererJob", "hostname": "bare"}"#).await?;
    let body = json!({"triggerer_id": 1, "capacity": 1_000_000, "health_check_threshold": 30}).to_string();
    request::send("POST", &url, "execution/triggers/load", &body).await?;
    let before = threads_cpu(server.pid());
    let begin = Instant::now();
    let mut senders = JoinSet::new();
    for first in 1..=CONNECTIONS {
        senders.spawn(send(address.clone(), first));
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    let rate = COUNT as f64 / begin.elapsed().as_secs_f64();
    report.figure(format!("{COUNT} events from a bare client over {CONNECTIONS} connections"), rate, "per second");
    busy(report, "server", &before, &threads_cpu(server.pid()));
    Ok(rate)
}

/// CPU seconds that the threads of a process spent.
fn busy(report: &mut Report, process: &str, before: &BTreeMap<String, f64>, after: &BTreeMap<String, f64>) {
    for (thread, seconds) in after {
        let spent = seconds - before.get(thread).copied().unwrap_or_default();
        if spent >= 0.05 {
            report.figure(format!("  CPU of the {process}'s threads `{thread}`"), spent, "s");
        }
    }
}

async fn start_server(folder: &Path) -> Result<(Part, String)> {
    let database = folder.join("events.db");
    let mut server = Part::start("server", &[database.to_str().context("a path that is no text")?])?;
    let url = server.answer().await?;
    Ok((server, url["url"].as_str().context("no URL")?.to_owned()))
}

/// The process of the server.
pub(crate) async fn server(database: &Path) -> Result<()> {
    let database = Database::File(database.to_owned());
    let config = Config { database, claims_per_class: u32::MAX, ..Config::default() };
    let server = EmbeddedApi::open(config)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    part::answer(&json!({"url": format!("http://{}/execution/", listener.local_addr()?)}))?;
    server.serve(listener, std::future::pending()).await;
    Ok(())
}

/// The process of the host.
pub(crate) async fn host(url: &str, count: u64) -> Result<()> {
    let host = Host::start(url).await?;
    host.until("all timers", LONGEST, |seen| seen.polled.load(Ordering::Relaxed) >= count).await?;
    let armed_at = SystemClock.now();
    part::answer(&Value::Null)?;
    part::pause()?;
    host.until("all events", LONGEST, |seen| seen.fired.load(Ordering::Relaxed) >= count).await?;
    part::answer(&json!({"armed_at": armed_at, "last_fired": host.seen.last_fired.load(Ordering::Relaxed)}))?;
    // The other side looks at this process before it ends.
    part::pause()
}

async fn defer(url: &str, moment: &str) -> Result<()> {
    let trigger = json!({"classpath": AT, "kwargs": {"moment": moment}});
    request::send("POST", url, "dev/defer", &Value::from(vec![trigger; COUNT]).to_string()).await
}

/// Sends events of every so many triggers, one at a time, each after the answer to the one before.
async fn send(address: String, first: usize) -> Result<()> {
    let mut stream = TcpStream::connect(&address).await?;
    stream.set_nodelay(true)?;
    let mut answer = [0; 4_096];
    let body = r#"{"payload": {"__classname__": "pendulum.datetime.DateTime", "__version__": 2, "__data__": {"timestamp": 4099000000.0, "tz": "UTC"}}}"#;
    for id in (first..=COUNT).step_by(CONNECTIONS) {
        let request = format!(
            "POST /execution/triggers/{id}/event HTTP/1.1\r\nhost: {address}\r\nidempotency-key: {id}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        // A 204 has no body and comes in one piece.
        let read = stream.read(&mut answer).await?;
        let answer = String::from_utf8_lossy(answer.get(..read).unwrap_or_default());
        ensure!(answer.starts_with("HTTP/1.1 204"), "the server refused an event: {answer}");
    }
    Ok(())
}
