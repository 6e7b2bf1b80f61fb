//! What is wrong with a file or the environment: all of it, each with its place.
//!
//! Nothing here stops at the first mistake. A problem never quotes the value of a secret key.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// The file as the operator named it; none for the environment and flags.
    pub(crate) file: Option<PathBuf>,
    /// From 1.
    pub(crate) line: Option<usize>,
    /// Which of several: a class path, a trigger's place in the list.
    pub(crate) subject: Option<String>,
    /// Dotted path of the key, or the name of the variable.
    pub(crate) key: Option<String>,
    /// A lower-case fragment that says what to do.
    pub(crate) what: String,
}

impl Problem {
    /// About a whole file.
    pub(crate) fn file(file: &Path, what: impl Into<String>) -> Self {
        Self { file: Some(file.into()), line: None, subject: None, key: None, what: what.into() }
    }

    /// About a key that has no file: a variable or a flag.
    pub(crate) fn key(key: impl Into<String>, what: impl Into<String>) -> Self {
        Self { file: None, line: None, subject: None, key: Some(key.into()), what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}:", file.display())?;
            if let Some(line) = self.line {
                write!(f, "{line}:")?;
            }
            f.write_str(" ")?;
        }
        for part in [&self.subject, &self.key].into_iter().flatten() {
            write!(f, "{part}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// What is wrong, and what only deserves a word. Errors stop the command; warnings do not.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Problems {
    /// Adds something that stops the command.
    pub(crate) fn error(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds something worth a word.
    pub(crate) fn warning(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// Takes over what another found.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.errors.append(&mut other.errors);
        self.warnings.append(&mut other.warnings);
    }

    /// Drops the errors that something else is about to cure.
    pub(crate) fn forget_errors(&mut self, is_cured: impl Fn(&Problem) -> bool) {
        self.errors.retain(|problem| !is_cured(problem));
    }

    /// Whether anything stops the command.
    pub(crate) fn is_fatal(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What stops the command.
    pub(crate) fn errors(&self) -> &[Problem] {
        &self.errors
    }

    /// What does not.
    pub(crate) fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// `Err(self)` if anything is fatal; otherwise prints the warnings on standard error.
    pub(crate) fn settle(self) -> Result<(), Self> {
        if self.is_fatal() {
            return Err(self);
        }
        eprint!("{self}");
        Ok(())
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.warnings {
            writeln!(f, "warning: {problem}")?;
        }
        for problem in &self.errors {
            writeln!(f, "error: {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// `; did you mean x?`, or nothing when no known name is near.
pub(crate) fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (key, distance) = known
        .into_iter()
        .map(|key| (key, strsim::damerau_levenshtein(&name.replace('_', "-"), key)))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= (name.len() / 3).max(1)).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_near_key_only() {
        let known = ["capacity", "catalog", "queues"];
        assert_eq!(nearest("capcity", known), Some("capacity"));
        assert_eq!(nearest("colour", known), None);
    }

    #[test]
    fn an_underscore_is_a_near_miss() {
        assert_eq!(nearest("token_file", ["token-file"]), Some("token-file"));
    }
}
