//! What the triggers of a class may ask of Airflow. Pure; everything that is not granted is refused. Whether one ask is
//! within its grant is in the file of its interface.

use std::collections::BTreeMap;
use std::fmt;

use trigger_host_types::ConnId;
use trigger_host_types::airflow::Error;
use trigger_host_types::imports::Interface;

use crate::pattern::Pattern;

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
    pub connections_describe: Vec<ConnId>,
    /// Keys of a connection's extra that may be read, each for a connection.
    pub connections_extras: BTreeMap<ConnId, Vec<String>>,
}

/// How far a grant goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Reading.
    Read,
    /// Reading, writing and deleting.
    ReadWrite,
}

/// Whose states may be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateGrant {
    /// Those of the trigger's own Dag.
    OwnDag,
    /// Those of the Dags that these patterns match.
    Dags(Vec<Pattern>),
}

impl AirflowGrants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether something is granted for which a component needs this interface.
    pub fn opens(&self, interface: Interface) -> bool {
        let Self { variables_read, variables_write, xcom, asset_state, states, .. } = self;
        match interface {
            Interface::Logging | Interface::Http => false,
            Interface::Variables => !variables_read.is_empty() || !variables_write.is_empty(),
            Interface::Xcoms => xcom.is_some(),
            Interface::AssetState => asset_state.is_some(),
            Interface::TaskInstances | Interface::DagRuns => states.is_some(),
            Interface::Connections => !self.connections_describe.is_empty() || !self.connections_extras.is_empty(),
        }
    }

    /// What is granted, a line for each grant, as `inspect` shows it.
    pub fn list(&self) -> Vec<String> {
        let Self { variables_read, variables_write, xcom, asset_state, states, .. } = self;
        let mut lines = Vec::new();
        for (how, patterns) in [("read", variables_read), ("write", variables_write)] {
            if !patterns.is_empty() {
                lines.push(format!("variables {how} {}", join(patterns)));
            }
        }
        lines.extend(xcom.map(|xcom| format!("xcom {xcom}")));
        lines.extend(asset_state.map(|state| format!("asset-state {state}")));
        lines.extend(states.as_ref().map(|states| match states {
            StateGrant::OwnDag => "states of the own Dag".to_owned(),
            StateGrant::Dags(patterns) => format!("states {}", join(patterns)),
        }));
        if !self.connections_describe.is_empty() {
            lines.push(format!("connections {}", join(&self.connections_describe)));
        }
        lines
            .extend(self.connections_extras.iter().map(|(id, keys)| format!("connections {id} extras {}", join(keys))));
        lines
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::ReadWrite => "read-write",
        })
    }
}

