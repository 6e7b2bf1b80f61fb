//! The spans that a host opens, seen by a layer that records them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use airflow_asks::{AirflowGrants, Pattern};
use async_trait::async_trait;
use broker::{Broker, BrokerConfig};
use bytes::Bytes;
use embedded_api::{Defer, EmbeddedApi};
use encodings::Fernet;
use execution_api::{Client, ClientConfig};
use logs::Masker;
use parking_lot::Mutex;
use sandbox::{Allowed, Config, Limits, Sandbox};
use stream_rules::{AdvanceError, AdvanceItem, Lane, Mode, Policy, Raw};
use streams::{Producer, Read, Reader, SourceError};
use supervisor::{
    Catalog, Class, Drain, Observer, Parts, Settings, Supervisor, Time, Unmapped, Upstream, UpstreamRefused, Upstreams,
    WantedUpstream,
};
use tokio::sync::watch;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use trigger_host_types::step::{Step, Subject};
use trigger_host_types::{Digest, SystemClock, TriggerId, log, spans};

/// A span that has ended: its name and its fields.
type Ended = (&'static str, BTreeMap<&'static str, String>);

/// Keeps every span of the host that has ended.
struct Recorder {
    open: Mutex<HashMap<u64, Ended>>,
    ended: watch::Sender<Vec<Ended>>,
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: tracing::Subscriber> Layer<S> for Recorder {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        if attributes.metadata().target() == spans::TARGET {
            let mut fields = BTreeMap::new();
            attributes.record(&mut Fields(&mut fields));
            self.open.lock().insert(id.into_u64(), (attributes.metadata().name(), fields));
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        if let Some((_, fields)) = self.open.lock().get_mut(&id.into_u64()) {
            values.record(&mut Fields(fields));
        }
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        let ended = self.open.lock().remove(&id.into_u64());
        self.ended.send_modify(|all| all.extend(ended));
    }
}

/// One message that emits, then silence.
struct Once;

struct OneMessage(bool);

#[async_trait]
impl Reader for OneMessage {
    async fn read(&mut self, _: usize) -> Result<Read, SourceError> {
        if std::mem::replace(&mut self.0, true) {
            return std::future::pending().await;
        }
        let raw = Raw { data: Bytes::from_static(b"emit"), payload: Bytes::from_static(b"1"), lane: Lane::default() };
        Ok(Read { events: vec![raw], end: None })
    }
}

#[async_trait]
impl Producer for Once {
    async fn open(&self) -> Result<Box<dyn Reader>, SourceError> {
        Ok(Box::new(OneMessage(false)))
    }

    async fn advance(&self, _: &Lane, _: &[AdvanceItem]) -> Result<(), AdvanceError> {
        Ok(())
    }

    async fn rewind(&self, _: &Lane, _: &Bytes) -> Result<(), SourceError> {
        Ok(())
    }

    async fn close(&self) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Upstreams for Once {
    fn make(&self, _: WantedUpstream<'_>) -> Result<Upstream, UpstreamRefused> {
        Ok(Upstream { producer: Arc::new(Self), mode: Mode::Ack, policy: Policy::safe() })
    }
}

struct Silent;

impl Observer for Silent {
    fn observe(&self, _: &Subject, _: &Step) {}

