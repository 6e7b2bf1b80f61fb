//! What a supervisor is made of.

use std::sync::Arc;

use broker::Broker;
use encodings::Fernet;
use execution_api::Client;
use logs::Masker;
use sandbox::Sandbox;

use crate::catalog::Catalog;
use crate::observer::Observer;
use crate::time::Time;

/// What a supervisor is made of.
pub struct Parts {
    /// The Execution API.
    pub client: Client,
    /// Where the components of the catalog run.
    pub sandbox: Sandbox,
    /// The guests' way out.
    pub broker: Broker,
    /// What may run.
    pub catalog: Arc<Catalog>,
    /// Opens kwargs that the API hands out encrypted.
    pub keys: Fernet,
    /// The time triggers live in.
    pub time: Time,
    /// Sees what happens.
    pub observer: Arc<dyn Observer>,
    /// Knows the secrets that no failure and no log line may contain.
    pub masker: Masker,
}
