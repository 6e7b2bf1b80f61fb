//! What the tests share: a sandbox with the hostile guest in it, and a host that writes down what it is asked.

use std::fs;
use std::future::pending;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use parking_lot::Mutex;
use sandbox::{
    Allowed, Call, Component, Config, Context, EndReason, Ended, HostCalls, Limits, Outcome, Poller, Sandbox,
};
use serde_json::{Value, json};
use trigger_host_types::{TaskInstance, TriggerId, TriggerKind, VirtualClock, http, log};

/// The time of every test: 2026-01-31T12:00:00.123Z.
pub(crate) const NOW: u64 = 1_769_860_800_123;

pub(crate) fn config() -> Config {
    Config::new(Arc::new(VirtualClock::new(NOW)))
}

pub(crate) fn hostile_wasm() -> &'static [u8] {
    static WASM: OnceLock<Vec<u8>> = OnceLock::new();
    WASM.get_or_init(|| fs::read(guest_build::component("hostile")).unwrap())
}

/// The hostile guest in one sandbox that all tests share: they are neighbours in every slot.
pub(crate) async fn hostile() -> Poller {
    poller(hostile_component().await)
}

/// The same, whatever it is.
pub(crate) async fn hostile_component() -> Component {
    static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
    let sandbox = SANDBOX.get_or_init(|| Sandbox::start(config()).unwrap());
    sandbox.load("hostile.wasm", hostile_wasm(), &Allowed::ALL).await.unwrap()
}

/// A component that must be polled.
pub(crate) fn poller(component: Component) -> Poller {
    match component {
        Component::Poller(poller) => poller,
        other => panic!("`{}` is a {}", other.name(), other.world()),
    }
}

/// Writes everything down; answers requests with their own address.
#[derive(Default)]
pub(crate) struct Witness {
    pub(crate) lines: Mutex<Vec<log::Line>>,
    pub(crate) urls: Mutex<Vec<String>>,
    /// Whether requests are never answered.
    pub(crate) is_silent: bool,
}

#[async_trait]
impl HostCalls for Witness {
    async fn http_send(&self, request: http::Request) -> Result<http::Response, http::Error> {
        self.urls.lock().push(request.url.clone());
        if self.is_silent {
            pending::<()>().await;
        }
        Ok(http::Response { status: 200, headers: Vec::new(), body: request.url.into_bytes() })
    }

    async fn http_send_all(&self, requests: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        let mut answers = Vec::new();
        for request in requests {
            answers.push(self.http_send(request).await);
        }
        answers
    }

    fn log(&self, line: log::Line) {
        self.lines.lock().push(line);
    }
}

pub(crate) fn call(kwargs: &Value, limits: Limits, host: Arc<dyn HostCalls>) -> Call {
    let task =
        TaskInstance { dag_id: "d".into(), run_id: "r".into(), task_id: "t".into(), map_index: -1, try_number: 2 };
    let context = Context {
        trigger_id: TriggerId(7),
        classpath: "demo.Hostile".into(),
        kind: TriggerKind::Task,
        now: NOW,
        task: Some(task),
        timeout_at: Some(NOW + 1_000),
    };
    Call { context, kwargs: kwargs.to_string(), checkpoint: None, limits: Arc::new(limits), host }
}

/// One poll of the hostile guest, with a witness.
pub(crate) async fn poll(kwargs: Value, limits: Limits) -> (Ended<Outcome>, Arc<Witness>) {
    let witness = Arc::new(Witness::default());
    let host: Arc<dyn HostCalls> = witness.clone();
    (hostile().await.poll(call(&kwargs, limits, host)).await, witness)
}

/// One poll that must fail.
pub(crate) async fn end_of(kwargs: Value, limits: Limits) -> EndReason {
    poll(kwargs, limits).await.0.result.unwrap_err()
}

/// One poll of `{"do": choice}` that must fire one event; its payload.
pub(crate) async fn payload_of(choice: &str) -> Value {
    payload(poll(json!({"do": choice}), Limits::default()).await.0)
}

pub(crate) fn payload(ended: Ended<Outcome>) -> Value {
    let outcome = ended.result.unwrap();
    assert_eq!(outcome.events.len(), 1);
    serde_json::from_str(&outcome.events[0].payload).unwrap()
}
