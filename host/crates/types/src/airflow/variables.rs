//! `variables`: values that everybody in Airflow shares.

use super::check::{MOST_ID, check_length, check_text, check_value};
use super::{Ask, Error};

/// Bytes of a variable's description.
const MOST_DESCRIPTION: usize = 16 << 10;
/// Keys of one page.
const MOST_KEYS: u32 = 10_000;

/// Reads the value of a variable.
pub struct VariableGet {
    /// Its key.
    pub key: String,
}

/// Lists keys of variables.
pub struct VariableKeys {
    /// What the keys begin with.
    pub prefix: String,
    /// 1 to 10,000.
    pub limit: u32,
    /// How many are skipped.
    pub offset: u64,
}

/// A page of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyPage {
    /// In the server's order.
    pub keys: Vec<String>,
    /// How many there are in all.
    pub total: u64,
}

/// Creates or replaces a variable.
pub struct VariablePut {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: String,
    /// For people.
    pub description: Option<String>,
}

/// Removes a variable.
pub struct VariableDelete {
    /// Its key.
    pub key: String,
}

const INTERFACE: &str = "variables";

impl Ask for VariableGet {
    type Answer = String;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "variables.get";

    fn check(&self) -> Result<(), Error> {
        check_text("key", &self.key, MOST_ID)
    }

    fn count_bytes(answer: &String) -> usize {
        answer.len()
    }
}

impl Ask for VariableKeys {
    type Answer = KeyPage;
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "variables.keys";

    fn check(&self) -> Result<(), Error> {
        let Self { prefix, limit, .. } = self;
        if !(1..=MOST_KEYS).contains(limit) {
            return Err(Error::Invalid(format!("`limit` is {limit}, not 1 to {MOST_KEYS}")));
        }
        if prefix.is_empty() { Ok(()) } else { check_text("prefix", prefix, MOST_ID) }
    }

    fn count_bytes(answer: &KeyPage) -> usize {
        answer.keys.iter().map(String::len).sum()
    }
}

impl Ask for VariablePut {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "variables.put";

    fn check(&self) -> Result<(), Error> {
        check_text("key", &self.key, MOST_ID)?;
        check_length("description", self.description.as_deref().unwrap_or_default(), MOST_DESCRIPTION)?;
        check_value(&self.value)
    }
}

impl Ask for VariableDelete {
    type Answer = ();
    const INTERFACE: &'static str = INTERFACE;
    const NAME: &'static str = "variables.delete";

    fn check(&self) -> Result<(), Error> {
        check_text("key", &self.key, MOST_ID)
    }
}
