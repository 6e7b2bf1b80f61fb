//! What the measuring programs share.
#![allow(dead_code, reason = "each program uses its part")]

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rustix::time::{ClockId, clock_gettime};
use sandbox::{Allowed, Call, Component, Config, Context, HostCalls, Limits, Sandbox};
use serde_json::Value;
use trigger_host_types::{SystemClock, TriggerId, TriggerKind, http, log};

pub(crate) fn config() -> Config {
    Config::new(Arc::new(SystemClock))
}

/// The guest all of this is measured with.
pub(crate) async fn hostile(sandbox: &Sandbox) -> Component {
    let wasm = fs::read(guest_build::component("hostile")).unwrap();
    sandbox.load("hostile.wasm", &wasm, &Allowed::ALL).await.unwrap()
}

pub(crate) fn call(kwargs: &Value) -> Call {
    call_within(kwargs, Limits::default())
}

pub(crate) fn call_within(kwargs: &Value, limits: Limits) -> Call {
    let context = Context {
        trigger_id: TriggerId(7),
        classpath: "demo.Hostile".into(),
        kind: TriggerKind::Task,
        now: 0,
        task: None,
        timeout_at: None,
    };
    let checkpoint = Some("41".to_owned());
    Call { context, kwargs: kwargs.to_string(), checkpoint, limits: Arc::new(limits), host: Arc::new(Silent) }
}

/// CPU time of the whole process.
pub(crate) fn process_cpu() -> Duration {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(now.tv_sec.try_into().unwrap(), now.tv_nsec.try_into().unwrap())
}

struct Silent;

#[async_trait]
impl HostCalls for Silent {
    async fn http_send(&self, _: http::Request) -> Result<http::Response, http::Error> {
        Err(http::Error::NotGranted("nothing is granted here".to_owned()))
    }

    async fn http_send_all(&self, _: Vec<http::Request>) -> Vec<Result<http::Response, http::Error>> {
        Vec::new()
    }

    fn log(&self, _: log::Line) {}
}
