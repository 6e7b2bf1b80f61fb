//! What an honest guest does.

use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::bindings::trigger_host::host::{http, logging};
use crate::bindings::trigger_host::trigger::types::{
    Context, Error, Event, EventKind, Failure, Next, Outcome, TriggerKind, Xcom,
};
use crate::fire;

static mut CANARY: u64 = 0;

pub(crate) fn choose(
    choice: &str,
    context: &Context,
    kwargs: &Value,
    checkpoint: Option<&str>,
) -> Option<Result<Outcome, Error>> {
    Some(match choice {
        "echo" => fire(echo(context, kwargs, checkpoint)),
        "count" => count(checkpoint),
        "finish" => Ok(Outcome { events: Vec::new(), checkpoint: None, next: Next::Finished }),
        "at" => {
            Ok(Outcome { events: Vec::new(), checkpoint: None, next: Next::At(kwargs["at"].as_u64().unwrap_or(0)) })
        }
        "end" => Ok(end_task(kwargs)),
        "fail" => Err(Error::Failed(Failure {
            message: "the job\nfailed".to_owned(),
            details: vec!["line one".to_owned(), "line\ttwo".to_owned()],
        })),
        "sleep" => {
            thread::sleep(Duration::from_millis(kwargs["ms"].as_u64().unwrap_or(0)));
            fire("null".to_owned())
        }
        "say" => fire(kwargs["payload"].to_string()),
        "log" => log(kwargs),
        "get" => fire(answer(&http::send(&request(kwargs["url"].as_str().unwrap_or_default())))),
        "get-all" => {
            let urls = kwargs["urls"].as_array().cloned().unwrap_or_default();
            let requests: Vec<_> = urls.iter().map(|url| request(url.as_str().unwrap_or_default())).collect();
            let answers: Vec<Value> =
                http::send_all(&requests).iter().map(|one| serde_json::from_str(&answer(one)).unwrap()).collect();
            fire(Value::from(answers).to_string())
        }
        "canary" => fire(canary(kwargs["canary"].as_u64().unwrap_or(1)).to_string()),
        _ => return None,
    })
}

fn echo(context: &Context, kwargs: &Value, checkpoint: Option<&str>) -> String {
    let task = context.task.as_ref().map(|task| {
        json!({"dag_id": task.dag_id, "run_id": task.run_id, "task_id": task.task_id, "map_index": task.map_index, "try_number": task.try_number})
    });
    let kind = match context.kind {
        TriggerKind::Task => "task",
        TriggerKind::Asset => "asset",
        TriggerKind::Callback => "callback",
    };
    json!({
        "trigger_id": context.trigger_id, "classpath": context.classpath, "kind": kind, "now": context.now, "task": task,
        "timeout_at": context.timeout_at, "kwargs": kwargs, "checkpoint": checkpoint,
    })
    .to_string()
}

fn count(checkpoint: Option<&str>) -> Result<Outcome, Error> {
    let count = checkpoint.and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) + 1;
    Ok(Outcome { events: Vec::new(), checkpoint: Some(count.to_string()), next: Next::After(1_000) })
}

/// An event that ends the task, with one XCom.
fn end_task(kwargs: &Value) -> Outcome {
    let xcoms = vec![Xcom { key: "k".to_owned(), value: kwargs["xcom"].as_str().unwrap_or("1").to_owned() }];
    let kind = match kwargs["as"].as_str() {
        Some("failed") => EventKind::TaskFailed(xcoms),
        Some("skipped") => EventKind::TaskSkipped(xcoms),
        _ => EventKind::TaskSuccess(xcoms),
    };
    Outcome { events: vec![Event { payload: "null".to_owned(), kind }], checkpoint: None, next: Next::Finished }
}

fn log(kwargs: &Value) -> Result<Outcome, Error> {
    let fields: Vec<logging::Field> = kwargs["fields"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| logging::Field {
            name: name.clone(),
            value: value.as_str().unwrap_or_default().to_owned(),
        })
        .collect();
    logging::log(logging::Level::Warning, kwargs["message"].as_str().unwrap_or_default(), &fields);
    print!("{}", kwargs["stdout"].as_str().unwrap_or_default());
    eprint!("{}", kwargs["stderr"].as_str().unwrap_or_default());
    fire("null".to_owned())
}

pub(crate) fn request(url: &str) -> http::Request {
    http::Request {
        method: "GET".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: None,
        connection: None,
        timeout_ms: None,
    }
}

fn answer(answer: &Result<http::Response, http::Error>) -> String {
    match answer {
        Ok(response) => json!({"status": response.status, "body": String::from_utf8_lossy(&response.body)}),
        Err(error) => json!({"error": format!("{error:?}")}),
    }
    .to_string()
}

/// Leaves a mark in a static and all over the heap and the stack, and counts the marks of others.
fn canary(mark: u64) -> u64 {
    // A single-threaded guest: nobody else touches the static.
    #[allow(unsafe_code, reason = "the static is the point")]
    let in_static = unsafe {
        let before = CANARY;
        CANARY = mark;
        before
    };
    let fresh: Vec<u64> = vec![0; 32 << 10];
    let dirty: Vec<u64> = vec![mark; 32 << 10];
    in_static + fresh.iter().sum::<u64>() + dirty.iter().filter(|&&word| word != mark).count() as u64
}
