//! What answers mean to the scheduler, and the two together against a real server.

use embedded_api::{Defer, EmbeddedApi, Endpoint, Fault, Rule, When};
use encodings::{WireEvent, WireKind};
use execution_api::retry::EVENT_ATTEMPTS;
use execution_api::{ClientConfig, LoadRequest};
use scheduler::{Answer, Bounds, Claim, Effect, EventMessage, Outside, Scheduler, Server, Unmapped};
use serde_json::value::RawValue;
use trigger_host_types::step::{Step, StepKind};
use trigger_host_types::{IdempotencyKey, TriggerKind, UnixMs};

use super::{
    ApiError, Attempts, BatchDelivered, Call, Client, Duration, JobId, Sent, TriggerId, deliver, deliver_batch,
    interpret,
};
fn after(failures: u32) -> Attempts {
    Attempts { all: failures, server: 0 }
}

fn server() -> ApiError {
    ApiError::Server { status: 500, what: "x".into() }
}

#[test]
fn no_outage_loses_an_event_and_no_poison_event_stays_for_ever() {
    let down = ApiError::Transport { what: "refused".into() };
    let outage = Attempts { all: 10_000, server: 0 };
    assert!(
        matches!(interpret(Call::Event, &down, outage, 0.5), Sent::Later { wait, server: false } if wait <= Duration::from_secs(30))
    );
    let again = interpret(Call::Event, &server(), outage, 0.5);
    assert!(matches!(again, Sent::Later { server: true, .. }), "the first failure after an outage is no poison");
    let seven = Attempts { all: 7, server: 7 };
    assert!(matches!(interpret(Call::Event, &server(), seven, 0.5), Sent::Refused(_)));
}

#[test]
fn a_checkpoint_of_another_host_ends_this_ones_trigger() {
    let other = ApiError::Rejected { status: 409, reason: Some("not_holder".into()), what: "x".into() };
    assert_eq!(interpret(Call::Checkpoint, &other, after(0), 0.5), Sent::NotOurs);
    assert_eq!(interpret(Call::Checkpoint, &other, after(3), 0.5), Sent::NotOurs);
}

#[test]
fn a_checkpoint_that_nobody_would_take_fails_its_trigger() {
    let bad = ApiError::Rejected { status: 422, reason: None, what: "x".into() };
    assert!(matches!(interpret(Call::Checkpoint, &bad, after(0), 0.5), Sent::Refused(_)));
}

#[test]
fn a_checkpoint_whose_answer_was_lost_is_stored() {
    let stale = ApiError::Rejected { status: 409, reason: Some("stale_position".into()), what: "x".into() };
    assert_eq!(interpret(Call::Checkpoint, &stale, after(1), 0.5), Sent::Accepted);
    assert_eq!(interpret(Call::Checkpoint, &stale, after(0), 0.5), Sent::NotOurs);
}

/// Real events; of a class there is only the name.
#[derive(Debug)]
enum Play {}

impl Outside for Play {
    type Class = &'static str;
    type Event = WireEvent;
    type Receipt = ();

    fn listens(_: &&'static str) -> bool {
        false
    }

    fn key(event: &WireEvent) -> &IdempotencyKey {
        &event.key
    }

    fn size(event: &WireEvent) -> usize {
        event.size()
    }

    fn encode_plain(_: &str, _: IdempotencyKey) -> WireEvent {
        unreachable!("no callback fails here")
    }
}

/// The scheduler and a real server. Requests are real; the time between them is the test's.
struct Bench {
    api: EmbeddedApi,
    client: Client,
    job: JobId,
    host: Scheduler<Play>,
    now: UnixMs,
    steps: Vec<Step>,
}

impl Bench {
    /// So many asset triggers, each with an outcome of these payloads to tell.
    async fn new(triggers: usize, payloads: &[&str]) -> (Self, Vec<TriggerId>) {
        let api = EmbeddedApi::open(embedded_api::Config::default()).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/execution/", listener.local_addr().unwrap());
        tokio::spawn(api.clone().serve(listener, std::future::pending()));
        let client = Client::new(ClientConfig::new(url.parse().unwrap())).unwrap();
        let one = serde_json::json!({"classpath": "a.A", "kind": "asset"});
        let list = serde_json::Value::from(vec![one; triggers]).to_string();
        let ids = api.defer(Defer::list(&list).unwrap()).await.unwrap();
        let registered = client.register("h").await.unwrap();
        assert!(registered.extensions.event_batch);
        let request = LoadRequest {
            triggerer_id: registered.job_id,
            capacity: 1_000,
            health_check_threshold: 30.0,
            queues: None,
            team_name: None,
        };
        assert_eq!(client.load(&request).await.unwrap(), ids);
        let bounds = Bounds {
            // Half of them are for one class path: then all are called at once.
            live_instances: 4 * triggers,
            deliveries: 1,
            first_event_after: 0,
            unmapped_tasks: Unmapped::Fail,
            unmapped_callbacks: Unmapped::Hold,
        };
        let server = Server { job: registered.job_id.0, checkpoints: true, batches: true };
        let mut host = Scheduler::new(bounds, server, 0);
        host.listed(&ids, 0);
        for id in &ids {
            host.claimed(watcher(*id), 0);
        }
        let mut bench = Self { api, client, job: registered.job_id, host, now: 0, steps: Vec::new() };
        bench.answer_all(payloads);
        (bench, ids)
    }

