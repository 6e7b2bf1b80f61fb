//! The stream worlds: a filter lives as long as it behaves, and what it answers is checked; a producer's reader and
//! acker.

use std::sync::Arc;
use std::time::Duration;

use sandbox::{
    Advanced, Allowed, Component, Config, Context, Demand, EndReason, Filter, HostCalls, Kind, Limits, Producer,
    Sandbox, Settled, Subscriber, Test, Upstream, Verdict, World,
};
use serde_json::{Value, json};
use trigger_host_types::EventKind;

use crate::support::{Witness, call, config};

/// With few slots, so that filters run out of them.
fn sandbox() -> Sandbox {
    Sandbox::start(Config { slots: 20, ..config() }).unwrap()
}

fn host() -> Arc<dyn HostCalls> {
    Arc::new(Witness::default())
}

fn context() -> Context {
    call(&json!({}), limits(), host()).context
}

async fn load(sandbox: &Sandbox, guest: &str) -> Component {
    let wasm = std::fs::read(guest_build::component(guest)).unwrap();
    sandbox.load(guest, &wasm, &Allowed::NONE).await.unwrap()
}

async fn subscriber(sandbox: &Sandbox) -> Subscriber {
    match load(sandbox, "stream").await {
        Component::Subscriber(subscriber) => subscriber,
        other => panic!("it is a {}", other.world()),
    }
}

async fn producer(sandbox: &Sandbox) -> Producer {
    match load(sandbox, "upstream").await {
        Component::Producer(producer) => producer,
        other => panic!("it is a {}", other.world()),
    }
}

fn limits() -> Limits {
    Limits { cpu: Duration::from_millis(50), wall: Duration::from_secs(5), ..Limits::default() }
}

async fn filter(sandbox: &Sandbox) -> Filter {
    subscriber(sandbox).await.filter(context(), json!({"name": "n"}).to_string(), Arc::new(limits()), host())
}

async fn ask(filter: &mut Filter, events: &[&str]) -> Result<Vec<Verdict>, EndReason> {
    filter.evaluate(events.iter().map(|event| event.as_bytes())).await.result
}

