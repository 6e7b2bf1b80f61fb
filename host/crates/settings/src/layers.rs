//! File < environment < flags: which layer a key's value comes from, and what is wrong in any of them.
//!
//! Within the environment this program's own variable wins over Airflow's. A wrong value is reported also where a
//! stronger layer hides it.

use std::path::{Path, PathBuf};

use crate::document::{Document, Fields, Node, Table, Value, misfit};
use crate::environment::Variables;
use crate::keys::{AIRFLOW_PREFIX, KEYS, Key, PREFIX, Resolve, SECTIONS};
use crate::problems::{Problem, Problems, nearest};
use crate::setting::Setting;

/// A value set on the command line: section, key, the flag's name and its text.
pub struct Flag {
    /// Table of the key.
    pub section: &'static str,
    /// The key.
    pub name: &'static str,
    /// As the operator wrote it, such as `--capacity`.
    pub flag: &'static str,
    /// Its text.
    pub text: String,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The table of keys.
    Default,
    /// A line of the file.
    File(PathBuf, usize),
    /// A variable or a flag.
    Name(String),
}

/// An effective value as TOML, for `config show`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Table of the key.
    pub section: &'static str,
    /// The key.
    pub name: &'static str,
    /// As TOML; empty: not set; secrets masked.
    pub value: String,
    /// Where it came from.
    pub origin: Origin,
}

/// All layers, while the keys are being resolved.
pub(crate) struct Layers<'a> {
    document: Option<&'a Document>,
    environment: &'a dyn Variables,
    flags: &'a [Flag],
    pub(crate) problems: Problems,
    pub(crate) shown: Vec<Shown>,
}

impl Resolve for Layers<'_> {
    /// The strongest layer that has the key wins; a wrong value is reported in every layer, and the default stands for
    /// it.
    fn resolve<T: Setting>(&mut self, section: &'static str, name: &'static str, default: fn() -> T) -> T {
        let mut found = None;
        for layer in [Self::in_file, Self::in_airflow, Self::in_variable, Self::in_flag] {
            found = layer(self, section, name).or(found);
        }
        let (value, origin) = found.unwrap_or_else(|| (default(), Origin::Default));
        self.shown.push(Shown { section, name, value: value.show(), origin });
        value
    }
}

impl<'a> Layers<'a> {
    pub(crate) fn new(document: Option<&'a Document>, environment: &'a dyn Variables, flags: &'a [Flag]) -> Self {
        let mut layers = Self { document, environment, flags, problems: Problems::default(), shown: Vec::new() };
        layers.report_unknown_variables();
        layers.report_unknown_keys();
        layers
    }

    fn in_file<T: Setting>(&mut self, section: &str, name: &str) -> Option<(T, Origin)> {
        let document = self.document?;
        let node = child(child(&document.root, section)?, name)?;
        let Some(value) = T::from_value(&node.value) else {
            let key = Some(format!("{section}.{name}"));
            self.problems.error(Problem { key, ..document.problem(node.line, misfit::<T>(&node.value)) });
            return None;
        };
        let folder = document.path.parent().unwrap_or_else(|| Path::new(""));
        Some((value.based(folder), Origin::File(document.path.clone(), node.line)))
    }

    fn in_airflow<T: Setting>(&mut self, section: &str, name: &str) -> Option<(T, Origin)> {
        let variable = KEYS.iter().find(|key| key.section == section && key.name == name)?.airflow?;
        // Deployments set some of Airflow's variables to nothing, and Airflow takes that as not set.
        let text = self.environment.get(variable).filter(|text| !text.is_empty())?;
        self.read_text(variable.to_owned(), text, T::from_airflow)
    }

    /// Airflow also takes such a value from a command's output or from a secrets back-end. Neither is run or asked
    /// here: without a word the host would start without its key.
    pub(crate) fn report_indirect(&mut self) {
        for key in KEYS {
            let Some(variable) = key.airflow else { continue };
            let is_set = self
                .shown
                .iter()
                .any(|shown| (shown.section, shown.name) == (key.section, key.name) && shown.origin != Origin::Default);
            let file =
                KEYS.iter().find(|other| other.section == key.section && other.name == format!("{}-file", key.name));
            let instead = file.unwrap_or(key);
            for suffix in ["_CMD", "_SECRET"] {
                let name = format!("{variable}{suffix}");
                if !is_set && self.environment.get(&name).is_some_and(|value| !value.is_empty()) {
                    let what = format!(
                        "is not supported: settings are not read from commands or a secrets back-end; set `{}.{}` instead",
                        instead.section, instead.name
                    );
                    self.problems.warning(Problem::key(name, what));
                }
            }
        }
    }

    fn in_variable<T: Setting>(&mut self, section: &str, name: &str) -> Option<(T, Origin)> {
        let variable = KEYS.iter().find(|key| key.section == section && key.name == name)?.variable();
        let text = self.environment.get(&variable)?;
        self.read_text(variable, text, T::from_text)
    }

    fn in_flag<T: Setting>(&mut self, section: &str, name: &str) -> Option<(T, Origin)> {
        let flag = self.flags.iter().find(|flag| flag.section == section && flag.name == name)?;
        self.read_text(flag.flag.to_owned(), flag.text.clone(), T::from_text)
    }

    fn read_text<T: Setting>(
        &mut self,
        source: String,
        text: String,
        parse: fn(&str) -> Option<T>,
    ) -> Option<(T, Origin)> {
        if let Some(value) = parse(&text) {
            return Some((value, Origin::Name(source)));
        }
        let expected = if source.starts_with(AIRFLOW_PREFIX) { T::AIRFLOW_EXPECTED } else { T::EXPECTED };
        let what = match T::SECRET {
            true => format!("expected {expected}"),
            false => format!("expected {expected}, found {}", Value::Text(text).found()),
        };
        self.problems.error(Problem::key(source, what));
        None
    }

    fn report_unknown_variables(&mut self) {
        let known: Vec<_> = KEYS.iter().map(Key::variable).collect();
        for name in self.environment.names(PREFIX) {
            if known.contains(&name) {
                continue;
            }
            let hint = match nearest(&name, known.iter().map(String::as_str)) {
                Some(near) => format!("unknown key; did you mean `{near}`?"),
                None => "unknown key; `trigger-host config show` lists all of them".into(),
            };
            self.problems.error(Problem::key(name, hint));
        }
    }

    fn report_unknown_keys(&mut self) {
        let Some(document) = self.document else { return };
        let Some(mut root) = Fields::read(document, &document.root, "", &mut self.problems) else { return };
        for (section, _) in SECTIONS {
            let Some(mut fields) = root.table(section) else { continue };
            for key in KEYS.iter().filter(|key| key.section == *section) {
                fields.node(key.name);
            }
            fields.finish();
        }
        root.finish();
    }
}

fn child<'d>(node: &'d Node, name: &str) -> Option<&'d Node> {
    let Value::Table(Table(entries)) = &node.value else { return None };
    entries.iter().find(|entry| entry.key == name).map(|entry| &entry.node)
}
