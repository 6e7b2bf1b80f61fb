//! The catalog, `triggers.toml`: which class path runs which component, what it may reach and what it may use.

mod components;
mod entry;
mod grants;
mod limits;
mod load;
mod lock;
mod read;
mod runtime_grants;

pub(crate) use components::{Unlocked, ready};
pub(crate) use entry::{Catalog, Entry};
pub(crate) use load::{chain, load};
pub(crate) use lock::{Change, lock};
pub(crate) use read::read;

#[cfg(test)]
mod tests;
