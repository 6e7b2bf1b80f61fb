//! The Airflow of a fake host: what a test puts there, a trigger finds, and what a trigger writes, a test can look at.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use crate::TaskInstance;
use crate::bindings::trigger_host::host as wit;
use crate::bindings::trigger_host::host::runtime::Error;
use crate::connections::ConnectionDescription;

/// The Airflow of one fake host. Everything is granted that is not [`deny`](Self::deny)ed.
#[derive(Debug, Default)]
pub struct Airflow {
    pub(super) own: Option<TaskInstance>,
    variables: BTreeMap<String, String>,
    /// By task, map index and key, of the trigger's own run.
    xcoms: BTreeMap<(String, i32, String), Value>,
    /// URI by name.
    assets: BTreeMap<String, String>,
    /// By the asset's name and key.
    asset_states: BTreeMap<(String, String), Value>,
    /// By Dag, run and task.
    tasks: BTreeMap<(String, String, String), Option<String>>,
    /// By Dag and run.
    runs: BTreeMap<(String, String), String>,
    connections: BTreeMap<String, ConnectionDescription>,
    /// By the connection's id and key.
    extras: BTreeMap<String, BTreeMap<String, Value>>,
    denied: BTreeSet<String>,
    failures: VecDeque<Error>,
}

impl Airflow {
    /// That of a trigger for this task.
    pub(super) fn of(own: TaskInstance) -> Self {
        Self { own: Some(own), ..Self::default() }
    }

    /// Puts a variable there.
    pub fn variable(&mut self, key: &str, value: &str) -> &mut Self {
        self.variables.insert(key.to_owned(), value.to_owned());
        self
    }

    /// Puts an XCom of a task that is not mapped into the trigger's own Dag run: neutral JSON.
    pub fn xcom(&mut self, task_id: &str, key: &str, value: Value) -> &mut Self {
        self.xcoms.insert((task_id.to_owned(), -1, key.to_owned()), value);
        self
    }

    /// Lets the trigger watch an asset.
    pub fn asset(&mut self, name: &str, uri: &str) -> &mut Self {
        self.assets.insert(name.to_owned(), uri.to_owned());
        self
    }

    /// Puts a value there for an asset that the trigger watches.
    pub fn asset_state(&mut self, name: &str, key: &str, value: Value) -> &mut Self {
        self.asset_states.insert((name.to_owned(), key.to_owned()), value);
        self
    }

    /// Puts a task instance there; a mapped one has `_` and its map index behind the task's id.
    pub fn task(&mut self, dag_id: &str, run_id: &str, task: &str, state: Option<&str>) -> &mut Self {
        let id = (dag_id.to_owned(), run_id.to_owned(), task.to_owned());
        self.tasks.insert(id, state.map(str::to_owned));
        self
    }

    /// Puts a Dag run there.
    pub fn dag_run(&mut self, dag_id: &str, run_id: &str, state: &str) -> &mut Self {
        self.runs.insert((dag_id.to_owned(), run_id.to_owned()), state.to_owned());
        self
    }

    /// Puts a connection there.
    pub fn connection(&mut self, id: &str, connection: ConnectionDescription) -> &mut Self {
        self.connections.insert(id.to_owned(), connection);
        self
    }

    /// Puts a setting of a connection there that the grant lists: a key of its extra.
    pub fn connection_extra(&mut self, id: &str, key: &str, value: Value) -> &mut Self {
        self.extras.entry(id.to_owned()).or_default().insert(key.to_owned(), value);
        self
    }

    /// Takes the grants of an interface away: `variables`, `xcoms`, `asset-state`, `task-instances`, `dag-runs` or
    /// `connections`.
    pub fn deny(&mut self, interface: &str) -> &mut Self {
        self.denied.insert(interface.to_owned());
        self
    }

    /// Cannot be reached for the next request; for several, when called several times.
    pub fn fails(&mut self) -> &mut Self {
        self.failures.push_back(Error::Unreachable("the fake Airflow does not answer".to_owned()));
        self
    }

    /// The variable as it is now.
    pub fn variable_now(&self, key: &str) -> Option<&str> {
        self.variables.get(key).map(String::as_str)
    }

