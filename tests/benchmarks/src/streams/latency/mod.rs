//! From the sending of a message to the storing of its event: a real Kafka broker, the program `trigger-host` in
//! release, and the development server with a database file, each a process of its own.
//!
//! Messages go out at an even pace from a thread that does nothing else and carry the time of their sending; the
//! server's process notes the time at which it hears of a commit ([`stored`]). Both times are of the one clock of this
//! machine. Nobody asks for events while it is measured. Beside it, over the same broker: what a bare consumer of the
//! same library sees.

mod bare;
mod pace;
mod stored;

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};
use upstreams::Kafka;

use crate::measure::{Spread, threads_cpu};
use crate::part::Part;
use crate::program::Program;
use crate::report::Report;
use crate::request;
use pace::{PER_SECOND, Pace};
pub(crate) use stored::stored;

/// Not measured: caches, connections and the broker's own compiler.
const WARM_UP: Duration = Duration::from_secs(10);
const WINDOW: Duration = Duration::from_secs(25);
/// Nothing that is waited for takes longer.
const LONGEST: Duration = Duration::from_secs(60);
/// Watchers of the second row; a message is addressed to one of so many.
const WATCHERS: u64 = 100;
const PROPERTIES: &str = "auto.create.topics.enable=true\nnum.partitions=4\n";

/// Microseconds at which a message was sent, and at which it had arrived where it was to.
type Sample = (u64, u64);

/// Messages of warm-up and window.
const fn messages() -> u64 {
    (WARM_UP.as_secs() + WINDOW.as_secs()) * PER_SECOND
}

pub(super) async fn measure(report: &mut Report) -> Result<()> {
    let kafka = Kafka::start_with(PROPERTIES)?;
    let pace = Pace::open(&kafka, "bare")?;
    let consumer = bare::Consumer::start(&kafka, "bare", 1 + messages())?;
    let sent = pace.send(messages()).await?;
    spread(report, "a bare consumer", consumer.seen().await?, &sent);
    for (topic, watchers) in [("one", 1), ("hundred", WATCHERS)] {
        through_host(report, &kafka, topic, watchers).await?;
    }
    Ok(())
}

/// One row: so many watchers, each of which fires for its share of the messages.
async fn through_host(report: &mut Report, kafka: &Kafka, topic: &str, watchers: u64) -> Result<()> {
    let pace = Pace::open(kafka, topic)?;
    let program = Program::with(&["kafka"], "message_watch", &catalog(topic))?;
    let database = program.folder().join("events.db");
    let mut server = Part::start("stored", &[database.to_str().context("a path that is no text")?])?;
    let url = server.answer().await?["url"].as_str().context("no URL")?.to_owned();
    let extra = json!({"bootstrap.servers": kafka.address()}).to_string();
    let connection = json!({"conn_type": "kafka", "extra": extra});
    request::send("PUT", &url, "dev/connections/kafka_default", &connection.to_string()).await?;
    request::send("POST", &url, "dev/defer", &triggers(watchers).to_string()).await?;
    program.configure(&url)?;
    let mut host = program.command(&["run"]).spawn()?;
    let measured = async {
        // The message that made the topic says that all have joined.
        let mut samples = Vec::new();
        arrived(&mut server, &mut samples, 1).await?;
        let cpu = || threads_cpu(host.id()).values().sum::<f64>();
        let before = cpu();
        let sent = pace.send(messages()).await?;
        arrived(&mut server, &mut samples, 1 + messages()).await?;
        anyhow::Ok((samples, sent, cpu() - before))
    };
    let measured = measured.await;
    // It may have ended already.
    let _ = host.kill();
    host.wait()?;
    let (samples, sent, cpu) = measured.with_context(|| format!("{watchers} watchers of a topic"))?;
    let who = if watchers == 1 { "one watcher fires for all".to_owned() } else { format!("{watchers} watchers") };
    spread(report, &who, samples, &sent);
    report.figure("  CPU of the host for a message and its event", cpu * 1e6 / messages() as f64, "us");
    Ok(())
}

fn catalog(topic: &str) -> String {
    format!(
        "[[trigger]]\nclasspath = \"bench.Watch\"\ncomponent = \"message_watch.wasm\"\n\
         [sources.messages]\nkind = \"kafka\"\nconnection = \"kafka_default\"\ntopics = [\"{topic}\"]\n"
    )
}

/// One that fires for all, or as many as messages are addressed to.
fn triggers(watchers: u64) -> Value {
    let watcher = |to: u64| {
        let fields = if watchers == 1 { json!({}) } else { json!({"/value/to": to}) };
        let kwargs = json!({"source": "messages", "fields": fields, "payload": "/value/sent_us"});
        let assets = json!({format!("a{to}"): format!("file:///a{to}")});
        json!({"classpath": "bench.Watch", "kwargs": kwargs, "kind": "asset", "assets": assets})
    };
    (0..watchers).map(watcher).collect()
}

/// Asks the server's process now and then until it has stored so many.
async fn arrived(server: &mut Part, samples: &mut Vec<Sample>, count: u64) -> Result<()> {
    let deadline = Instant::now() + LONGEST;
    while (samples.len() as u64) < count {
        if Instant::now() > deadline {
            bail!("{} of {count} events are stored after {LONGEST:?}", samples.len());
        }
        sleep(Duration::from_millis(200)).await;
        server.go_on()?;
        samples.extend(serde_json::from_value::<Vec<Sample>>(server.answer().await?)?);
    }
    Ok(())
}

/// Figures of what was sent within the window.
fn spread(report: &mut Report, who: &str, samples: Vec<Sample>, sent: &pace::Sent) {
    let within = samples.into_iter().filter(|(at, _)| *at >= sent.began_us + WARM_UP.as_micros() as u64);
    let taken = within.map(|(sent, arrived)| arrived.saturating_sub(sent) as f64 / 1e3);
    let taken = Spread::new(taken.collect());
    for (share, name) in [(0.5, "p50"), (0.99, "p99"), (1.0, "most")] {
        report.figure(format!("{PER_SECOND} messages/s, {who}: {name}"), taken.at(share), "ms");
    }
    report.figure("  a message was sent late, p99", Spread::new(sent.late_ms.clone()).at(0.99), "ms");
}
