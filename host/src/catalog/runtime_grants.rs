//! The part of `[trigger.grants]` that says what a trigger may ask of Airflow.

use settings::document::{Fields, Value, Wanted};
use supervisor::{Access, Pattern, RuntimeGrants, StateGrant};
use trigger_host_types::ConnId;

/// How far a grant goes that can be for reading alone.
const ACCESS: [(&str, Access); 2] = [("read", Access::Read), ("read-write", Access::ReadWrite)];

/// Takes the keys; wrong ones are reported and grant nothing.
pub(super) fn read(fields: &mut Fields<'_, '_>) -> RuntimeGrants {
    let mut grants = RuntimeGrants {
        xcom: fields.choose("xcom", &ACCESS),
        asset_state: fields.choose("asset-state", &ACCESS),
        states: states(fields),
        connections: fields.take::<Connections>("connections").map(|ids| ids.0).unwrap_or_default(),
        ..RuntimeGrants::default()
    };
    if let Some(mut variables) = fields.table("variables") {
        grants.variables_read = patterns(&mut variables, "read");
        grants.variables_write = patterns(&mut variables, "write");
        variables.finish();
    }
    grants
}

fn patterns(fields: &mut Fields<'_, '_>, name: &'static str) -> Vec<Pattern> {
    let texts: Vec<String> = fields.take(name).unwrap_or_default();
    checked(fields, name, &texts)
}

/// The patterns; each wrong one is reported.
fn checked(fields: &mut Fields<'_, '_>, name: &'static str, texts: &[String]) -> Vec<Pattern> {
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
            let patterns = checked(fields, "states", &texts);
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
        let is_id = |id: &String| !id.is_empty() && !id.contains('*');
        ids.iter().all(is_id).then(|| Self(ids.into_iter().map(ConnId::from).collect()))
    }
}
