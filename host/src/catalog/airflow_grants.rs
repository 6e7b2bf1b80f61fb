//! The part of `[trigger.grants]` that says what a trigger may ask of Airflow.

use airflow_asks::{Access, AirflowGrants, Pattern, StateGrant};
use secrets::names_secret;
use settings::document::{Entry, Fields, Value, Wanted, misfit};
use trigger_host_types::ConnId;

/// How far a grant goes that can be for reading alone.
const ACCESS: [(&str, Access); 2] = [("read", Access::Read), ("read-write", Access::ReadWrite)];

/// Takes the keys; wrong ones are reported and grant nothing.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> AirflowGrants {
    let mut grants = AirflowGrants {
        xcom: fields.choose("xcom", &ACCESS),
        asset_state: fields.choose("asset-state", &ACCESS),
        states: states(fields),
        ..AirflowGrants::default()
    };
    if let Some(mut variables) = fields.table("variables") {
        grants.variables_read = patterns(&mut variables, "read");
        grants.variables_write = patterns(&mut variables, "write");
        variables.finish();
    }
    connections(fields, &mut grants);
    grants
}

/// A list of ids grants what they point to; a table grants that and settings apart.
fn connections(fields: &mut Fields<'_, '_>, grants: &mut AirflowGrants) {
    const NAME: &str = "connections";
    let ids = |fields: &mut Fields<'_, '_>, name| fields.take::<Connections>(name).map(|ids| ids.0).unwrap_or_default();
    if !fields.node(NAME).is_some_and(|node| matches!(node.value, Value::Table(_))) {
        grants.connections_describe = ids(fields, NAME);
        return;
    }
    let Some(mut table) = fields.table(NAME) else { return };
    grants.connections_describe = ids(&mut table, "describe");
    for Entry { key: id, node, .. } in table.entries("extras") {
        let name = format!("extras.{id}");
        match ExtraKeys::from_value(&node.value) {
            _ if !is_id(id) => table.report(node.line, &name, "expected the id of a connection, without patterns"),
            None => table.report(node.line, &name, misfit::<ExtraKeys>(&node.value)),
            Some(ExtraKeys(keys)) => match keys.iter().find(|key| names_secret(key)) {
                Some(key) => table.report(
                    node.line,
                    &name,
                    format!("the key {key:?} may hold a secret, which no trigger can read: leave it out"),
                ),
                None if grants.connections_extras.contains_key(&ConnId::from(id.as_str())) => {
                    table.report(node.line, &name, "given twice");
                }
                None => drop(grants.connections_extras.insert(id.as_str().into(), keys)),
            },
        }
    }
    table.finish();
}

fn patterns(fields: &mut Fields<'_, '_>, name: &'static str) -> Vec<Pattern> {
    let texts: Vec<String> = fields.take(name).unwrap_or_default();
    parse_patterns(fields, name, &texts)
}

/// The patterns; each wrong one is reported.
fn parse_patterns(fields: &mut Fields<'_, '_>, name: &'static str, texts: &[String]) -> Vec<Pattern> {
    let line = fields.line_of(name);
    let mut patterns = Vec::new();
    for text in texts {
        match Pattern::new(text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => fields.report(line, name, format!("the pattern {text:?} {error}")),
        }
    }
    patterns
}

/// `true` for the own Dag; `false` and an empty list for none.
fn states(fields: &mut Fields<'_, '_>) -> Option<StateGrant> {
    match fields.take("states")? {
        States::OwnDag(is_granted) => is_granted.then_some(StateGrant::OwnDag),
        States::Dags(texts) => {
            let patterns = parse_patterns(fields, "states", &texts);
            (!patterns.is_empty()).then_some(StateGrant::Dags(patterns))
        }
    }
}

/// The value of `states`.
enum States {
    OwnDag(bool),
    Dags(Vec<String>),
}

impl Wanted for States {
    const EXPECTED: &'static str = "true for the trigger's own Dag, or a list of Dag ids such as [\"sales_*\"]";

    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Boolean(is_granted) => Some(Self::OwnDag(*is_granted)),
            value => Vec::from_value(value).map(Self::Dags),
        }
    }
}

/// The value of `connections`: whole ids, since each is a decision of its own.
struct Connections(Vec<ConnId>);

impl Wanted for Connections {
    const EXPECTED: &'static str = "a list of connection ids such as [\"jobs_api\"], without patterns";

    fn from_value(value: &Value) -> Option<Self> {
        let ids: Vec<String> = Vec::from_value(value)?;
        ids.iter().all(|id| is_id(id)).then(|| Self(ids.into_iter().map(ConnId::from).collect()))
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && !id.contains('*')
}

/// Keys of a connection's extra: whole names too.
struct ExtraKeys(Vec<String>);

impl Wanted for ExtraKeys {
    const EXPECTED: &'static str = "a list of keys of its extra such as [\"region_name\"], without patterns";

    fn from_value(value: &Value) -> Option<Self> {
        let keys: Vec<String> = Vec::from_value(value)?;
        let is_name = |key: &String| is_id(key) && !key.chars().any(char::is_control);
        (!keys.is_empty() && keys.iter().all(is_name)).then_some(Self(keys))
    }
}