fn join(names: &[impl fmt::Display]) -> String {
    names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Refuses what a grant with a direction does not reach. `key` is the grant's.
pub(crate) fn allow_access(granted: Option<Access>, wanted: Access, key: &str) -> Result<(), Error> {
    if granted.is_some_and(|granted| granted >= wanted) {
        return Ok(());
    }
    let done = match wanted {
        Access::Read => "read",
        Access::ReadWrite => "written",
    };
    Err(refuse(&format!("`{key}` may not be {done}"), &format!("{key} = \"{wanted}\"")))
}

/// A refusal that says what to write into the catalog.
pub(crate) fn refuse(what: &str, grant: &str) -> Error {
    Error::NotGranted(format!("{what}: add `[trigger.grants] {grant}`"))
}

#[cfg(test)]
mod tests {
    use trigger_host_types::airflow::*;

    use super::*;
    use crate::asker::Asker;
    use crate::question::Question;
    use crate::scope::Scope;

    fn patterns(texts: &[&str]) -> Vec<Pattern> {
        texts.iter().map(|text| Pattern::new(text).unwrap()).collect()
    }

    fn dag_run(dag_id: Option<&str>) -> DagRunState {
        DagRunState { dag_id: dag_id.map(str::to_owned), run_id: None }
    }

    /// What the grants say to one ask of each kind, by its name.
    fn decide_all(grants: &AirflowGrants) -> Vec<(&'static str, Result<(), Error>)> {
        fn decide<A: Question>(asker: &Asker, ask: A) -> (&'static str, Result<(), Error>) {
            (A::NAME, ask.allow(asker))
        }
        let place = || XcomPlace { task_id: None, key: "k".into(), map_index: None };
        let (asset, key) = (|| Asset::Name("a".into()), || "k".to_owned());
        let (task_id, query) = ("t".to_owned(), TaskQuery::default);
        let previous = TaskPrevious { dag_id: None, task_id, logical_date: None, map_index: None, state: None };
        let asker = &Asker::example(grants.clone());
        vec![
            decide(asker, VariableGet { key: key() }),
            decide(asker, VariableKeys { prefix: "k".into(), limit: 1, offset: 0 }),
            decide(asker, VariablePut { key: key(), value: "1".into(), description: None }),
            decide(asker, VariableDelete { key: key() }),
            decide(asker, XcomGet { place: place() }),
            decide(asker, XcomSet { place: place(), value: "1".into() }),
            decide(asker, XcomDelete { place: place() }),
            decide(asker, AssetStateGet { asset: asset(), key: key() }),
            decide(asker, AssetStateSet { asset: asset(), key: key(), value: "1".into() }),
            decide(asker, AssetStateDelete { asset: asset(), key: key() }),
            decide(asker, AssetStateClear { asset: asset() }),
            decide(asker, TaskCount { query: query(), states: Vec::new() }),
            decide(asker, TaskStates { query: query() }),
            decide(asker, previous),
            decide(asker, dag_run(None)),
            decide(asker, DagRunCount { query: DagRunQuery::default() }),
            decide(asker, ConnectionDescribe { id: ConnId::from("c") }),
            decide(asker, ConnectionExtras { id: ConnId::from("c") }),
        ]
    }

    #[test]
    fn every_ask_of_the_table_is_decided_here() {
        let decided: Vec<_> = decide_all(&AirflowGrants::default()).into_iter().map(|(name, _)| name).collect();
        let in_table: Vec<_> = Interface::ALL.iter().flat_map(|interface| interface.row().asks).copied().collect();
        assert_eq!(decided, in_table);
    }

    #[test]
    fn nothing_is_granted_unless_it_is_written_and_the_refusal_says_what_to_write() {
        for (name, decided) in decide_all(&AirflowGrants::default()) {
            let Err(Error::NotGranted(text)) = decided else { panic!("{name}: {decided:?}") };
            assert!(text.contains("add `[trigger.grants] "), "{name}: {text}");
        }
    }

    #[test]
    fn reading_does_not_grant_writing() {
        let read = AirflowGrants {
            variables_read: patterns(&["*"]),
            xcom: Some(Access::Read),
            asset_state: Some(Access::Read),
            states: Some(StateGrant::OwnDag),
            connections_describe: vec![ConnId::from("c")],
            connections_extras: [(ConnId::from("c"), vec!["region_name".to_owned()])].into(),
            ..AirflowGrants::default()
        };
        let write = AirflowGrants {
            variables_write: patterns(&["k"]),
            xcom: Some(Access::ReadWrite),
            asset_state: Some(Access::ReadWrite),
            ..read.clone()
        };
        for (name, decided) in decide_all(&read) {
            let writes = [".set", ".put", ".delete", ".clear"].iter().any(|end| name.ends_with(end));
            assert_eq!(decided.is_ok(), !writes, "{name}");
        }
        for (name, decided) in decide_all(&write) {
            assert!(decided.is_ok(), "{name}");
        }
    }

    #[test]
    fn a_grant_opens_the_interfaces_it_is_for() {
        let states = AirflowGrants { states: Some(StateGrant::OwnDag), ..AirflowGrants::default() };
        let opened: Vec<_> = Interface::ALL.iter().filter(|interface| states.opens(**interface)).collect();
        assert_eq!(opened, [&Interface::TaskInstances, &Interface::DagRuns]);
        assert!(Interface::ALL.iter().all(|interface| !AirflowGrants::default().opens(*interface)));
    }

    #[test]
    fn states_are_granted_by_dag() {
        let allow = |grant: StateGrant, dag_id, scope| {
            let grants = AirflowGrants { states: Some(grant), ..AirflowGrants::default() };
            dag_run(dag_id).allow(&Asker { scope, ..Asker::example(grants) })
        };
        let sales = || StateGrant::Dags(patterns(&["sales_*"]));
        assert!(allow(StateGrant::OwnDag, Some("d"), Scope::example()).is_ok());
        assert!(allow(StateGrant::OwnDag, Some("other"), Scope::example()).is_err());
        assert!(allow(sales(), Some("sales_eu"), Scope::example()).is_ok());
        assert!(allow(sales(), None, Scope::example()).is_err(), "its own Dag is not in the list");
        let nobody = allow(sales(), None, Scope::default());
        assert!(matches!(nobody, Err(Error::Invalid(_))), "no task, no own Dag");
    }
}
