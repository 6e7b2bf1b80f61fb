//! What compiled code depends on beside the wasm: the engine's version, its settings, the processor's features.

use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};
use trigger_host_types::hex;
use wasmtime::Engine;

/// A change of the file's own format changes this.
const FORMAT: &[u8] = b"trigger-host compiled code 1";

/// Equal when code compiled by one engine fits the other.
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn compute(engine: &Engine) -> Self {
        let mut hasher = Strong(Sha256::new_with_prefix(FORMAT));
        // The engine hashes its version and everything that compiled code depends on.
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Self(hasher.0.finalize().into())
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Sixteen hex digits, for the file's name.
    pub(super) fn short(&self) -> String {
        hex::encode(&self.0[..8])
    }
}

/// The standard library's hashing, into SHA-256: its own hasher changes between versions and has 64 bits.
struct Strong(Sha256);

impl Hasher for Strong {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Never asked for: the whole digest is taken.
    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depends_on_the_settings() {
        let of = |epochs| {
            let mut settings = wasmtime::Config::new();
            settings.epoch_interruption(epochs);
            Fingerprint::compute(&Engine::new(&settings).unwrap()).short()
        };
        assert_eq!(of(true), of(true));
        assert_ne!(of(true), of(false));
    }
}
