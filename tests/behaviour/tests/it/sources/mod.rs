//! Shared streams from end to end: what a source of the catalog reads becomes events of the triggers that watch for it.

#[cfg(feature = "kafka")]
mod kafka_kills;
#[cfg(feature = "kafka")]
mod kafka_moments;
mod sqs_kills;
mod stored;

use std::fs;

use serde_json::{Value, json};

use program::components::sample;
use program::folder::Folder;
use program::running::Running;
use program::served::{NO_ADMIN, api, configured, http, until};

/// A host that watches by `demo.Watch` and reads what `sources` says, its API, and the address of its admin port.
struct Scene {
    folder: Folder,
    // Elsewhere it only has to live as long.
    #[cfg_attr(
        not(feature = "kafka"),
        expect(dead_code, reason = "the scenarios with real brokers stop and continue it")
    )]
    api: Running,
    url: String,
    host: Running,
    admin: String,
}

/// Watches by the sample.
const WATCH: &str = "[[trigger]]\nclasspath = \"demo.Watch\"\ncomponent = \"watch.wasm\"\n";

impl Scene {
    fn new(folder: Folder, sources: &str, triggers: &Value) -> Self {
        Self::knowing(folder, sources, triggers, &[])
    }

    /// `connections`: what Airflow has, by id.
    fn knowing(folder: Folder, sources: &str, triggers: &Value, connections: &[(&str, Value)]) -> Self {
        let folder = folder.and("watch.wasm", sample("message_watch"));
        Self::of(folder, &format!("{WATCH}{sources}"), triggers, connections)
    }

    /// Any catalog; its components are in the folder.
    fn of(folder: Folder, catalog: &str, triggers: &Value, connections: &[(&str, Value)]) -> Self {
        let folder = folder.and("triggers.toml", catalog);
        let locked = folder.run(&["catalog", "lock"]);
        assert_eq!(locked.code, Some(0), "{}", locked.said());
        let (api, url) = api(&folder);
        for (id, connection) in connections {
            let path = format!("/dev/connections/{id}");
            let (status, answer) = http("PUT", &url.replace("/execution/", &path), &connection.to_string());
            assert!(status < 300, "{status} {answer}");
        }
        let folder = configured(folder, &url, NO_ADMIN);
        let (status, answer) = http("POST", &url.replace("/execution/", "/dev/defer"), &triggers.to_string());
        assert!(status < 300, "{status} {answer}");
        let (host, admin) = started(&folder);
        Self { folder, api, url, host, admin }
    }

    /// Another host in the place of the one that was there.
    fn restart(&mut self) {
        (self.host, self.admin) = started(&self.folder);
    }

    fn ask(&self, path: &str) -> String {
        http("GET", &format!("http://{}{path}", self.admin), "").1
    }

    /// The one stream, when `is_ready` with it.
    fn stream(&self, is_ready: impl Fn(&Value) -> bool) -> Value {
        let look = |_| {
            let shown: Value = serde_json::from_str(&self.ask("/streams")).unwrap_or_default();
            Some(shown["streams"][0].clone()).filter(&is_ready)
        };
        (0..10_000).find_map(look).unwrap_or_else(|| panic!("never ready: {}", self.ask("/streams")))
    }

    /// Has the API make this trouble, in the place of all other; none lifts it.
    fn trouble(&self, rules: &Value) {
        let body = json!({"seed": 1, "rules": rules}).to_string();
        let (status, answer) = http("POST", &self.url.replace("/execution/", "/dev/faults"), &body);
        assert!(status < 300, "{status} {answer}");
    }

    /// The first `count` entries of the API's record.
    fn events(&self, count: usize) -> Vec<Value> {
        let mut events = Vec::new();
        while events.len() < count {
            let after = events.last().map_or(0, |event: &Value| event["sequence"].as_u64().unwrap());
            let more = self.events_after(after, 60);
            assert!(!more.is_empty(), "nothing within a minute after {events:?}");
            events.extend(more);
        }
        events
    }

    /// Entries of the API's record behind the one of this number; waits for the first so many seconds.
    fn events_after(&self, after: u64, wait: u64) -> Vec<Value> {
        let path = format!("/dev/events?limit=1000&after={after}&wait={wait}");
        let (status, text) = http("GET", &self.url.replace("/execution/", &path), "");
        let mut more: Value = serde_json::from_str(&text).unwrap_or_default();
        let Value::Array(more) = more["events"].take() else { panic!("{status} {text}") };
        more
    }
}

