//! The commands, one per file. Each returns the exit code or the reason it failed.

pub(crate) mod api;
pub(crate) mod catalog;
pub(crate) mod config;
pub(crate) mod dev;
pub(crate) mod inspect;
pub(crate) mod run;
