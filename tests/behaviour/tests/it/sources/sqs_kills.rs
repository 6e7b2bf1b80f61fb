//! Watchers of one queue of SQS, some of which misbehave, on a host that is killed again and again: what is deleted is
//! stored, what failed comes again, what is malformed is one dead letter, and what takes long is not seen again
//! meanwhile.

use std::collections::BTreeSet;
use std::time::Instant;

use fastrand::Rng;
use serde_json::{Value, json};
use upstreams::Sqs;

use super::Scene;
use super::stored::{Moment, Stored, number, repetitions};
use program::components::sample;
use program::folder::Folder;

const MESSAGES: u64 = 1_000;
/// Messages of the last part, which the API is slow to take.
const SLOW: u64 = 10;
const WATCHERS: u64 = 10;
const TRAPS: u64 = 8;
/// The messages of that one at which it does.
const BAD: [u64; 2] = [308, 708];
const REJECTS: u64 = 9;
/// One message of so many is malformed.
const MALFORMED: u64 = 100;
/// Seconds for which a message is hidden at a time, and for which the API takes no events.
const VISIBILITY: u64 = 4;
const OUTAGE: u64 = 12;

struct Queues(Sqs);

impl Queues {
    fn url(&self, queue: &str) -> String {
        format!("{}/123456789012/{queue}", self.0.url())
    }

    fn ask(&self, action: &str, body: &Value) -> Value {
        serde_json::from_str(&self.0.ask(action, &body.to_string()).unwrap()).unwrap_or_default()
    }

    fn start() -> Self {
        let queues = Self(Sqs::start().unwrap());
        queues.ask("CreateQueue", &json!({"QueueName": "jobs"}));
        // Such a queue drops a letter that is sent again.
        queues.ask("CreateQueue", &json!({"QueueName": "dead.fifo", "Attributes": {"FifoQueue": "true"}}));
        queues
    }

    fn send(&self, numbers: std::ops::Range<u64>) {
        let numbers: Vec<u64> = numbers.collect();
        for ten in numbers.chunks(10) {
            let entry = |number: &u64| json!({"Id": number.to_string(), "MessageBody": body(*number)});
            let entries: Vec<Value> = ten.iter().map(entry).collect();
            self.ask("SendMessageBatch", &json!({"QueueUrl": self.url("jobs"), "Entries": entries}));
        }
    }

    /// Messages that are there, visible or not.
    fn count(&self, queue: &str) -> usize {
        let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let asked = json!({"QueueUrl": self.url(queue), "AttributeNames": names});
        let answer = self.ask("GetQueueAttributes", &asked);
        names.iter().map(|name| answer["Attributes"][name].as_str().unwrap().parse::<usize>().unwrap()).sum()
    }

    /// Takes so many messages out of a queue.
    fn take(&self, queue: &str, count: usize) -> Vec<Value> {
        let mut taken = Vec::new();
        while taken.len() < count {
            let asked = json!({"QueueUrl": self.url(queue), "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20,
                "VisibilityTimeout": 600, "MessageSystemAttributeNames": ["All"], "AttributeNames": ["All"]});
            let answer = self.ask("ReceiveMessage", &asked);
            let Some(messages) = answer["Messages"].as_array() else { panic!("{taken:?}") };
            taken.extend(messages.iter().cloned());
        }
        taken
    }
}

fn body(number: u64) -> String {
    if number % MALFORMED == 1 {
        return format!("malformed {number}");
    }
    json!({"number": number, "to": number % WATCHERS}).to_string()
}

/// What is to be stored: triggers, which the API counts from 1, and numbers.
fn all(messages: u64) -> impl Iterator<Item = (u64, u64)> {
    let good = (0..messages).filter(|number| number % MALFORMED != 1 && !BAD.contains(number));
    good.map(|number| (number % WATCHERS + 1, number))
}