/// A host, and the address of its admin port.
fn started(folder: &Folder) -> (Running, String) {
    let host = folder.start(&["run"]);
    let lines = until(&host, "The admin port is listening");
    let admin = lines.last().unwrap()["fields"]["address"].as_str().unwrap().to_owned();
    (host, admin)
}

/// The numbers that triggers fired with, sorted.
fn numbers(events: &[Value]) -> Vec<u64> {
    let mut numbers: Vec<u64> = events.iter().map(|event| event["payload"].as_u64().unwrap()).collect();
    numbers.sort_unstable();
    numbers
}

fn watch(kwargs: Value, kind: &str) -> Value {
    json!({"classpath": "demo.Watch", "kwargs": kwargs, "kind": kind, "queue": "wasm"})
}

/// Two triggers of assets behind one folder, each with its own prefix, and one trigger of a task that names no source.
#[test]
fn files_dropped_into_a_folder_become_events() {
    let folder = Folder::new();
    fs::create_dir(folder.path("inbox")).unwrap();
    let inbox = folder.path("inbox").display().to_string();
    let sources = format!("[sources.inbox]\nkind = \"directory\"\npath = {inbox:?}\nevery = \"10ms\"\n");
    let with =
        |prefix: &str| watch(json!({"source": "inbox", "prefixes": {"/path": prefix}, "payload": "/path"}), "asset");
    let scene =
        Scene::new(folder, &sources, &json!([with("a"), with("b"), watch(json!({"source": "nowhere"}), "task")]));
    let refused = scene.events(1).remove(0);
    assert_eq!((&refused["what"], &refused["trigger_id"]), (&json!("failure"), &json!(3)));
    assert_eq!(
        refused["lines"][0],
        "there is no source `nowhere`: add [sources.\"nowhere\"] to the catalog of the host"
    );

    scene.stream(|stream| stream["holds"]["subscribers"]["total"] == 2);
    for name in ["a1", "b1", "c1", "a2"] {
        fs::write(scene.folder.path("inbox").join(name), name).unwrap();
    }
    let mut seen: Vec<_> =
        scene.events(4)[1..].iter().map(|event| (event["trigger_id"].clone(), event["payload"].clone())).collect();
    seen.sort_by_key(|(trigger, payload)| format!("{trigger} {payload}"));
    assert_eq!(seen, [(json!(1), json!("a1")), (json!(1), json!("a2")), (json!(2), json!("b1"))]);

    let shown = scene.stream(|stream| stream["done"]["read"] == 4);
    assert_eq!(
        (&shown["source"], &shown["class"], &shown["done"]["skipped"]),
        (&json!("directory"), &json!("demo.Watch"), &json!(5))
    );
    assert!(scene.ask("/metrics").contains("trigger_host_stream_raw_events_total{source=\"directory\"} 4"));
    let named = json!({"key": shown["key"], "class": shown["class"]}).to_string();
    for (what, paused) in [("pause", true), ("resume", false)] {
        let (status, text) = http("POST", &format!("http://{}/streams/{what}", scene.admin), &named);
        assert_eq!(status, 204, "{text}");
        scene.stream(|stream| stream["paused"] == paused);
    }
    fs::write(scene.folder.path("inbox").join("a3"), "a3").unwrap();
    assert_eq!(scene.events(5)[4]["payload"], "a3");
    scene.host.signal("TERM");
    let (code, _, rest) = scene.host.end();
    assert_eq!(code, Some(0), "{rest}");
}

/// A component reads, another filters: what is settled is what the first one is told.
#[test]
fn what_a_component_reads_becomes_events() {
    let sources =
        "[sources.numbers]\nkind = \"component\"\ncomponent = \"numbers.wasm\"\nrules.max-outstanding = 100\n";
    let folder = Folder::new().and("numbers.wasm", sample("upstream"));
    let triggers = json!([watch(json!({"source": "numbers", "fields": {"": [5, 700]}}), "asset")]);
    let scene = Scene::new(folder, sources, &triggers);
    let payloads: Vec<_> = scene.events(2).iter().map(|event| event["payload"].clone()).collect();
    assert_eq!(payloads, [5, 700]);
    let shown = scene.stream(|stream| stream["done"]["advanced"].as_u64() > Some(700));
    assert_eq!((&shown["source"], &shown["holds"]["acknowledged"]), (&json!("guest"), &json!(true)));
}

