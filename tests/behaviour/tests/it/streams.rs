//! Shared streams: raw events of a feed become events of many triggers, and the feed is told only of what is stored.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::tap::{Message, Record, Strike, Tap};
use crate::world::World;

/// A feed with a cursor: gives what is behind it, two at a time, and takes it as acknowledged where it is told to go
/// on. Who comes without a cursor begins behind what is acknowledged.
struct Feed {
    events: Arc<Mutex<Events>>,
    tap: Tap,
}

#[derive(Default)]
struct Events {
    all: Vec<Value>,
    acknowledged: usize,
    /// Whether everyone begins with the first: what one reader acknowledges says nothing about another's.
    many_readers: bool,
}

impl Feed {
    async fn start(record: &Record, all: Vec<Value>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let events = Arc::new(Mutex::new(Events { all, ..Events::default() }));
        let served = Arc::clone(&events);
        // Ends with the test's runtime.
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&served)));
            }
        });
        Self { events, tap: Tap::on(address, record).await }
    }

    /// An entry of the catalog that reads it.
    fn source(&self, rules: &str) -> String {
        let at = self.tap.address;
        format!(
            "[sources.orders]\nkind = \"http\"\nurl = \"http://{at}/feed\"\nacknowledge = \"http://{at}/done\"\n\
             private = true\npause = \"50ms\"\n[sources.orders.rules]\n{rules}\n"
        )
    }

    fn add(&self, more: impl IntoIterator<Item = Value>) {
        self.events.lock().all.extend(more);
    }

    fn acknowledged(&self) -> usize {
        self.events.lock().acknowledged
    }
}

async fn serve(stream: TcpStream, events: Arc<Mutex<Events>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let request = Message::read(&mut stream).await?;
        let body = request.answer_of_feed(&mut events.lock());
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        stream.get_mut().write_all(answer.as_bytes()).await.ok()?;
    }
}

impl Message {
    fn answer_of_feed(&self, events: &mut Events) -> String {
        if self.starts_with("POST /done") {
            let told: Value = self.json();
            events.acknowledged = told["cursor"].as_str().unwrap().parse().unwrap();
            return String::new();
        }
        let first = if events.many_readers { 0 } else { events.acknowledged };
        let from = self.parameter("cursor").map_or(first, |cursor| cursor.parse().unwrap());
        let to = (from + 2).min(events.all.len());
        json!({"events": events.all[from..to], "cursor": to.to_string()}).to_string()
    }
}

fn numbers(range: std::ops::Range<u32>) -> impl Iterator<Item = Value> {
    range.map(|n| json!({"n": n}))
}

fn watcher(classpath: &str, name: &str, more: &Value) -> Value {
    let mut kwargs = json!({"name": name, "parameters": {}});
    kwargs.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    json!({"classpath": classpath, "kwargs": kwargs, "kind": "asset", "assets": {name: format!("file:///{name}")}})
}

/// The stored payloads of one trigger, in order.
fn stored(events: &[Value], trigger: i64) -> Vec<Value> {
    let own = events.iter().filter(|event| event["trigger_id"] == trigger && event["what"] == "event");
    own.map(|event| event["payload"].clone()).collect()
}

