//! The environment as a trait: the process's in `main`, a map in tests.

use std::collections::BTreeMap;

/// Where variables come from.
pub trait Variables {
    /// The value of one; none if it is not set or not Unicode.
    fn get(&self, name: &str) -> Option<String>;

    /// The names that begin with `prefix`, sorted.
    fn names(&self, prefix: &str) -> Vec<String>;
}

/// The environment of this process.
pub struct Environment;

impl Variables for Environment {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    fn get(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        let mut names: Vec<_> = std::env::vars_os()
            .filter_map(|(name, _)| name.into_string().ok())
            .filter(|name| name.starts_with(prefix))
            .collect();
        names.sort();
        names
    }
}

impl Variables for BTreeMap<&str, &str> {
    fn get(&self, name: &str) -> Option<String> {
        BTreeMap::get(self, name).map(|value| (*value).to_owned())
    }

    fn names(&self, prefix: &str) -> Vec<String> {
        self.keys().filter(|name| name.starts_with(prefix)).map(|name| (*name).to_owned()).collect()
    }
}
