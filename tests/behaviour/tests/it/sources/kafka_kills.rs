//! A hundred watchers of one topic, some of which misbehave, on a host that is killed again and again, a broker that is
//! restarted and an API that stalls: every message's effect is stored once, and no committed offset passes one that is
//! not.

use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};
use upstreams::{Place, Topic};

use super::Scene;
use super::stored::{Moment, Stored, number, repetitions};
use program::components::sample;
use program::folder::Folder;

const PARTITIONS: i32 = 12;
const WATCHERS: u64 = 100;
/// Watchers that are not like the others. Two more are handed every message.
const TRAPS: u64 = 97;
const HANGS: u64 = 98;
const REJECTS: u64 = 99;
const SEES_ALL: u64 = 96;
/// One message of so many is malformed.
const MALFORMED: u64 = 5_000;
const STALL: Duration = Duration::from_secs(30);

const CATALOG: &str = "[[trigger]]\n\
    classpath = \"test.Watcher\"\n\
    component = \"watcher.wasm\"\n\
    limits = { cpu-per-poll = \"200ms\" }\n\
    [sources.orders]\n\
    kind = \"kafka\"\n\
    connection = \"kafka_default\"\n\
    topics = [\"orders\"]\n\
    member = \"host-1\"\n";

/// What was sent, and what is to come of it.
pub(super) struct Plan {
    messages: u64,
    /// By number.
    places: Vec<Place>,
}

impl Plan {
    fn body(number: u64) -> String {
        if number % MALFORMED == 1 {
            return "malformed".to_owned();
        }
        json!({"number": number, "to": number % WATCHERS, "filling": "x".repeat(100)}).to_string()
    }

    /// The two messages at which the watcher `of` misbehaves.
    fn bad(&self, of: u64) -> [u64; 2] {
        [1, 3].map(|fifth| self.messages * fifth / 5 / WATCHERS * WATCHERS + of)
    }

    /// Which trigger fires for a message, if one does.
    fn trigger(&self, number: u64) -> Option<u64> {
        let to = number % WATCHERS;
        let is_bad = number % MALFORMED == 1 || [TRAPS, HANGS].iter().any(|of| self.bad(*of).contains(&number));
        // The API counts its triggers from 1.
        (!is_bad).then_some(to + 1)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (u64, u64)> {
        (0..self.messages).filter_map(|number| Some((self.trigger(number)?, number)))
    }

    fn watchers(&self) -> Value {
        let watcher = |to: u64| {
            let kwargs = json!({
                "source": "orders",
                "to": to,
                "sees_all": (to == SEES_ALL || to == REJECTS),
                "rejects": to == REJECTS,
                "traps_at": if to == TRAPS { json!(self.bad(TRAPS)) } else { json!([]) },
                "hangs_at": if to == HANGS { json!(self.bad(HANGS)) } else { json!([]) },
            });
            let assets = json!({format!("a{to}"): format!("file:///a{to}")});
            json!({"classpath": "test.Watcher", "kwargs": kwargs, "kind": "asset", "queue": "wasm", "assets": assets})
        };
        (0..WATCHERS).map(watcher).collect()
    }
}

pub(super) struct World {
    pub(super) runtime: tokio::runtime::Runtime,
    pub(super) topic: Topic,
    pub(super) plan: Plan,
    pub(super) scene: Scene,
    pub(super) stored: Stored,
}

impl World {
    pub(super) fn new(messages: u64) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (topic, places) = runtime.block_on(async {
            let topic = Topic::start("orders", PARTITIONS).await.unwrap();
            let places = topic.produce(0..messages, Plan::body).await.unwrap();
            (topic, places)
        });
        let plan = Plan { messages, places };
        let extra = json!({"bootstrap.servers": topic.kafka.address(), "session.timeout.ms": 10_000}).to_string();
        let connection = json!({"conn_type": "kafka", "extra": extra});
        let folder = Folder::new()
            .and("watcher.wasm", sample("watcher"))
            .env("TRIGGER_HOST__HOST__HEARTBEAT_EVERY", "100ms")
            .env("TRIGGER_HOST__HOST__HEALTH_CHECK_THRESHOLD", "1s")
            .env("TRIGGER_HOST__TRACING__FILTER", "info");
        let scene = Scene::of(folder, CATALOG, &plan.watchers(), &[("kafka_default", connection)]);
        Self { runtime, topic, plan, scene, stored: Stored::default() }
    }

