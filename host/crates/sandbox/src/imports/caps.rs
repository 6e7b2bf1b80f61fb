//! How large a request and an answer may be, and what no id may hold. Checked before anybody else sees the request.

use trigger_host_types::airflow::{Answer, Asset, DagRunQuery, Error, MAX_VALUE, Request, TaskQuery, XcomPlace};

/// Ids of Dags, runs, tasks and connections; keys of variables.
const MOST_ID: usize = 250;
/// Keys of XComs and of asset state.
const MOST_KEY: usize = 512;
/// Names and URIs of assets.
const MOST_ASSET: usize = 1_500;
/// A variable's description.
const MOST_DESCRIPTION: usize = 16 << 10;
/// A date, a state.
const MOST_WORD: usize = 64;
/// Entries of a list.
const MOST_ENTRIES: usize = 100;
/// Keys of one page.
const MOST_KEYS: u32 = 10_000;

/// Refuses what is too large or malformed in any event.
pub(super) fn check(request: &Request) -> Result<(), Error> {
    match request {
        Request::VariableGet { key } | Request::VariableDelete { key } => text("key", key, MOST_ID),
        Request::VariableKeys { prefix, limit, .. } => keys(prefix, *limit),
        Request::VariablePut { key, value, description } => {
            text("key", key, MOST_ID)?;
            long("description", description.as_deref().unwrap_or_default(), MOST_DESCRIPTION)?;
            sized(value)
        }
        Request::XcomGet { place } | Request::XcomDelete { place } => xcom(place),
        Request::XcomSet { place, value } => xcom(place).and_then(|()| sized(value)),
        Request::AssetStateGet { asset, key } | Request::AssetStateDelete { asset, key } => {
            asset_name(asset).and_then(|()| text("key", key, MOST_KEY))
        }
        Request::AssetStateSet { asset, key, value } => {
            asset_name(asset)?;
            text("key", key, MOST_KEY)?;
            sized(value)
        }
        Request::AssetStateClear { asset } => asset_name(asset),
        Request::TaskCount { query, states } => task_query(query).and_then(|()| list("states", states, MOST_WORD)),
        Request::TaskStates { query } => task_query(query),
        Request::TaskPrevious { dag_id, task_id, logical_date, state, map_index: index } => {
            map_index(*index)?;
            optional("dag-id", dag_id.as_ref(), MOST_ID)?;
            text("task-id", task_id, MOST_ID)?;
            optional("logical-date", logical_date.as_ref(), MOST_WORD)?;
            optional("state", state.as_ref(), MOST_WORD)
        }
        Request::DagRunState { dag_id, run_id } => {
            optional("dag-id", dag_id.as_ref(), MOST_ID)?;
            optional("run-id", run_id.as_ref(), MOST_ID)
        }
        Request::DagRunCount { query } => dag_run_query(query),
        Request::ConnectionDescribe { id } => text("id", id.as_str(), MOST_ID),
    }
}

fn keys(prefix: &str, limit: u32) -> Result<(), Error> {
    if !(1..=MOST_KEYS).contains(&limit) {
        return Err(Error::Invalid(format!("`limit` is {limit}, not 1 to {MOST_KEYS}")));
    }
    if prefix.is_empty() { Ok(()) } else { text("prefix", prefix, MOST_ID) }
}

fn xcom(place: &XcomPlace) -> Result<(), Error> {
    optional("task-id", place.task_id.as_ref(), MOST_ID)?;
    map_index(place.map_index)?;
    text("key", &place.key, MOST_KEY)
}

/// The server takes any, and finds nothing or something else.
fn map_index(index: Option<i32>) -> Result<(), Error> {
    match index {
        Some(index) if index < -1 => {
            Err(Error::Invalid(format!("`map-index` is {index}: give that of a mapped task, from 0, or -1 for none")))
        }
        _ => Ok(()),
    }
}

fn asset_name(asset: &Asset) -> Result<(), Error> {
    match asset {
        Asset::Name(name) => text("name", name, MOST_ASSET),
        Asset::Uri(uri) => text("uri", uri, MOST_ASSET),
    }
}

fn task_query(query: &TaskQuery) -> Result<(), Error> {
    optional("dag-id", query.dag_id.as_ref(), MOST_ID)?;
    optional("task-group-id", query.task_group_id.as_ref(), MOST_ID)?;
    map_index(query.map_index)?;
    list("run-ids", &query.run_ids, MOST_ID)?;
    list("task-ids", &query.task_ids, MOST_ID)?;
    list("logical-dates", &query.logical_dates, MOST_WORD)
}

fn dag_run_query(query: &DagRunQuery) -> Result<(), Error> {
    optional("dag-id", query.dag_id.as_ref(), MOST_ID)?;
    list("run-ids", &query.run_ids, MOST_ID)?;
    list("logical-dates", &query.logical_dates, MOST_WORD)?;
    list("states", &query.states, MOST_WORD)
}

fn optional(what: &str, value: Option<&String>, most: usize) -> Result<(), Error> {
    value.map_or(Ok(()), |value| text(what, value, most))
}

fn list(what: &str, values: &[String], most: usize) -> Result<(), Error> {
    if values.len() > MOST_ENTRIES {
        return Err(Error::Invalid(format!("`{what}` has {} entries, more than {MOST_ENTRIES}", values.len())));
    }
    values.iter().try_for_each(|value| text(what, value, most))
}

/// A name: not empty, not long, on one line.
fn text(what: &str, value: &str, most: usize) -> Result<(), Error> {
    if value.is_empty() {
        return Err(Error::Invalid(format!("`{what}` is empty")));
    }
    if value.chars().any(char::is_control) {
        return Err(Error::Invalid(format!("`{what}` holds a control character")));
    }
    long(what, value, most)
}

fn long(what: &str, value: &str, most: usize) -> Result<(), Error> {
    if value.len() > most {
        return Err(Error::Invalid(format!("`{what}` has {} bytes, more than {most}", value.len())));
    }
    Ok(())
}

fn sized(value: &str) -> Result<(), Error> {
    if value.len() as u64 > MAX_VALUE { Err(Error::TooLarge(MAX_VALUE)) } else { Ok(()) }
}

/// The answer, unless it is too large.
pub(super) fn capped(answer: Answer) -> Result<Answer, Error> {
    let bytes = match &answer {
        Answer::Text(text) => text.len(),
        Answer::Keys { keys, .. } => keys.iter().map(String::len).sum(),
        Answer::TaskStates(states) => {
            states.iter().map(|one| one.run_id.len() + one.task.len() + one.state.as_ref().map_or(0, String::len)).sum()
        }
        Answer::Done | Answer::Count(_) | Answer::PreviousTask(_) | Answer::Connection(_) => 0,
    };
    if bytes as u64 > MAX_VALUE { Err(Error::TooLarge(MAX_VALUE)) } else { Ok(answer) }
}
