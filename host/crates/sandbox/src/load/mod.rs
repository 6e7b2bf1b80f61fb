//! The gate: what a file is, what it wants, and whether it may have that. No code of the guest runs here.

mod allowed;
mod error;
mod gate;
mod inspect;
mod link;
mod outline;

pub use allowed::{Allowed, Interface};
pub use error::LoadError;
pub(crate) use gate::admit;
pub use inspect::{Inspection, World, inspect};
pub(crate) use inspect::{read, validate};
pub(crate) use link::link;
