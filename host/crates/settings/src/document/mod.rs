//! TOML files as operators write them, read so that every value knows its line.
//!
//! Serde's derive would lose the place of a wrong value and stop at the first one; this keeps both.

mod deserialize;
mod fields;
mod file;
mod node;
mod toml;

pub use deserialize::Misfit;
pub use fields::{Fields, Wanted, misfit};
pub use file::Document;
pub use node::{Entry, Node, Table, Value};
