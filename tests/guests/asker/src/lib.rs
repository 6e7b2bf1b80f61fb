//! A guest that asks Airflow, or a server, what its kwargs tell it to ask, and fires what came of each: `{"ok": ..}` or
//! `{"error": ..}`.
//!
//! Made with the SDK, as an author would; the text that no author of the SDK could send goes through its bindings.

use trigger_host_sdk::bindings::trigger_host::host::{asset_state as raw_asset_state, xcoms as raw_xcoms};
use trigger_host_sdk::prelude::*;
use trigger_host_sdk::serde_json::{Value, json};
use trigger_host_sdk::{
    AirflowError, asset_state, connections, dag_runs, task_instances, to_neutral, variables, xcoms,
};

/// Asks Airflow.
#[trigger]
pub struct Asker {
    /// What to ask, one after the other: `[name, argument, ..]`.
    ask: Vec<Vec<Value>>,
    /// How often the list is gone through.
    #[serde(default = "once")]
    times: u64,
}

const fn once() -> u64 {
    1
}

impl Trigger for Asker {
    type Checkpoint = ();

    fn poll(&self, _cx: &Context, _checkpoint: Option<()>) -> Result<Outcome> {
        let mut answers: Vec<Value> = Vec::new();
        for _ in 0..self.times {
            // Only the last round is told.
            answers = self.ask.iter().map(|question| ask(question)).collect();
        }
        Ok(Outcome::fire(to_neutral(json!(answers))))
    }
}

/// One question and what came of it.
fn ask(question: &[Value]) -> Value {
    let name = question.first().and_then(Value::as_str).unwrap_or_default();
    let text = |at: usize| question.get(at).and_then(Value::as_str).unwrap_or_default().to_owned();
    // A text, or so many of the letter `x`.
    let long = |at: usize| match question.get(at) {
        Some(Value::Number(count)) => {
            "x".repeat(count.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
        }
        _ => text(at),
    };
    let value = |at: usize| question.get(at).cloned().unwrap_or_default();
    let index = |at: usize| value(at).as_i64().and_then(|index| i32::try_from(index).ok()).unwrap_or(i32::MAX);
    let answer = match name {
        "variable" => variables::get(&long(1)).map(|value| json!(value)),
        "variable-keys" => variables::keys(&text(1), 1_000, 0).map(|page| json!([page.keys, page.total])),
        "put-variable" => variables::put(&text(1), &long(2)).map(|()| Value::Null),
        "delete-variable" => variables::delete(&text(1)).map(|()| Value::Null),
        "own-xcom" => xcoms::own().get::<Value>(&text(1)).map(|value| json!(value)),
        "xcom" => xcoms::of(text(1)).get::<Value>(&text(2)).map(|value| json!(value)),
        "set-xcom" => xcoms::own().set(&text(1), &value(2)).map(|()| Value::Null),
        "raw-xcom" => set_raw_xcom(&text(1), &long(2)),
        "delete-xcom" => xcoms::own().delete(&text(1)).map(|()| Value::Null),
        "asset-state" => asset_state::named(text(1)).get::<Value>(&text(2)).map(|value| json!(value)),
        "asset-state-at" => asset_state::at(text(1)).get::<Value>(&text(2)).map(|value| json!(value)),
        "set-asset-state" => asset_state::named(text(1)).set(&text(2), &value(3)).map(|()| Value::Null),
        "raw-asset-state" => set_raw_asset_state(&text(1), &text(2), &long(3)),
        "delete-asset-state" => asset_state::named(text(1)).delete(&text(2)).map(|()| Value::Null),
        "clear-asset-state" => asset_state::named(text(1)).clear().map(|()| Value::Null),
        "task-count" => task_instances::of_own_dag().count(&[&text(1)]).map(|count| json!(count)),
        "task-states" => task_states(&text(1)),
        "task-at" => task_instances::of_own_dag().logical_date(text(1)).count(&[]).map(|count| json!(count)),
        "previous" => {
            task_instances::previous(text(1)).find().map(|found| found.map_or(Value::Null, |found| json!(found.state)))
        }
        "mapped-xcom" => xcoms::of(text(1)).mapped(index(2)).get::<Value>("k").map(|value| json!(value)),
        "mapped-states" => task_instances::of_own_dag().mapped(index(1)).count(&[]).map(|count| json!(count)),
        "mapped-previous" => task_instances::previous(text(1)).mapped(index(2)).find().map(|_| Value::Null),
        "own-run" => dag_runs::own_state().map(|state| json!(state)),
        "run" => dag_runs::state(&text(1), &text(2)).map(|state| json!(state)),
        "run-count" => dag_runs::of_dag(text(1)).state(text(2)).count().map(|count| json!(count)),
        "connection" => connections::describe(&text(1)).map(|found| {
            json!({"conn_type": found.conn_type, "host": found.host, "port": found.port, "schema": found.schema})
        }),
        "extras" => connections::extras(&text(1)).and_then(|extras| {
            let keys: Vec<String> = extras.keys().map(str::to_owned).collect();
            keys.into_iter().map(|key| Ok(json!([key, extras.get::<Value>(&key)?]))).collect()
        }),
        "http" => return fetch(&text(1), question.get(2).and_then(Value::as_str)),
        "log" => {
            let line = text(1);
            info!("{line}");
            Ok(Value::Null)
        }
        "log-variable" => variables::get(&text(1)).map(|value| {
            let value = value.unwrap_or_default();
            info!("it is {value}");
            Value::Null
        }),
        other => Err(AirflowError::Invalid(format!("`{other}` is nothing I can ask"))),
    };
    match answer {
        Ok(answer) => json!({"ok": answer}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

/// What a server answers to a request, with the credential of a connection or without.
fn fetch(url: &str, connection: Option<&str>) -> Value {
    match http::get(url).connection(connection).send() {
        Ok(answer) => json!({"ok": [answer.status, answer.text()]}),
        Err(error) => json!({"error": error.to_string()}),
    }
}

fn task_states(dag: &str) -> Result<Value, AirflowError> {
    let states = task_instances::of_dag(dag).states()?;
    Ok(states.into_iter().map(|one| json!([one.run_id, one.task, one.state])).collect())
}

fn set_raw_xcom(key: &str, value: &str) -> Result<Value, AirflowError> {
    let place = raw_xcoms::Place { task_id: None, key: key.to_owned(), map_index: None };
    raw_xcoms::set(&place, value)?;
    Ok(Value::Null)
}

fn set_raw_asset_state(asset: &str, key: &str, value: &str) -> Result<Value, AirflowError> {
    raw_asset_state::set(&raw_asset_state::Asset::Name(asset.to_owned()), key, value)?;
    Ok(Value::Null)
}
