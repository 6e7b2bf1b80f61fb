//! Names of what a catalog maps: class paths, and the digests of components.

use trigger_host_types::{ClassPath, Digest};

use crate::document::{Value, Wanted};

impl Wanted for ClassPath {
    const EXPECTED: &'static str = "a class path such as \"package.module.Class\"";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        let odd = |c: char| c.is_whitespace() || c.is_control();
        (!text.is_empty() && text.len() <= 1000 && !text.contains(odd)).then(|| Self::from(text.as_str()))
    }
}

impl Wanted for Digest {
    const EXPECTED: &'static str = "`sha256:` and 64 lower-case hex digits (`trigger-host catalog lock` writes it)";

    fn from_value(value: &Value) -> Option<Self> {
        let Value::Text(text) = value else { return None };
        text.parse().ok()
    }
}
