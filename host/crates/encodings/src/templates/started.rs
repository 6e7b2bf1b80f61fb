//! What a workload says of a task that starts from its trigger, and the values that templates can take from it.
//!
//! Values are as Python's `str` gives them: that is what Jinja puts where the expression was.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use trigger_host_types::TaskInstance;

use super::expression::Step;

/// A task that starts from its trigger.
#[derive(Clone, Copy)]
pub struct StartedTask<'w> {
    /// The serialized Dag.
    pub dag_data: &'w RawValue,
    /// Its run.
    pub dag_run_data: Option<&'w RawValue>,
    /// The task instance.
    pub ti: &'w TaskInstance,
}

#[derive(Deserialize)]
struct Serialized<'w> {
    #[serde(borrow)]
    dag: Dag<'w>,
}

#[derive(Deserialize)]
struct Dag<'w> {
    #[serde(borrow)]
    tasks: Vec<Operator<'w>>,
    #[serde(borrow, default)]
    params: Option<&'w RawValue>,
    #[serde(default)]
    render_template_as_native_obj: bool,
}

#[derive(Deserialize)]
struct Operator<'w> {
    #[serde(borrow, rename = "__var")]
    fields: OperatorFields<'w>,
}

#[derive(Deserialize)]
struct OperatorFields<'w> {
    task_id: String,
    #[serde(default)]
    template_fields: Vec<String>,
    #[serde(borrow, default)]
    params: Option<&'w RawValue>,
}

#[derive(Deserialize, Default)]
struct DagRun<'w> {
    #[serde(default)]
    logical_date: Option<Timestamp>,
    #[serde(default)]
    data_interval_start: Option<Timestamp>,
    #[serde(default)]
    data_interval_end: Option<Timestamp>,
    #[serde(default)]
    run_after: Option<Timestamp>,
    #[serde(default)]
    start_date: Option<Timestamp>,
    #[serde(borrow, default)]
    conf: Option<&'w RawValue>,
}

/// The field that has all kwargs of the trigger in it.
const WHOLE: &str = "trigger_kwargs";

type Members<'w> = BTreeMap<String, &'w RawValue>;

/// Where values come from.
pub(super) struct Context<'w> {
    template_fields: Vec<String>,
    run: DagRun<'w>,
    conf: Members<'w>,
    /// The operator's, then the Dag's.
    params: [Members<'w>; 2],
    ti: &'w TaskInstance,
}

impl<'w> StartedTask<'w> {
    /// Or why nothing can be rendered for it.
    pub(super) fn context(&self) -> Result<Context<'w>, String> {
        let unread = |what: &str| format!("the workload's {what} cannot be read");
        let Serialized { dag } = serde_json::from_str(self.dag_data.get()).map_err(|_| unread("Dag"))?;
        if dag.render_template_as_native_obj {
            return Err("the Dag renders templates as native objects".into());
        }
        let operator = dag.tasks.into_iter().map(|task| task.fields).find(|task| task.task_id == self.ti.task_id);
        let operator = operator.ok_or_else(|| "the workload's Dag does not have the task".to_owned())?;
        let run: DagRun<'_> = match self.dag_run_data {
            Some(data) => serde_json::from_str(data.get()).map_err(|_| unread("Dag run"))?,
            None => return Err("the workload has no Dag run".into()),
        };
        let conf = run.conf.and_then(members).unwrap_or_default();
        let params = [operator.params, dag.params].map(|params| params.map(defaults).unwrap_or_default());
        Ok(Context { template_fields: operator.template_fields, run, conf, params, ti: self.ti })
    }
}

