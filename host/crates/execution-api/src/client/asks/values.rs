//! Connections, variables and XComs.

use reqwest::Method;
use serde_json::value::RawValue;
use trigger_host_types::ConnId;

use super::AirflowAccess;
use crate::client::answer::{self, Route};
use crate::client::exchange::to_json;
use crate::error::ApiError;
use crate::wire::{ValueAnswer, VariableAnswer, VariableBody, VariableKeys, WireConnection, XcomPlace};

impl AirflowAccess {
    /// `GET connections/{id}`: secrets included.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is none; an id with a slash cannot be asked for.
    pub async fn connection(&self, id: &ConnId) -> Result<WireConnection, ApiError> {
        self.get(&["connections", id.as_str()], Vec::new()).await
    }

    /// `GET variables/{key}`. Slashes in the key are part of it.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is none; a variable named `keys` cannot be asked for.
    pub async fn variable(&self, key: &str) -> Result<Option<String>, ApiError> {
        if key == "keys" {
            return Err(ApiError::Unsendable {
                what: "a variable named `keys` cannot be reached: another route has that name".into(),
            });
        }
        let answer: VariableAnswer = self.get(&variable_path(key), Vec::new()).await?;
        Ok(answer.value)
    }

    /// `PUT variables/{key}`.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn set_variable(&self, key: &str, value: &str, description: Option<&str>) -> Result<(), ApiError> {
        self.put(&variable_path(key), Vec::new(), to_json(&VariableBody { val: value, description })?).await
    }

    /// `DELETE variables/{key}`: fine when there is none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn delete_variable(&self, key: &str) -> Result<(), ApiError> {
        self.delete(&variable_path(key), Vec::new()).await
    }

    /// `GET variables/keys`: names that begin with `prefix`. `limit` is 1 to 10,000.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn variable_keys(&self, prefix: &str, limit: u32, offset: u64) -> Result<VariableKeys, ApiError> {
        let mut query = vec![("prefix", prefix.to_owned()), ("limit", limit.to_string())];
        if offset > 0 {
            query.push(("offset", offset.to_string()));
        }
        self.get(&["variables", "keys"], query).await
    }

    /// `GET xcoms/{dag}/{run}/{task}/{key}`: the stored JSON in serde's encoding, see [`encodings::value_from_wire`].
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is none.
    pub async fn xcom(&self, place: XcomPlace<'_>, include_prior_dates: bool) -> Result<Box<RawValue>, ApiError> {
        let mut query = map_index(place);
        if include_prior_dates {
            query.push(("include_prior_dates", "true".to_owned()));
        }
        let answer: ValueAnswer = self.get(&xcom_path(place), query).await?;
        Ok(answer.value)
    }

    /// `POST xcoms/{dag}/{run}/{task}/{key}`: `value` is in serde's encoding, see [`encodings::payload_to_wire`].
    ///
    /// # Errors
    /// [`ApiError::NotFound`] when there is no such run.
    pub async fn set_xcom(&self, place: XcomPlace<'_>, value: &RawValue) -> Result<(), ApiError> {
        let body = value.get().as_bytes().to_vec();
        let answer = self.ask(Method::POST, &xcom_path(place), map_index(place), Some(body)).await?;
        answer::accepted(&answer, Route::Other)
    }

    /// `DELETE xcoms/{dag}/{run}/{task}/{key}`: fine when there is none.
    ///
    /// # Errors
    /// See [`ApiError`].
    pub async fn delete_xcom(&self, place: XcomPlace<'_>) -> Result<(), ApiError> {
        self.delete(&xcom_path(place), map_index(place)).await
    }
}

fn variable_path(key: &str) -> Vec<&str> {
    std::iter::once("variables").chain(key.split('/')).collect()
}

const fn xcom_path(place: XcomPlace<'_>) -> [&str; 5] {
    ["xcoms", place.dag_id, place.run_id, place.task_id, place.key]
}

/// -1 is the server's default.
fn map_index(place: XcomPlace<'_>) -> Vec<(&'static str, String)> {
    if place.map_index < 0 { Vec::new() } else { vec![("map_index", place.map_index.to_string())] }
}
