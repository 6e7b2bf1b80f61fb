//! Takes the keys of one table, one by one, and reports what is missing, wrong or unknown.
//!
//! Invariant: every key of the table is either taken or reported by [`Fields::finish`].

use serde::de::DeserializeOwned;

use super::deserialize;
use super::file::Document;
use super::node::{Entry, Node, Table, Value};
use crate::problems::{Problem, Problems, unknown_key};

/// A type that a key can have, whatever the file.
pub trait Wanted: Sized {
    /// Completes "expected …".
    const EXPECTED: &'static str;
    /// The same for a variable of Airflow's.
    const AIRFLOW_EXPECTED: &'static str = Self::EXPECTED;
    /// Its value is never printed.
    const SECRET: bool = false;

    /// Reads a value of a file; none if it does not fit.
    fn from_value(value: &Value) -> Option<Self>;
}

/// What is wrong with a value that does not fit `T`.
pub fn misfit<T: Wanted>(value: &Value) -> String {
    if T::SECRET {
        return format!("expected {}", T::EXPECTED);
    }
    format!("expected {}, found {}", T::EXPECTED, value.found())
}

/// `"a", "b" or "c"`.
fn list_choices<T>(choices: &[(&str, T)]) -> String {
    let quoted: Vec<_> = choices.iter().map(|(choice, _)| format!("\"{choice}\"")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// The keys of one table.
pub struct Fields<'d, 'p> {
    document: &'d Document,
    table: &'d Table,
    line: usize,
    subject: Option<String>,
    path: String,
    known: Vec<&'static str>,
    problems: &'p mut Problems,
}

impl<'d, 'p> Fields<'d, 'p> {
    /// The keys of `node`; a problem and nothing when it is not a table.
    pub fn read(
        document: &'d Document,
        node: &'d Node,
        path: impl Into<String>,
        problems: &'p mut Problems,
    ) -> Option<Self> {
        let path = path.into();
        let Value::Table(table) = &node.value else {
            let what = format!("expected a table of keys, found {}", node.value.found());
            let key = (!path.is_empty()).then_some(path);
            problems.error(Problem { key, ..document.problem(node.line, what) });
            return None;
        };
        Some(Self { document, table, line: node.line, subject: None, path, known: Vec::new(), problems })
    }

    /// Names which of several tables this is in every later problem.
    pub fn subject(&mut self, subject: impl Into<String>) {
        self.subject = Some(subject.into());
    }

    /// Names keys from here on by themselves, without the path to this table: the subject says which it is.
    pub fn rooted(&mut self) {
        self.path.clear();
    }

    /// Line of a key, or of the table where the key is absent.
    pub fn line_of(&self, name: &str) -> usize {
        self.table.0.iter().find(|entry| entry.key == name).map_or(self.line, |entry| entry.line)
    }

    /// Line of the table.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The node of a key, if it is there.
    pub fn node(&mut self, name: &'static str) -> Option<&'d Node> {
        if !self.known.contains(&name) {
            self.known.push(name);
        }
        self.table.0.iter().find(|entry| entry.key == name).map(|entry| &entry.node)
    }

    /// The value of a key; none if it is absent or wrong (which is reported).
    pub fn take<T: Wanted>(&mut self, name: &'static str) -> Option<T> {
        let node = self.node(name)?;
        let value = T::from_value(&node.value);
        if value.is_none() {
            self.report(node.line, name, misfit::<T>(&node.value));
        }
        value
    }

    /// One of a fixed set of values, each named by a text; nothing if it is absent or wrong (which is reported).
    pub fn choose<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        let node = self.node(name)?;
        let choice = match &node.value {
            Value::Text(text) => choices.iter().find(|(choice, _)| choice == text),
            _ => None,
        };
        if choice.is_none() {
            let what = format!("expected {}, found {}", list_choices(choices), node.value.found());
            self.report(node.line, name, what);
        }
        choice.map(|(_, value)| *value)
    }

    /// As [`Fields::choose`], and its absence is a problem too.
    pub fn must_choose<T: Copy>(&mut self, name: &'static str, choices: &[(&str, T)]) -> Option<T> {
        if self.has(name) {
            return self.choose(name, choices);
        }
        self.report_missing(name, &list_choices(choices));
        None
    }

    /// As [`Fields::take`], and its absence is a problem too.
    pub fn required<T: Wanted>(&mut self, name: &'static str) -> Option<T> {
        if self.has(name) {
            return self.take(name);
        }
        self.report_missing(name, T::EXPECTED);
        None
    }

    fn has(&self, name: &str) -> bool {
        self.table.0.iter().any(|entry| entry.key == name)
    }

    fn report_missing(&mut self, name: &'static str, expected: &str) {
        self.known.push(name);
        self.report(self.line, name, format!("missing: expected {expected}"));
    }

    /// The keys of a table below this one, if it is there.
    pub fn table(&mut self, name: &'static str) -> Option<Fields<'d, '_>> {
        let node = self.node(name)?;
        self.below(node, name)
    }

    /// The items of a list below this one; a problem when it is not a list.
    pub fn list(&mut self, name: &'static str) -> &'d [Node] {
        let Some(node) = self.node(name) else { return &[] };
        let Value::List(items) = &node.value else {
            self.report(node.line, name, format!("expected a list, found {}", node.value.found()));
            return &[];
        };
        items
    }

    /// The keys of a table found by [`Fields::list`].
    pub fn below(&mut self, node: &'d Node, name: &str) -> Option<Fields<'d, '_>> {
        let path = if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        let mut fields = Fields::read(self.document, node, path, self.problems)?;
        fields.subject.clone_from(&self.subject);
        Some(fields)
    }

    /// Reports a problem with the key `name` on `line`.
    pub fn report(&mut self, line: usize, name: &str, what: impl Into<String>) {
        let problem = self.problem(line, name, what);
        self.problems.error(problem);
    }

    fn problem(&self, line: usize, name: &str, what: impl Into<String>) -> Problem {
        let key = match (self.path.as_str(), name) {
            (path, "") => path.to_owned(),
            ("", name) => name.to_owned(),
            (path, name) => format!("{path}.{name}"),
        };
        let key = (!key.is_empty()).then_some(key);
        Problem { subject: self.subject.clone(), key, ..self.document.problem(line, what) }
    }

    /// The tables of a table below this one, by their keys; a problem where there is something else.
    pub fn entries(&mut self, name: &'static str) -> &'d [Entry] {
        let Some(node) = self.node(name) else { return &[] };
        let Value::Table(table) = &node.value else {
            self.report(node.line, name, format!("expected a table of tables, found {}", node.value.found()));
            return &[];
        };
        &table.0
    }

    /// Instead of [`Fields::finish`]: the keys that nobody took, as a type that knows its own keys. The first that does
    /// not fit is reported.
    pub fn rest<T: DeserializeOwned>(&mut self) -> Option<T> {
        let rest = self.table.0.iter().filter(|entry| !self.known.contains(&entry.key.as_str()));
        match deserialize::table(&Table(rest.cloned().collect())) {
            Ok(read) => Some(read),
            Err(misfit) => {
                self.report(misfit.line.unwrap_or(self.line), misfit.key.as_deref().unwrap_or_default(), misfit.what);
                None
            }
        }
    }

    /// Reports every key that nobody took, and every key given twice.
    pub fn finish(mut self) {
        let table = self.table;
        for (at, entry) in table.0.iter().enumerate() {
            if !self.known.contains(&entry.key.as_str()) {
                self.report(entry.line, &entry.key, unknown_key(&entry.key, &self.known));
            } else if table.0[..at].iter().any(|earlier| earlier.key == entry.key) {
                self.report(entry.line, &entry.key, "given twice");
            }
        }
    }
}
