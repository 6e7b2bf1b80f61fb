//! The catalog, `triggers.toml`: which class path runs which component, what it may reach and what it may use.

mod components;
mod entry;
mod grants;
mod limits;
mod lock;
mod read;

pub(crate) use components::{Ready, Unlocked, ready};
pub(crate) use entry::{Catalog, Entry};
pub(crate) use lock::lock;
pub(crate) use read::read;

#[cfg(test)]
mod tests;
