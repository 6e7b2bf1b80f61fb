//! Query strings: repeated parameters, and complaints in pydantic's words.

use serde_json::Value;

use super::problem::Problem;
use crate::store::tasks::Filter;
use crate::time;

/// The decoded pairs of a query.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads what follows the `?`.
    pub(super) fn parse(query: Option<String>) -> Self {
        Self(url::form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect())
    }

    /// The last value of a name.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a name.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.clone()).collect()
    }

    /// A value that must be there.
    pub(super) fn required(&self, name: &str) -> Result<String, Problem> {
        let missing = || Problem::invalid("missing", &["query", name], "Field required", Value::Null);
        self.get(name).map(str::to_owned).ok_or_else(missing)
    }

    /// An integer, if it is there.
    pub(super) fn integer(&self, name: &str) -> Result<Option<i64>, Problem> {
        let msg = "Input should be a valid integer, unable to parse string as an integer";
        let parse = |text: &str| {
            text.trim().parse().map_err(|_| Problem::invalid("int_parsing", &["query", name], msg, text.into()))
        };
        self.get(name).map(parse).transpose()
    }

    /// An integer within bounds, or its default.
    pub(super) fn bounded(&self, name: &str, default: i64, least: i64, most: i64) -> Result<i64, Problem> {
        let value = self.integer(name)?.unwrap_or(default);
        let (kind, msg) = if value < least {
            ("greater_than_equal", format!("Input should be greater than or equal to {least}"))
        } else if value > most {
            ("less_than_equal", format!("Input should be less than or equal to {most}"))
        } else {
            return Ok(value);
        };
        let input = self.get(name).unwrap_or_default();
        let bound = if value < least { ("ge", least) } else { ("le", most) };
        Err(Problem::Invalid(vec![serde_json::json!({
            "type": kind, "loc": ["query", name], "msg": msg, "input": input, "ctx": {bound.0: bound.1},
        })]))
    }

    /// A truth value, false when absent.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "1" | "yes" | "on"))
    }

    /// Times with an offset, in milliseconds.
    pub(super) fn times(&self, name: &str) -> Result<Vec<i64>, Problem> {
        let msg = "Input should be a valid datetime";
        let parse = |text: String| {
            // A `+` that was not encoded has become a space.
            let time = time::parse(&text).or_else(|| time::parse(&text.replace(' ', "+")));
            time.ok_or_else(|| Problem::invalid("datetime_from_date_parsing", &["query", name], msg, text.into()))
        };
        self.all(name).into_iter().map(parse).collect()
    }

    /// What counts and states of tasks and runs are asked for by.
    pub(super) fn filter(&self) -> Result<Filter, Problem> {
        let states = self.all("states").into_iter().map(|state| Some(state).filter(|state| state != "null"));
        Ok(Filter {
            dag_id: self.required("dag_id")?,
            map_index: self.integer("map_index")?,
            task_ids: self.all("task_ids"),
            run_ids: self.all("run_ids"),
            logical_dates: self.times("logical_dates")?,
            states: states.collect(),
        })
    }
}
