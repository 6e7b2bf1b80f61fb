//! What the host asks at run time, from the runtime URL, in the name of a trigger. Source: contract/execution-api.md section 6.
//!
//! Airflow checks none of these calls against the trigger that they are for: whoever calls them has checked the grants. Ids are data and
//! never choose a route.

mod asset_state;
mod runs;
mod values;

use reqwest::Method;
use serde::de::DeserializeOwned;

use super::Client;
use super::answer::{self, Route};
use super::exchange::{Answer, Ask};
use crate::error::ApiError;

/// The most bytes of one value: an XCom, a variable, an asset's state.
const VALUE: u64 = 16 * 1024 * 1024;

type Query = Vec<(&'static str, String)>;

impl Client {
    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: Query,
        body: Option<Vec<u8>>,
    ) -> Result<Answer, ApiError> {
        let mut ask = Ask::new(method, path, VALUE);
        ask.query = query;
        ask.body = body;
        self.runtime.send(ask).await
    }

    async fn get<T: DeserializeOwned>(&self, path: &[&str], query: Query) -> Result<T, ApiError> {
        answer::parsed(&self.ask(Method::GET, path, query, None).await?, Route::Other)
    }

    async fn put(&self, path: &[&str], query: Query, body: Vec<u8>) -> Result<(), ApiError> {
        answer::accepted(&self.ask(Method::PUT, path, query, Some(body)).await?, Route::Other)
    }

    async fn delete(&self, path: &[&str], query: Query) -> Result<(), ApiError> {
        answer::accepted(&self.ask(Method::DELETE, path, query, None).await?, Route::Other)
    }
}