    /// The XCom as it is now.
    pub fn xcom_now(&self, task_id: &str, key: &str) -> Option<&Value> {
        self.xcoms.get(&(task_id.to_owned(), -1, key.to_owned()))
    }

    /// The asset's value as it is now.
    pub fn asset_state_now(&self, name: &str, key: &str) -> Option<&Value> {
        self.asset_states.get(&(name.to_owned(), key.to_owned()))
    }

    pub(crate) fn before(&mut self, interface: &str) -> Result<(), Error> {
        if self.denied.contains(interface) {
            return Err(Error::NotGranted(format!("`{interface}` is denied by the test")));
        }
        self.failures.pop_front().map_or(Ok(()), Err)
    }

    pub(crate) fn get_variable(&self, key: &str) -> Result<String, Error> {
        self.variables.get(key).cloned().ok_or_else(|| missing("variable", key))
    }

    pub(crate) fn variable_keys(&self, prefix: &str, limit: u32, offset: u64) -> wit::variables::Page {
        let all: Vec<&String> = self.variables.keys().filter(|key| key.starts_with(prefix)).collect();
        let skipped = usize::try_from(offset).unwrap_or(usize::MAX);
        let keys = all.iter().skip(skipped).take(limit as usize).map(|key| (*key).clone()).collect();
        wit::variables::Page { keys, total: all.len() as u64 }
    }

    pub(crate) fn remove_variable(&mut self, key: &str) {
        self.variables.remove(key);
    }

    fn own(&self) -> Result<&TaskInstance, Error> {
        self.own.as_ref().ok_or_else(|| Error::Invalid("no task waits for this trigger".to_owned()))
    }

    fn place(&self, place: &wit::xcoms::Place) -> Result<(String, i32, String), Error> {
        let own = self.own()?;
        let index = place.map_index.unwrap_or(if place.task_id.is_none() { own.map_index } else { -1 });
        Ok((place.task_id.clone().unwrap_or_else(|| own.task_id.clone()), index, place.key.clone()))
    }

    pub(crate) fn get_xcom(&self, place: &wit::xcoms::Place) -> Result<String, Error> {
        let value = self.xcoms.get(&self.place(place)?);
        value.map(Value::to_string).ok_or_else(|| missing("XCom", &place.key))
    }

    pub(crate) fn set_xcom(&mut self, place: &wit::xcoms::Place, value: Option<&str>) -> Result<(), Error> {
        let at = self.place(place)?;
        match value.map(json).transpose()? {
            Some(value) => self.xcoms.insert(at, value),
            None => self.xcoms.remove(&at),
        };
        Ok(())
    }

    fn asset_name(&self, asset: &wit::asset_state::Asset) -> Result<String, Error> {
        let found = match asset {
            wit::asset_state::Asset::Name(name) => self.assets.contains_key(name).then(|| name.clone()),
            wit::asset_state::Asset::Uri(uri) => {
                self.assets.iter().find(|(_, known)| *known == uri).map(|(name, _)| name.clone())
            }
        };
        found.ok_or_else(|| Error::NotGranted("the trigger does not watch this asset".to_owned()))
    }

    pub(crate) fn get_asset_state(&self, asset: &wit::asset_state::Asset, key: &str) -> Result<String, Error> {
        let value = self.asset_states.get(&(self.asset_name(asset)?, key.to_owned()));
        value.map(Value::to_string).ok_or_else(|| missing("state", key))
    }

    pub(crate) fn set_asset_state(
        &mut self,
        asset: &wit::asset_state::Asset,
        key: &str,
        value: Option<&str>,
    ) -> Result<(), Error> {
        let at = (self.asset_name(asset)?, key.to_owned());
        match value.map(json).transpose()? {
            Some(Value::Null) => {
                return Err(Error::Invalid("a state value cannot be null: delete the key instead".to_owned()));
            }
            Some(value) => self.asset_states.insert(at, value),
            None => self.asset_states.remove(&at),
        };
        Ok(())
    }

    pub(crate) fn clear_asset_state(&mut self, asset: &wit::asset_state::Asset) -> Result<(), Error> {
        let name = self.asset_name(asset)?;
        self.asset_states.retain(|(asset, _), _| *asset != name);
        Ok(())
    }

    fn dag<'a>(&'a self, dag_id: Option<&'a str>) -> Result<&'a str, Error> {
        dag_id.map_or_else(|| self.own().map(|own| own.dag_id.as_str()), Ok)
    }

