//! Triggers through the attributes and the fake host, as an author writes them.

mod airflow;

use trigger_host_sdk::fake::FakeHost;
use trigger_host_sdk::log::Level;
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{EventKind, TriggerKind};

/// Does what it is told. And more.
#[trigger]
struct Told {
    what: What,
}

#[kwargs]
#[serde(rename_all = "kebab-case")]
enum What {
    Count,
    PushXcoms,
    FireWithXcom,
    FireOddKeys,
    FailOnce,
    Finish,
    Talk,
}

#[checkpoint]
struct Seen {
    times: u32,
}

impl Trigger for Told {
    type Checkpoint = Seen;

    fn poll(&self, cx: &Context, seen: Option<Seen>) -> Result<Outcome<Seen>> {
        let times = seen.map_or(1, |seen| seen.times + 1);
        match self.what {
            What::Count => {
                let again = Outcome::again_after(Duration::from_secs(60)).checkpoint(Seen { times });
                Ok(again.event(Event::fire(times)).event(Event::fire(cx.now)))
            }
            What::PushXcoms => Ok(Outcome::finished().event(Event::task_skipped().xcom("rows", 3).xcom("at", cx.now))),
            What::FireWithXcom => Ok(Outcome::finished().event(Event::fire(1).xcom("rows", 3))),
            What::FireOddKeys => Ok(Outcome::fire(std::collections::BTreeMap::from([((1, 2), 3)]))),
            What::FailOnce => {
                let number: u32 = "x".parse().context("read the answer").map_err(|error| error.detail("first"))?;
                Ok(Outcome::fire(number))
            }
            What::Finish => Ok(Outcome::finished()),
            What::Talk => {
                warning!("Seen {times} times", times = times, kind = "odd");
                Ok(Outcome::succeed_task())
            }
        }
    }
}

fn host(what: &str) -> FakeHost<Told> {
    FakeHost::new(json!({"what": what}))
}

#[test]
fn an_asset_watcher_goes_on_after_its_events() {
    let mut host = host("count").waiting_for(TriggerKind::Asset);
    let run = host.run_for(Duration::from_secs(90));
    let at = |text: &str| json!({"$datetime": text});
    assert_eq!(run.payloads(), [json!(1), at("2026-01-01T00:00:00Z"), json!(2), at("2026-01-01T00:01:00Z")]);
    assert_eq!(host.run_for(Duration::from_secs(30)).payloads()[0], json!(3));
    assert_eq!(host.checkpoint(), Some(json!({"times": 3})));
}

#[test]
fn a_task_ends_with_its_first_event() {
    let run = host("count").run_until_finished();
    assert_eq!((run.polls, run.events.len()), (1, 2));
}

#[test]
fn a_crash_repeats_the_poll_with_the_old_checkpoint() {
    let mut host = host("count").waiting_for(TriggerKind::Asset);
    host.crash_after_poll(2);
    let numbers: Vec<Value> =
        host.run_for(Duration::from_secs(60)).payloads().into_iter().filter(Value::is_number).collect();
    assert_eq!(numbers, [json!(1), json!(2)]);
    assert_eq!(host.run_for(Duration::ZERO).polls, 0);
}

#[test]
fn task_ending_events_push_xcoms_and_others_may_not() {
    let run = host("push-xcoms").run_until_finished();
    assert_eq!(run.events[0].kind, EventKind::TaskSkipped);
    assert_eq!(run.events[0].payload, json!("skipped"));
    assert_eq!(
        run.events[0].xcoms,
        [("rows".to_owned(), json!(3)), ("at".to_owned(), json!({"$datetime": "2026-01-01T00:00:00Z"}))]
    );
    assert_eq!(
        host("fire-with-xcom").run_until_finished().failure(),
        "only an event that ends the task can push XComs"
    );
}

#[test]
fn failures_say_what_was_being_done() {
    let run = host("fail-once").run_until_finished();
    assert_eq!(run.failure(), "read the answer: invalid digit found in string");
    assert_eq!(run.error.map(|error| error.details().to_vec()), Some(vec!["first".to_owned()]));
    assert_eq!(host("fire-odd-keys").run_until_finished().failure(), "the payload is not JSON: key must be a string");
    assert_eq!(
        host("finish").run_until_finished().failure(),
        "the trigger finished without an event, which fails its task"
    );
    assert!(
        host("dance")
            .run_until_finished()
            .failure()
            .starts_with("`what`: unknown variant `dance`, expected one of `count`")
    );
}

#[test]
fn lines_carry_their_fields() {
    let run = host("talk").run_until_finished();
    assert_eq!((run.logs[0].level, run.logs[0].message.as_str()), (Level::Warning, "Seen 1 times"));
    assert_eq!(run.logs[0].fields, [("times".to_owned(), "1".to_owned()), ("kind".to_owned(), "\"odd\"".to_owned())]);
}

#[test]
fn the_summary_is_the_first_sentence() {
    assert_eq!(host("finish").describe().0, "Does what it is told.");
}

#[test]
#[should_panic(expected = "there is no host here: run the trigger through `trigger_host_sdk::fake::FakeHost`")]
fn a_call_without_a_host_says_what_to_write() {
    let _ = http::get("https://example.com").send();
}

#[test]
#[should_panic(
    expected = "the trigger sent `GET https://example.com`: say what answers, with `host.on(\"GET\", \"https://example.com\")`"
)]
fn an_unscripted_request_says_what_to_write() {
    /// Asks.
    #[trigger]
    struct Asks {}

    impl Trigger for Asks {
        type Checkpoint = ();

        fn poll(&self, _: &Context, _: Option<()>) -> Result<Outcome> {
            Ok(Outcome::fire(http::get("https://example.com").send()?.status))
        }
    }
    FakeHost::<Asks>::new(json!({})).run_until_finished();
}
