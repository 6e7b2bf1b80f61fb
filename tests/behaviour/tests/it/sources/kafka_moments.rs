//! A host that dies at chosen moments between a message and its commit: the API has got its event and not stored it,
//! has stored it and not answered, has answered and the broker does not know. Each time the message comes again, its
//! event is stored once, and no committed offset passes one that is not stored.

use serde_json::{Value, json};

use super::Scene;
use super::kafka_kills::World;
use super::stored::repetitions;
use program::served::{http, until};

const MESSAGES: u64 = 6_000;

/// Requests about events meet this.
fn every_event(scene: &Scene, fault: &Value) {
    let rule = |endpoint: &str| {
        let mut rule = fault.clone();
        rule["endpoint"] = json!(endpoint);
        rule
    };
    scene.trouble(&json!([rule("event"), rule("events")]));
}

/// Waits until some have.
fn until_met(scene: &Scene) {
    let hits = |_| {
        let (_, answer) = http("GET", &scene.url.replace("/execution/", "/dev/faults"), "");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        let rules = answer["rules"].as_array().unwrap();
        (rules.iter().map(|rule| rule["hits"].as_u64().unwrap()).sum::<u64>() > 0).then_some(())
    };
    (0..10_000).find_map(hits).expect("a request about an event");
}

/// Ends the host; no offset has passed what is not stored. How many events are stored.
fn dies(world: &mut World) -> usize {
    world.scene.host.kill();
    world.check_offsets();
    world.stored.count()
}

#[test]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
fn a_host_that_dies_between_an_event_and_its_commit_loses_nothing() {
    let mut world = World::new(MESSAGES);
    world.stored.until(&mut world.scene, 100);

    // The API holds the request, and would act on it an hour later.
    every_event(&world.scene, &json!({"fault": "latency", "milliseconds": 3_600_000}));
    until_met(&world.scene);
    let got = dies(&mut world);
    world.scene.trouble(&json!([]));
    world.scene.restart();
    world.stored.until(&mut world.scene, got + 100);

    // Stored, and the host never hears of it.
    let before = repetitions(&world.scene);
    every_event(&world.scene, &json!({"fault": "lose-answer"}));
    until_met(&world.scene);
    let unanswered = dies(&mut world);
    // From here on some are always on their way.
    every_event(&world.scene, &json!({"fault": "latency", "milliseconds": 500}));
    world.scene.restart();
    world.stored.until(&mut world.scene, unanswered + 100);
    let repeated = repetitions(&world.scene);
    assert!(repeated > before, "what had no answer is told again, with the key it had");

    // Stored, and heard of; the broker is gone before it is told.
    world.topic.kafka.kill();
    world.scene.stream(|stream| {
        let lanes = stream["holds"]["lanes"]["oldest"].as_array();
        let waits = |lane: &Value| ["advance", "retry"].iter().any(|what| lane["waits_for"]["what"] == *what);
        stream["holds"]["unstored"] == 0 && lanes.is_some_and(|lanes| lanes.iter().any(waits))
    });
    world.scene.trouble(&json!([]));
    world.scene.host.kill();
    world.stored.catch_up(&world.scene);
    world.topic.kafka.restart().unwrap();
    world.check_offsets();
    world.scene.restart();
    let all = world.plan.all().count();
    world.stored.until(&mut world.scene, all);
    world.all_is_committed();
    assert!(repetitions(&world.scene) > repeated, "what was not committed comes again");
    world.scene.host.signal("TERM");
    let (code, _, rest) = world.scene.host.end();
    assert_eq!(code, Some(0), "{rest}");
}

/// A host that is cut off waits with its guests. What is read meanwhile is for those who wait, too.
#[test]
#[ignore = "takes a Kafka broker: cargo xtask broker-test"]
fn what_comes_while_the_host_is_cut_off_is_passed_by_nobody() {
    let mut world = World::new(200);
    let all = world.plan.all().count();
    world.stored.until(&mut world.scene, all);
    world.all_is_committed();
    let send = |world: &World, number: u64| {
        let body = |number: u64| json!({"number": number, "to": number % 100}).to_string();
        world.runtime.block_on(world.topic.produce(number..number + 1, body)).unwrap();
    };

    let lost = |endpoint: &str| json!({"endpoint": endpoint, "fault": "lose-request"});
    world.scene.trouble(&json!(["event", "events", "heartbeat", "load"].map(lost)));
    // This one's watcher has something to tell: the group goes on reading for it.
    send(&world, 200);
    world.scene.stream(|stream| stream["holds"]["unstored"] == 1);
    until(&world.scene.host, "No heartbeat has been accepted for too long");
    let read = world.scene.stream(|_| true)["done"]["read"].as_u64();
    send(&world, 201);
    world.scene.stream(|stream| stream["done"]["read"].as_u64() > read);
    world.scene.trouble(&json!([]));
    world.stored.until(&mut world.scene, all + 2);
    assert!(world.stored.has(1, 200) && world.stored.has(2, 201));
    let topic = &world.topic;
    let committed = world.runtime.block_on(async {
        let group = topic.group("trigger-host.").await?;
        topic.all_committed(&group).await
    });
    committed.unwrap();
}