async fn acknowledged(world: &World, feed: &Feed, all: usize) {
    world.record.until("all is acknowledged", |_| feed.acknowledged() == all).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_is_told_what_is_stored_and_nothing_else_over_a_kill() {
    for (nth, done) in [(1, true), (2, false), (4, true)] {
        let world = World::new().await;
        let feed = Feed::start(&world.record, numbers(0..9).collect()).await;
        world.add_to_catalog(&feed.source(""));
        let watchers: Vec<_> = ["a", "b", "c"].iter().map(|name| watcher("test.Listener", name, &json!({}))).collect();
        let ids = world.api.defer(&json!(watchers)).await;
        let mut first = world.host("first", &[]);
        world.record.strike(Strike { nth, part: "/event", done, host: first.program.pid });
        assert_eq!(first.program.end().await, None);
        let mut second = world.host("second", &[]);
        acknowledged(&world, &feed, 9).await;
        second.drain().await;

        let events = world.api.record().await;
        for id in &ids {
            assert_eq!(stored(&events, *id), numbers(0..9).collect::<Vec<_>>(), "each once, in order");
        }
        let keys: BTreeSet<&str> = events.iter().map(|event| event["idempotency_key"].as_str().unwrap()).collect();
        assert_eq!(keys.len(), 27, "what came again has the key it had");
        // What is told to the feed was accepted before: three events for each raw event.
        let sent = world.record.events();
        for told in world.record.of("POST /done") {
            let cursor: Value = serde_json::from_str(&told.body).unwrap();
            let cursor: usize = cursor["cursor"].as_str().unwrap().parse().unwrap();
            let before: BTreeSet<_> = sent
                .iter()
                .filter(|(_, one)| one.accepted().is_some_and(|accepted| accepted < told.asked))
                .filter_map(|(_, one)| one.key.clone())
                .collect();
            // An answer that the kill cut off was stored too.
            let unseen = if done { 3 } else { 0 };
            assert!(before.len() + unseen >= 3 * cursor, "{cursor} told, {} stored", before.len());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filter_that_fails_takes_no_neighbour_along() {
    let world = World::new().await;
    let bad = [json!({"do": "trap"}), json!({"do": "loop"}), json!({"do": "many"}), json!({"do": "reject"})];
    let all: Vec<Value> = numbers(0..3).chain(bad.clone()).chain(numbers(3..6)).collect();
    let feed = Feed::start(&world.record, all).await;
    // Two classes, so two groups, and either may be the first to read.
    feed.events.lock().many_readers = true;
    world.add_to_catalog(&feed.source("on-failed = \"pass\""));
    let watchers = [
        watcher("test.Listener", "all", &json!({})),
        // Asked only for what has this: it never sees the bad ones.
        watcher("test.Listener", "one", &json!({"kind": "wanted"})),
        // Of another class: a reader of its own, which the first does not hold up.
        watcher("test.OtherListener", "other", &json!({"kind": "wanted"})),
    ];
    let ids = world.api.defer(&json!(watchers)).await;
    let mut host = world.host("host", &[]);
    feed.add([json!({"kind": "wanted", "n": 6})]);
    let events = world.api.until("the last of each", |events| {
        ids.iter().all(|id| stored(events, *id).last().is_some_and(|last| last["n"] == 6))
    });
    let events = events.await;
    let expected: Vec<Value> = numbers(0..6).chain([json!({"kind": "wanted", "n": 6})]).collect();
    assert_eq!(stored(&events, ids[0]), expected, "{}", host.program.log.text());
    assert_eq!(stored(&events, ids[1]).len(), 1);
    assert_eq!(stored(&events, ids[2]).len(), 1);
    acknowledged(&world, &feed, 11).await;
    host.step(ids[0], "failed", 1).await;
    let page: Value = serde_json::from_str(&host.admin("streams").await).unwrap();
    assert_eq!(page["streams"].as_array().map(Vec::len), Some(2), "{page}");
    host.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_takes_its_first_event_and_leaves_and_a_cleared_one_holds_nobody_up() {
    let world = World::new().await;
    let feed = Feed::start(&world.record, numbers(0..4).collect()).await;
    world.add_to_catalog(&feed.source(""));
    let task = |name: &str| json!({"dag_id": "d", "run_id": "r", "task_id": name});
    let triggers = [
        json!({"classpath": "test.Listener", "kwargs": {"name": "task", "parameters": {}}, "task": task("one")}),
        json!({"classpath": "test.Listener", "kwargs": {"name": "idle", "kind": "never", "parameters": {}}, "task": task("idle")}),
        watcher("test.Listener", "watcher", &json!({})),
    ];
    let ids = world.api.defer(&json!(triggers)).await;
    let mut host = world.host("host", &[]);
    host.step(ids[0], "finished", 1).await;
    acknowledged(&world, &feed, 4).await;
    world.api.post("tasks/clear", &task("idle")).await;
    host.step(ids[1], "finished", 1).await;
    feed.add(numbers(4..6));
    acknowledged(&world, &feed, 6).await;
    host.drain().await;
    let events = world.api.record().await;
    assert_eq!(stored(&events, ids[0]), [json!({"n": 0})]);
    assert_eq!(stored(&events, ids[1]), [] as [Value; 0]);
    assert_eq!(stored(&events, ids[2]), numbers(0..6).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_catalog_fails_nobody_who_listens() {
    let world = World::new().await;
    let feed = Feed::start(&world.record, numbers(0..1).collect()).await;
    world.add_to_catalog(&feed.source("grace = \"0s\""));
    let tasks = (0..20).map(|task| {
        let task = json!({"dag_id": "d", "run_id": "r", "task_id": format!("t{task}")});
        json!({"classpath": "test.Listener", "kwargs": {"kind": "wanted", "parameters": {}}, "task": task})
    });
    let ids = world.api.defer(&tasks.collect()).await;
    let mut host = world.host("host", &[]);
    acknowledged(&world, &feed, 1).await;
    for times in 1..=10 {
        host.program.signal(Signal::HUP);
        let said = |lines: &[String]| lines.iter().filter(|line| line.contains("A new catalog is in force")).count();
        host.program.log.find("the catalog is read", |lines| (said(lines) >= times).then_some(())).await;
    }
    feed.add([json!({"n": 1})]);
    acknowledged(&world, &feed, 2).await;
    // Without a grace nobody waits for those who are still coming back: they get the next.
    let mut events = Vec::new();
    for wanted in 3.. {
        feed.add([json!({"kind": "wanted"})]);
        acknowledged(&world, &feed, wanted).await;
        events = world.api.record().await;
        if events.len() == ids.len() {
            break;
        }
    }
    assert!(events.iter().all(|event| event["what"] == "event"), "{events:?}");
    host.drain().await;
}

/// Those who are set up anew come back one after the other, while messages come in: each is for all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_catalog_takes_no_message_from_those_who_listen() {
    let world = World::new().await;
    let feed = Feed::start(&world.record, numbers(0..1).collect()).await;
    world.add_to_catalog(&feed.source(""));
    let names: Vec<String> = (0..20).map(|nth| format!("w{nth}")).collect();
    let watchers: Vec<_> = names.iter().map(|name| watcher("test.Listener", name, &json!({}))).collect();
    let ids = world.api.defer(&json!(watchers)).await;
    let mut host = world.host("host", &[]);
    acknowledged(&world, &feed, 1).await;
    for times in 1..=3 {
        let next = 40 * times - 39;
        feed.add(numbers(next..next + 20));
        host.program.signal(Signal::HUP);
        feed.add(numbers(next + 20..next + 40));
        let said = |lines: &[String]| lines.iter().filter(|line| line.contains("A new catalog is in force")).count();
        host.program.log.find("the catalog is read", |lines| (said(lines) >= times as usize).then_some(())).await;
    }
    let events = world.api.events(121 * ids.len()).await;
    for id in ids {
        let mut stored: Vec<u64> = stored(&events, id).iter().map(|payload| payload["n"].as_u64().unwrap()).collect();
        stored.sort_unstable();
        assert!(stored.into_iter().eq(0..121), "trigger {id}");
    }
    host.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_that_there_is_not_is_told_by_its_name() {
    let world = World::new().await;
    let trigger =
        json!({"classpath": "test.Listener", "kwargs": {}, "task": {"dag_id": "d", "run_id": "r", "task_id": "t"}});
    let ids = world.api.defer(&json!([trigger])).await;
    let mut host = world.host("host", &[]);
    let events = world.api.events(1).await;
    assert_eq!((&events[0]["what"], &events[0]["trigger_id"]), (&json!("failure"), &json!(ids[0])));
    host.step(ids[0], "finished", 1).await;
    let told = events[0].to_string();
    assert!(told.contains("there is no source `orders`"), "{told}");
    host.drain().await;
}
