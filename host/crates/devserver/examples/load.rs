//! How many events a second the server accepts over loopback: `cargo run --release -p devserver --example load [seconds] [connections]`.
//!
//! A file database in a temporary folder, 100,000 deferred tasks and one asset watcher. First hosts load, then each connection sends one event
//! at a time and waits for its 204. The server runs on one thread beside the writer's; the table at the end says how busy each was, so what the limit is.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use devserver::{Config, Database, Defer, Devserver};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use trigger_host_types::TriggerKind;

const TASKS: usize = 100_000;
const CLAIMS: usize = 1_000;

type Fault = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let seconds = Duration::from_secs(arguments.next().transpose()?.unwrap_or(5));
    let connections = arguments.next().transpose()?.unwrap_or(8);
    let folder = tempfile::tempdir()?;
    let address = start(&folder.path().join("load.db"))?;
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut out = std::io::stdout().lock();
    let (small, all) = client.block_on(loads(address))?;
    writeln!(
        out,
        "a load among {TASKS} rows: {small:.2} ms for one that claims 1,000, {all:.1} ms for one that lists all"
    )?;
    for (name, tasks) in [("events that resume a task", true), ("events of an asset watcher", false)] {
        let before = busy();
        let began = Instant::now();
        let sent = client.block_on(run(address, seconds, connections, tasks))?;
        let wall = began.elapsed().as_secs_f64();
        writeln!(
            out,
            "{name}: {sent} in {wall:.2} s, {:.0} per second over {connections} connections",
            sent as f64 / wall
        )?;
        for (thread, seconds) in busy() {
            let spent = seconds - before.get(&thread).copied().unwrap_or_default();
            if spent >= 0.01 {
                writeln!(out, "  {thread:<16} {spent:.2} CPU s, {:.0} events per CPU second", sent as f64 / spent)?;
            }
        }
    }
    Ok(())
}

/// A server on a thread of its own.
fn start(database: &Path) -> Result<SocketAddr, Fault> {
    let database = Database::File(database.to_owned());
    let config = Config { database, claims_per_class: 1_000, ..Config::default() };
    let (tell, told) = std::sync::mpsc::channel();
    let serve = move || -> Result<(), Fault> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async move {
            let server = Devserver::open(config)?;
            let mut rows = vec![Defer::new("load.Task", "{}"); TASKS];
            rows.push(Defer { kind: TriggerKind::Asset, ..Defer::new("load.Asset", "{}") });
            server.defer(rows).await?;
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            tell.send(listener.local_addr()?)?;
            server.serve(listener, std::future::pending()).await;
            Ok(())
        })
    };
    std::thread::Builder::new().name("server".to_owned()).spawn(serve)?;
    Ok(told.recv()?)
}

/// Milliseconds of a load that claims a thousand, and of one that lists every row there is.
async fn loads(address: SocketAddr) -> Result<(f64, f64), Fault> {
    let call = async |path: &str, body: String| -> Result<f64, Fault> {
        let began = Instant::now();
        let mut stream = TcpStream::connect(address).await?;
        let head = format!(
            "POST /execution/{path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).await?;
        stream.read_to_end(&mut Vec::new()).await?;
        Ok(began.elapsed().as_secs_f64() * 1_000.0)
    };
    let load = |job: u32, capacity: usize| {
        let body = format!("{{\"triggerer_id\": {job}, \"capacity\": {capacity}, \"health_check_threshold\": 30}}");
        call("triggers/load", body)
    };
    for _ in 0..2 {
        call("jobs", r#"{"job_type": "TriggererJob", "hostname": "load"}"#.to_owned()).await?;
    }
    let mut claims = Vec::new();
    for at in 1..=10 {
        claims.push(load(1, at * CLAIMS).await?);
    }
    claims.sort_by(f64::total_cmp);
    for at in 11..=TASKS / CLAIMS {
        load(1, at * CLAIMS).await?;
    }
    Ok((claims[claims.len() / 2], load(1, TASKS).await?))
}

async fn run(address: SocketAddr, seconds: Duration, connections: u64, tasks: bool) -> Result<u64, Fault> {
    let until = Instant::now() + seconds;
    let mut senders = Vec::new();
    for first in 1..=connections {
        senders.push(tokio::spawn(send(address, until, first, connections, tasks)));
    }
    let mut sent = 0;
    for sender in senders {
        sent += sender.await??;
    }
    Ok(sent)
}

async fn send(address: SocketAddr, until: Instant, first: u64, step: u64, tasks: bool) -> Result<u64, Fault> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sent, mut id) = (0, first);
    let mut answer = [0; 4_096];
    let body = r#"{"payload": {"status": "success", "message": "a payload of some two hundred bytes, as a job that ended would send it"}}"#;
    while Instant::now() < until && (!tasks || id <= TASKS as u64) {
        let trigger = if tasks { id } else { TASKS as u64 + 1 };
        let request = format!(
            "POST /execution/triggers/{trigger}/event HTTP/1.1\r\nhost: {address}\r\nidempotency-key: {first}-{sent}-{tasks}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        // A 204 has no body and comes in one piece.
        let read = stream.read(&mut answer).await?;
        if !answer[..read].starts_with(b"HTTP/1.1 204") {
            return Err(String::from_utf8_lossy(&answer[..read]).into_owned().into());
        }
        sent += 1;
        id += step;
    }
    Ok(sent)
}

/// CPU seconds of the threads of each name, as Linux tells; empty elsewhere.
fn busy() -> BTreeMap<String, f64> {
    let mut seconds = BTreeMap::new();
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return seconds };
    let read = |entry: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        let (head, rest) = stat.rsplit_once(") ")?;
        let ticks = |at: usize| rest.split(' ').nth(at)?.parse::<f64>().ok();
        Some((head.split_once('(')?.1.to_owned(), (ticks(11)? + ticks(12)?) / 100.0))
    };
    for (name, spent) in threads.filter_map(read) {
        *seconds.entry(name).or_default() += spent;
    }
    seconds
}