    fn answer_all(&mut self, payloads: &[&str]) {
        for effect in self.host.effects(self.now) {
            let Effect::Poll { ticket, .. } = effect else { continue };
            let source = self.host.source(ticket).unwrap();
            let event = |(at, payload): (usize, &&str)| {
                let wire = RawValue::from_string((*payload).to_owned()).unwrap();
                let wire = WireEvent { payload: wire, kind: WireKind::Fire, key: source.key(at) };
                EventMessage { wire, payload: (*payload).to_owned(), receipt: None }
            };
            let events = payloads.iter().enumerate().map(event).collect();
            // The next call is not part of this.
            let answer = Answer { events, checkpoint: None, next: Some(u64::MAX / 2) };
            self.host.poll_ended(ticket, Ok(answer), self.now);
        }
    }

    /// Until everything is told.
    async fn run(&mut self) {
        while self.host.has_deliveries() {
            let mut sent = false;
            for effect in self.host.effects(self.now) {
                match effect {
                    Effect::Send { ticket, trigger, message, attempts } => {
                        let delivered = deliver(&self.client, self.job, trigger, &message, attempts, 0.5).await;
                        self.host.sent(ticket, delivered.unwrap_or_else(|(sent, _)| sent), self.now);
                        sent = true;
                    }
                    Effect::SendBatch(batch) => {
                        let BatchDelivered { results, answered, .. } = deliver_batch(&self.client, &batch, 0.5).await;
                        self.host.batch_sent(results, answered, self.now);
                        sent = true;
                    }
                    Effect::Report(_, step) => self.steps.push(step),
                    other => panic!("{other:?}"),
                }
            }
            if !sent && self.host.has_deliveries() {
                self.now = self.host.next_wake().expect("what waits has a timer").max(self.now + 1);
            }
        }
        self.steps.extend(self.host.effects(self.now).into_iter().filter_map(|effect| match effect {
            Effect::Report(_, step) => Some(step),
            _ => None,
        }));
    }

    /// Payloads that were accepted, by trigger.
    fn fired(&self, trigger: TriggerId) -> Vec<&str> {
        let own = self.steps.iter().filter(|step| step.trigger == trigger);
        own.filter_map(|step| match &step.what {
            StepKind::Fired { payload, .. } => Some(payload.as_str()),
            _ => None,
        })
        .collect()
    }

    fn failures(&self) -> Vec<(TriggerId, &str)> {
        let failed = self.steps.iter().filter_map(|step| match &step.what {
            StepKind::Failed { reason, .. } => Some((step.trigger, *reason)),
            _ => None,
        });
        failed.collect()
    }
}

fn watcher(id: TriggerId) -> Claim<Play> {
    Claim {
        id,
        classpath: "a.A".into(),
        class: Some("component"),
        component: None,
        kind: TriggerKind::Asset,
        kwargs: Ok("{}".into()),
        checkpoint: None,
        position: 0,
        assets: None,
        task: None,
        starts_from_trigger: false,
        timeout_at: None,
    }
}

#[tokio::test]
async fn a_poison_event_is_parked_and_everything_else_goes_on() {
    let (mut bench, ids) = Bench::new(20, &["1", "2"]).await;
    let poison = Rule { trigger: Some(ids[4].0), times: Some(u64::from(EVENT_ATTEMPTS)), ..broken() };
    bench.api.faults().set(0, vec![poison]);
    bench.run().await;
    for id in &ids {
        let expected: &[&str] = if *id == ids[4] { &["2"] } else { &["1", "2"] };
        assert_eq!(bench.fired(*id), expected, "{id}");
    }
    assert_eq!(bench.failures(), [(ids[4], "refused")], "dropped and counted, once");
    assert_eq!(bench.api.faults().standing()[0].hits, u64::from(EVENT_ATTEMPTS));
    assert!((60_000..300_000).contains(&bench.now), "over minutes: {}", bench.now);
}

fn broken() -> Rule {
    Rule::always(Endpoint::Event, Fault::Status(500))
}

#[tokio::test]
async fn what_passes_by_costs_nothing_but_time_and_lost_answers_store_nothing_twice() {
    let (mut bench, ids) = Bench::new(30, &["1", "2", "3"]).await;
    let mut steps = bench.api.subscribe();
    bench.api.faults().set(
        7,
        vec![
            Rule { when: When::Probability(0.4), ..Rule::always(Endpoint::Events, Fault::LoseAnswer) },
            Rule { when: When::Probability(0.1), ..broken() },
            Rule { when: When::Probability(0.3), ..Rule::always(Endpoint::Events, Fault::Status(503)) },
            Rule { times: Some(1), ..Rule::always(Endpoint::Events, Fault::Status(500)) },
        ],
    );
    bench.run().await;
    for id in &ids {
        assert_eq!(bench.fired(*id), ["1", "2", "3"], "{id}: in order");
    }
    assert_eq!(bench.failures(), []);
    let (mut stored, mut dropped) = (0, 0);
    while let Ok(step) = steps.try_recv() {
        stored += usize::from(matches!(step.what, StepKind::EventStored { .. }));
        dropped += usize::from(matches!(step.what, StepKind::RepetitionDropped { .. }));
    }
    assert_eq!(stored, 90);
    assert!(dropped > 0, "answers were lost, or this shows nothing");
}