/// Messages of a real broker, one of them malformed; what is committed survives the host, and is not read again by the
/// next one.
#[cfg(feature = "kafka")]
#[test]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
fn messages_of_kafka_become_events_and_are_committed() {
    let kafka = upstreams::Kafka::start_with("auto.create.topics.enable=true\nnum.partitions=3\n").unwrap();
    kafka.produce("orders", "{\"number\": 1}\nmalformed\n{\"number\": 2}\n").unwrap();
    let connection = json!({"conn_type": "kafka", "extra": json!({"bootstrap.servers": kafka.address()}).to_string()});
    let sources = "[sources.orders]\nkind = \"kafka\"\nconnection = \"kafka_default\"\ntopics = [\"orders\"]\n";
    let kwargs = json!({"source": "orders", "required": ["/value/number"], "payload": "/value/number"});
    let triggers = json!([watch(kwargs, "asset")]);
    let mut scene = Scene::knowing(Folder::new(), sources, &triggers, &[("kafka_default", connection)]);
    assert_eq!(numbers(&scene.events(2)), [1, 2]);
    let shown = scene.stream(|stream| stream["done"]["advanced"] == 3 && stream["holds"]["outstanding"] == 0);
    assert_eq!((&shown["source"], &shown["done"]["rejected"]), (&json!("kafka"), &json!(1)));
    scene.host.signal("KILL");
    kafka.produce("orders", "{\"number\": 3}\n").unwrap();
    scene.restart();
    assert_eq!(numbers(&scene.events(3)), [1, 2, 3]);
    let shown = scene.stream(|stream| stream["done"]["advanced"] == 1);
    assert_eq!(shown["done"]["read"], 1, "nothing again: {shown}");
}

/// Messages of a queue through two components, one of them malformed: what is deleted is not read again by the next
/// host, and the malformed one is a dead letter.
#[test]
#[ignore = "takes an SQS server: cargo xtask broker-test"]
fn messages_of_sqs_become_events_and_are_deleted() {
    let sqs = upstreams::Sqs::start().unwrap();
    let url = |queue: &str| format!("{}/123456789012/{queue}", sqs.url());
    let ask = |action: &str, body: Value| -> Value {
        serde_json::from_str(&sqs.ask(action, &body.to_string()).unwrap()).unwrap()
    };
    for queue in ["jobs", "dead"] {
        ask("CreateQueue", json!({"QueueName": queue}));
    }
    let send = |body: &str| ask("SendMessage", json!({"QueueUrl": url("jobs"), "MessageBody": body}));
    for body in [r#"{"number": 1}"#, "malformed", r#"{"number": 2}"#] {
        send(body);
    }
    let extra = json!({"region_name": "eu-west-1", "endpoint_url": sqs.url()}).to_string();
    let connection = json!({"conn_type": "aws", "login": "AKIDEXAMPLE", "password": "made-up", "extra": extra});
    let sources = format!(
        "[sources.jobs]\nkind = \"component\"\ncomponent = \"sqs.wasm\"\n[sources.jobs.grants]\nhttp = [{{ origin = {:?}, methods = [\"POST\"], \
         paths = [\"/\"], connection = \"aws_default\", private = true }}]\n",
        sqs.url()
    );
    let parameters = json!({
        "queue_url": url("jobs"), "dead_letter_queue_url": url("dead"), "connection": "aws_default", "wait": 1, "visibility": 10,
    });
    let kwargs =
        json!({"source": "jobs", "parameters": parameters, "required": ["/value/number"], "payload": "/value/number"});
    let folder = Folder::new().and("sqs.wasm", sample("sqs"));
    let triggers = json!([watch(kwargs, "asset")]);
    let mut scene = Scene::knowing(folder, &sources, &triggers, &[("aws_default", connection)]);
    assert_eq!(numbers(&scene.events(2)), [1, 2]);
    let shown = scene.stream(|stream| stream["done"]["advanced"] == 3 && stream["holds"]["outstanding"] == 0);
    assert_eq!((&shown["source"], &shown["done"]["rejected"]), (&json!("guest"), &json!(1)));
    let letters = ask("ReceiveMessage", json!({"QueueUrl": url("dead"), "MaxNumberOfMessages": 10}));
    let bodies = letters["Messages"].as_array().unwrap().iter().map(|letter| &letter["Body"]);
    assert_eq!(bodies.collect::<Vec<_>>(), ["malformed"]);
    scene.host.signal("KILL");
    send(r#"{"number": 3}"#);
    scene.restart();
    assert_eq!(numbers(&scene.events(3)), [1, 2, 3]);
    let shown = scene.stream(|stream| stream["done"]["advanced"] == 1);
    assert_eq!(shown["done"]["read"], 1, "nothing again: {shown}");
}