fn payloads(verdicts: &[Verdict]) -> Vec<Value> {
    let events = verdicts.iter().flat_map(|verdict| match verdict {
        Verdict::Emit(events) => events.clone(),
        _ => Vec::new(),
    });
    events.map(|event| serde_json::from_str(&event.payload).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_stays_while_it_behaves() {
    let sandbox = sandbox();
    let mut filter = filter(&sandbox).await;
    let verdicts = ask(&mut filter, &["skip", "emit", "reject", r#"{"a": 1}"#]).await.unwrap();
    assert_eq!(verdicts[0], Verdict::Skip);
    assert!(matches!(&verdicts[1], Verdict::Emit(events) if events.len() == 1 && events[0].kind == EventKind::Fire));
    assert!(matches!(&verdicts[2], Verdict::Reject(why) if why.starts_with("malformed") && !why.contains('\u{1b}')));
    assert_eq!(payloads(&verdicts), [json!({"name": "n", "seen": 2}), json!({"a": 1})]);
    assert!(filter.is_live());
    // The same instance goes on counting; one that was given back begins anew.
    assert_eq!(payloads(&ask(&mut filter, &["emit"]).await.unwrap()), [json!({"name": "n", "seen": 5})]);
    filter.rest();
    assert_eq!(payloads(&ask(&mut filter, &["emit"]).await.unwrap()), [json!({"name": "n", "seen": 1})]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_fails_that_call_and_drops_the_instance() {
    let sandbox = sandbox();
    let mut filter = filter(&sandbox).await;
    for (event, code) in
        [("trap", "trap"), ("loop", "cpu"), ("fail", "guest"), ("many", "bad-answer"), ("large", "bad-answer")]
    {
        assert!(ask(&mut filter, &["emit"]).await.is_ok());
        let reason = ask(&mut filter, &["skip", event, "skip"]).await.unwrap_err();
        assert_eq!(reason.code(), code, "{event}: {reason}");
        assert!(!filter.is_live(), "{event}");
        assert_eq!(payloads(&ask(&mut filter, &["emit"]).await.unwrap()), [json!({"name": "n", "seen": 1})]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn filters_without_room_to_stay_work_all_the_same() {
    let sandbox = sandbox();
    let subscriber = subscriber(&sandbox).await;
    let make = |name: usize| {
        subscriber.filter(context(), json!({"name": name.to_string()}).to_string(), Arc::new(limits()), host())
    };
    // More than the sandbox of these tests has slots.
    let mut filters: Vec<Filter> = (0..100).map(make).collect();
    for round in 0..2 {
        for filter in &mut filters {
            assert!(ask(filter, &["emit"]).await.is_ok(), "round {round}");
        }
    }
    let live = filters.iter().filter(|filter| filter.is_live()).count();
    assert!(live > 0 && live < filters.len(), "{live} are live");
}

#[tokio::test(flavor = "multi_thread")]
async fn kwargs_that_do_not_fit_are_told_and_so_is_the_stream() {
    let sandbox = sandbox();
    assert_eq!(load(&sandbox, "stream").await.world(), World { kind: Kind::Subscriber, is_described: true });
    let subscriber = subscriber(&sandbox).await;
    let stream = subscriber.stream(json!({"kind": 7}).to_string(), &limits()).await.unwrap();
    assert_eq!((stream.source.as_str(), stream.parameters.as_str()), ("orders", r#"{"topic":"t"}"#));
    assert_eq!((stream.wanted[0].pointer.as_str(), &stream.wanted[0].test), ("/kind", &Test::OneOf(vec!["7".into()])));
    let reason = subscriber.stream(json!({"nme": 7}).to_string(), &limits()).await.unwrap_err();
    assert!(reason.to_string().contains("nme"), "{reason}");
    let mut filter = subscriber.filter(context(), "[]".into(), Arc::new(limits()), host());
    assert_eq!(ask(&mut filter, &["skip"]).await.unwrap_err().code(), "guest");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_is_read_and_advanced() {
    let sandbox = sandbox();
    let producer = producer(&sandbox).await;
    let upstream = |advance: &str, read: &str| Upstream {
        parameters: json!({"advance": advance, "read": read}).to_string(),
        now: 0,
    };
    let own = || (Arc::new(limits()), host());
    let read = async |parameters: Upstream, cursor: Option<String>| {
        let (limits, host) = own();
        producer.read(parameters, cursor, Demand { most: 2, wait_ms: 10 }, limits, host).await.result
    };
    let first = read(upstream("", "count"), None).await.unwrap();
    assert_eq!((first.cursor.as_deref(), first.hold_ms, first.messages.len()), (Some("2"), Some(30_000), 2));
    let second = read(upstream("", "count"), first.cursor).await.unwrap();
    assert_eq!(second.messages[1].receipt, "r3");
    assert_eq!(read(upstream("", "too-many"), None).await.unwrap_err().code(), "bad-answer");
    assert_eq!(read(upstream("", "fail"), None).await.unwrap_err().code(), "guest");

    let settled = |receipt: &'static str| Settled { receipt: receipt.into(), accepted: 1, rejected: 0, failed: 0 };
    let advance = async |how: &str| {
        let (limits, host) = own();
        producer.advance(upstream(how, ""), vec![settled("r0"), settled("r1")], limits, host).await.result
    };
    assert_eq!(advance("fine").await.unwrap(), Advanced::Except(Vec::new()));
    assert_eq!(advance("odd").await.unwrap(), Advanced::Except(vec![(1, "as told".into())]));
    assert_eq!(advance("retry").await.unwrap(), Advanced::Retry("busy".into(), Some(3_000)));
    assert_eq!(advance("fatal").await.unwrap(), Advanced::Fatal("gone".into()));
    assert_eq!(advance("fail").await.unwrap(), Advanced::Retry("as told".into(), None));
    assert_eq!(advance("beyond").await.unwrap_err().code(), "bad-answer");
}