impl Context<'_> {
    /// Airflow renders what the trigger and its operator call by one name. The operators of this project's Python
    /// package have all kwargs of their trigger in one field.
    pub(super) fn is_template_field(&self, name: &str) -> bool {
        self.template_fields.iter().any(|field| field == name || field == WHOLE)
    }

    /// What an expression is replaced by, or why it is not.
    pub(super) fn value(&self, path: &[Step]) -> Result<String, String> {
        let [first, steps @ ..] = path else { return Err(refuse_name()) };
        let run = &self.run;
        match (first.as_str(), steps) {
            ("ds", []) => Ok(self.logical_date()?.strftime("%Y-%m-%d").to_string()),
            ("ds_nodash", []) => Ok(self.logical_date()?.strftime("%Y%m%d").to_string()),
            ("ts", []) => Ok(isoformat(self.logical_date()?, 'T')),
            ("ts_nodash", []) => Ok(self.logical_date()?.strftime("%Y%m%dT%H%M%S").to_string()),
            ("logical_date", []) => Ok(isoformat(self.logical_date()?, ' ')),
            ("data_interval_start", []) => format_time(run.data_interval_start),
            ("data_interval_end", []) => format_time(run.data_interval_end),
            ("run_id", []) => Ok(self.ti.run_id.clone()),
            ("ti" | "task_instance", [Step::Name(name)]) => self.read_task_instance(name),
            ("dag_run", [Step::Name(name)]) => self.read_run(name),
            ("dag_run", [Step::Name(name), steps @ ..]) if name == "conf" => find(&self.conf, steps),
            ("params", [step, ..]) => {
                let given = std::iter::once(&self.conf).chain(&self.params);
                let found = given.into_iter().find(|members| members.contains_key(step.as_str()));
                find(found.unwrap_or(&self.conf), steps)
            }
            _ => Err(refuse_name()),
        }
    }

    /// A run without one has none of the names that are made from it.
    fn logical_date(&self) -> Result<Timestamp, String> {
        self.run.logical_date.ok_or_else(|| "the Dag run has no logical date".to_owned())
    }

    fn read_task_instance(&self, name: &str) -> Result<String, String> {
        let ti = self.ti;
        Ok(match name {
            "dag_id" => ti.dag_id.clone(),
            "task_id" => ti.task_id.clone(),
            "run_id" => ti.run_id.clone(),
            "try_number" => ti.try_number.to_string(),
            "map_index" => ti.map_index.to_string(),
            _ => return Err(refuse_name()),
        })
    }

    /// State and type of a run are enums, which Python writes in more than one way.
    fn read_run(&self, name: &str) -> Result<String, String> {
        let run = &self.run;
        match name {
            "dag_id" => Ok(self.ti.dag_id.clone()),
            "run_id" => Ok(self.ti.run_id.clone()),
            "logical_date" => format_time(run.logical_date),
            "data_interval_start" => format_time(run.data_interval_start),
            "data_interval_end" => format_time(run.data_interval_end),
            "run_after" => format_time(run.run_after),
            "start_date" => format_time(run.start_date),
            _ => Err(refuse_name()),
        }
    }
}

fn refuse_name() -> String {
    "this host does not know the name".into()
}

fn format_time(at: Option<Timestamp>) -> Result<String, String> {
    at.map(|at| isoformat(at, ' ')).ok_or_else(|| "the Dag run has no such time".to_owned())
}

/// `datetime.isoformat(sep)` in UTC.
fn isoformat(at: Timestamp, separator: char) -> String {
    let fraction = if at.subsec_microsecond() == 0 && at.subsec_millisecond() == 0 { "" } else { ".%6f" };
    at.strftime(&format!("%Y-%m-%d{separator}%H:%M:%S{fraction}+00:00")).to_string()
}

/// Attributes of Python's dicts and of Airflow's params: `.name` finds these before it looks for a key.
const ATTRIBUTES: [&str; 14] = [
    "clear",
    "copy",
    "dump",
    "fromkeys",
    "get",
    "get_param",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "validate",
    "values",
];

/// The value that the steps lead to.
fn find(members: &Members<'_>, steps: &[Step]) -> Result<String, String> {
    let [step, rest @ ..] = steps else { return Err("it is an object, not a plain value".into()) };
    if matches!(step, Step::Name(name) if name.starts_with('_') || ATTRIBUTES.contains(&name.as_str())) {
        return Err(format!("`.{0}` is an attribute in Python: write `['{0}']` for the key", step.as_str()));
    }
    let value = members.get(step.as_str()).ok_or_else(|| format!("there is no key `{}`", step.as_str()))?;
    if rest.is_empty() {
        return format_value(value);
    }
    let below = self::members(value).ok_or_else(|| format!("`{}` is not an object", step.as_str()))?;
    find(&below, rest)
}

fn members(value: &RawValue) -> Option<Members<'_>> {
    serde_json::from_str(value.get()).ok()
}

/// The defaults of params: an object, or a list of pairs, of values that have a `default`.
fn defaults(params: &RawValue) -> Members<'_> {
    #[derive(Deserialize)]
    struct Param<'w> {
        #[serde(borrow)]
        default: &'w RawValue,
    }
    let pairs: Option<Vec<(String, &RawValue)>> = serde_json::from_str(params.get()).ok();
    let pairs = pairs.or_else(|| Some(members(params)?.into_iter().collect())).unwrap_or_default();
    let mut found = Members::new();
    for (name, value) in pairs {
        if let Ok(Param { default }) = serde_json::from_str(value.get()) {
            found.insert(name, default);
        }
    }
    found
}

/// `str` of a value of JSON.
fn format_value(value: &RawValue) -> Result<String, String> {
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|_| "the string has half a surrogate pair".to_owned()),
        Some(b't') => Ok("True".into()),
        Some(b'f') => Ok("False".into()),
        Some(b'n') => Ok("None".into()),
        Some(b'{' | b'[') => Err("it is a list or an object, not a plain value".into()),
        _ if text == "-0" => Ok("0".into()),
        _ if text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') => Ok(text.into()),
        _ => float(text),
    }
}

/// Only in the range where Python writes no exponent.
fn float(text: &str) -> Result<String, String> {
    let value: f64 = text.parse().map_err(|_| "it is not a number".to_owned())?;
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) {
        Ok(format!("{value:?}"))
    } else {
        Err("it is a number that Python writes with an exponent".into())
    }
}
