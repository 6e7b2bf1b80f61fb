//! Variables: granted by key, read and written apart.

use trigger_host_types::airflow::{Error, KeyPage, VariableDelete, VariableGet, VariableKeys, VariablePut};

use crate::asker::Asker;
use crate::failure::read_api_error;
use crate::grants::refuse;
use crate::pattern::Pattern;
use crate::question::{Question, Turn};

impl Question for VariableGet {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_key(&asker.grants.variables_read, &self.key, "read")
    }

    async fn put(self, turn: &Turn<'_>) -> Result<String, Error> {
        let value = turn.airflow.variable(&self.key).await.map_err(read_api_error)?;
        let value = value.ok_or_else(|| Error::NotFound(format!("the variable `{}` has no value", self.key)))?;
        turn.masker.remember_named(&turn.asker.classpath, &self.key, &value);
        Ok(value)
    }
}

impl Question for VariableKeys {
    /// A listing gives away names: all that it may find must be granted.
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        let prefix = &self.prefix;
        if asker.grants.variables_read.iter().any(|pattern| pattern.covers(prefix)) {
            return Ok(());
        }
        let what = format!("not every variable that begins with `{prefix}` may be read");
        Err(refuse(&what, &format!("variables = {{ read = [\"{prefix}*\"] }}")))
    }

    async fn put(self, turn: &Turn<'_>) -> Result<KeyPage, Error> {
        let Self { prefix, limit, offset } = self;
        let mut page = turn.airflow.variable_keys(&prefix, limit, offset).await.map_err(read_api_error)?;
        // A server may read `_` and `%` as wildcards; only what really begins with the prefix is granted.
        page.keys.retain(|key| key.starts_with(&prefix));
        Ok(KeyPage { keys: page.keys, total: page.total_entries })
    }
}

impl Question for VariablePut {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_key(&asker.grants.variables_write, &self.key, "write")
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        let Self { key, value, description } = self;
        turn.airflow.set_variable(&key, &value, description.as_deref()).await.map_err(read_api_error)
    }
}

impl Question for VariableDelete {
    fn allow(&self, asker: &Asker) -> Result<(), Error> {
        allow_key(&asker.grants.variables_write, &self.key, "write")
    }

    async fn put(self, turn: &Turn<'_>) -> Result<(), Error> {
        turn.airflow.delete_variable(&self.key).await.map_err(read_api_error)
    }
}

fn allow_key(granted: &[Pattern], key: &str, how: &str) -> Result<(), Error> {
    if granted.iter().any(|pattern| pattern.matches(key)) {
        return Ok(());
    }
    let done = if how == "read" { "read" } else { "written" };
    Err(refuse(&format!("the variable `{key}` may not be {done}"), &format!("variables = {{ {how} = [\"{key}\"] }}")))
}
