//! The gate: what a file is, what it wants, and whether it may have that. No code of the guest runs here.

mod admit;
mod error;
mod gate;
mod inspect;
mod link;
mod outline;

pub(crate) use admit::admit;
pub use error::LoadError;
pub use inspect::{Inspection, WantedImport, inspect};
pub(crate) use inspect::{read, validate};
pub(crate) use link::link;
