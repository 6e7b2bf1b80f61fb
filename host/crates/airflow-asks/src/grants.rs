//! What the triggers of a class may ask of Airflow, and whether one request is within it. Pure; everything that is not granted is refused.

use trigger_host_types::ConnId;
use trigger_host_types::airflow::{Error, Request};

use crate::{Pattern, Scope};

/// What the triggers of a class may ask of Airflow. The default is nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AirflowGrants {
    /// Keys of variables that may be read.
    pub variables_read: Vec<Pattern>,
    /// Keys of variables that may be written and deleted.
    pub variables_write: Vec<Pattern>,
    /// XComs of the trigger's own Dag run.
    pub xcom: Option<Access>,
    /// The state store of the assets that the trigger watches.
    pub asset_state: Option<Access>,
    /// States of task instances and Dag runs.
    pub states: Option<StateGrant>,
    /// Connections that may be described.
    pub connections: Vec<ConnId>,
}

/// How far a grant goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading, writing and deleting.
    ReadWrite,
}

/// Whose states may be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateGrant {
    /// Those of the trigger's own Dag.
    OwnDag,
    /// Those of the Dags that these stand for.
    Dags(Vec<Pattern>),
}

impl AirflowGrants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses what is not granted, and says what grant would.
    pub(crate) fn allow(&self, request: &Request, scope: &Scope) -> Result<(), Error> {
        match request {
            Request::VariableGet { key } => variable(&self.variables_read, key, "read"),
            Request::VariablePut { key, .. } | Request::VariableDelete { key } => {
                variable(&self.variables_write, key, "write")
            }
            Request::VariableKeys { prefix, .. } => self.prefix(prefix),
            Request::XcomGet { .. } => access(self.xcom, Access::Read, "xcom"),
            Request::XcomSet { .. } | Request::XcomDelete { .. } => access(self.xcom, Access::ReadWrite, "xcom"),
            Request::AssetStateGet { .. } => access(self.asset_state, Access::Read, "asset-state"),
            Request::AssetStateSet { .. } | Request::AssetStateDelete { .. } | Request::AssetStateClear { .. } => {
                access(self.asset_state, Access::ReadWrite, "asset-state")
            }
            Request::TaskCount { query, .. } | Request::TaskStates { query } => {
                self.dag(query.dag_id.as_deref(), scope)
            }
            Request::TaskPrevious { dag_id, .. } | Request::DagRunState { dag_id, .. } => {
                self.dag(dag_id.as_deref(), scope)
            }
            Request::DagRunCount { query } => self.dag(query.dag_id.as_deref(), scope),
            Request::ConnectionDescribe { id } if self.connections.contains(id) => Ok(()),
            Request::ConnectionDescribe { id } => Err(not_granted(
                &format!("the connection `{id}` may not be described"),
                &format!("connections = [\"{id}\"]"),
            )),
        }
    }

    /// A listing gives away names: all that it may find must be granted.
    fn prefix(&self, prefix: &str) -> Result<(), Error> {
        if self.variables_read.iter().any(|pattern| pattern.covers(prefix)) {
            return Ok(());
        }
        let what = format!("not every variable that begins with `{prefix}` may be read");
        Err(not_granted(&what, &format!("variables = {{ read = [\"{prefix}*\"] }}")))
    }

    fn dag(&self, dag_id: Option<&str>, scope: &Scope) -> Result<(), Error> {
        let own = scope.task().map(|task| task.dag_id.as_str());
        let Some(asked) = dag_id.or(own) else { return Err(Scope::no_task()) };
        let is_granted = match &self.states {
            None => false,
            Some(StateGrant::OwnDag) => own == Some(asked),
            Some(StateGrant::Dags(patterns)) => patterns.iter().any(|pattern| pattern.matches(asked)),
        };
        if is_granted {
            return Ok(());
        }
        Err(not_granted(
            &format!("states of the Dag `{asked}` may not be asked for"),
            &format!("states = [\"{asked}\"]"),
        ))
    }
}

fn variable(granted: &[Pattern], key: &str, how: &str) -> Result<(), Error> {
    if granted.iter().any(|pattern| pattern.matches(key)) {
        return Ok(());
    }
    let done = if how == "read" { "read" } else { "written" };
    Err(not_granted(
        &format!("the variable `{key}` may not be {done}"),
        &format!("variables = {{ {how} = [\"{key}\"] }}"),
    ))
}