    /// Every message below a committed offset that somebody fires for has its event in the API. How many are committed.
    pub(super) fn check_offsets(&mut self) -> i64 {
        self.stored.catch_up(&self.scene);
        let topic = &self.topic;
        // There is none before the first host has joined.
        let committed = self.runtime.block_on(async {
            let group = topic.group("trigger-host.").await.ok()?;
            Some(topic.committed(&group).await.unwrap())
        });
        let committed = committed.unwrap_or_default();
        for (trigger, number) in self.plan.all() {
            let (partition, offset) = self.plan.places[usize::try_from(number).unwrap()];
            let is_passed = committed.get(&partition).is_some_and(|committed| offset < *committed);
            assert!(
                !is_passed || self.stored.has(trigger, number),
                "{number} at {partition}/{offset} is passed and not stored for {trigger}: {committed:?}"
            );
        }
        committed.values().sum()
    }

    /// Waits until every message is committed; then all is stored that is to be, each once, and nothing else.
    pub(super) fn all_is_committed(&mut self) {
        let topic = &self.topic;
        let committed = self.runtime.block_on(async {
            let group = topic.group("trigger-host.").await?;
            topic.all_committed(&group).await
        });
        committed.unwrap_or_else(|error| panic!("{error}: {}\n{}", self.scene.ask("/streams"), self.scene.host.kill()));
        self.check_offsets();
        assert_eq!(self.stored.count(), self.plan.all().count(), "and nothing else is stored");
        for (trigger, number) in self.plan.all() {
            assert!(self.stored.has(trigger, number), "{number} is not stored for {trigger}");
        }
    }

    /// Waits for one more event.
    fn goes_on(&mut self) {
        self.stored.until(&mut self.scene, self.stored.count() + 1);
    }

    fn stall(&self) {
        self.scene.api.signal("STOP");
        // Its length is the point.
        std::thread::sleep(STALL);
        self.scene.api.signal("CONT");
    }
}

#[test]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
fn a_hundred_watchers_of_a_topic_lose_nothing_however_often_the_host_dies() {
    let messages = number("BROKER_TEST_MESSAGES", 100_000);
    let (deaths, seed) = (number("BROKER_TEST_DEATHS", 30), number("BROKER_TEST_SEED", 1));
    let mut random = Rng::with_seed(seed);
    let began = Instant::now();
    let mut world = World::new(messages);
    let all = world.plan.all().count();
    eprintln!("seed {seed}: {messages} messages are sent after {:?}", began.elapsed());
    for life in 0..deaths {
        let left = all - world.stored.count();
        let step = 2 * left / usize::try_from(deaths - life + 2).unwrap();
        let moment = Moment::draw(&mut random, &world.stored, step);
        if life == deaths / 3 {
            world.goes_on();
            world.topic.kafka.restart().unwrap();
        }
        if life == 2 * deaths / 3 {
            world.goes_on();
            world.stall();
        }
        moment.wait(&mut world.scene, &mut world.stored);
        world.scene.host.kill();
        let committed = world.check_offsets();
        eprintln!(
            "life {life} ended at {moment:?} after {:?}: {} of {all} stored, {committed} committed",
            began.elapsed(),
            world.stored.count()
        );
        world.scene.restart();
    }
    world.stored.until(&mut world.scene, all);
    eprintln!("all is stored after {:?}", began.elapsed());
    world.all_is_committed();
    eprintln!("all is committed after {:?}", began.elapsed());
    eprintln!("{} repetitions were dropped", repetitions(&world.scene));
    world.scene.host.signal("TERM");
    let (code, _, rest) = world.scene.host.end();
    assert_eq!(code, Some(0), "{rest}");
}
