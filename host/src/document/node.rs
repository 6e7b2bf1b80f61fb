//! A file as a tree of values, each with its line.

use std::path::{Path, PathBuf};

use crate::problems::{Problem, Problems};

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) value: Value,
    /// Line, from 1.
    pub(crate) line: usize,
}

/// What TOML can say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Null,
    Boolean(bool),
    Integer(i64),
    Float(f64),
    Text(String),
    /// A TOML date or time, as written.
    Time(String),
    List(Vec<Node>),
    Table(Table),
}

/// Keys in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Table(pub(crate) Vec<Entry>);

/// A key, its line and its value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) line: usize,
    pub(crate) node: Node,
}

impl Value {
    /// The kind and, when it is short, the value, for "found …".
    pub(crate) fn found(&self) -> String {
        match self {
            Self::Null => "null".into(),
            Self::Boolean(value) => format!("`{value}`"),
            Self::Integer(value) => format!("the number {value}"),
            Self::Float(value) => format!("the number {value}"),
            Self::Text(text) if text.chars().count() <= 60 => format!("{text:?}"),
            Self::Text(_) => "a long text".into(),
            Self::Time(text) => format!("the time {text}"),
            Self::List(_) => "a list".into(),
            Self::Table(_) => "a table".into(),
        }
    }
}

/// A file that was read.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// As the operator named it.
    pub(crate) path: PathBuf,
    /// The text.
    pub(crate) source: String,
    /// The whole of it.
    pub(crate) root: Node,
}

/// Line of a byte offset, from 1.
pub(super) fn line_of(source: &str, offset: usize) -> usize {
    1 + source.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count()
}

impl Document {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub(crate) fn read(path: &Path) -> Result<Self, Problems> {
        let fail = |line, what: String| {
            let mut problems = Problems::default();
            problems.error(Problem { line, ..Problem::file(path, what) });
            problems
        };
        let source =
            std::fs::read_to_string(path).map_err(|error| fail(None, format!("cannot read this file: {error}")))?;
        match super::toml::parse(&source) {
            Ok(root) => Ok(Self { path: path.into(), source, root }),
            Err(SyntaxError { line, message }) => Err(fail(Some(line), message)),
        }
    }

    /// A problem with something in this file.
    pub(crate) fn problem(&self, line: usize, what: impl Into<String>) -> Problem {
        Problem { line: Some(line), ..Problem::file(&self.path, what) }
    }
}

/// Text that is not TOML.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SyntaxError {
    pub(super) line: usize,
    pub(super) message: String,
}
