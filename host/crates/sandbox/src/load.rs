//! The gate: what a file is, what it wants, and whether it may have that. No code of the guest runs here.

mod allowed;
mod error;
mod inspect;

pub use allowed::{Allowed, Interface};
pub use error::LoadError;
pub use inspect::{Inspection, World, inspect};
