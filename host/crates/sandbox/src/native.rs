//! The one unsafe thing this crate does: taking bytes for native code.
//!
//! Invariant: the bytes come from this host's own compiler, in this process, in a child process it started, or out of
//! the cache with a MAC that only this host's key makes. Bytes from anywhere else are wasm, and go through the
//! compiler.
#![allow(unsafe_code, reason = "the only place; see the header and the safety comment")]

use wasmtime::Engine;
use wasmtime::component::Component;

/// Native code this host has compiled. Only `compile` and `cache` make one.
pub(crate) struct Artefact(Vec<u8>);

impl Artefact {
    /// Says that these bytes are this host's own work.
    pub(crate) fn trusted(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Makes the code ready to run.
    pub(crate) fn to_component(&self, engine: &Engine) -> wasmtime::Result<Component> {
        // SAFETY: an `Artefact` is only made of what `Engine::precompile_component` gave, as the header says. The
        // engine itself checks that it was made by the same version with the same settings. The bytes are in our own
        // memory and are copied: nobody can change them.
        unsafe { Component::deserialize(engine, &self.0) }
    }
}
