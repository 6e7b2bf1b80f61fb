//! A server on a port of the system's choice, and a client that shows every byte: a lost answer is no answer, not an
//! error of a library.

use std::net::SocketAddr;
use std::sync::Arc;

use embedded_api::{Config, EmbeddedApi};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use trigger_host_types::{Clock, VirtualClock};

/// 2026-11-20T12:03:00Z, shortly after the recordings.
pub(crate) const START: u64 = 1_795_176_180_000;

/// A running server; it stops when dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) handle: EmbeddedApi,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) real: Arc<VirtualClock>,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<()>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

impl Server {
    /// In memory, with both clocks under the test's hand.
    pub(crate) async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let (clock, real) = (Arc::new(VirtualClock::new(START)), Arc::new(VirtualClock::new(START)));
        let mut config = Config {
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            real: Arc::clone(&real) as Arc<dyn Clock>,
            ..Config::default()
        };
        change(&mut config);
        let handle = EmbeddedApi::open(config).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(handle.clone().serve(listener, async {
            drop(stopped.await);
        }));
        Self { address, handle, clock, real, stop: Some(stop), served }
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }

    /// One call on a connection of its own; `None` when it was closed without a byte.
    pub(crate) async fn try_call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Option<Answer> {
        call(self.address, method, path, headers, body).await
    }

    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        let body = (!body.is_null()).then(|| body.to_string());
        self.try_call(method, path, &[], body.as_deref()).await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.json()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    /// Registers a host.
    pub(crate) async fn register(&self) -> i64 {
        let body = serde_json::json!({"job_type": "TriggererJob", "hostname": "h"});
        self.post("/execution/jobs", body).await.json()["job_id"].as_i64().unwrap()
    }

    /// What a host of this Job is given.
    pub(crate) async fn load(&self, job: i64, capacity: i64) -> Vec<i64> {
        self.load_with(job, capacity, serde_json::json!({})).await
    }

    pub(crate) async fn load_with(&self, job: i64, capacity: i64, more: Value) -> Vec<i64> {
        let mut body = serde_json::json!({"triggerer_id": job, "capacity": capacity, "health_check_threshold": 30});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let answer = self.post("/execution/triggers/load", body).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_value(answer.json()["trigger_ids"].clone()).unwrap()
    }

    pub(crate) async fn defer(&self, triggers: Value) -> Vec<i64> {
        let answer = self.post("/dev/defer", triggers).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        serde_json::from_value(answer.json()["trigger_ids"].clone()).unwrap()
    }

    pub(crate) async fn event(&self, trigger: i64, payload: Value) -> u16 {
        let path = format!("/execution/triggers/{trigger}/event");
        self.post(&path, serde_json::json!({"payload": payload})).await.status
    }

    /// The one task there is, or the one of this name.
    pub(crate) async fn task(&self, task: &str) -> Value {
        let tasks = self.get(&format!("/dev/tasks?task_id={task}")).await;
        tasks["tasks"][0].clone()
    }
}

/// One call on a connection of its own.
pub(crate) async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    request.push_str(body.unwrap_or_default());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    // A cut connection may end with a reset.
    drop(stream.read_to_end(&mut bytes).await);
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
    let header = |line: &str| line.split_once(": ").map(|(name, value)| (name.to_lowercase(), value.to_owned()));
    Some(Answer { status, headers: lines.filter_map(header).collect(), body: body.to_owned() })
}