fn scene(queues: &Queues) -> Scene {
    let url = queues.0.url();
    let catalog = format!(
        "[[trigger]]\nclasspath = \"test.Watcher\"\ncomponent = \"watcher.wasm\"\n\
         [sources.jobs]\nkind = \"component\"\ncomponent = \"sqs.wasm\"\nrules.on-failed = \"pass\"\n[sources.jobs.grants]\nhttp = [{{ \
         origin = {url:?}, methods = [\"POST\"], paths = [\"/\"], connection = \"aws_default\", private = true }}]\n"
    );
    let extra = json!({"region_name": "eu-west-1", "endpoint_url": url}).to_string();
    let connection = json!({"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "made-up", "extra": extra});
    let parameters = json!({
        "queue_url": queues.url("jobs"), "dead_letter_queue_url": queues.url("dead.fifo"), "connection": "aws_default",
        "wait": 1, "visibility": VISIBILITY, "retry_after": 3,
    });
    let watcher = |to: u64| {
        let kwargs = json!({
            "source": "jobs", "parameters": parameters, "to": to, "rejects": to == REJECTS, "sees_all": to == REJECTS,
            "traps_at": if to == TRAPS { json!(BAD) } else { json!([]) },
        });
        json!({"classpath": "test.Watcher", "kwargs": kwargs, "kind": "asset", "queue": "wasm"})
    };
    let watchers: Value = (0..WATCHERS).map(watcher).collect();
    let folder = Folder::new()
        .and("watcher.wasm", sample("watcher"))
        .and("sqs.wasm", sample("sqs"))
        .env("TRIGGER_HOST__HOST__HEARTBEAT_EVERY", "100ms")
        .env("TRIGGER_HOST__HOST__HEALTH_CHECK_THRESHOLD", "1s")
        .env("TRIGGER_HOST__TRACING__FILTER", "info");
    Scene::of(folder, &catalog, &watchers, &[("aws_default", connection)])
}

/// The API takes no events for so many seconds.
fn take_no_events(scene: &Scene, seconds: u64) {
    let outage = |endpoint: &str| json!({"endpoint": endpoint, "fault": "lose-request", "seconds": seconds});
    scene.trouble(&json!([outage("event"), outage("events")]));
}

#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn watchers_of_a_queue_lose_nothing_however_often_the_host_dies() {
    let (deaths, seed) = (number("BROKER_TEST_DEATHS", 30) / 5, number("BROKER_TEST_SEED", 1));
    let mut random = Rng::with_seed(seed);
    let began = Instant::now();
    let queues = Queues::start();
    queues.send(0..MESSAGES);
    let (mut scene, mut stored) = (scene(&queues), Stored::default());
    let malformed = usize::try_from(MESSAGES / MALFORMED).unwrap();
    let count = all(MESSAGES).count();
    for life in 0..deaths {
        let step = 2 * (count - stored.count()) / usize::try_from(deaths - life + 2).unwrap();
        let moment = Moment::draw(&mut random, &stored, step);
        if life == deaths / 2 {
            // Dies with messages in its hands that nobody has stored.
            take_no_events(&scene, OUTAGE);
            scene.stream(|stream| stream["holds"]["unstored"].as_u64() >= Some(5));
        } else {
            moment.wait(&mut scene, &mut stored);
        }
        scene.host.kill();
        stored.catch_up(&scene);
        let (left, letters) = (queues.count("jobs"), queues.count("dead.fifo"));
        let deleted = usize::try_from(MESSAGES).unwrap() - left;
        eprintln!(
            "life {life} ended at {moment:?} after {:?}: {} of {count} stored, {deleted} deleted, {letters} letters",
            began.elapsed(),
            stored.count()
        );
        assert!(deleted <= stored.count() + letters, "what is deleted is stored, or a dead letter");
        scene.restart();
    }
    stored.until(&mut scene, count);
    eprintln!("all is stored after {:?}", began.elapsed());
    scene.stream(|_| queues.count("jobs") == BAD.len() && queues.count("dead.fifo") == malformed);

    // Nobody has to see again what takes three times as long as a message is hidden.
    let repeated = repetitions(&scene);
    take_no_events(&scene, OUTAGE);
    let last = MESSAGES + 2..MESSAGES + 2 + SLOW;
    queues.send(last.clone());
    stored.until(&mut scene, count + last.clone().count());
    assert_eq!(repetitions(&scene), repeated, "none of them was read twice");

    for (trigger, number) in all(MESSAGES).chain(last.map(|number| (number % WATCHERS + 1, number))) {
        assert!(stored.has(trigger, number), "{number} is not stored for {trigger}");
    }
    scene.stream(|_| queues.count("jobs") == BAD.len());
    scene.host.signal("TERM");
    let (code, _, rest) = scene.host.end();
    assert_eq!(code, Some(0), "{rest}");
    let text = |one: &Value| one["Body"].as_str().unwrap().to_owned();
    let texts = |messages: &[Value]| messages.iter().map(text).collect::<BTreeSet<_>>();
    let bad = queues.take("jobs", BAD.len());
    assert_eq!(texts(&bad), BTreeSet::from(BAD.map(body)), "what failed is still there");
    for message in bad {
        let received: u64 = message["Attributes"]["ApproximateReceiveCount"].as_str().unwrap().parse().unwrap();
        assert!(received > 2, "and was seen again: {message}");
    }
    let letters = queues.take("dead.fifo", malformed);
    assert_eq!(texts(&letters), (0..MESSAGES).filter(|number| number % MALFORMED == 1).map(body).collect());
    assert_eq!(queues.count("dead.fifo"), malformed, "each once");
}
