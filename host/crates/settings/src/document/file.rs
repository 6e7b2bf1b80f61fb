//! A file that was read, and problems with something in it.

use std::path::{Path, PathBuf};

use super::node::Node;
use super::toml::{self, SyntaxError};
use crate::problems::{Problem, Problems};

/// A file that was read.
#[derive(Debug, Clone)]
pub struct Document {
    /// As the operator named it.
    pub path: PathBuf,
    /// The text.
    pub source: String,
    /// The whole of it.
    pub root: Node,
}

impl Document {
    /// Reads and parses a file.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let fail = |line, what: String| {
            let mut problems = Problems::default();
            problems.error(Problem { line, ..Problem::file(path, what) });
            problems
        };
        let source =
            std::fs::read_to_string(path).map_err(|error| fail(None, format!("cannot read this file: {error}")))?;
        match toml::parse(&source) {
            Ok(root) => Ok(Self { path: path.into(), source, root }),
            Err(SyntaxError { line, message }) => Err(fail(Some(line), message)),
        }
    }

    /// A problem with something in this file.
    pub fn problem(&self, line: usize, what: impl Into<String>) -> Problem {
        Problem { line: Some(line), ..Problem::file(&self.path, what) }
    }
}
