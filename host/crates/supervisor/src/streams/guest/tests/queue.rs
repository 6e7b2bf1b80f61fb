//! A queue that speaks as much SQS as the sample needs, on a socket of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// See the module.
pub(super) struct Queue {
    pub(super) url: String,
    state: Arc<Served>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Served {
    /// Bodies that nobody has received.
    waiting: Mutex<Vec<&'static str>>,
    /// What was asked, but for receives: the action, and its entries with what the test looks at.
    asked: Mutex<Vec<String>>,
    changed: Notify,
}

impl Drop for Queue {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Queue {
    /// With these messages; the id and the receipt of one are made of its number.
    pub(super) async fn start(bodies: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Served { waiting: Mutex::new(bodies.to_vec()), ..Served::default() });
        let app = Router::new().route("/", post(answer)).with_state(Arc::clone(&state));
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, state, server }
    }

    /// What was asked since the last time, in any order; waits until there is so much.
    pub(super) async fn asked(&self, count: usize) -> Vec<String> {
        let enough = async {
            loop {
                let changed = self.state.changed.notified();
                if self.state.asked.lock().len() >= count {
                    return;
                }
                changed.await;
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), enough).await.expect("it is asked");
        let mut asked = std::mem::take(&mut *self.state.asked.lock());
        asked.sort();
        asked
    }
}

async fn answer(State(state): State<Arc<Served>>, headers: HeaderMap, body: String) -> (StatusCode, String) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_signed = header("authorization").starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/");
    let Some(action) = header("x-amz-target").strip_prefix("AmazonSQS.").filter(|_| is_signed) else {
        return (StatusCode::FORBIDDEN, json!({ "__type": "AccessDenied" }).to_string());
    };
    let body: Value = serde_json::from_str(&body).unwrap();
    if action == "ReceiveMessage" {
        let bodies = std::mem::take(&mut *state.waiting.lock());
        let message = |(at, body): (usize, &'static str)| json!({ "MessageId": format!("m{at}"), "ReceiptHandle": format!("h{at}"), "Body": body });
        let messages: Vec<Value> = bodies.into_iter().enumerate().map(message).collect();
        return (StatusCode::OK, json!({ "Messages": messages }).to_string());
    }
    let entry = |entry: &Value| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        format!("{}{}{}", text("ReceiptHandle"), text("MessageBody"), entry["VisibilityTimeout"])
    };
    let entries: Vec<String> = body["Entries"].as_array().unwrap().iter().map(entry).collect();
    state.asked.lock().push(format!("{action} {}", entries.join(" ").replace("null", "")));
    state.changed.notify_one();
    (StatusCode::OK, "{}".to_owned())
}