fn access(granted: Option<Access>, wanted: Access, key: &str) -> Result<(), Error> {
    if granted.is_some_and(|granted| granted >= wanted) {
        return Ok(());
    }
    let (done, value) = match wanted {
        Access::Read => ("read", "read"),
        Access::ReadWrite => ("written", "read-write"),
    };
    Err(not_granted(&format!("`{key}` may not be {done}"), &format!("{key} = \"{value}\"")))
}

fn not_granted(what: &str, grant: &str) -> Error {
    Error::NotGranted(format!("{what}: add `[trigger.grants] {grant}`"))
}

#[cfg(test)]
mod tests {
    use trigger_host_types::airflow::{Asset, DagRunQuery, TaskQuery, XcomPlace};

    use super::*;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    fn dag_run(dag_id: Option<&str>) -> Request {
        Request::DagRunState { dag_id: dag_id.map(str::to_owned), run_id: None }
    }

    /// One of each.
    fn requests() -> Vec<Request> {
        let place = || XcomPlace { task_id: None, key: "k".into(), map_index: None };
        let (asset, key) = (|| Asset::Name("a".into()), || "k".to_owned());
        vec![
            Request::VariableGet { key: key() },
            Request::VariableKeys { prefix: "k".into(), limit: 1, offset: 0 },
            Request::VariablePut { key: key(), value: "1".into(), description: None },
            Request::VariableDelete { key: key() },
            Request::XcomGet { place: place() },
            Request::XcomSet { place: place(), value: "1".into() },
            Request::XcomDelete { place: place() },
            Request::AssetStateGet { asset: asset(), key: key() },
            Request::AssetStateSet { asset: asset(), key: key(), value: "1".into() },
            Request::AssetStateDelete { asset: asset(), key: key() },
            Request::AssetStateClear { asset: asset() },
            Request::TaskCount { query: TaskQuery::default(), states: Vec::new() },
            Request::TaskStates { query: TaskQuery::default() },
            Request::TaskPrevious {
                dag_id: None,
                task_id: "t".into(),
                logical_date: None,
                map_index: None,
                state: None,
            },
            dag_run(None),
            Request::DagRunCount { query: DagRunQuery::default() },
            Request::ConnectionDescribe { id: ConnId::from("c") },
        ]
    }

    #[test]
    fn nothing_is_granted_unless_it_is_written_and_the_refusal_says_what_to_write() {
        for request in requests() {
            let refused = AirflowGrants::default().allow(&request, &Scope::example()).unwrap_err();
            let Error::NotGranted(text) = refused else { panic!("{}: {refused}", request.name()) };
            assert!(text.contains("add `[trigger.grants] "), "{}: {text}", request.name());
        }
    }

    #[test]
    fn reading_does_not_grant_writing() {
        let read = AirflowGrants {
            variables_read: patterns(&["*"]),
            xcom: Some(Access::Read),
            asset_state: Some(Access::Read),
            states: Some(StateGrant::OwnDag),
            connections: vec![ConnId::from("c")],
            ..AirflowGrants::default()
        };
        let write = AirflowGrants {
            variables_write: patterns(&["k"]),
            xcom: Some(Access::ReadWrite),
            asset_state: Some(Access::ReadWrite),
            ..read.clone()
        };
        for request in requests() {
            let writes = [".set", ".put", ".delete", ".clear"].iter().any(|end| request.name().ends_with(end));
            assert_eq!(read.allow(&request, &Scope::example()).is_ok(), !writes, "{}", request.name());
            assert!(write.allow(&request, &Scope::example()).is_ok(), "{}", request.name());
        }
    }

    #[test]
    fn states_are_granted_by_dag() {
        let own = AirflowGrants { states: Some(StateGrant::OwnDag), ..AirflowGrants::default() };
        assert!(own.allow(&dag_run(Some("d")), &Scope::example()).is_ok());
        assert!(own.allow(&dag_run(Some("other")), &Scope::example()).is_err());
        let others =
            AirflowGrants { states: Some(StateGrant::Dags(patterns(&["sales_*"]))), ..AirflowGrants::default() };
        assert!(others.allow(&dag_run(Some("sales_eu")), &Scope::example()).is_ok());
        assert!(others.allow(&dag_run(None), &Scope::example()).is_err(), "its own Dag is not in the list");
        let nobody = others.allow(&dag_run(None), &Scope::default());
        assert!(matches!(nobody, Err(Error::Invalid(_))), "no task, no own Dag");
    }
}