    /// By Dag, run and task. Dates and groups do not restrict here: a fake Airflow knows none.
    pub(crate) fn states_of_tasks(
        &self,
        query: &wit::task_instances::Query,
    ) -> Result<Vec<wit::task_instances::TaskState>, Error> {
        let dag = self.dag(query.dag_id.as_deref())?;
        let is_meant = |run: &String, task: &String| {
            let ids: Vec<String> = match query.map_index.filter(|index| *index >= 0) {
                Some(index) => query.task_ids.iter().map(|id| format!("{id}_{index}")).collect(),
                None => query.task_ids.clone(),
            };
            (query.run_ids.is_empty() || query.run_ids.contains(run)) && (ids.is_empty() || ids.contains(task))
        };
        let tasks = self.tasks.iter().filter(|((of, run, task), _)| of == dag && is_meant(run, task));
        let state = |((_, run, task), state): (&(String, String, String), &Option<String>)| {
            wit::task_instances::TaskState { run_id: run.clone(), task: task.clone(), state: state.clone() }
        };
        Ok(tasks.map(state).collect())
    }

    pub(crate) fn count_tasks(&self, query: &wit::task_instances::Query, states: &[String]) -> Result<u64, Error> {
        let is_meant =
            |state: Option<&str>| states.is_empty() || states.iter().any(|wanted| wanted == state.unwrap_or("null"));
        Ok(self.states_of_tasks(query)?.iter().filter(|one| is_meant(one.state.as_deref())).count() as u64)
    }

    /// Of the run whose id comes last.
    pub(crate) fn previous_task(
        &self,
        dag_id: Option<&str>,
        task_id: &str,
        state: Option<&str>,
    ) -> Result<Option<wit::task_instances::PreviousTask>, Error> {
        let dag = self.dag(dag_id)?;
        let fits = |found: &Option<String>| state.is_none() || found.as_deref() == state;
        let last = self.tasks.iter().rfind(|((of, _, task), found)| of == dag && task == task_id && fits(found));
        Ok(last.map(|((_, run, _), found)| wit::task_instances::PreviousTask {
            run_id: run.clone(),
            state: found.clone(),
            try_number: None,
            map_index: None,
            logical_date: None,
            start_date: None,
            end_date: None,
        }))
    }

    pub(crate) fn state_of_run(&self, dag_id: Option<&str>, run_id: Option<&str>) -> Result<String, Error> {
        let dag = self.dag(dag_id)?;
        let run = run_id.map_or_else(|| self.own().map(|own| own.run_id.as_str()), Ok)?;
        let state = self.runs.get(&(dag.to_owned(), run.to_owned()));
        state.cloned().ok_or_else(|| missing("Dag run", run))
    }

    pub(crate) fn count_runs(&self, query: &wit::dag_runs::Query) -> Result<u64, Error> {
        let dag = self.dag(query.dag_id.as_deref())?;
        let fits = |wanted: &[String], have: &String| wanted.is_empty() || wanted.contains(have);
        let runs = self
            .runs
            .iter()
            .filter(|((of, run), state)| of == dag && fits(&query.run_ids, run) && fits(&query.states, state));
        Ok(runs.count() as u64)
    }

    pub(crate) fn describe(&self, id: &str) -> Result<wit::connections::Description, Error> {
        let ConnectionDescription { conn_type, host, port, schema } =
            self.connections.get(id).cloned().ok_or_else(|| missing("connection", id))?;
        Ok(wit::connections::Description { conn_type, host, port, schema })
    }

    pub(crate) fn extras_of(&self, id: &str) -> Result<Vec<wit::connections::Extra>, Error> {
        let extra =
            |(key, value): (&String, &Value)| wit::connections::Extra { key: key.clone(), value: value.to_string() };
        match self.extras.get(id) {
            Some(extras) => Ok(extras.iter().map(extra).collect()),
            None if self.connections.contains_key(id) => Ok(Vec::new()),
            None => Err(missing("connection", id)),
        }
    }
}

fn missing(what: &str, name: &str) -> Error {
    Error::NotFound(format!("there is no {what} `{name}`"))
}

fn json(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|error| Error::Invalid(format!("not JSON: {error}")))
}
