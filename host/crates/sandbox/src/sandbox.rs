//! The engine, its pool of slots and its threads.

use std::sync::Arc;

use crate::{Allowed, Component, Config, LoadError, StartError};

/// An engine with its pool of slots, its ticker and the runtime its guests run on. Cheap to clone; the last clone ends it.
#[derive(Clone)]
pub struct Sandbox(#[expect(dead_code)] Arc<()>);

impl Sandbox {
    /// Starts the engine and its threads.
    ///
    /// # Errors
    /// When a setting makes no sense or the machine cannot hold the slots.
    pub fn start(_config: Config) -> Result<Self, StartError> {
        unimplemented!()
    }

    /// Checks, compiles (or takes from the cache) and links a component. `name` is for people: it appears in errors.
    ///
    /// # Errors
    /// When the component cannot be used, wants what no grant gives, or wants what `allowed` does not hold: the full list.
    pub async fn load(&self, _name: &str, _wasm: &[u8], _allowed: &Allowed) -> Result<Component, LoadError> {
        unimplemented!()
    }
}