    fn log(&self, _: &Subject, _: &log::Line) {}
}

fn settings() -> Settings {
    let second = Duration::from_secs(1);
    Settings {
        hostname: "localhost".into(),
        capacity: 10,
        queues: None,
        team: None,
        heartbeat_every: second,
        health_check_threshold: 30 * second,
        watchdog: 10 * second,
        on_kill_timeout: second,
        first_event_after: Duration::ZERO,
        unmapped_tasks: Unmapped::Fail,
        unmapped_callbacks: Unmapped::Hold,
        load_every: Duration::from_millis(50),
        cleanup_every: 30 * second,
        live_instances: 4,
        deliveries: 4,
        workload_slice: 50,
        register_within: 30 * second,
        drain: Drain { polls: second, deliveries: second, complete: second },
    }
}

async fn class(sandbox: &Sandbox, classpath: &str, guest: &str) -> Class {
    let wasm = std::fs::read(guest_build::component(guest)).unwrap();
    Class {
        classpath: classpath.into(),
        component: sandbox.load(guest, &wasm, &Allowed::ALL).await.unwrap(),
        limits: Arc::new(Limits::default()),
        http: Arc::new([]),
        airflow: Arc::new(AirflowGrants {
            variables_read: vec![Pattern::new("jobs_*").unwrap()],
            ..AirflowGrants::default()
        }),
    }
}

/// A host with a trigger that polls and one that listens; their digests.
async fn start() -> (Supervisor, Vec<TriggerId>, [Digest; 2]) {
    let api = EmbeddedApi::open(embedded_api::Config::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/execution/", listener.local_addr().unwrap());
    tokio::spawn(api.clone().serve(listener, std::future::pending()));
    let sandbox = Sandbox::start(Config::new(Arc::new(SystemClock))).unwrap();
    let polled = class(&sandbox, "test.Asker", "asker").await;
    let listening = class(&sandbox, "test.Stream", "stream").await;
    let digests = [polled.component.digest(), listening.component.digest()];
    let mut catalog = Catalog::default().with_upstreams(Arc::new(Once));
    catalog.insert(polled);
    catalog.insert(listening);
    let parts = Parts {
        client: Client::new(ClientConfig::new(url.parse().unwrap())).unwrap(),
        sandbox,
        broker: Broker::new(BrokerConfig::default()).unwrap(),
        catalog: Arc::new(catalog),
        keys: Fernet::parse("").unwrap(),
        time: Time::Real,
        observer: Arc::new(Silent),
        masker: Masker::new(),
    };
    let list = serde_json::json!([
        {"classpath": "test.Asker", "kwargs": {"ask": [["variable", "jobs_a"]]}},
        {"classpath": "test.Stream", "kwargs": {"name": "s"}},
    ]);
    let ids = api.defer(Defer::list(&list.to_string()).unwrap()).await.unwrap();
    (Supervisor::start(settings(), parts).await.unwrap(), ids, digests)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_five_places_have_spans_with_their_fields_and_outcomes() {
    let (ended, mut seen) = watch::channel(Vec::new());
    let recorder = Recorder { open: Mutex::default(), ended };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(recorder)).unwrap();
    let (_supervisor, ids, digests) = start().await;
    let expected = [
        (spans::CLAIM, 0, "ready"),
        (spans::CLAIM, 1, "ready"),
        (spans::POLL, 0, "ok"),
        (spans::HOST_CALL, 0, "not-found"),
        (spans::DELIVERY, 0, "accepted"),
        (spans::DELIVERY, 1, "accepted"),
    ];
    let is_there = |all: &[Ended], (name, trigger, outcome): (&str, usize, &str)| {
        let classpath = ["test.Asker", "test.Stream"][trigger];
        let (id, digest) = (ids[trigger].to_string(), digests[trigger].to_string());
        let fields = [
            (spans::TRIGGER_ID, id.as_str()),
            (spans::CLASSPATH, classpath),
            (spans::DIGEST, &digest),
            (spans::OUTCOME, outcome),
        ];
        let has = |known: &BTreeMap<&str, String>| {
            fields.iter().all(|(field, value)| known.get(field).is_some_and(|text| text == value))
        };
        all.iter().any(|(ended, known)| *ended == name && has(known))
    };
    let advanced = |all: &[Ended]| {
        all.iter().any(|(name, fields)| {
            *name == spans::ADVANCE
                && fields.get(spans::CLASSPATH).is_some_and(|path| path == "test.Stream")
                && fields.get(spans::OUTCOME).is_some_and(|outcome| outcome == "ok")
        })
    };
    let complete = |all: &Vec<Ended>| expected.iter().all(|one| is_there(all, *one)) && advanced(all);
    let waited = tokio::time::timeout(Duration::from_secs(30), seen.wait_for(complete)).await.map(|_| ());
    waited.unwrap_or_else(|_| panic!("these spans ended: {:#?}", seen.borrow().clone()));
}
