//! What the runtime routes ask and answer. See docs/design/execution-api.md#asks.

use std::collections::BTreeMap;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trigger_host_types::ConnId;

/// Which task instances are meant. Empty lists do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TaskQuery {
    /// The one Dag.
    pub dag_id: String,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only these tasks.
    pub task_ids: Vec<String>,
    /// Only the tasks of this group.
    pub task_group_id: Option<String>,
    /// Only runs with these logical dates: RFC 3339 with an offset.
    pub logical_dates: Vec<String>,
    /// Only this mapped instance.
    pub map_index: Option<i32>,
}

impl TaskQuery {
    /// As a query string's pairs; lists repeat their name.
    pub(crate) fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("dag_id", self.dag_id.clone())];
        pairs.extend(self.map_index.map(|index| ("map_index", index.to_string())));
        pairs.extend(self.task_group_id.iter().map(|group| ("task_group_id", group.clone())));
        for (name, values) in
            [("task_ids", &self.task_ids), ("run_ids", &self.run_ids), ("logical_dates", &self.logical_dates)]
        {
            pairs.extend(values.iter().map(|value| (name, value.clone())));
        }
        pairs
    }
}

/// Which Dag runs are meant. Empty lists do not restrict.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DagRunQuery {
    /// The one Dag.
    pub dag_id: String,
    /// Only these runs.
    pub run_ids: Vec<String>,
    /// Only runs with these logical dates: RFC 3339 with an offset.
    pub logical_dates: Vec<String>,
    /// Only runs in these states.
    pub states: Vec<String>,
}

impl DagRunQuery {
    pub(crate) fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = vec![("dag_id", self.dag_id.clone())];
        for (name, values) in
            [("logical_dates", &self.logical_dates), ("run_ids", &self.run_ids), ("states", &self.states)]
        {
            pairs.extend(values.iter().map(|value| (name, value.clone())));
        }
        pairs
    }
}

/// Run id to task id (`task_mapindex` for a mapped one) to state, which is absent when the task has none yet.
pub type TaskStates = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// The answer of `GET task-instances/states`.
#[derive(Deserialize)]
pub(crate) struct TaskStatesAnswer {
    pub(crate) task_states: TaskStates,
}

/// The answer of `GET task-instances/previous/{dag}/{task}`, as far as it is of use. Times are RFC 3339.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WirePreviousTask {
    /// Its Dag run.
    pub run_id: String,
    /// Absent when it has none yet.
    #[serde(default)]
    pub state: Option<String>,
    /// From 1.
    #[serde(default)]
    pub try_number: Option<u32>,
    /// -1 when it is not mapped.
    #[serde(default)]
    pub map_index: Option<i32>,
    /// Of its Dag run.
    #[serde(default)]
    pub logical_date: Option<String>,
    /// When it began to run.
    #[serde(default)]
    pub start_date: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub end_date: Option<String>,
}

/// A connection, with its secrets: for the broker only, never for a guest.
#[derive(Clone, Deserialize)]
pub struct WireConnection {
    /// Its id.
    pub conn_id: ConnId,
    /// `http`, `postgres`, …
    pub conn_type: String,
    /// A name or an address; some types put a URL here.
    #[serde(default)]
    pub host: Option<String>,
    /// Scheme or database, depending on the type.
    #[serde(default)]
    pub schema: Option<String>,
    /// User name.
    #[serde(default)]
    pub login: Option<String>,
    /// Secret.
    #[serde(default, deserialize_with = "read_secret")]
    pub password: Option<SecretString>,
    /// TCP port, as it is stored: Airflow takes any integer.
    #[serde(default)]
    pub port: Option<i64>,
    /// JSON text, which may hold secrets.
    #[serde(default, deserialize_with = "read_secret")]
    pub extra: Option<SecretString>,
}

fn read_secret<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(SecretString::from))
}

/// The answer of `GET variables/{key}`.
#[derive(Deserialize)]
pub(crate) struct VariableAnswer {
    pub(crate) value: Option<String>,
}

/// `PUT variables/{key}`.
#[derive(Serialize)]
pub(crate) struct VariableBody<'a> {
    pub(crate) val: &'a str,
    pub(crate) description: Option<&'a str>,
}

/// A page of variable names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VariableKeys {
    /// The names, at most as many as asked for.
    pub keys: Vec<String>,
    /// How many there are in all.
    pub total_entries: u64,
}

/// Where an XCom is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XcomPlace<'a> {
    /// Id of the Dag.
    pub dag_id: &'a str,
    /// Id of the Dag run.
    pub run_id: &'a str,
    /// Id of the task.
    pub task_id: &'a str,
    /// Its key.
    pub key: &'a str,
    /// -1 when not mapped.
    pub map_index: i32,
}

/// An answer with a value of any kind.
#[derive(Deserialize)]
pub(crate) struct ValueAnswer {
    pub(crate) value: Box<RawValue>,
}

/// A request with a value of any kind.
#[derive(Serialize)]
pub(crate) struct ValueBody<'a> {
    pub(crate) value: &'a RawValue,
}

/// An asset, by either of its names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssetRef<'a> {
    /// By name.
    Name(&'a str),
    /// By URI. Airflow 3.3.2 fails on this with 500 for some assets.
    Uri(&'a str),
}

impl AssetRef<'_> {
    /// The path below `store/asset`, and the query.
    pub(crate) fn into_parts(self) -> (&'static str, (&'static str, String)) {
        match self {
            Self::Name(name) => ("by-name", ("name", name.to_owned())),
            Self::Uri(uri) => ("by-uri", ("uri", uri.to_owned())),
        }
    }
}
