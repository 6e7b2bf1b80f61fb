//! What is wrong with a file or the environment: all of it, each with its place.
//!
//! Nothing here stops at the first mistake. A problem never quotes the value of a secret key.

use std::fmt;
use std::path::{Path, PathBuf};

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file as the operator named it; none for the environment and flags.
    pub file: Option<PathBuf>,
    /// From 1.
    pub line: Option<usize>,
    /// Which of several: a class path, a trigger's place in the list.
    pub subject: Option<String>,
    /// Dotted path of the key, or the name of the variable.
    pub key: Option<String>,
    /// A lower-case fragment that says what to do.
    pub what: String,
}

impl Problem {
    /// About a whole file.
    pub fn file(file: &Path, what: impl Into<String>) -> Self {
        Self { file: Some(file.into()), line: None, subject: None, key: None, what: what.into() }
    }

    /// About a key that has no file: a variable or a flag.
    pub fn key(key: impl Into<String>, what: impl Into<String>) -> Self {
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
pub struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

impl Problems {
    /// Adds something that stops the command.
    pub fn error(&mut self, problem: Problem) {
        self.errors.push(problem);
    }

    /// Adds something worth a word.
    pub fn warning(&mut self, problem: Problem) {
        self.warnings.push(problem);
    }

    /// Takes over what another found.
    pub fn append(&mut self, mut other: Self) {
        self.errors.append(&mut other.errors);
        self.warnings.append(&mut other.warnings);
    }

    /// Drops the errors that something else is about to cure.
    pub fn forget_errors(&mut self, is_cured: impl Fn(&Problem) -> bool) {
        self.errors.retain(|problem| !is_cured(problem));
    }

    /// Whether anything stops the command.
    pub fn is_fatal(&self) -> bool {
        !self.errors.is_empty()
    }

    /// What stops the command.
    pub fn errors(&self) -> &[Problem] {
        &self.errors
    }

    /// What does not.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// What to do with warnings is for whoever talks to the operator.
    ///
    /// # Errors
    /// Everything, if anything is fatal.
    pub fn settle(self, warn: impl FnOnce(&Self)) -> Result<(), Self> {
        if self.is_fatal() {
            return Err(self);
        }
        warn(&self);
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

/// The known name that is nearest to a wrong one; nothing when none is near.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let (key, distance) = known
        .into_iter()
        .map(|key| (key, strsim::damerau_levenshtein(&name.replace('_', "-"), key)))
        .min_by_key(|(_, distance)| *distance)?;
    (distance <= (name.len() / 3).max(1)).then_some(key)
}

/// What is wrong with a key that is none of those that are known here.
pub(crate) fn unknown_key(key: &str, known: &[&str]) -> String {
    match nearest(key, known.iter().copied()) {
        Some(near) => format!("unknown key; did you mean `{near}`?"),
        None => format!("unknown key; the keys here are {}", known.join(", ")),
    }
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
