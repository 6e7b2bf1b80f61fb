//! The catalog, `triggers.toml`: which class path runs which component, which sources there are, and what all of that
//! may reach and use.

mod airflow_grants;
mod components;
mod entry;
mod grants;
mod guest;
mod limits;
mod load;
mod lock;
mod read;
mod rules;
mod sources;

pub(crate) use components::{Unlocked, ready};
pub(crate) use entry::{Catalog, Guest, Owner};
pub(crate) use load::{chain, load};
pub(crate) use lock::{Change, lock};
pub(crate) use read::read;
pub(crate) use rules::Rules;

#[cfg(test)]
mod tests;
