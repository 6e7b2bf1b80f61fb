//! Where secrets are made known, so that nothing logs them.

use std::fmt;
use std::sync::Arc;

/// Called with each secret before it is used for the first time in an exchange; may be called with the same one again.
#[derive(Clone)]
pub struct Mask(Arc<dyn Fn(&str) + Send + Sync>);

impl Mask {
    /// Calls `register` with each secret.
    pub fn new(register: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(register))
    }

    pub(crate) fn register(&self, secret: &str) {
        (self.0)(secret);
    }
}

impl Default for Mask {
    /// Registers nothing.
    fn default() -> Self {
        Self::new(|_| {})
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}
